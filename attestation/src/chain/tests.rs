//! Place: none. Steps 10 to 16 by name.

use crate::anchor::{AnchorKind, Anchors, DevelopmentAnchor};
use crate::document::Profile;
use crate::kit::der::{Cert, DIGITAL_SIGNATURE, ECDSA_SHA256, KEY_CERT_SIGN, LEAF, ROOT, spki_of, tlv};
use crate::kit::{Doc, NOW, key};
use crate::time::At;
use crate::verify::verify;

const LEAF_AT: usize = 4;
const SECP384R1: &[u8] = &[0x06, 5, 0x2b, 0x81, 4, 0, 0x22];
const SECP256R1: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

fn judged(doc: &Doc, at: u64) -> Result<AnchorKind, u8> {
    let anchor = DevelopmentAnchor::from_der(&doc.root()).map_err(|_| 11)?;
    verify(&doc.octets(), &Anchors::development(anchor), At::Unix(at), Profile::AwsText)
        .map(|claims| claims.anchor())
        .map_err(|refusal| refusal.step().number())
}

/// The step that refuses a document whose chain was changed.
fn step(change: impl FnOnce(&mut Vec<Cert>)) -> u8 {
    judged(&Doc::new().chain(change), NOW).expect_err("must be refused")
}

fn passes(change: impl FnOnce(&mut Vec<Cert>)) {
    assert_eq!(judged(&Doc::new().chain(change), NOW), Ok(AnchorKind::Development));
}

#[test]
fn platform_profile_passes() {
    passes(|_| ());
}

#[test]
fn step_10_only_the_callers_anchor_counts() {
    let doc = Doc::new();
    let judge = |anchors: &Anchors| {
        verify(&doc.octets(), anchors, At::Unix(NOW), Profile::AwsText)
            .map_err(|refusal| refusal.step().number())
    };
    assert_eq!(judge(&Anchors::production()).unwrap_err(), 10);
    assert_eq!(judge(&Anchors::default()).unwrap_err(), 10);
    let other = Doc::new().chain(|certs| certs[0].to += 1);
    let other = DevelopmentAnchor::from_der(&other.root()).unwrap();
    assert_eq!(judge(&Anchors::production().with_development(other)).unwrap_err(), 10);
    let own = DevelopmentAnchor::from_der(&doc.root()).unwrap();
    assert!(judge(&Anchors::production().with_development(own)).is_ok());
}

/// The root must stand first: not last, not in the middle, not absent.
#[test]
fn step_10_root_stands_first() {
    let root = DevelopmentAnchor::from_der(&Doc::new().root()).unwrap();
    for order in [&[1, 0, 2, 3][..], &[3, 2, 1, 0], &[1, 2, 3]] {
        let doc = Doc::new().chain(|certs| {
            let leaf = certs.pop().unwrap();
            *certs = order.iter().map(|index| certs[*index].clone()).chain([leaf]).collect();
        });
        let anchors = Anchors::development(root.clone());
        let refusal = verify(&doc.octets(), &anchors, At::Unix(NOW), Profile::AwsText).unwrap_err();
        assert_eq!(refusal.step().number(), 10, "{order:?}");
    }
}

#[test]
fn step_11_version_and_algorithms() {
    assert_eq!(step(|certs| certs[1].version = 1), 11);
    assert_eq!(step(|certs| certs[LEAF_AT].inner_algorithm = ECDSA_SHA256), 11);
    assert_eq!(step(|certs| certs[LEAF_AT].outer_algorithm = ECDSA_SHA256), 11);
    assert_eq!(
        step(|certs| {
            certs[2].inner_algorithm = ECDSA_SHA256;
            certs[2].outer_algorithm = ECDSA_SHA256;
        }),
        11
    );
}

#[test]
fn step_11_keys() {
    let point = |seed| key(seed).verifying_key().to_sec1_point(false).as_bytes().to_vec();
    let leaf = point(LEAF);
    let compressed = key(LEAF).verifying_key().to_sec1_point(true).as_bytes().to_vec();
    let mut off_curve = leaf.clone();
    off_curve[96] ^= 1;
    let mut hybrid = leaf.clone();
    hybrid[0] = 0x06;
    for (what, spki) in [
        ("compressed point", spki_of(SECP384R1, &compressed)),
        ("point off the curve", spki_of(SECP384R1, &off_curve)),
        ("hybrid form", spki_of(SECP384R1, &hybrid)),
        ("infinity", spki_of(SECP384R1, &[0])),
        ("other curve named", spki_of(SECP256R1, &leaf)),
        ("short point", spki_of(SECP384R1, &leaf[..96])),
        (
            "other algorithm",
            tlv(0x30, &[tlv(0x30, &[0x06, 3, 0x2b, 0x65, 0x70]), tlv(0x03, &[0; 33])].concat()),
        ),
    ] {
        assert_eq!(step(|certs| certs[LEAF_AT].spki = Some(spki)), 11, "{what}");
    }
}

