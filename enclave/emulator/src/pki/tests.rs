//! Place: none. The chain has the shape of real ones, and openssl accepts it.

use super::*;
use der::Decode;
use der::oid::AssociatedOid;
use std::fs;
use std::process::Command;
use x509_cert::TbsCertificate;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};

const NOW: u64 = 1_790_000_000;
const MODULE: &str = "i-00123456789abcdef-enc0123456789abcdef";

fn chain() -> (DevelopmentRoot, Chain) {
    let root = DevelopmentRoot::generate(NOW).unwrap();
    let chain = Chain::issue(&root, MODULE, NOW).unwrap();
    (root, chain)
}

/// The bundle and the leaf, root first.
fn certificates(chain: &Chain) -> Vec<Certificate> {
    chain.bundle.iter().chain([&chain.leaf]).map(|der| Certificate::from_der(der).unwrap()).collect()
}

fn extension<'a, T: AssociatedOid + Decode<'a>>(tbs: &'a TbsCertificate) -> Option<(bool, T)> {
    let found = tbs.extensions()?.iter().find(|extension| extension.extn_id == T::OID)?;
    Some((found.critical, T::from_der(found.extn_value.as_bytes()).ok().unwrap()))
}

#[test]
fn names_link_the_levels_and_the_leaf_carries_the_module() {
    let (root, chain) = chain();
    assert_eq!(chain.bundle.len(), 4);
    assert_eq!(chain.bundle[0], root.certificate_der());
    let all = certificates(&chain);
    for pair in all.windows(2) {
        assert_eq!(pair[1].tbs_certificate().issuer(), pair[0].tbs_certificate().subject());
    }
    let leaf = all[4].tbs_certificate().subject().to_string();
    assert!(leaf.starts_with(&format!("CN={MODULE}")), "{leaf}");
    assert!(all[2].tbs_certificate().subject().to_string().starts_with("O=Fuin"));
}

#[test]
fn lives_path_lengths_and_key_usages_follow_the_profile() {
    let (_root, chain) = chain();
    let ca = KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign;
    let expected = [
        (30 * 365 * DAY, true, None, true, ca),
        (20 * DAY, true, Some(2), true, ca),
        (6 * DAY, true, Some(1), true, ca),
        (DAY, true, Some(0), true, KeyUsages::KeyCertSign.into()),
        (3 * HOUR, false, None, false, KeyUsages::DigitalSignature | KeyUsages::NonRepudiation),
    ];
    for (certificate, (life, is_ca, path_length, usage_critical, usage)) in
        certificates(&chain).iter().zip(expected)
    {
        let tbs = certificate.tbs_certificate();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let validity = tbs.validity();
        assert_eq!(seconds(validity.not_before), NOW - BACKDATED);
        assert_eq!(seconds(validity.not_after) - seconds(validity.not_before), life);
        let constraints = BasicConstraints { ca: is_ca, path_len_constraint: path_length };
        assert_eq!(extension::<BasicConstraints>(tbs), Some((true, constraints)));
        assert_eq!(extension::<KeyUsage>(tbs), Some((usage_critical, KeyUsage(usage))));
        assert_eq!(extension::<ExtendedKeyUsage>(tbs), None);
    }
}

#[test]
fn key_identifiers_and_revocation_lists_follow_the_profile() {
    let (_root, chain) = chain();
    let has = |certificate: &Certificate| {
        let tbs = certificate.tbs_certificate();
        (
            extension::<SubjectKeyIdentifier>(tbs).is_some(),
            extension::<AuthorityKeyIdentifier>(tbs).is_some(),
            extension::<CrlDistributionPoints>(tbs).is_some(),
        )
    };
    let found: Vec<_> = certificates(&chain).iter().map(has).collect();
    assert_eq!(
        found,
        [
            (true, false, false),
            (true, true, true),
            (true, true, true),
            (true, true, false),
            (false, false, false)
        ]
    );
}

#[test]
fn sizes_stay_within_what_documents_may_carry() {
    let (_root, chain) = chain();
    assert!(chain.bundle.iter().chain([&chain.leaf]).all(|der| der.len() <= 1024));
}

#[test]
fn a_chain_serves_until_forty_minutes_before_its_leaf_ends() {
    let (_root, chain) = chain();
    let until = NOW - BACKDATED + 3 * HOUR;
    assert!(chain.serves(NOW));
    assert!(chain.serves(until - RENEW_BEFORE));
    assert!(!chain.serves(until - RENEW_BEFORE + 1));
    assert!(!chain.serves(NOW - BACKDATED - 1));
}

#[test]
fn openssl_verifies_the_chain_and_no_other_root() {
    let (root, chain) = chain();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, ders: &[&[u8]]| {
        use der::pem::LineEnding;
        let pem: String = ders
            .iter()
            .map(|der| der::pem::encode_string("CERTIFICATE", LineEnding::LF, der).unwrap())
            .collect();
        let path = folder.path().join(name);
        fs::write(&path, pem).unwrap();
        path
    };
    let between: Vec<&[u8]> = chain.bundle[1..].iter().map(Vec::as_slice).collect();
    let other = DevelopmentRoot::generate(NOW).unwrap();
    let (leaf, between) = (write("leaf", &[&chain.leaf]), write("between", &between));
    let verify = |root: &DevelopmentRoot| {
        let output = Command::new("openssl")
            .args(["verify", "-attime", &NOW.to_string(), "-CAfile"])
            .arg(write("root", &[root.certificate_der()]))
            .arg("-untrusted")
            .args([&between, &leaf])
            .output()
            .expect("openssl is needed for this test");
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let (accepted, said) = verify(&root);
    assert!(accepted, "{said}");
    assert!(!verify(&other).0);
}
