//! Place: none. A passkey in a few lines for tests, every part of its answers open to change.

use super::*;
use base64ct::{Base64UrlUnpadded, Encoding};
use ciborium::Value;
use p256::ecdsa::signature::Signer;

pub(super) const RELYING_PARTY: &str = "sign.example";
pub(super) const ORIGIN: &str = "https://sign.example";
pub(super) const CHALLENGE: Digest32 = Digest32([9; 32]);
pub(super) const CREDENTIAL: [u8; 16] = [4; 16];

pub(super) const UP: u8 = 0x01;
pub(super) const UV: u8 = 0x04;
pub(super) const BE: u8 = 0x08;
pub(super) const BS: u8 = 0x10;
pub(super) const AT: u8 = 0x40;
pub(super) const ED: u8 = 0x80;

pub(super) fn origins() -> Vec<String> {
    vec!["https://ra.example".to_owned(), ORIGIN.to_owned()]
}

pub(super) fn signing_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap()
}

pub(super) fn cose_key() -> Vec<u8> {
    let point = signing_key().verifying_key().to_sec1_point(false);
    let mut out = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    out.extend_from_slice(&point.as_bytes()[1..33]);
    out.extend_from_slice(&[0x22, 0x58, 0x20]);
    out.extend_from_slice(&point.as_bytes()[33..]);
    out
}

pub(super) fn client_data(ceremony: &str) -> String {
    format!(
        r#"{{"type":"{ceremony}","challenge":"{}","origin":"{ORIGIN}","crossOrigin":false}}"#,
        Base64UrlUnpadded::encode_string(&CHALLENGE.0)
    )
}

/// Parts of an answer.
#[derive(Clone)]
pub(super) struct Maker {
    pub(super) client_data: String,
    pub(super) relying_party: &'static str,
    pub(super) flags: u8,
    pub(super) counter: u32,
    pub(super) credential: Vec<u8>,
    pub(super) cose_key: Vec<u8>,
    /// After what the flags announce.
    pub(super) tail: Vec<u8>,
}

impl Maker {
    pub(super) fn create() -> Self {
        Self {
            client_data: client_data("webauthn.create"),
            relying_party: RELYING_PARTY,
            flags: UP | UV | AT,
            counter: 1,
            credential: CREDENTIAL.to_vec(),
            cose_key: cose_key(),
            tail: Vec::new(),
        }
    }

    pub(super) fn get() -> Self {
        Self { client_data: client_data("webauthn.get"), flags: UP | UV, counter: 2, ..Self::create() }
    }

    pub(super) fn replace(mut self, from: &str, to: &str) -> Self {
        assert!(self.client_data.contains(from), "{from}");
        self.client_data = self.client_data.replace(from, to);
        self
    }

    pub(super) fn flags(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    pub(super) fn authenticator_data(&self) -> Vec<u8> {
        let mut out = Sha256::digest(self.relying_party.as_bytes()).to_vec();
        out.push(self.flags);
        out.extend_from_slice(&self.counter.to_be_bytes());
        if self.flags & AT != 0 {
            out.extend_from_slice(&[6; 16]);
            out.extend_from_slice(&u16::try_from(self.credential.len()).unwrap().to_be_bytes());
            out.extend_from_slice(&self.credential);
            out.extend_from_slice(&self.cose_key);
        }
        out.extend_from_slice(&self.tail);
        out
    }

    pub(super) fn sign(&self) -> Vec<u8> {
        let message = signed_octets(&self.authenticator_data(), self.client_data.as_bytes());
        let signature: p256::ecdsa::Signature = signing_key().sign(&message);
        signature.to_der().as_bytes().to_vec()
    }

    /// A registration with this attestation object.
    pub(super) fn registration_of(&self, object: Vec<(&str, Value)>) -> Assertion {
        let object = Value::Map(object.into_iter().map(|(k, v)| (k.into(), v)).collect());
        self.registration_octets(fuin_shared::codec::encode(&object))
    }

    pub(super) fn registration_octets(&self, object: Vec<u8>) -> Assertion {
        Assertion::PasskeyRegistration {
            client_data: self.client_data.clone().into_bytes().into(),
            attestation_object: object.into(),
        }
    }

    /// A registration with format `none`.
    pub(super) fn registration(&self) -> Assertion {
        self.registration_of(vec![
            ("fmt", "none".into()),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", self.authenticator_data().into()),
        ])
    }

    /// A registration with format `packed` and this statement.
    pub(super) fn packed(&self, statement: Vec<(&str, Value)>) -> Assertion {
        self.registration_of(vec![
            ("fmt", "packed".into()),
            ("attStmt", Value::Map(statement.into_iter().map(|(k, v)| (k.into(), v)).collect())),
            ("authData", self.authenticator_data().into()),
        ])
    }

    pub(super) fn assertion(&self) -> Assertion {
        self.assertion_signed(self.sign())
    }

    pub(super) fn assertion_signed(&self, signature: Vec<u8>) -> Assertion {
        Assertion::Passkey {
            credential_id: self.credential.clone().into(),
            client_data: self.client_data.clone().into_bytes().into(),
            authenticator_data: self.authenticator_data().into(),
            signature: signature.into(),
        }
    }
}
