//! Place: none. Step 17 by name, and that claims say what the document says.

use super::{Platform, string_head, verify};
use crate::anchor::{Anchors, DevelopmentAnchor};
use crate::document::Profile;
use crate::kit::{Doc, NOW, envelope};
use crate::time::At;
use proptest::prelude::*;

const PROTECTED: &[u8] = &[0xa1, 0x01, 0x38, 0x22];

fn step(doc: &Doc, octets: &[u8]) -> Result<(), u8> {
    let anchors = Anchors::development(DevelopmentAnchor::from_der(&doc.root()).unwrap());
    verify(octets, &anchors, At::Unix(NOW), Profile::AwsText)
        .map(drop)
        .map_err(|refusal| refusal.step().number())
}

#[test]
fn claims_say_what_the_document_says() {
    let doc = Doc::new();
    let anchors = Anchors::development(DevelopmentAnchor::from_der(&doc.root()).unwrap());
    let claims = verify(&doc.octets(), &anchors, At::Archive, Profile::AwsText).unwrap();
    assert_eq!(claims.platform(), Platform::Emulation);
    assert_eq!((claims.module_id(), claims.timestamp()), ("i-0abc-enc01", NOW * 1000));
    assert_eq!((claims.judged_at(), claims.root_der()), (NOW, &doc.root()[..]));
    assert_eq!(claims.leaf_common_name(), Some("i-0abc-enc01.region.aws"));
    assert_eq!(claims.leaf_period(), (NOW - 3600, NOW + 7200));
    assert_eq!(claims.pcrs().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!((claims.pcr(0), claims.pcr(31), claims.pcr(255)), (Some(&[1; 48]), None, None));
    assert_eq!(claims.nonce(), Some(&b"the caller's nonce"[..]));
}

#[test]
fn step_17_signature() {
    let doc = Doc::new();
    let payload = doc.payload();
    let with = |signature: &[u8]| step(&doc, &envelope(&[0x84], PROTECTED, &[0xa0], &payload, signature));
    let good = doc.sign(PROTECTED, &payload);
    assert_eq!(with(&good), Ok(()));
    for at in [0, 47, 48, 95] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(with(&changed), Err(17), "{at}");
    }
    assert_eq!(with(&[0; 96]), Err(17), "zeros");
    assert_eq!(with(&[0xff; 96]), Err(17), "above the order");
    assert_eq!(with(&[&[0; 48], &good[48..]].concat()), Err(17), "r zero");
    assert_eq!(with(&[&good[..48], &[0; 48]].concat()), Err(17), "s zero");
    assert_eq!(with(&doc.sign(&[], &payload)), Err(17), "another protected header was signed");
    let other = Doc { signer: crate::kit::der::INSTANCE, ..doc.clone() };
    assert_eq!(with(&other.sign(PROTECTED, &payload)), Err(17), "signed by the authority");
}

/// (r, n - s) verifies too: nobody may take a digest of a document for its name.
#[test]
fn step_17_takes_the_other_s() {
    let doc = Doc::new();
    let payload = doc.payload();
    let signature = p384::ecdsa::Signature::from_slice(&doc.sign(PROTECTED, &payload)).unwrap();
    let (r, s) = signature.split_scalars();
    let other = p384::ecdsa::Signature::from_scalars(r, -*s).unwrap().to_bytes();
    assert_eq!(step(&doc, &envelope(&[0x84], PROTECTED, &[0xa0], &payload, &other)), Ok(()));
}

/// The signature covers the received octets: another encoding of the same payload does not verify.
#[test]
fn step_17_covers_the_received_octets() {
    let doc = Doc::new();
    let payload = doc.payload();
    let again = [&[0xbf], &payload[1..], &[0xff]].concat();
    let signature = doc.sign(PROTECTED, &payload);
    assert_eq!(step(&doc, &envelope(&[0x84], PROTECTED, &[0xa0], &again, &signature)), Err(17));
    assert_eq!(step(&doc, &doc.envelope(&again)), Ok(()));
}

#[test]
fn heads_of_strings_are_shortest() {
    assert_eq!(string_head(0), [0x40]);
    assert_eq!(string_head(23), [0x57]);
    assert_eq!(string_head(24), [0x58, 24]);
    assert_eq!(string_head(255), [0x58, 255]);
    assert_eq!(string_head(256), [0x59, 1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn changed_documents_never_panic_and_never_pass(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let doc = Doc::new();
        let mut octets = doc.octets();
        let at = at.index(octets.len());
        octets[at] ^= flip;
        prop_assert!(step(&doc, &octets).is_err(), "octet {at}");
    }
}
