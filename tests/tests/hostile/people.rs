//! Place: none. Officers, RA clients, and a custodian who has gone bad, with real keys.

use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::statement::{Body, ManageStatement, SignedStatement};
use fuin_tests::signer::random;
use p256::ecdsa::{Signature, SigningKey};

/// Somebody with a P-256 key.
pub struct Person {
    pub id: PersonId,
    key: SigningKey,
}

impl Person {
    pub fn new(name: &str) -> Self {
        // Too large a number is as likely as an earthquake here and now.
        Self { id: PersonId::new(name).unwrap(), key: SigningKey::from_slice(&random::<32>()).unwrap() }
    }

    pub fn spki(&self) -> Spki {
        Spki::from(&PublicKey::P256(*self.key.verifying_key()))
    }

    pub fn sign(&self, message: &[u8]) -> Blob {
        let signature: Signature = self.key.sign(message);
        signature.to_der().as_bytes().to_vec().into()
    }

    pub fn state<B: Body>(&self, body: &B) -> Blob {
        let body = codec::encode(body);
        let signature = self.sign(&SignedStatement::message::<B>(&body));
        codec::encode(&SignedStatement { body: body.into(), signer: self.id.clone(), signature }).into()
    }

    /// A `manageProof`.
    pub fn prove(&self, statement: &ManageStatement) -> String {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.id);
        let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
        let payload = serde_json::to_vec(statement).unwrap();
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(&payload));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature.to_bytes()))
    }
}
