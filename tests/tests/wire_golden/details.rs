//! Place: none. Details for auditors, who open them years later.

use crate::Vector;
use crate::parts::{authority, client, credential, digest, octets, person, user};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::ids::LedgerId;
use fuin_shared::log::detail::{
    Concerned, Detail, SealedDetail, VERSION, WrappedKey, detail_aad, event_digest, key_aad, key_hash,
    key_info,
};
use fuin_shared::log::event::{AlarmKind, Event, EventBody};
use fuin_shared::role::Role;
use fuin_shared::sad::{MeansProfile, Purpose};
use fuin_shared::statement::HpkeSealed;

fn detail() -> Detail {
    let concerned = Concerned {
        id: credential(),
        client: client(),
        user: user(),
        authority: authority(),
        means: Some(MeansProfile::Passkey),
    };
    Detail::about(concerned)
        .by(Role::RaClient, &client())
        .by(Role::Signer, &user())
        .by(Role::Officer, &person("officer-1"))
        .by(Role::SealApprover, 3)
        .by(Role::Sca, &digest(0x5f))
        .asked(Purpose::Sign, digest(0x57))
        .under(Some(digest(0x58)))
        .over(SignatureAlgorithm::EcdsaSha256, vec![octets(1, 32), octets(2, 32)])
        .of_documents(vec![octets(3, 32), octets(4, 32)])
}

fn sealed() -> SealedDetail {
    let wrapped = WrappedKey {
        auditor: person("auditor-1"),
        key: digest(0x61),
        sealed: HpkeSealed { encapsulated: octets(4, 97), ciphertext: octets(5, 48) },
    };
    SealedDetail { version: VERSION, keys_at: 7, keys: vec![wrapped], number: 0, ciphertext: octets(6, 40) }
}

/// An event that has one.
pub fn event() -> Event {
    Event {
        version: fuin_shared::log::event::VERSION,
        time: 1_800_000_000_123,
        body: EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 },
        detail: Some(digest(0x60)),
    }
}

pub fn vectors() -> Vec<Vector> {
    let (ledger, later) = (LedgerId([0x61; 16]), SealedDetail { keys: Vec::new(), number: 3, ..sealed() });
    let digest = event_digest(&event());
    let proven = Detail::default().with_sca_evidence(Some(crate::parts::digest(0x59)));
    vec![
        Vector::cbor("detail/with-sca-evidence", proven),
        Vector::cbor("detail/full", detail()),
        Vector::cbor("detail/empty", Detail::default()),
        Vector::cbor("detail/sealed-with-keys", sealed()),
        Vector::cbor("detail/sealed", later.clone()),
        Vector::cbor("event/with-detail", event()),
        Vector::octets("detail/event-digest", digest.as_ref()),
        Vector::octets("detail/associated-data", detail_aad(&ledger, 9, &digest, &later)),
        Vector::octets("detail/key-associated-data", key_aad(&ledger, 7, &person("auditor-1"))),
        Vector::octets("detail/key-info", key_info(3)),
        Vector::octets("detail/sealing-key-hash", key_hash(&[4; 97]).as_ref()),
    ]
}
