//! Place: none. Digests and the octets that are signed or authenticated, each under its own domain.

use crate::Vector;
use crate::parts::{instance_keys, octets, person, thirty_two};
use crate::{identity, statements};
use fuin_shared::codec;
use fuin_shared::evidence::{Freshness, Pcr, user_data_of};
use fuin_shared::ids::{InstanceId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::log::event::salted;
use fuin_shared::manifest::{SignedManifest, manifest_hash, service_id};
use fuin_shared::sad::{id_token_digest, sad_digest, seal_aad, x509_digest, x509_message};
use fuin_shared::statement::{GenesisApproval, ShareReceipt, ShareStatement, SignedStatement, share_aad};

pub fn vectors() -> Vec<Vector> {
    let sad = statements::sad_to_sign().to_bytes();
    let manifest = codec::encode(&identity::manifest());
    let approval = codec::encode(&statements::genesis_approval());
    let service = ServiceId(thirty_two(0x21));
    let registration = statements::pin_totp_registration().registration().expect("a registration");
    vec![
        Vector::octets("digest/sad", sad_digest(&sad).0),
        Vector::octets("digest/user-data", identity::statement().user_data().0),
        Vector::octets("digest/manifest-hash", manifest_hash(&manifest).0),
        Vector::octets("digest/service-id", service_id(&manifest).0),
        Vector::octets("digest/instance-id", instance_keys().id().0),
        Vector::octets("digest/salted", salted(&octets(1, 16).0, &octets(2, 32).0).0),
        Vector::octets("digest/pcr16-of-service", Pcr::extended_once(service.as_ref()).0),
        Vector::octets("digest/x509-means", x509_digest(&octets(0x30, 20).0).0),
        Vector::octets("digest/id-token", id_token_digest("e30.e30.AAAA").0),
        Vector::octets("digest/pin-totp-registration", registration.0),
        Vector::octets("signed/x509-means", x509_message(&sad_digest(&sad))),
        Vector::octets("signed/manifest", SignedManifest::message(&manifest)),
        Vector::octets("signed/genesis-approval", SignedStatement::message::<GenesisApproval>(&approval)),
        Vector::octets("signed/share-receipt", SignedStatement::message::<ShareReceipt>(&approval)),
        Vector::octets("signed/share-statement", SignedStatement::message::<ShareStatement>(&approval)),
        Vector::octets(
            "signed/freshness",
            Freshness::message(
                &octets(9, 32).0,
                1_800_000_000,
                &ManifestHash(thirty_two(0x23)),
                &user_data_of(b"statement"),
            ),
        ),
        Vector::octets("aad/sealed-sad", seal_aad(&InstanceId(thirty_two(0x20)), &sad_digest(&sad))),
        Vector::octets(
            "aad/share",
            share_aad(&service, &RootCommitment(thirty_two(0x22)), &person("custodian-1")),
        ),
    ]
}
