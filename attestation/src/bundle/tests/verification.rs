//! Place: none. Steps 20 and 23 to 27.

use super::*;
use fuin_shared::evidence::MAX_BUNDLE;
use fuin_shared::ids::RootCommitment;
use fuin_shared::rotation::{RootRotation, RotationStage};

#[test]
fn step_20_nonce_by_the_instance_key() {
    let cached = Service::new().freshness(NONCE, NOW, INSTANCE);
    let cached = Service { doc: cached.doc.clone().without("nonce"), ..cached };
    assert!(verify_octets(&cached, &cached.octets(), Nonce::Expected(NONCE)).is_ok());
    let refused = |service: Service| step(&Service { doc: service.doc.clone().without("nonce"), ..service });
    assert_eq!(refused(Service::new()), 20, "no answer at all");
    assert_eq!(refused(Service::new().freshness(b"another", NOW, INSTANCE)), 20, "another nonce");
    assert_eq!(refused(Service::new().freshness(NONCE, NOW, OFFICER)), 20, "another key");
    let mut moved = cached.parts();
    moved.freshness.as_mut().unwrap().time += 1;
    assert_eq!(step_of(&cached, &moved), 20, "another time than the signed one");
    let mut swapped = cached.parts();
    swapped.freshness.as_mut().unwrap().nonce = b"another".to_vec().into();
    assert_eq!(step_of(&cached, &swapped), 20, "another nonce than the signed one");
}

#[test]
fn step_20_says_where_it_looked() {
    let detail = |service: Service, nonce| {
        let refusal = verify_octets(&service, &service.octets(), Nonce::Expected(nonce)).unwrap_err();
        refusal.detail().to_owned()
    };
    let silent = Service { doc: Service::new().doc.without("nonce"), ..Service::new() };
    assert!(detail(silent, NONCE).contains("neither"));
    assert!(detail(Service::new(), b"another").contains("the document has another"));
    assert!(
        detail(Service::new().freshness(NONCE, NOW, INSTANCE), b"another")
            .contains("instance key signed another")
    );
}

#[test]
fn step_20_nonce_in_the_document() {
    let service = Service::new();
    let other = verify_octets(&service, &service.octets(), Nonce::Expected(b"another"));
    assert_eq!(other.unwrap_err().step(), Step::Nonce);
    // A word over another nonce does not make up for it.
    let service = Service::new().freshness(b"other", NOW, INSTANCE);
    let other = verify_octets(&service, &service.octets(), Nonce::Expected(b"another"));
    assert_eq!(other.unwrap_err().step(), Step::Nonce);
}

/// A freshness part that does not verify is refused even by who sent no nonce.
#[test]
fn step_20_freshness_is_never_ignored() {
    let service = Service::new().freshness(NONCE, NOW, OFFICER);
    let result = verify_octets(&service, &service.octets(), Nonce::NotIssued);
    assert_eq!(result.unwrap_err().step(), Step::Nonce);
}

#[test]
fn step_19_time_of_the_instances_word() {
    for (time, accepted) in
        [(NOW, true), (NOW - 60, true), (NOW - 61, false), (NOW + 60, true), (NOW + 61, false)]
    {
        let service = Service::new().freshness(NONCE, time, INSTANCE);
        let result = verify_octets(&service, &service.octets(), Nonce::Expected(NONCE));
        assert_eq!(
            result.map(drop).map_err(|refusal| refusal.step()),
            if accepted { Ok(()) } else { Err(Step::Freshness) }
        );
    }
}

#[test]
fn step_23_statement_of_another_document() {
    let service = Service::new();
    let mut parts = service.parts();
    parts.statement = codec::encode(&service.clone().statement(|s| s.phase = Phase::Halted).statement).into();
    assert_eq!(step_of(&service, &parts), 23);
    let without = service.document().without("user_data");
    assert_eq!(step_of(&service, &service.parts_around(&without)), 23);
}

#[test]
fn step_24_bundle() {
    let service = Service::new();
    let good = service.octets();
    let refused =
        |octets: &[u8]| verify_octets(&service, octets, Nonce::NotIssued).unwrap_err().step().number();
    assert_eq!(refused(&[]), 24);
    assert_eq!(refused(&[&good[..], &[0]].concat()), 24, "trailing octet");
    assert_eq!(refused(&good[..good.len() - 1]), 24, "truncated");
    for (length, too_long) in [(MAX_BUNDLE, false), (MAX_BUNDLE + 1, true), (2 * MAX_BUNDLE, true)] {
        let refusal = verify_octets(&service, &vec![0xa0; length], Nonce::NotIssued).unwrap_err();
        assert_eq!(
            (refusal.step().number(), refusal.detail().contains("at most")),
            (24, too_long),
            "{length}"
        );
    }
    assert_eq!(refused(&service.document().octets()), 24, "a document by itself");
}

