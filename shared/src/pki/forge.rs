//! Place: none. Test certificates, written octet by octet so that every field can be wrong.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::EncodePublicKey;

use super::Certificate;
use crate::algorithm::SignatureAlgorithm;

/// 2026-01-01T00:00:00Z, within the validity of every default certificate.
pub const NOW: u64 = 1_767_225_600;

/// One DER element.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|b| *b != 0).unwrap_or(length.len() - 1)..];
    let head = match content.len() {
        0..=127 => vec![tag, length[0]],
        _ => [&[tag, 0x80 | length.len() as u8], length].concat(),
    };
    [&head, content].concat()
}

pub fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub fn oid(text: &str) -> Vec<u8> {
    tlv(0x06, const_oid::ObjectIdentifier::new(text).unwrap().as_bytes())
}

/// A name from RDNs of (type, string tag, value).
pub fn name_der(rdns: &[&[(&str, u8, &[u8])]]) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = rdns
        .iter()
        .map(|rdn| {
            let set: Vec<Vec<u8>> = rdn.iter().map(|(t, tag, v)| seq(&[&oid(t), &tlv(*tag, v)])).collect();
            tlv(0x31, &set.concat())
        })
        .collect();
    tlv(0x30, &rdns.concat())
}

/// A common name alone.
pub fn cn(name: &str) -> Vec<u8> {
    name_der(&[&[("2.5.4.3", 0x0c, name.as_bytes())]])
}

/// A key that signs certificates.
pub enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl Key {
    pub fn p256(seed: u8) -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub fn p384(seed: u8) -> Self {
        Self::P384(p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap())
    }

    pub fn spki(&self) -> Vec<u8> {
        match self {
            Self::P256(k) => k.verifying_key().to_public_key_der().unwrap().into_vec(),
            Self::P384(k) => k.verifying_key().to_public_key_der().unwrap().into_vec(),
        }
    }

    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
        let digest = algorithm.hash().digest(message);
        match self {
            Self::P256(k) => {
                let s: p256::ecdsa::Signature = k.sign_prehash(&digest).unwrap();
                s.to_der().as_bytes().to_vec()
            }
            Self::P384(k) => {
                let s: p384::ecdsa::Signature = k.sign_prehash(&digest).unwrap();
                s.to_der().as_bytes().to_vec()
            }
        }
    }
}

/// An extension: object identifier, critical, value.
pub type Ext = (&'static str, bool, Vec<u8>);

pub fn basic_constraints(ca: bool, path_len: Option<u8>) -> Vec<u8> {
    let ca: &[u8] = if ca { &[1, 1, 0xff] } else { &[] };
    let length = path_len.map(|n| tlv(2, &[n])).unwrap_or_default();
    seq(&[ca, &length])
}

/// keyUsage from the first octet of its bits.
pub fn key_usage(bits: u8) -> Vec<u8> {
    tlv(3, &[bits.trailing_zeros() as u8, bits])
}

/// Fields of a certificate to be; change one and see it refused.
#[derive(Clone)]
pub struct Forge {
    pub version: Vec<u8>,
    pub serial: Vec<u8>,
    pub inner_algorithm: Option<Vec<u8>>,
    pub issuer: Vec<u8>,
    pub not_before: Vec<u8>,
    pub not_after: Vec<u8>,
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    pub extensions: Vec<Ext>,
    pub raw_extensions: Option<Vec<u8>>,
    pub algorithm: SignatureAlgorithm,
    pub outer_algorithm: Option<Vec<u8>>,
    pub signature_unused_bits: u8,
}

impl Forge {
    fn new(subject: &str, issuer: &str, key: &Key) -> Self {
        Self {
            version: tlv(0xa0, &tlv(2, &[2])),
            serial: tlv(2, &[0x5a, 0xac]),
            inner_algorithm: None,
            issuer: cn(issuer),
            not_before: tlv(0x17, b"250101000000Z"),
            not_after: tlv(0x17, b"351231235959Z"),
            subject: cn(subject),
            spki: key.spki(),
            extensions: Vec::new(),
            raw_extensions: None,
            algorithm: match key {
                Key::P256(_) => SignatureAlgorithm::EcdsaSha256,
                Key::P384(_) => SignatureAlgorithm::EcdsaSha384,
            },
            outer_algorithm: None,
            signature_unused_bits: 0,
        }
    }

    /// A CA certificate: critical basicConstraints, critical keyUsage with keyCertSign and cRLSign.
    pub fn ca(subject: &str, issuer: &str, key: &Key, path_len: Option<u8>) -> Self {
        let mut forge = Self::new(subject, issuer, key);
        forge.extensions = vec![
            ("2.5.29.19", true, basic_constraints(true, path_len)),
            ("2.5.29.15", true, key_usage(0x06)),
        ];
        forge
    }

    /// An end entity's certificate: critical keyUsage with nonRepudiation, policies, extKeyUsage.
    pub fn end_entity(subject: &str, issuer: &str, key: &Key) -> Self {
        let mut forge = Self::new(subject, issuer, key);
        forge.extensions = vec![
            ("2.5.29.15", true, key_usage(0x40)),
            ("2.5.29.32", false, seq(&[&seq(&[&oid("1.2.3.4")])])),
            ("2.5.29.37", false, seq(&[&oid("1.3.6.1.5.5.7.3.36")])),
        ];
        forge
    }

    /// Replaces or adds an extension.
    pub fn with(mut self, oid: &'static str, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.retain(|(o, _, _)| *o != oid);
        self.extensions.push((oid, critical, value));
        self
    }

    /// Removes an extension.
    pub fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|(o, _, _)| *o != oid);
        self
    }

    /// The certificate, signed by `issuer`.
    pub fn der(&self, issuer: &Key) -> Vec<u8> {
        let algorithm = seq(&[&oid(&self.algorithm.oid().to_string())]);
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|(o, critical, value)| {
                let critical: &[u8] = if *critical { &[1, 1, 0xff] } else { &[] };
                seq(&[&oid(o), critical, &tlv(4, value)])
            })
            .collect();
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &tlv(0x30, &extensions.concat())) };
        let tbs = seq(&[
            &self.version,
            &self.serial,
            self.inner_algorithm.as_ref().unwrap_or(&algorithm),
            &self.issuer,
            &seq(&[&self.not_before, &self.not_after]),
            &self.subject,
            &self.spki,
            self.raw_extensions.as_ref().unwrap_or(&extensions),
        ]);
        let signature = issuer.sign(self.algorithm, &tbs);
        let bits = tlv(3, &[&[self.signature_unused_bits][..], &signature].concat());
        seq(&[&tbs, self.outer_algorithm.as_ref().unwrap_or(&algorithm), &bits])
    }

    /// The certificate, read.
    pub fn issue(&self, issuer: &Key) -> Certificate {
        Certificate::from_der(&self.der(issuer)).unwrap()
    }
}
