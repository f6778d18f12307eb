//! Throw-away signers: a root and a leaf made in the test, with keys that are printed here and therefore protect nothing.
#![allow(dead_code, reason = "every test file uses a part of it")]

use der::asn1::UtcTime;
use der::{DateTime, Encode, EncodePem, pem::LineEnding};
use fuin_shared::algorithm::SignatureAlgorithm;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use std::path::PathBuf;
use std::str::FromStr;
use x509_cert::Certificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

/// 2026-01-15 00:00:00 UTC, within the validity of the certificates.
pub const SIGNING_TIME: i64 = 1_768_435_200;

/// A signer's key.
pub enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

/// A signer with certificates.
pub struct Signer {
    pub key: Key,
    pub leaf: Vec<u8>,
    pub root: Vec<u8>,
    pub root_pem: String,
}

impl Signer {
    pub fn p256() -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[0x11; 32]).expect("scalar");
        let spki = SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).expect("spki");
        Self::certified(Key::P256(key), spki)
    }

    pub fn p384() -> Self {
        let key = p384::ecdsa::SigningKey::from_slice(&[0x22; 48]).expect("scalar");
        let spki = SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).expect("spki");
        Self::certified(Key::P384(key), spki)
    }

    fn certified(key: Key, spki: SubjectPublicKeyInfoOwned) -> Self {
        let root_key = p256::ecdsa::SigningKey::from_slice(&[0x33; 32]).expect("scalar");
        let root_name = Name::from_str("CN=Throw-away Root,O=Fuin test,C=JP").expect("name");
        let root_spki = SubjectPublicKeyInfoOwned::from_key(root_key.verifying_key()).expect("spki");
        let root = Profile { issuer: root_name.clone(), subject: root_name.clone(), authority: true };
        let root = issue(root, 1, root_spki, &root_key);
        let subject = Name::from_str("CN=署名 太郎,O=Fuin test,C=JP").expect("name");
        let leaf = issue(Profile { issuer: root_name, subject, authority: false }, 2, spki, &root_key);
        Self {
            key,
            leaf: leaf.to_der().expect("der"),
            root_pem: root.to_pem(LineEnding::LF).expect("pem"),
            root: root.to_der().expect("der"),
        }
    }

    /// Leaf and root.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.leaf.clone(), self.root.clone()]
    }

    /// DER `ECDSA-Sig-Value` over a digest.
    pub fn sign(&self, digest: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::P256(key) => {
                let value: p256::ecdsa::Signature = key.sign_prehash(digest).expect("signature");
                value.to_der().as_bytes().to_vec()
            }
            Key::P384(key) => {
                let value: p384::ecdsa::Signature = key.sign_prehash(digest).expect("signature");
                value.to_der().as_bytes().to_vec()
            }
        }
    }

    /// The whole way from a PDF to a signed one.
    pub fn sign_pdf(
        &self,
        pdf: &[u8],
        options: &fuin_ades::pades::SignatureOptions,
        algorithm: SignatureAlgorithm,
    ) -> Vec<u8> {
        let prepared = fuin_ades::pades::prepare(pdf, options).expect("prepared");
        let cms = self.cms(&prepared.document_digest(algorithm.hash()), algorithm);
        prepared.embed(&cms).expect("embedded")
    }

    /// A CMS signature over a document digest.
    pub fn cms(&self, digest: &[u8], algorithm: SignatureAlgorithm) -> Vec<u8> {
        let attributes = fuin_ades::cades::SignedAttributes::build(algorithm.hash(), digest, &self.leaf)
            .expect("attributes");
        let value = self.sign(&attributes.digest());
        fuin_ades::cades::assemble(&attributes, &value, &self.chain(), algorithm).expect("assembled")
    }
}

struct Profile {
    issuer: Name,
    subject: Name,
    authority: bool,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = if self.authority {
            KeyUsages::KeyCertSign | KeyUsages::CRLSign
        } else {
            KeyUsages::NonRepudiation.into()
        };
        let own = SubjectKeyIdentifier::try_from(key)?;
        let issuer = SubjectKeyIdentifier::try_from(issuer_key)?;
        let issuer = AuthorityKeyIdentifier { key_identifier: Some(issuer.0), ..Default::default() };
        let basic = BasicConstraints { ca: self.authority, path_len_constraint: None };
        let subject = tbs.subject();
        Ok(vec![
            basic.to_extension(subject, &[])?,
            KeyUsage(usage).to_extension(subject, &[])?,
            own.to_extension(subject, &[])?,
            issuer.to_extension(subject, &[])?,
        ])
    }
}

fn issue(
    profile: Profile,
    serial: u32,
    key: SubjectPublicKeyInfoOwned,
    root: &p256::ecdsa::SigningKey,
) -> Certificate {
    let time = |year| {
        let date = DateTime::new(year, 1, 1, 0, 0, 0).expect("date");
        Time::UtcTime(UtcTime::from_date_time(date).expect("time"))
    };
    let validity = Validity::new(time(2024), time(2049));
    let builder =
        CertificateBuilder::new(profile, SerialNumber::from(serial), validity, key).expect("builder");
    builder.build::<_, p256::ecdsa::DerSignature>(root).expect("certificate")
}

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// One of the documents for tests.
pub fn document(name: &str) -> Vec<u8> {
    let path = repository().join("tests/documents").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The three documents.
pub const DOCUMENTS: [&str; 3] = ["contract.pdf", "contract-object-streams.pdf", "form.pdf"];