#[test]
fn step_25_statement() {
    for (what, service) in [
        ("version", Service::new().statement(|s| s.version = 2)),
        ("no ledger", Service::new().statement(|s| s.ledger = None)),
        ("no root", Service::new().statement(|s| s.root_commitment = None)),
        ("no release", Service::new().statement(|s| s.release = None)),
        ("short HPKE key", Service::new().statement(|s| s.instance.hpke = vec![4; 96].into())),
        ("HPKE key off the curve", Service::new().statement(|s| s.instance.hpke = vec![4; 97].into())),
        ("no signing key", Service::new().statement(|s| s.instance.signing.0 = vec![1; 20].into())),
    ] {
        assert_eq!(step(&service), 25, "{what}");
    }
    let [here, other] = [RootCommitment([7; 32]), RootCommitment([8; 32])];
    for (from, to, stage, fits) in [
        (here, other, RotationStage::Sharing, true),
        (other, here, RotationStage::Sharing, false),
        (other, here, RotationStage::Rewrapping, true),
        (here, other, RotationStage::Rewrapping, false),
        (other, here, RotationStage::Deleting, true),
        (here, here, RotationStage::Deleting, false),
    ] {
        let rotation = Some(RootRotation { from, to, stage });
        let rotating = Service::new().statement(|s| s.rotation = rotation);
        match fits {
            true => assert_eq!(verified(&rotating).rotation(), rotation),
            false => assert_eq!(step(&rotating), 25, "{stage:?}"),
        }
    }
    // Before genesis these parts are not there yet.
    let young = Service::new().statement(|s| {
        s.phase = Phase::Uninitialized;
        (s.ledger, s.root_commitment, s.root_provider, s.release) = (None, None, None, None);
    });
    assert_eq!(verified(&young).release(), ReleaseMode::Durable);
}

#[test]
fn step_26_manifest() {
    let service = Service::new();
    let mut other = service.parts();
    other.manifest = service.clone().manifest(|m| m.not_after += 1).parts().manifest;
    assert_eq!(step_of(&service, &other), 26, "another manifest");
    let mut broken = service.parts();
    broken.manifest = vec![0xa0].into();
    assert_eq!(step_of(&service, &broken), 26, "malformed");
    assert_eq!(step(&Service::new().manifest(|m| m.name.clear())), 26, "breaks a rule");
    assert_eq!(step(&Service { officer: 99, ..Service::new() }), 26, "not signed by its officer");
    assert_eq!(
        step(&Service::new().manifest(|m| m.evidence_anchors = vec![vec![1].into()])),
        26,
        "another root"
    );
    assert_eq!(
        step(&Service::new().statement(|s| s.release = Some(ReleaseMode::Cosigned))),
        26,
        "release mode"
    );
    // Cosigned by nobody, by others than the manifest's witnesses, by witnesses that it does not name.
    let alone = Service::new().cosigned().manifest(|m| m.witnesses = None);
    assert_eq!(step(&alone), 26, "no witnesses");
    let others = Service::new().cosigned().statement(|s| s.witness_policy = Some(Digest32([9; 32])));
    assert_eq!(step(&others), 26, "other witnesses");
    assert_eq!(step(&Service::new().cosigned().statement(|s| s.witness_policy = None)), 26, "unstated");
    let unnamed = Service::new().statement(|s| s.witness_policy = Some(Digest32([9; 32])));
    assert_eq!(step(&unnamed), 26, "witnesses that the manifest does not name");
    assert_eq!(verified(&Service::new().cosigned()).release(), ReleaseMode::Cosigned);
}

/// Somebody else's service cannot name itself: the id of a first manifest is its hash.
#[test]
fn step_26_service_id_is_the_first_manifests_hash() {
    assert_eq!(step(&Service::new().statement(|s| s.service = ServiceId([9; 32]))), 26);
    let later = Service::new().manifest(|m| m.version = 2).statement(|s| s.service = ServiceId([9; 32]));
    let evidence = verified(&later);
    assert_eq!(evidence.service(), ServiceId([9; 32]));
    assert!(evidence.verified().not_checked().iter().any(|omission| omission.what.starts_with("officers")));
}

#[test]
fn step_27_service_register() {
    let service = Service::new();
    let without = service.document().with("pcrs", pcrs(&[(0, 1), (1, 2), (2, 3)]));
    assert_eq!(step_of(&service, &service.parts_around(&without)), 27, "absent");
    let other = service.document().with("pcrs", pcrs(&[(0, 1), (1, 2), (2, 3), (16, 7)]));
    assert_eq!(step_of(&service, &service.parts_around(&other)), 27, "another value");
    let zero = service.document().with("pcrs", pcrs(&[(0, 1), (1, 2), (2, 3), (16, 0)]));
    assert_eq!(step_of(&service, &service.parts_around(&zero)), 27, "never extended");
}

#[test]
fn steps_of_the_document_count_in_a_bundle() {
    let service = Service::new();
    let mut parts = service.parts();
    let last = parts.document.0.len() - 1;
    parts.document.0[last] ^= 1;
    assert_eq!(step_of(&service, &parts), 17);
    let result = verify_bundle(
        &service.octets(),
        &Anchors::production(),
        At::Unix(NOW),
        Profile::AwsText,
        Nonce::Expected(NONCE),
        Window::default(),
    );
    assert_eq!(result.unwrap_err().step(), Step::Anchor);
}

#[test]
fn an_image_the_manifest_does_not_list_is_said() {
    let service = Service::new().manifest(|m| m.measurements.clear());
    assert!(verified(&service).verified().warnings().iter().any(|warning| warning.contains("does not list")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn changed_bundles_never_panic_and_never_pass(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let service = Service::new();
        let mut octets = service.octets();
        let at = at.index(octets.len());
        octets[at] ^= flip;
        prop_assert!(verify_octets(&service, &octets, Nonce::Expected(NONCE)).is_err(), "octet {at}");
    }

    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let service = Service::new();
        prop_assert!(verify_octets(&service, &octets, Nonce::NotIssued).is_err());
    }
}
