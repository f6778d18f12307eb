//! Place: none. Test kit: makes documents and bundles under an own root, every field of them changeable.

// Each test binary uses a part of the kit.
#![allow(dead_code)]

pub mod bundle;
pub mod der;
pub mod eif;
pub mod key;

use ciborium::Value;
use der::Cert;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha384};
use std::sync::LazyLock;

/// The second at which everything here happens.
pub const NOW: u64 = 1_700_000_000;

/// Deterministic key number `seed`.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 48]).unwrap()
}

/// A document that can be changed before it is signed.
#[derive(Clone)]
pub struct Doc {
    /// Root first, leaf last.
    pub certs: Vec<Cert>,
    /// Payload fields in the order they are written.
    pub fields: Vec<(Value, Value)>,
    /// Key number that signs.
    pub signer: u8,
}

impl Doc {
    /// A document as real devices make it.
    pub fn new() -> Self {
        // Five certificates are signed for it: once is enough.
        static BASE: LazyLock<Doc> = LazyLock::new(Doc::base);
        BASE.clone()
    }

    fn base() -> Self {
        let certs = Cert::chain();
        let (leaf, bundle) = certs.split_last().unwrap();
        let fields = vec![
            ("module_id".into(), "i-0abc-enc01".into()),
            ("digest".into(), "SHA384".into()),
            ("timestamp".into(), (NOW * 1000).into()),
            ("pcrs".into(), pcrs(&[(0, 1), (1, 2), (2, 3), (3, 0), (4, 5)])),
            ("certificate".into(), Value::Bytes(leaf.der())),
            ("cabundle".into(), Value::Array(bundle.iter().map(|cert| Value::Bytes(cert.der())).collect())),
            ("public_key".into(), Value::Null),
            ("user_data".into(), Value::Null),
            ("nonce".into(), Value::Bytes(b"the caller's nonce".to_vec())),
        ];
        Self { certs, fields, signer: der::LEAF }
    }

    /// With one field set, added or replaced.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        match self.fields.iter_mut().find(|field| field.0.as_text() == Some(name)) {
            Some(field) => field.1 = value,
            None => self.fields.push((name.into(), value)),
        }
        self
    }

    /// Without one field.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.0.as_text() != Some(name));
        self
    }

    /// With a chain changed by `change` and written anew.
    pub fn chain(mut self, change: impl FnOnce(&mut Vec<Cert>)) -> Self {
        change(&mut self.certs);
        let (leaf, bundle) = self.certs.split_last().unwrap();
        let (leaf, bundle) = (leaf.der(), bundle.iter().map(|cert| Value::Bytes(cert.der())).collect());
        self.with("certificate", Value::Bytes(leaf)).with("cabundle", Value::Array(bundle))
    }

    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        encode(&Value::Map(self.fields.clone()))
    }

    /// The signed document.
    pub fn octets(&self) -> Vec<u8> {
        self.envelope(&self.payload())
    }

    /// A signed document around any payload.
    pub fn envelope(&self, payload: &[u8]) -> Vec<u8> {
        let signature = self.sign(&[0xa1, 0x01, 0x38, 0x22], payload);
        envelope(&[0x84], &[0xa1, 0x01, 0x38, 0x22], &[0xa0], payload, &signature)
    }

    /// `r || s` over the structure that COSE signs.
    pub fn sign(&self, protected: &[u8], payload: &[u8]) -> Vec<u8> {
        let signed = encode(&Value::Array(vec![
            "Signature1".into(),
            Value::Bytes(protected.to_vec()),
            Value::Bytes(Vec::new()),
            Value::Bytes(payload.to_vec()),
        ]));
        let signature: Signature = key(self.signer).sign_prehash(&Sha384::digest(&signed)).unwrap();
        signature.to_bytes().to_vec()
    }

    /// DER of the root.
    pub fn root(&self) -> Vec<u8> {
        self.certs[0].der()
    }

    /// PEM of the root.
    pub fn root_pem(&self) -> String {
        ::der::pem::encode_string("CERTIFICATE", ::der::pem::LineEnding::LF, &self.root()).unwrap()
    }
}

/// Puts an envelope together from raw parts.
pub fn envelope(
    head: &[u8],
    protected: &[u8],
    unprotected: &[u8],
    payload: &[u8],
    signature: &[u8],
) -> Vec<u8> {
    let string = |octets: &[u8]| encode(&Value::Bytes(octets.to_vec()));
    [head, &string(protected), unprotected, &string(payload), &string(signature)].concat()
}

/// A map of registers, each filled with one octet.
pub fn pcrs(values: &[(u64, u8)]) -> Value {
    Value::Map(values.iter().map(|(index, fill)| ((*index).into(), Value::Bytes(vec![*fill; 48]))).collect())
}

/// CBOR of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}