#[test]
fn step_11_exact_der() {
    let certificate = |der: Vec<u8>| {
        judged(&Doc::new().with("certificate", ciborium::Value::Bytes(der)), NOW)
            .expect_err("must be refused")
    };
    let leaf = Doc::new().certs[LEAF_AT].der();
    assert_eq!(certificate([&leaf[..], &[0]].concat()), 11, "trailing octet");
    assert_eq!(certificate(leaf[..leaf.len() - 1].to_vec()), 11, "truncated");
    assert_eq!(certificate(vec![0; 64]), 11, "zeros");
    // The same length in three octets instead of two.
    let long = [&[0x30, 0x83, 0], &leaf[2..]].concat();
    assert_eq!(certificate(long), 11, "long length");
    assert_eq!(step(|certs| certs[1].extra = vec![(9, false), (9, false)]), 11, "extension twice");
}

#[test]
fn step_12_names() {
    assert_eq!(step(|certs| certs[2].issuer = "another".to_owned()), 12);
    assert_eq!(step(|certs| certs[LEAF_AT].issuer = "Region".to_owned()), 12);
    assert_eq!(step(|certs| certs.swap(1, 2)), 12);
    assert_eq!(
        step(|certs| {
            drop(certs.remove(2));
        }),
        12,
        "one left out"
    );
}

#[test]
fn step_12_no_self_issued_entry_below_the_root() {
    assert_eq!(
        step(|certs| {
            // The same name again with a key of its own, signed by the root: a key roll-over elsewhere.
            certs[1].issuer = certs[0].subject.clone();
            certs[1].subject = certs[0].subject.clone();
            certs[2].issuer = certs[0].subject.clone();
        }),
        12
    );
}

#[test]
fn step_12_signatures() {
    for index in 1..=LEAF_AT {
        assert_eq!(step(|certs| certs[index].signer = 99), 12, "{index}");
    }
    // Signed by the root instead of by its issuer.
    assert_eq!(step(|certs| certs[LEAF_AT].signer = ROOT), 12);
}

#[test]
fn step_13_validity_of_each_at_both_ends() {
    for index in 0..=LEAF_AT {
        let doc = Doc::new().chain(|certs| (certs[index].from, certs[index].to) = (NOW - 10, NOW + 10));
        for (at, result) in [(NOW - 11, false), (NOW - 10, true), (NOW + 10, true), (NOW + 11, false)] {
            assert_eq!(
                judged(&doc, at).map_err(|step| step == 13),
                if result { Ok(AnchorKind::Development) } else { Err(true) }
            );
        }
    }
    assert_eq!(judged(&Doc::new(), 0), Err(13));
    assert_eq!(judged(&Doc::new(), u64::MAX), Err(13));
}

#[test]
fn step_14_authorities() {
    for index in 0..LEAF_AT {
        assert_eq!(step(|certs| certs[index].constraints = None), 14, "{index} without constraints");
        assert_eq!(
            step(|certs| certs[index].constraints = Some((false, true, None))),
            14,
            "{index} not critical"
        );
        assert_eq!(
            step(|certs| certs[index].constraints = Some((true, false, None))),
            14,
            "{index} not a CA"
        );
        assert_eq!(step(|certs| certs[index].usage = None), 14, "{index} without usage");
        assert_eq!(step(|certs| certs[index].usage = Some(DIGITAL_SIGNATURE)), 14, "{index} other usage");
    }
}

#[test]
fn step_14_path_lengths() {
    for (index, below) in [(0, 3), (1, 2), (2, 1)] {
        let short = Some((true, true, Some(below - 1)));
        assert_eq!(step(|certs| certs[index].constraints = short), 14, "{index}");
        passes(|certs| certs[index].constraints = Some((true, true, Some(below))));
    }
    passes(|certs| certs[3].constraints = Some((true, true, None)));
}

#[test]
fn step_15_leaf() {
    assert_eq!(step(|certs| certs[LEAF_AT].usage = None), 15);
    assert_eq!(step(|certs| certs[LEAF_AT].usage = Some(KEY_CERT_SIGN)), 15);
    assert_eq!(step(|certs| certs[LEAF_AT].usage = Some(DIGITAL_SIGNATURE | KEY_CERT_SIGN)), 15);
    assert_eq!(step(|certs| certs[LEAF_AT].constraints = Some((true, true, None))), 15);
    assert_eq!(step(|certs| certs[LEAF_AT].constraints = Some((true, false, Some(0)))), 15);
    passes(|certs| certs[LEAF_AT].constraints = None);
}

#[test]
fn step_16_critical_extensions() {
    for index in 0..=LEAF_AT {
        assert_eq!(step(|certs| certs[index].extra = vec![(9, true)]), 16, "{index}");
    }
    passes(|certs| certs.iter_mut().for_each(|cert| cert.extra = vec![(9, false), (10, false)]));
}
