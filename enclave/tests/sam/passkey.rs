//! Place: SIC. A passkey made by hand, so that tests can also make wrong ones.

use base64ct::{Base64UrlUnpadded, Encoding};
use ciborium::Value;
use ecdsa::signature::Signer;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::Assertion;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};
use std::cell::Cell;

pub const RELYING_PARTY: &str = "ra.example";
pub const ORIGIN: &str = "https://ra.example";

pub struct TestPasskey {
    key: SigningKey,
    id: Vec<u8>,
    counter: Cell<u32>,
}

impl TestPasskey {
    pub fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        Self { key, id: vec![seed; 32], counter: Cell::new(1) }
    }

    /// Another key under the credential id of this passkey.
    pub fn impostor(&self, seed: u8) -> Self {
        Self { id: self.id.clone(), ..Self::new(seed) }
    }

    fn client_data(kind: &str, challenge: &Digest32) -> Vec<u8> {
        let challenge = Base64UrlUnpadded::encode_string(challenge.as_ref());
        format!(r#"{{"type":"webauthn.{kind}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#)
            .into_bytes()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(RELYING_PARTY).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.counter.get().to_be_bytes());
        data
    }

    pub fn register(&self, challenge: &Digest32) -> Assertion {
        let point = self.key.verifying_key().to_sec1_point(false);
        let octets = point.as_bytes();
        let cose = Value::Map(vec![
            (1.into(), 2.into()),
            (3.into(), (-7).into()),
            ((-1).into(), 1.into()),
            ((-2).into(), Value::Bytes(octets[1..33].to_vec())),
            ((-3).into(), Value::Bytes(octets[33..65].to_vec())),
        ]);
        let mut data = self.authenticator_data(0x45);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.id);
        ciborium::into_writer(&cose, &mut data).unwrap();
        let object = Value::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Value::Map(vec![])),
            ("authData".into(), Value::Bytes(data)),
        ]);
        let mut attestation_object = Vec::new();
        ciborium::into_writer(&object, &mut attestation_object).unwrap();
        Assertion::PasskeyRegistration {
            client_data: Self::client_data("create", challenge).into(),
            attestation_object: attestation_object.into(),
        }
    }

    pub fn assert(&self, challenge: &Digest32) -> Assertion {
        self.counter.set(self.counter.get() + 1);
        let client_data = Self::client_data("get", challenge);
        let authenticator_data = self.authenticator_data(0x05);
        let mut message = authenticator_data.clone();
        message.extend_from_slice(&Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&message);
        Assertion::Passkey {
            credential_id: self.id.clone().into(),
            client_data: client_data.into(),
            authenticator_data: authenticator_data.into(),
            signature: signature.to_der().as_bytes().to_vec().into(),
        }
    }
}
