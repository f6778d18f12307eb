//! Place: none. An issuer of cards in a few lines: certificates, revocation lists, answers.

use der::asn1::{BitString, OctetString, Uint};
use der::flagset::FlagSet;
use der::{Decode, Encode};
use ecdsa::signature::Signer;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{Digest32, MeansId, RaClientId};
use fuin_shared::key::PublicKey;
use fuin_shared::manifest::means::X509Issuer;
use fuin_shared::sad::x509_message;
use p256::ecdsa::{DerSignature, SigningKey};
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use std::str::FromStr;
use std::time::Duration;
use x509_cert::builder::{Builder, CertificateBuilder, Result as Built, profile::BuilderProfile};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

pub const DAY: u64 = 86_400;
pub const ROOT: u8 = 101;
pub const MIDDLE: u8 = 102;
pub const CARD: u8 = 103;
pub const HOLDER: &str = "CN=Hanako Cardholder,C=JP";

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

pub fn extension(oid: &str, critical: bool, value: &impl Encode) -> Extension {
    let extn_value = OctetString::new(value.to_der().unwrap()).unwrap();
    Extension { extn_id: ObjectIdentifier::new_unwrap(oid), critical, extn_value }
}

pub fn key_usage(usage: impl Into<FlagSet<KeyUsages>>) -> Extension {
    extension("2.5.29.15", true, &KeyUsage(usage.into()))
}

fn ca() -> Vec<Extension> {
    let constraints = BasicConstraints { ca: true, path_len_constraint: None };
    vec![extension("2.5.29.19", true, &constraints), key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)]
}

/// What a certificate is to say.
#[derive(Clone)]
pub struct Plan {
    pub issuer: &'static str,
    pub issuer_key: u8,
    pub subject: &'static str,
    pub key: u8,
    pub serial: u32,
    pub from: u64,
    pub to: u64,
    pub extensions: Vec<Extension>,
    /// In place of the key's own SubjectPublicKeyInfo.
    pub spki: Option<Vec<u8>>,
}

impl Plan {
    pub fn root(now: u64) -> Self {
        Self {
            issuer: "CN=Card Root",
            issuer_key: ROOT,
            subject: "CN=Card Root",
            key: ROOT,
            serial: 1,
            from: now - 10 * DAY,
            to: now + 1000 * DAY,
            extensions: ca(),
            spki: None,
        }
    }

    pub fn middle(now: u64) -> Self {
        Self { subject: "CN=Card CA", key: MIDDLE, serial: 2, ..Self::root(now) }
    }

    pub fn card(now: u64) -> Self {
        Self {
            issuer: "CN=Card CA",
            issuer_key: MIDDLE,
            subject: HOLDER,
            key: CARD,
            serial: 42,
            from: now - DAY,
            to: now + 500 * DAY,
            extensions: vec![key_usage(KeyUsages::DigitalSignature)],
            spki: None,
        }
    }

    pub fn make(&self) -> Blob {
        let own = || PublicKey::P256(*key(self.key).verifying_key()).to_spki();
        let spki = self.spki.clone().unwrap_or_else(own);
        let spki = SubjectPublicKeyInfoOwned::from_der(&spki).unwrap();
        let validity = Validity::new(time(self.from), time(self.to));
        let serial = SerialNumber::from(self.serial);
        let builder = CertificateBuilder::new(self.clone(), serial, validity, spki).unwrap();
        let made = builder.build::<_, DerSignature>(&key(self.issuer_key)).unwrap();
        made.to_der().unwrap().into()
    }
}

impl BuilderProfile for Plan {
    fn get_issuer(&self, _: &Name) -> Name {
        Name::from_str(self.issuer).unwrap()
    }

    fn get_subject(&self) -> Name {
        Name::from_str(self.subject).unwrap()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> Built<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// What a revocation list is to say.
#[derive(Clone)]
pub struct List {
    pub issuer: &'static str,
    pub key: u8,
    pub number: u32,
    pub from: u64,
    pub to: u64,
    pub revoked: Vec<u32>,
}

impl List {
    pub fn of_root(now: u64) -> Self {
        Self {
            issuer: "CN=Card Root",
            key: ROOT,
            number: 1,
            from: now - 60,
            to: now + 30 * DAY,
            revoked: Vec::new(),
        }
    }

    pub fn of_middle(now: u64) -> Self {
        Self { issuer: "CN=Card CA", key: MIDDLE, ..Self::of_root(now) }
    }

    pub fn make(&self) -> Blob {
        let algorithm = AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
            parameters: None,
        };
        let entry = |serial: &u32| RevokedCert {
            serial_number: SerialNumber::from(*serial),
            revocation_date: time(self.from),
            crl_entry_extensions: None,
        };
        let number = Uint::new(&self.number.to_be_bytes()).unwrap();
        let tbs_cert_list = TbsCertList {
            version: Version::V2,
            signature: algorithm.clone(),
            issuer: Name::from_str(self.issuer).unwrap(),
            this_update: time(self.from),
            next_update: Some(time(self.to)),
            revoked_certificates: (!self.revoked.is_empty())
                .then(|| self.revoked.iter().map(entry).collect()),
            crl_extensions: Some(vec![extension("2.5.29.20", false, &number)]),
        };
        let signature: DerSignature = key(self.key).sign(&tbs_cert_list.to_der().unwrap());
        let signature = BitString::from_bytes(signature.as_bytes()).unwrap();
        let list: CertificateList =
            CertificateList { tbs_cert_list, signature_algorithm: algorithm, signature };
        list.to_der().unwrap().into()
    }
}

/// The manifest's entry.
pub fn entry(id: &str, client: &str, now: u64) -> X509Issuer {
    X509Issuer {
        id: MeansId::new(id).unwrap(),
        clients: vec![RaClientId::new(client).unwrap()],
        anchors: vec![Plan::root(now).make()],
        policies: Vec::new(),
        content_commitment: false,
        status_seconds: 3600,
    }
}

/// What the card with this key signs.
pub fn answer(seed: u8, challenge: &Digest32) -> Blob {
    let signature: DerSignature = key(seed).sign(&x509_message(challenge));
    signature.as_bytes().to_vec().into()
}

fn time(at: u64) -> Time {
    Time::try_from(std::time::UNIX_EPOCH + Duration::from_secs(at)).unwrap()
}
