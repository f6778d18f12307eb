//! A CA in a few lines, and one test by name for every check.

use super::*;
use der::asn1::OctetString;
use der::flagset::FlagSet;
use der::{Decode, Encode};
use fuin_shared::key::PublicKey;
use proptest::prelude::*;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use std::str::FromStr;
use std::time::Duration;
use x509_cert::builder::{Builder, CertificateBuilder, Result as Built, profile::BuilderProfile};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

const NOW: u64 = 1_767_225_600;
const DAY: u64 = 86_400;
const SUBJECT: &str = "CN=Taro,O=Example,C=JP";
const ROOT: u8 = 1;
const MIDDLE: u8 = 2;
const SIGNER: u8 = 3;

fn key(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn spki(seed: u8) -> Vec<u8> {
    PublicKey::P256(*key(seed).verifying_key()).to_spki()
}

fn extension(oid: &str, critical: bool, value: &impl Encode) -> Extension {
    let extn_value = OctetString::new(value.to_der().unwrap()).unwrap();
    Extension { extn_id: ObjectIdentifier::new_unwrap(oid), critical, extn_value }
}

fn key_usage(usage: impl Into<FlagSet<KeyUsages>>) -> Extension {
    extension("2.5.29.15", true, &KeyUsage(usage.into()))
}

fn constraints(ca: bool) -> Extension {
    extension("2.5.29.19", true, &BasicConstraints { ca, path_len_constraint: None })
}

fn purpose(oid: &str) -> Extension {
    extension("2.5.29.37", false, &ExtendedKeyUsage(vec![ObjectIdentifier::new_unwrap(oid)]))
}

/// What a certificate is to say.
#[derive(Clone)]
struct Plan {
    issuer: &'static str,
    issuer_key: u8,
    subject: &'static str,
    key: u8,
    from: u64,
    to: u64,
    extensions: Vec<Extension>,
}

impl Plan {
    fn root() -> Self {
        Self {
            issuer: "CN=Root",
            issuer_key: ROOT,
            subject: "CN=Root",
            key: ROOT,
            from: NOW - 10 * DAY,
            to: NOW + 10 * DAY,
            extensions: vec![constraints(true), key_usage(KeyUsages::KeyCertSign)],
        }
    }

    fn middle() -> Self {
        Self { subject: "CN=Middle", key: MIDDLE, ..Self::root() }
    }

    fn leaf() -> Self {
        Self {
            issuer: "CN=Middle",
            issuer_key: MIDDLE,
            subject: SUBJECT,
            key: SIGNER,
            from: NOW - DAY,
            to: NOW + DAY,
            extensions: vec![key_usage(KeyUsages::NonRepudiation)],
        }
    }

    fn with(extensions: Vec<Extension>) -> Self {
        Self { extensions, ..Self::leaf() }
    }

    fn make(&self) -> Blob {
        let time = |at| Time::try_from(std::time::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
        let spki = SubjectPublicKeyInfoOwned::from_der(&spki(self.key)).unwrap();
        let validity = Validity::new(time(self.from), time(self.to));
        let builder =
            CertificateBuilder::new(self.clone(), SerialNumber::from(42u32), validity, spki).unwrap();
        let made = builder.build::<_, p256::ecdsa::DerSignature>(&key(self.issuer_key)).unwrap();
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

fn check_chain(chain: &[Blob]) -> Result<CheckedCertificate, Fault> {
    check(chain, &spki(SIGNER), &[Plan::root().make()], Some(SUBJECT), NOW)
}

fn check_leaf(leaf: &Plan) -> Result<CheckedCertificate, Fault> {
    check_chain(&[leaf.make(), Plan::middle().make()])
}

#[test]
fn a_chain_to_an_anchor_is_accepted_with_or_without_the_anchor() {
    let leaf = Plan::leaf();
    let checked = check_leaf(&leaf).unwrap();
    assert_eq!(checked.leaf, leaf.make());
    assert_eq!((checked.not_before, checked.not_after), (NOW - DAY, NOW + DAY));
    assert_eq!(checked.serial.as_slice(), [42]);
    assert_eq!(checked.issuer.0, Name::from_str("CN=Middle").unwrap().to_der().unwrap());
    let whole = check_chain(&[leaf.make(), Plan::middle().make(), Plan::root().make()]);
    assert_eq!(whole, Ok(checked));
}

#[test]
fn a_certificate_right_below_the_anchor_is_accepted() {
    let leaf = Plan { issuer: "CN=Root", issuer_key: ROOT, ..Plan::leaf() };
    assert!(check_chain(&[leaf.make()]).is_ok());
}

#[test]
fn no_certificate_and_more_than_ten_are_refused() {
    assert_eq!(check_chain(&[]), Err(Fault::CertificatesMalformed));
    assert_eq!(check_chain(&vec![Plan::leaf().make(); 11]), Err(Fault::CertificatesMalformed));
    let twice = [Plan::leaf().make(), Plan::middle().make(), Plan::middle().make()];
    assert_eq!(check_chain(&twice), Err(Fault::CertificatesMalformed));
}

#[test]
fn certificates_that_are_not_exact_der_are_refused() {
    let good = Plan::leaf().make().0;
    let middle = Plan::middle().make();
    for bad in
        [Vec::new(), b"-----BEGIN CERTIFICATE-----".to_vec(), [&good[..], &[0]].concat(), good[1..].to_vec()]
    {
        let leaf = Blob(bad);
        assert_eq!(check_chain(&[leaf.clone(), middle.clone()]), Err(Fault::CertificatesMalformed));
        assert_eq!(check_chain(&[Plan::leaf().make(), leaf]), Err(Fault::CertificatesMalformed));
    }
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let other = Plan { key: 9, ..Plan::leaf() };
    assert_eq!(check_leaf(&other), Err(Fault::KeyMismatch));
}

#[test]
fn a_path_to_no_configured_anchor_is_refused() {
    let chain = [Plan::leaf().make(), Plan::middle().make()];
    let to = |anchors: &[Blob]| check(&chain, &spki(SIGNER), anchors, None, NOW);
    assert!(to(&[Plan::root().make()]).is_ok());
    assert_eq!(to(&[]), Err(Fault::UntrustedIssuer));
    // The same name with another key, and the other way round.
    assert_eq!(to(&[Plan { key: 9, issuer_key: 9, ..Plan::root() }.make()]), Err(Fault::UntrustedIssuer));
    let renamed = Plan { issuer: "CN=Other", subject: "CN=Other", ..Plan::root() };
    assert_eq!(to(&[renamed.make()]), Err(Fault::UntrustedIssuer));
    assert_eq!(to(&[Plan::root().make(), Blob(vec![0x30])]), Err(Fault::UntrustedIssuer));
}

#[test]
fn an_anchor_in_the_request_that_is_not_configured_is_refused() {
    let foreign = Plan { key: 9, issuer_key: 9, ..Plan::root() };
    let leaf = Plan { issuer: "CN=Root", issuer_key: 9, ..Plan::leaf() };
    assert_eq!(check_chain(&[leaf.make(), foreign.make()]), Err(Fault::UntrustedIssuer));
    let own = Plan { issuer: SUBJECT, issuer_key: SIGNER, ..Plan::leaf() };
    assert_eq!(check_chain(&[own.make()]), Err(Fault::UntrustedIssuer));
}

#[test]
fn a_changed_signature_and_a_foreign_issuer_are_refused() {
    let forged = Plan { issuer_key: 9, ..Plan::leaf() };
    assert_eq!(check_leaf(&forged), Err(Fault::UntrustedIssuer));
    let missing = check_chain(&[Plan::leaf().make()]);
    assert_eq!(missing, Err(Fault::UntrustedIssuer));
}

#[test]
fn an_issuer_that_is_no_ca_or_has_expired_is_refused() {
    let below = |middle: Plan| check_chain(&[Plan::leaf().make(), middle.make()]);
    let end_entity = Plan { extensions: Plan::leaf().extensions, ..Plan::middle() };
    assert_eq!(below(end_entity), Err(Fault::UntrustedIssuer));
    assert_eq!(below(Plan { to: NOW - 1, ..Plan::middle() }), Err(Fault::UntrustedIssuer));
}

#[test]
fn a_ca_certificate_is_refused() {
    let ca = Plan::with(vec![constraints(true), key_usage(KeyUsages::NonRepudiation)]);
    assert_eq!(check_leaf(&ca), Err(Fault::CertificateNotAcceptable));
    let signs = Plan::with(vec![key_usage(KeyUsages::KeyCertSign | KeyUsages::NonRepudiation)]);
    assert_eq!(check_leaf(&signs), Err(Fault::CertificateNotAcceptable));
    let plain = Plan::with(vec![constraints(false), key_usage(KeyUsages::NonRepudiation)]);
    assert!(check_leaf(&plain).is_ok());
}

#[test]
fn a_key_usage_without_signing_is_refused() {
    assert_eq!(check_leaf(&Plan::with(vec![constraints(false)])), Err(Fault::CertificateNotAcceptable));
    for usage in [KeyUsages::KeyEncipherment, KeyUsages::KeyAgreement, KeyUsages::CRLSign] {
        assert_eq!(check_leaf(&Plan::with(vec![key_usage(usage)])), Err(Fault::CertificateNotAcceptable));
    }
    assert!(check_leaf(&Plan::with(vec![key_usage(KeyUsages::DigitalSignature)])).is_ok());
}

#[test]
fn purposes_of_other_keys_are_refused() {
    let with = |oid| check_leaf(&Plan::with(vec![key_usage(KeyUsages::DigitalSignature), purpose(oid)]));
    // timeStamping, OCSPSigning, serverAuth.
    for oid in ["1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.1"] {
        assert_eq!(with(oid), Err(Fault::CertificateNotAcceptable), "{oid}");
    }
    // documentSigning (RFC 9336), emailProtection.
    for oid in ["1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4"] {
        assert!(with(oid).is_ok(), "{oid}");
    }
}

#[test]
fn a_critical_extension_that_is_not_understood_is_refused() {
    let unknown = extension("1.3.6.1.4.1.99999.1", true, &der::asn1::Null);
    let leaf = Plan::with(vec![key_usage(KeyUsages::NonRepudiation), unknown.clone()]);
    assert_eq!(check_leaf(&leaf), Err(Fault::CertificateNotAcceptable));
    let mut middle = Plan::middle();
    middle.extensions.push(unknown);
    assert_eq!(check_chain(&[Plan::leaf().make(), middle.make()]), Err(Fault::UntrustedIssuer));
}

#[test]
fn a_certificate_that_is_not_valid_yet_or_no_more_is_refused() {
    assert_eq!(check_leaf(&Plan { from: NOW + 1, ..Plan::leaf() }), Err(Fault::CertificateExpired));
    assert_eq!(check_leaf(&Plan { to: NOW - 1, ..Plan::leaf() }), Err(Fault::CertificateExpired));
    assert!(check_leaf(&Plan { from: NOW, to: NOW, ..Plan::leaf() }).is_ok());
}

#[test]
fn another_subject_is_refused() {
    for subject in ["CN=Hanako,O=Example,C=JP", "CN=Taro,O=Example", "C=JP,O=Example,CN=Taro"] {
        assert_eq!(check_leaf(&Plan { subject, ..Plan::leaf() }), Err(Fault::CertificateNotAcceptable));
    }
    let chain = [Plan::leaf().make(), Plan::middle().make()];
    let agreed = |subject| check(&chain, &spki(SIGNER), &[Plan::root().make()], subject, NOW);
    assert!(agreed(None).is_ok());
    assert!(agreed(Some("cn=Taro,o=Example,c=JP")).is_ok());
    assert_eq!(agreed(Some("not a name")), Err(Fault::CertificateNotAcceptable));
}

proptest! {
    #[test]
    fn no_octets_panic(list in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4)) {
        let list: Vec<Blob> = list.into_iter().map(Blob).collect();
        prop_assert!(check_chain(&list).is_err());
    }

    #[test]
    fn no_changed_octet_passes(at in any::<proptest::sample::Index>(), flip in 1..=255u8) {
        let mut leaf = Plan::leaf().make();
        let at = at.index(leaf.0.len());
        leaf.0[at] ^= flip;
        prop_assert!(check_chain(&[leaf, Plan::middle().make()]).is_err());
    }
}
