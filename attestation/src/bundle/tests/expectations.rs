//! Place: none. Steps 19, 21, 22 and 28 to 32.

use super::*;

#[test]
fn everything_asked_for_is_checked() {
    let service = Service::new();
    let evidence = verified(&service);
    assert_eq!(evidence.service(), service.statement.service);
    assert_eq!((evidence.phase(), evidence.release()), (Phase::Operational, ReleaseMode::Durable));
    assert_eq!(evidence.instance_id(), service.statement.instance.id());
    assert!(evidence.development());
    let appraisal = evidence.appraise(&expectations(&service)).unwrap();
    let steps: Vec<u8> = appraisal.checked().iter().map(|check| check.step.number()).collect();
    assert_eq!(steps, [23, 25, 26, 27, 20, 18, 19, 21, 22, 22, 22, 28, 29, 29, 30, 32]);
    // Durable release and development are allowed here, but never silent.
    assert_eq!(appraisal.warnings().len(), 2, "{:?}", appraisal.warnings());
}

#[test]
fn what_is_left_out_is_listed() {
    let service = Service::new();
    let open = Expectations {
        service: None,
        references: References::none(),
        purposes: None,
        phases: None,
        minimum_release: None,
        allow_development: true,
        allow_debug: false,
        freshness: None,
        manifest_period: false,
    };
    let appraisal = verified(&service).appraise(&open).unwrap();
    let omitted: Vec<&str> = appraisal.not_checked().iter().map(|omission| omission.what.as_str()).collect();
    for what in [
        "age of the document",
        "which code runs",
        "which service",
        "phase",
        "purpose",
        "release mode",
        "end of the manifest",
    ] {
        assert!(omitted.contains(&what), "{what} in {omitted:?}");
    }
}

#[test]
fn step_28_service() {
    let service = Service::new();
    assert_eq!(appraised(&service, |e| e.service = Some(ServiceId([1; 32]))), Err(28));
    // True code, somebody else's officers: another service, whatever it calls itself.
    let other = Service::new().manifest(|m| m.limits.hashes = 1);
    assert_eq!(appraised(&other, |e| e.service = Some(service.statement.service)), Err(28));
}

#[test]
fn step_29_phase_and_purpose() {
    for phase in Phase::ALL {
        let service = Service::new().statement(|s| s.phase = phase);
        let expected = if phase == Phase::Operational { Ok(()) } else { Err(29) };
        assert_eq!(appraised(&service, |_| ()), expected, "{phase}");
    }
    let genesis = Service::new().statement(|s| s.purpose = Purpose::Genesis);
    assert_eq!(appraised(&genesis, |_| ()), Err(29));
    assert_eq!(appraised(&genesis, |e| e.purposes = Some(vec![Purpose::Genesis])), Ok(()));
}

#[test]
fn step_30_release_mode() {
    assert_eq!(appraised(&Service::new(), |e| e.minimum_release = Some(ReleaseMode::Cosigned)), Err(30));
    let cosigned = Service::new().cosigned();
    assert_eq!(appraised(&cosigned, |e| e.minimum_release = Some(ReleaseMode::Cosigned)), Ok(()));
    // Witnesses do not make up for a release that does not wait for them.
    let hasty = cosigned
        .manifest(|m| m.release = ReleaseMode::Durable)
        .statement(|s| s.release = Some(ReleaseMode::Durable));
    assert_eq!(appraised(&hasty, |e| e.minimum_release = Some(ReleaseMode::Cosigned)), Err(30));
}

#[test]
fn step_31_development() {
    assert_eq!(appraised(&Service::new(), |e| e.allow_development = false), Err(31));
    // A manifest that promises production under a development anchor is refused by everyone.
    let pretender = Service::new().cosigned().manifest(|m| m.development = false);
    assert_eq!(step(&pretender), 31);
}

/// Under a vendor's root the manifest alone says what a service is.
#[test]
fn step_31_development_service_under_a_vendors_root() {
    let judged = |service: &Service, allowed| {
        let anchors = Anchors::as_if_production(&service.doc.root());
        let (at, nonce) = (At::Unix(NOW), Nonce::Expected(NONCE));
        let evidence =
            verify_bundle(&service.octets(), &anchors, at, Profile::AwsText, nonce, Window::default())
                .unwrap();
        evidence.appraise(&Expectations { allow_development: allowed, ..expectations(service) })
    };
    let service = Service::new();
    assert_eq!(judged(&service, false).unwrap_err().step(), Step::Development);
    assert!(judged(&service, true).unwrap().warnings().iter().any(|word| word.contains("DEVELOPMENT")));
    let production = service.cosigned().manifest(|m| m.development = false);
    let appraisal = judged(&production, false).unwrap();
    assert!(appraisal.checked().iter().any(|check| check.step == Step::Development));
    assert!(appraisal.warnings().is_empty(), "{:?}", appraisal.warnings());
}

#[test]
fn step_32_manifest_period() {
    let ended = Service::new().manifest(|m| m.not_after = NOW - 1);
    assert_eq!(appraised(&ended, |_| ()), Err(32));
    let last = Service::new().manifest(|m| m.not_after = NOW);
    assert_eq!(appraised(&last, |_| ()), Ok(()));
}

#[test]
fn steps_19_21_and_22_count_for_services() {
    let service = Service::new();
    let old = Service {
        doc: service.doc.clone().with("timestamp", ((NOW - 400) * 1000).into()),
        ..service.clone()
    };
    assert_eq!(appraised(&old, |_| ()), Err(19));
    assert_eq!(appraised(&service, |e| e.references.expect(4, &[9; 48]).unwrap()), Err(22));
    let debug = |mut value: Value| {
        for (index, register) in value.as_map_mut().unwrap() {
            if index.as_integer().is_some_and(|index| i128::from(index) < 3) {
                *register = Value::Bytes(vec![0; 48]);
            }
        }
        value
    };
    let document = service.document();
    let registers = document.fields.iter().find(|field| field.0.as_text() == Some("pcrs")).unwrap().1.clone();
    let document = document.with("pcrs", debug(registers));
    let octets = codec::encode(&service.parts_around(&document));
    let evidence = verify_octets(&service, &octets, Nonce::Expected(NONCE)).unwrap();
    assert_eq!(evidence.appraise(&expectations(&service)).unwrap_err().step(), Step::Debug);
}
