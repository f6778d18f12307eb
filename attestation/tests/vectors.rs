//! Place: none. Every vector gives its expectation: real documents, tampered ones, and validly signed ones that break
//! one rule each. Judged under the AWS text's sizes, debug allowed, no reference values.

use fuin_attestation::appraise::Nonce;
use fuin_attestation::{Anchors, At, Policy, Profile, References, Refusal, appraise, verify};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Vector {
    expect: String,
    root: Option<PathBuf>,
    verify_with_nonce: Option<String>,
    verify_at_unix: Option<u64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/attestation")
}

fn judge(octets: &[u8], vector: &Vector, profile: Profile) -> Result<(), Refusal> {
    let anchors = match &vector.root {
        None => Anchors::production(),
        Some(path) => Anchors::named(&fs::read(folder().join(path)).unwrap()).unwrap(),
    };
    let at = vector.verify_at_unix.map_or(At::Archive, At::Unix);
    let nonce = vector.verify_with_nonce.as_ref().map(|text| hex::decode(text).unwrap());
    let policy = Policy {
        nonce: nonce.as_deref().map_or(Nonce::NotIssued, Nonce::Expected),
        freshness: None,
        references: References::none(),
        allow_debug: true,
        user_data: None,
        public_key: None,
    };
    appraise(&verify(octets, &anchors, at, profile)?, &policy).map(drop)
}

