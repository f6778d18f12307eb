//! Place: none. What the SAM says of a signer's key.

use crate::Vector;
use crate::parts::{authority, checkpoint, credential, digest, octets, thirty_two};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::codec;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::key_statement::{
    CryptoModuleKind, KeyAttestation, KeyPurpose, KeyStatement, LedgerProof, VERSION, key_user_data,
};
use fuin_shared::sad::MeansProfile;

/// After generateKey: every absent part is a null.
fn first() -> KeyStatement {
    KeyStatement {
        version: VERSION,
        service: ServiceId(thirty_two(0x21)),
        manifest: ManifestHash(thirty_two(0x23)),
        key: credential(),
        spki: digest(0x25),
        algorithm: KeyAlgorithm::EcdsaP256,
        scal: 2,
        purpose: KeyPurpose::Signature,
        crypto_module: CryptoModuleKind::Soft,
        means: None,
        eid_ref: None,
        authority: authority(),
        time: 1_800_000_000,
    }
}

pub fn vectors() -> Vec<Vector> {
    let linked = KeyStatement { means: Some(MeansProfile::Passkey), eid_ref: Some(digest(0x2a)), ..first() };
    let statement = codec::encode(&crate::identity::statement());
    let attestation = KeyAttestation {
        key: codec::encode(&linked).into(),
        document: octets(0x84, 16),
        statement: statement.clone().into(),
        manifest: octets(0xa2, 10),
        ledger: Some(LedgerProof {
            index: 7,
            event: octets(0xb0, 12),
            path: vec![digest(0x2b), digest(0x2c)],
            checkpoint: checkpoint(),
        }),
    };
    vec![
        Vector::octets("digest/key-statement", linked.digest().0),
        Vector::octets("digest/key-user-data", key_user_data(&statement, &linked.digest()).0),
        Vector::cbor("key/statement-after-generate-key", first()),
        Vector::cbor("key/statement-after-link-eid", linked),
        Vector::cbor("key/attestation-without-proof", KeyAttestation { ledger: None, ..attestation.clone() }),
        Vector::cbor("key/attestation", attestation),
        Vector::cbor("key/purpose-seal", KeyPurpose::Seal),
    ]
}
