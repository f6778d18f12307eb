//! The CMS structure and what it refuses.

mod support;

use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier};
use der::{Decode, Encode};
use fuin_ades::cades::{CadesError, MAX_CHAIN, SignedAttributes, assemble};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use support::Signer;

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

fn attributes(signer: &Signer) -> SignedAttributes {
    SignedAttributes::build(HashAlgorithm::Sha256, &[7; 32], &signer.leaf).expect("attributes")
}

fn signed_data(cms: &[u8]) -> SignedData {
    let content = ContentInfo::from_der(cms).expect("content info");
    assert_eq!(content.content_type.to_string(), "1.2.840.113549.1.7.2");
    content.content.decode_as().expect("signed data")
}

#[test]
fn the_attributes_are_the_three_of_pades_in_der_order() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let set = x509_cert::attr::Attributes::from_der(attributes.as_der()).expect("a SET OF attributes");
    let oids: Vec<String> = set.iter().map(|a| a.oid.to_string()).collect();
    assert_eq!(oids, ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"]);
    assert_eq!(set.to_der().expect("der"), attributes.as_der());
    assert_eq!(attributes.digest(), HashAlgorithm::Sha256.digest(attributes.as_der()));
    let contains = |part: &[u8]| attributes.as_der().windows(part.len()).any(|w| w == part);
    assert!(contains(&[7; 32]), "message digest");
    assert!(contains(&HashAlgorithm::Sha256.digest(&signer.leaf)), "certificate digest");
}

#[test]
fn sha256_is_left_out_of_the_certificate_reference_and_others_are_named() {
    let signer = Signer::p384();
    for hash in HashAlgorithm::ALL {
        let attributes = SignedAttributes::build(hash, &hash.digest(b"x"), &signer.leaf).expect("attributes");
        let oid = hash.oid().to_der().expect("der");
        let named = attributes.as_der().windows(oid.len()).any(|w| w == oid);
        assert_eq!(named, hash != HashAlgorithm::Sha256, "{hash:?}");
    }
}

#[test]
fn every_algorithm_assembles_on_both_curves() {
    for signer in [Signer::p256(), Signer::p384()] {
        for algorithm in SignatureAlgorithm::ALL {
            let cms = signer.cms(&algorithm.hash().digest(b"document"), algorithm);
            let data = signed_data(&cms);
            assert!(data.encap_content_info.econtent.is_none(), "detached");
            assert_eq!(data.certificates.expect("certificates").0.len(), 2);
            let info = data.signer_infos.0.as_slice().first().expect("one signer").clone();
            assert_eq!(info.digest_alg.oid, algorithm.hash().oid());
            assert_eq!(info.signature_algorithm.oid, algorithm.oid());
            assert!(info.signature_algorithm.parameters.is_none());
            assert!(info.unsigned_attrs.is_none());
            assert!(matches!(info.sid, SignerIdentifier::IssuerAndSerialNumber(_)));
        }
    }
}

#[test]
fn a_digest_of_another_length_is_refused() {
    let signer = Signer::p256();
    let outcome = SignedAttributes::build(HashAlgorithm::Sha384, &[7; 32], &signer.leaf);
    assert_eq!(outcome, Err(CadesError::DigestLength { expected: 48, found: 32 }));
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let signer = Signer::p256();
    let trailing = [signer.leaf.as_slice(), &[0]].concat();
    for octets in [&b"no certificate"[..], &[], &trailing, &signer.leaf[..100], &vec![0x30; 100_000]] {
        let outcome = SignedAttributes::build(HashAlgorithm::Sha256, &[7; 32], octets);
        assert!(matches!(outcome, Err(CadesError::Certificate { position: 0, .. })), "{outcome:?}");
    }
}

#[test]
fn a_signature_over_something_else_is_refused() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let value = signer.sign(&HashAlgorithm::Sha256.digest(b"another document"));
    let outcome = assemble(&attributes, &value, &signer.chain(), ALGORITHM);
    assert!(matches!(outcome, Err(CadesError::Signature(_))), "{outcome:?}");
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let other = p256::ecdsa::SigningKey::from_slice(&[0x44; 32]).expect("scalar");
    let other = Signer { key: support::Key::P256(other), ..Signer::p256() };
    let outcome = assemble(&attributes, &other.sign(&attributes.digest()), &signer.chain(), ALGORITHM);
    assert!(matches!(outcome, Err(CadesError::Signature(_))), "{outcome:?}");
}

#[test]
fn a_signature_that_is_not_der_is_refused() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let value = signer.sign(&attributes.digest());
    let trailing = [value.as_slice(), &[0]].concat();
    for octets in [&[][..], &[0; 64], &value[..value.len() - 1], &trailing] {
        let outcome = assemble(&attributes, octets, &signer.chain(), ALGORITHM);
        assert!(matches!(outcome, Err(CadesError::Signature(_))), "{outcome:?}");
    }
}

#[test]
fn a_chain_that_does_not_start_with_the_signer_is_refused() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let value = signer.sign(&attributes.digest());
    let swapped = vec![signer.root.clone(), signer.leaf.clone()];
    let long = vec![signer.leaf.clone(); MAX_CHAIN + 1];
    for chain in [vec![], swapped, long] {
        let outcome = assemble(&attributes, &value, &chain, ALGORITHM);
        assert!(matches!(outcome, Err(CadesError::Chain(_))), "{outcome:?}");
    }
    let broken = vec![signer.leaf.clone(), b"no certificate".to_vec()];
    let outcome = assemble(&attributes, &value, &broken, ALGORITHM);
    assert!(matches!(outcome, Err(CadesError::Certificate { position: 1, .. })), "{outcome:?}");
}

#[test]
fn an_algorithm_with_another_digest_is_refused() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let value = signer.sign(&attributes.digest());
    let outcome = assemble(&attributes, &value, &signer.chain(), SignatureAlgorithm::EcdsaSha512);
    assert_eq!(outcome, Err(CadesError::AlgorithmMismatch));
}

#[test]
fn a_repeated_certificate_is_carried_once() {
    let signer = Signer::p256();
    let attributes = attributes(&signer);
    let value = signer.sign(&attributes.digest());
    let chain = vec![signer.leaf.clone(), signer.root.clone(), signer.root.clone()];
    let cms = assemble(&attributes, &value, &chain, ALGORITHM).expect("assembled");
    assert_eq!(signed_data(&cms).certificates.expect("certificates").0.len(), 2);
}