fn vectors() -> Vec<(String, Vec<u8>, Vector)> {
    let mut found = Vec::new();
    for kind in ["real", "tampered", "synthetic"] {
        for entry in fs::read_dir(folder().join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let vector = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let octets = fs::read(path.with_extension("bin")).unwrap();
                found.push((
                    format!("{kind}/{}", path.file_stem().unwrap().to_string_lossy()),
                    octets,
                    vector,
                ));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[test]
fn every_vector_gives_its_expectation() {
    let vectors = vectors();
    assert!(vectors.len() >= 60, "only {} vectors were found", vectors.len());
    let mut wrong = Vec::new();
    for (name, octets, vector) in &vectors {
        let result = judge(octets, vector, Profile::AwsText);
        match &result {
            Ok(()) => println!("{name}: accepted"),
            Err(refusal) => println!("{name}: {refusal}"),
        }
        let expected = match vector.expect.as_str() {
            "ok" => true,
            "fail" => false,
            other => panic!("{name}: unknown expectation {other}"),
        };
        if result.is_ok() != expected {
            wrong.push(format!("{name}: expected {}, got {result:?}", vector.expect));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the step is beyond doubt it must be the one that refuses, so that no vector passes for a wrong reason.
#[test]
fn vectors_are_refused_at_the_step_they_break() {
    let steps = [
        ("real/21_20240907_nitrite", 9),
        ("synthetic/s10_bundle0_not_the_root", 10),
        ("synthetic/s12_dup_certificate", 7),
        ("synthetic/s15_unknown_field", 7),
        ("synthetic/s17_missing_cabundle", 8),
        ("synthetic/s17_missing_module_id", 8),
        ("synthetic/s17_missing_timestamp", 8),
        ("synthetic/s18_null_digest", 8),
        ("synthetic/s18_null_pcrs", 8),
        ("synthetic/s20_digest_sha512", 9),
        ("synthetic/s22_timestamp_zero", 9),
        ("synthetic/s25_timestamp_max_u64", 13),
        ("synthetic/s27_pcr_index_32", 9),
        ("synthetic/s30_pcr_len_47", 9),
        ("synthetic/s32_pcrs_empty", 9),
        ("synthetic/s35_cabundle_oversize_entry", 9),
        ("synthetic/s37_certificate_oversize", 9),
        ("synthetic/s40_nonce_513", 9),
        ("synthetic/s42_public_key_empty", 9),
        ("synthetic/s45_payload_trailing", 6),
        ("synthetic/s47_payload_not_minimal_text_head", 6),
        ("synthetic/s50_payload_over_16384", 5),
        ("synthetic/s60_leaf_is_ca", 15),
        ("synthetic/s62_leaf_no_key_usage", 15),
        ("synthetic/s65_pathlen_exceeded", 14),
        ("synthetic/s67_intermediate_without_basic_constraints", 14),
        ("synthetic/s70_leaf_expired_at_timestamp", 13),
        ("synthetic/s72_intermediate_signed_sha256", 11),
        ("synthetic/s77_leaf_p256_labelled_es384", 5),
        ("synthetic/s80_signed_by_instance_ca", 15),
        ("synthetic/s82_leaf_issues_certificate", 14),
        ("synthetic/s85_signed_payload_only", 17),
        ("tampered/t01_payload_pcr0_bitflip", 17),
        ("tampered/t03_signature_bitflip_s", 17),
        ("tampered/t06_cabundle_intermediates_swapped", 12),
        ("tampered/t08_cabundle_root_missing", 10),
        ("tampered/t11_bundle_of_other_document", 12),
        ("tampered/t13_signature_of_other_document", 17),
        ("tampered/t14_truncated_at_0011", 2),
        ("tampered/t14_truncated_at_2327", 2),
        ("tampered/t15_empty", 1),
        ("tampered/t17_trailing_second_document", 2),
        ("tampered/t20_alg_es256", 3),
        ("tampered/t22_alg_text_es384", 3),
        ("tampered/t25_unprotected_extra_entry", 4),
        ("tampered/t27_outer_array_indefinite", 2),
        ("tampered/t30_tag17", 2),
        ("tampered/t35_signature_empty", 5),
        ("tampered/t37_huge_payload_length", 2),
        ("tampered/t40_detached_payload_nil", 2),
        ("tampered/t42_five_elements", 2),
        ("tampered/t45_verified_today", 13),
        ("tampered/t47_base64_text", 2),
        ("tampered/t50_qemu_emulated_unsigned", 3),
        ("tampered/third_party_mock_d8032479", 10),
    ];
    let vectors = vectors();
    for (name, step) in steps {
        let (_, octets, vector) = vectors.iter().find(|vector| vector.0 == name).expect(name);
        let refusal = judge(octets, vector, Profile::AwsText).expect_err(name);
        assert_eq!(refusal.step().number(), step, "{name}: {refusal}");
    }
    let refused = vectors.iter().filter(|vector| vector.2.expect == "fail").count();
    assert_eq!(refused, steps.len(), "every refused vector has its step above");
}

#[test]
fn observed_profile_takes_what_real_devices_give() {
    let vectors = vectors();
    let (name, octets, vector) = vectors.iter().find(|vector| vector.0.starts_with("real/21_")).unwrap();
    assert!(judge(octets, vector, Profile::AwsText).is_err());
    assert!(judge(octets, vector, Profile::Observed).is_ok(), "{name}");
}

/// Without the anchor's being named, evidence under it counts for nothing, and the other way round.
#[test]
fn anchors_do_not_stand_in_for_each_other() {
    for (name, octets, mut vector) in vectors() {
        if vector.expect != "ok" {
            continue;
        }
        vector.root = match vector.root {
            Some(_) => None,
            None => Some("synthetic/root_test.pem".into()),
        };
        let refusal = judge(&octets, &vector, Profile::AwsText).expect_err(&name);
        assert_eq!(refusal.step().number(), 10, "{name}");
    }
}

/// Every octet of a real document matters: whichever is changed, the document is refused.
#[test]
fn no_octet_of_a_real_document_can_change() {
    let (_, octets, vector) = vectors().into_iter().find(|vector| vector.0.starts_with("real/28_")).unwrap();
    // Each case costs up to five verifications, so a stride that reaches every part is enough.
    for at in (0..octets.len()).step_by(41) {
        for bit in [0x01, 0x80] {
            let mut changed = octets.clone();
            changed[at] ^= bit;
            assert!(judge(&changed, &vector, Profile::AwsText).is_err(), "octet {at}, bit {bit:#x}");
        }
    }
}
