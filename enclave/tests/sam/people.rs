//! Place: none. Officers, custodians, RA clients and a CA, with real keys.

use super::world::START;
use base64ct::{Base64UrlUnpadded, Encoding};
use der::{Decode, Encode};
use ecdsa::signature::Signer;
use fuin_enclave::channel::InstanceKeyPairs;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::statement::{Body, ManageStatement, SignedStatement};
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use std::str::FromStr;
use std::time::Duration;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoRef;
use x509_cert::time::{Time, Validity};

/// Somebody with a P-256 key.
pub struct Person {
    pub id: PersonId,
    key: SigningKey,
}

impl Person {
    pub fn new(name: &str, seed: u8) -> Self {
        Self { id: PersonId::new(name).unwrap(), key: SigningKey::from_slice(&[seed; 32]).unwrap() }
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

/// A custodian: a person with a key to open shares.
pub struct Custodian {
    pub person: Person,
    pub opening: InstanceKeyPairs,
}

/// A certification authority with a self-signed root.
pub struct Authority {
    key: SigningKey,
    pub root: Vec<u8>,
}

struct Profile {
    issuer: Name,
    subject: Name,
    ca: bool,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _spk: SubjectPublicKeyInfoRef<'_>,
        _issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &x509_cert::TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        let usage = if self.ca {
            let constraints = BasicConstraints { ca: true, path_len_constraint: None };
            extensions.push(constraints.to_extension(tbs.subject(), &extensions)?);
            KeyUsages::KeyCertSign | KeyUsages::CRLSign
        } else {
            KeyUsages::NonRepudiation.into()
        };
        extensions.push(KeyUsage(usage).to_extension(tbs.subject(), &extensions)?);
        Ok(extensions)
    }
}

impl Authority {
    pub fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let name = Name::from_str(&format!("CN=Test Root {seed},O=Test,C=JP")).unwrap();
        let spki = PublicKey::P256(*key.verifying_key()).to_spki();
        let profile = Profile { issuer: name.clone(), subject: name, ca: true };
        let root = issue(&key, &spki, profile, 1, START + 90_000_000);
        Self { key, root }
    }

    /// ECDSA in DER with SHA-256.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.key.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    pub fn certify(&self, spki: &[u8], subject: &str, serial: u32) -> Vec<u8> {
        self.certify_until(spki, subject, serial, START + 40_000_000)
    }

    pub fn certify_until(&self, spki: &[u8], subject: &str, serial: u32, end: u64) -> Vec<u8> {
        let root = x509_cert::Certificate::from_der(&self.root).unwrap();
        let issuer = root.tbs_certificate().subject().clone();
        let profile = Profile { issuer, subject: Name::from_str(subject).unwrap(), ca: false };
        issue(&self.key, spki, profile, serial, end)
    }
}

fn issue(key: &SigningKey, spki: &[u8], profile: Profile, serial: u32, end: u64) -> Vec<u8> {
    let time = |seconds| {
        Time::UtcTime(der::asn1::UtcTime::from_unix_duration(Duration::from_secs(seconds)).unwrap())
    };
    let validity = Validity::new(time(START - 1000), time(end));
    let spki = x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(spki).unwrap();
    let builder = CertificateBuilder::new(profile, SerialNumber::from(serial), validity, spki).unwrap();
    builder.build::<_, DerSignature>(key).unwrap().to_der().unwrap()
}
