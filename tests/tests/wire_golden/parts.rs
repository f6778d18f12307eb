//! Place: none. The parts that samples are made of. None of it is a secret or a real key pair.

use fuin_shared::bytes::Blob;
use fuin_shared::evidence::{InstanceKeys, LedgerIdentity};
use fuin_shared::ids::{CaId, CredentialId, Digest32, MandateId, PersonId, RaClientId, StatementId, UserId};
use fuin_shared::key::Spki;
use fuin_shared::message::{Receipt, SealedRecord};

/// SubjectPublicKeyInfo of the P-256 base point.
const SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0\
                    f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

pub fn spki() -> Spki {
    Spki(hex::decode(SPKI).expect("the constant is hex").into())
}

/// `length` octets counted up from `first`.
pub fn octets(first: u8, length: usize) -> Blob {
    (0..length).map(|n| first.wrapping_add(n as u8)).collect::<Vec<u8>>().into()
}

/// 32 octets counted up from `first`.
pub fn thirty_two(first: u8) -> [u8; 32] {
    std::array::from_fn(|n| first.wrapping_add(n as u8))
}

pub fn digest(first: u8) -> Digest32 {
    Digest32(thirty_two(first))
}

pub fn statement() -> StatementId {
    StatementId(std::array::from_fn(|n| 0x70 + n as u8))
}

pub fn credential() -> CredentialId {
    CredentialId::new("key-0001").expect("a valid name")
}

pub fn mandate() -> MandateId {
    MandateId(std::array::from_fn(|n| 0x80 + n as u8))
}

pub fn authority() -> CaId {
    CaId::new("ca-1").expect("a valid name")
}

pub fn client() -> RaClientId {
    RaClientId::new("ra-1").expect("a valid name")
}

pub fn user() -> UserId {
    UserId::new("印 user").expect("a valid name")
}

pub fn person(name: &str) -> PersonId {
    PersonId::new(name).expect("a valid name")
}

pub fn instance_keys() -> InstanceKeys {
    InstanceKeys { hpke: octets(4, 97), signing: spki() }
}

pub fn record() -> SealedRecord {
    SealedRecord { id: credential(), version: 3, body: octets(0xa0, 40) }
}

pub fn receipt() -> Receipt {
    Receipt {
        index: 7,
        event: octets(0xb0, 12),
        salts: vec![octets(1, 16), octets(2, 16)],
        checkpoint: checkpoint(),
    }
}

/// The form of a signed note; nothing here verifies it.
/// Origin and vkey of this name; no encoding reads the key.
pub fn ledger(origin: &str) -> LedgerIdentity {
    LedgerIdentity { origin: origin.to_owned(), vkey: format!("{origin}+00000000+AQ") }
}

pub fn checkpoint() -> String {
    "fuin.example/ledger\n8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— fuin.example/ledger AAAA\n"
        .to_owned()
}
