//! Place: none. The module's answers and errors, request by request, and its documents.

use super::*;
use crate::clock::ManualClock;
use ciborium::Value;
use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{Signature, VerifyingKey};
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use sha2::{Digest as _, Sha384};
use std::sync::Arc;
use std::sync::LazyLock;

const NOW_MS: u64 = 1_790_000_000_123;

static ROOT: LazyLock<DevelopmentRoot> = LazyLock::new(|| DevelopmentRoot::generate(NOW_MS / 1000).unwrap());

fn measured() -> Measurements {
    Measurements { pcr0: [10; 48], pcr1: [11; 48], pcr2: [12; 48], pcr8: None }
}

fn nsm() -> EmulatedNsm {
    EmulatedNsm::new(&ROOT, &measured(), ManualClock::at(NOW_MS)).unwrap()
}

fn describe(nsm: &EmulatedNsm, index: u16) -> (bool, Vec<u8>) {
    match nsm.process(Request::DescribePCR { index }) {
        Response::DescribePCR { lock, data } => (lock, data),
        other => panic!("{other:?}"),
    }
}

/// The name of an error, or of the response in brackets.
fn error(response: &Response) -> String {
    match response {
        Response::Error(code) => format!("{code:?}"),
        other => format!("[{other:?}]"),
    }
}

fn attest(
    nsm: &EmulatedNsm,
    user_data: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
) -> Response {
    let field = |octets: Option<Vec<u8>>| octets.map(ByteBuf::from);
    nsm.process(Request::Attestation {
        user_data: field(user_data),
        nonce: field(nonce),
        public_key: field(public_key),
    })
}

fn document(response: Response) -> Vec<u8> {
    match response {
        Response::Attestation { document } => document,
        other => panic!("{other:?}"),
    }
}

/// The payload's members, in their order.
fn payload(document: &[u8]) -> Vec<(String, Value)> {
    let parts: Vec<Value> = ciborium::from_reader::<Value, _>(document).unwrap().into_array().unwrap();
    let payload: Value = ciborium::from_reader(parts[2].as_bytes().unwrap().as_slice()).unwrap();
    payload.into_map().unwrap().into_iter().map(|(key, value)| (key.into_text().unwrap(), value)).collect()
}

fn member(document: &[u8], name: &str) -> Value {
    payload(document).into_iter().find(|(key, _)| key == name).unwrap().1
}

#[test]
fn describe_nsm_tells_version_registers_and_digest() {
    let nsm = nsm();
    let Response::DescribeNSM {
        version_major,
        version_minor,
        version_patch,
        module_id,
        max_pcrs,
        locked_pcrs,
        digest,
    } = nsm.process(Request::DescribeNSM)
    else {
        panic!("no DescribeNSM");
    };
    assert_eq!((version_major, version_minor, version_patch, max_pcrs), (1, 0, 0, 32));
    assert_eq!(digest, Digest::SHA384);
    assert!(locked_pcrs.into_iter().eq(0..16));
    assert_eq!(module_id, nsm.module_id());
    let (instance, enclave) = module_id.split_once("-enc").unwrap();
    assert_eq!((instance.len(), enclave.len()), (19, 16));
}

#[test]
fn registers_hold_the_measurement_and_the_instance_and_the_first_sixteen_are_locked() {
    let nsm = nsm();
    let instance = nsm.module_id().split_once("-enc").unwrap().0.to_owned();
    let pcr4 = Sha384::digest([&[0; 48][..], instance.as_bytes()].concat()).to_vec();
    for index in 0..32 {
        let (lock, data) = describe(&nsm, index);
        assert_eq!(lock, index < 16);
        let expected = match index {
            0..=2 => vec![10 + index as u8; 48],
            4 => pcr4.clone(),
            _ => vec![0; 48],
        };
        assert_eq!(data, expected, "PCR{index}");
    }
}

#[test]
fn a_signed_image_shows_in_register_8() {
    let nsm =
        EmulatedNsm::new(&ROOT, &Measurements { pcr8: Some([8; 48]), ..measured() }, ManualClock::at(NOW_MS))
            .unwrap();
    assert_eq!(describe(&nsm, 8), (true, vec![8; 48]));
}

#[test]
fn extending_hashes_old_value_and_data() {
    let nsm = nsm();
    let mut expected = vec![0; 48];
    for data in [&b"hello"[..], &[9; 48], b""] {
        expected = Sha384::digest([&expected, data].concat()).to_vec();
        let Response::ExtendPCR { data } = nsm.process(Request::ExtendPCR { index: 16, data: data.to_vec() })
        else {
            panic!("not extended");
        };
        assert_eq!(data, expected);
    }
    assert_eq!(describe(&nsm, 16), (false, expected));
    assert_eq!(describe(&nsm, 17), (false, vec![0; 48]));
}

#[test]
fn a_locked_register_is_read_only() {
    let nsm = nsm();
    assert!(matches!(nsm.process(Request::LockPCR { index: 31 }), Response::LockPCR));
    for index in [0, 15, 31] {
        assert_eq!(error(&nsm.process(Request::ExtendPCR { index, data: vec![1] })), "ReadOnlyIndex");
        assert_eq!(error(&nsm.process(Request::LockPCR { index })), "ReadOnlyIndex");
    }
    assert_eq!(describe(&nsm, 31), (true, vec![0; 48]));
}

#[test]
fn an_index_beyond_the_last_is_invalid() {
    let nsm = nsm();
    for index in [32, 40, u16::MAX] {
        for request in [
            Request::DescribePCR { index },
            Request::ExtendPCR { index, data: vec![1] },
            Request::LockPCR { index },
        ] {
            assert_eq!(error(&nsm.process(request)), "InvalidIndex");
        }
    }
}

#[test]
fn a_range_is_locked_and_one_beyond_the_last_is_invalid() {
    let nsm = nsm();
    assert_eq!(error(&nsm.process(Request::LockPCRs { range: 33 })), "InvalidIndex");
    assert!(!describe(&nsm, 16).0);
    assert!(matches!(nsm.process(Request::LockPCRs { range: 18 }), Response::LockPCRs));
    assert!(describe(&nsm, 16).0 && describe(&nsm, 17).0 && !describe(&nsm, 18).0);
    // Locked ones in the range are no error.
    assert!(matches!(nsm.process(Request::LockPCRs { range: 32 }), Response::LockPCRs));
    assert!(matches!(nsm.process(Request::LockPCRs { range: 0 }), Response::LockPCRs));
}

#[test]
fn random_octets_differ() {
    let nsm = nsm();
    let draw = || match nsm.process(Request::GetRandom) {
        Response::GetRandom { random } => random,
        other => panic!("{other:?}"),
    };
    let (one, two) = (draw(), draw());
    assert_eq!((one.len(), two.len()), (256, 256));
    assert_ne!(one, two);
}

#[test]
fn a_request_that_no_device_could_take_is_too_large() {
    let nsm = nsm();
    assert!(matches!(
        attest(&nsm, Some(vec![0; 1024]), Some(vec![0; 1024]), Some(vec![0; 1024])),
        Response::Attestation { .. }
    ));
    assert_eq!(error(&attest(&nsm, Some(vec![0; 5000]), None, None)), "InputTooLarge");
    assert_eq!(error(&nsm.process(Request::ExtendPCR { index: 16, data: vec![0; 4096] })), "InputTooLarge");
    assert_eq!(describe(&nsm, 16).1, vec![0; 48]);
}

#[test]
fn a_document_has_the_octets_real_ones_begin_and_end_with() {
    let nsm = nsm();
    let document = document(attest(&nsm, None, None, None));
    assert_eq!(document[..7], [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0]);
    assert_eq!(document[7], 0x59);
    let length = usize::from(u16::from_be_bytes([document[8], document[9]]));
    let payload = &document[10..10 + length];
    assert_eq!((payload[0], payload[length - 1]), (0xbf, 0xff));
    assert!(payload.ends_with(b"\x6apublic_key\xf6\x69user_data\xf6\x65nonce\xf6\xff"));
    assert_eq!(document[10 + length..][..2], [0x58, 96]);
    assert_eq!(document.len(), 10 + length + 2 + 96);
}

#[test]
fn members_come_in_the_order_of_real_documents() {
    let nsm = nsm();
    let document = document(attest(&nsm, Some(vec![1]), Some(vec![2]), Some(vec![3])));
    let names: Vec<_> = payload(&document).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "module_id",
        "digest",
        "timestamp",
        "pcrs",
        "certificate",
        "cabundle",
        "public_key",
        "user_data",
        "nonce",
    ];
    assert_eq!(names, expected);
    assert_eq!(member(&document, "module_id"), Value::Text(nsm.module_id().into()));
    assert_eq!(member(&document, "digest"), Value::Text("SHA384".into()));
    assert_eq!(member(&document, "timestamp"), Value::from(NOW_MS));
    assert_eq!(member(&document, "user_data"), Value::Bytes(vec![1]));
    assert_eq!(member(&document, "nonce"), Value::Bytes(vec![2]));
    assert_eq!(member(&document, "public_key"), Value::Bytes(vec![3]));
}

#[test]
fn only_locked_registers_are_listed() {
    let nsm = nsm();
    let numbers = |document: &[u8]| -> Vec<u64> {
        let pcrs = member(document, "pcrs").into_map().unwrap();
        pcrs.into_iter().map(|(index, _)| index.as_integer().unwrap().try_into().unwrap()).collect()
    };
    nsm.process(Request::ExtendPCR { index: 16, data: vec![1] });
    assert!(numbers(&document(attest(&nsm, None, None, None))).into_iter().eq(0..16));
    nsm.process(Request::LockPCR { index: 16 });
    assert!(numbers(&document(attest(&nsm, None, None, None))).into_iter().eq(0..17));
}

#[test]
fn the_signature_holds_under_the_leaf() {
    use der::{Decode, Encode};
    let nsm = nsm();
    let document = document(attest(&nsm, None, Some(vec![7; 20]), None));
    let parts: Vec<Value> =
        ciborium::from_reader::<Value, _>(document.as_slice()).unwrap().into_array().unwrap();
    let signed =
        Value::Array(vec!["Signature1".into(), parts[0].clone(), Value::Bytes(Vec::new()), parts[2].clone()]);
    let mut octets = Vec::new();
    ciborium::into_writer(&signed, &mut octets).unwrap();
    let leaf = member(&document, "certificate").into_bytes().unwrap();
    let leaf = x509_cert::Certificate::from_der(&leaf).unwrap();
    let spki = leaf.tbs_certificate().subject_public_key_info().to_der().unwrap();
    let key = <VerifyingKey as p384::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let signature = Signature::from_slice(parts[3].as_bytes().unwrap()).unwrap();
    key.verify(&octets, &signature).unwrap();
    octets[30] ^= 1;
    assert!(key.verify(&octets, &signature).is_err());
}

#[test]
fn the_leaf_is_reused_and_renewed_in_time() {
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let nsm = EmulatedNsm::new(&ROOT, &measured(), Arc::clone(&clock)).unwrap();
    let leaf = || member(&document(attest(&nsm, None, None, None)), "certificate");
    let first = leaf();
    clock.set(NOW_MS + 2 * 3_600_000);
    assert_eq!(leaf(), first);
    clock.set(NOW_MS + 150 * 60_000);
    assert_ne!(leaf(), first);
}

#[test]
fn octets_that_are_not_exactly_one_request_are_an_invalid_argument() {
    let nsm = nsm();
    let ask = |octets: &[u8]| -> Response {
        ciborium::from_reader(answer_octets(&nsm, octets).as_slice()).unwrap()
    };
    assert!(matches!(ask(b"\x69GetRandom"), Response::GetRandom { .. }));
    for bad in [
        &b""[..],
        b"\x69GetRandom\x00",
        b"\x68GetRando",
        b"\x6bSelfDestroy",
        b"\xa1\x67LockPCR\xa1\x65index\x39\x00\x00",
        b"\xff",
    ] {
        assert_eq!(error(&ask(bad)), "InvalidArgument", "{bad:?}");
    }
}

#[test]
fn the_service_answers_frames_and_closes_on_malformed_ones() {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nsm");
    let listener = UnixListener::bind(&path).unwrap();
    let served = Arc::new(nsm());
    std::thread::spawn(move || serve(&served, &listener));
    let mut stream = UnixStream::connect(&path).unwrap();
    for _ in 0..3 {
        stream.write_all(b"\0\0\0\x0a\x69GetRandom").unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut response = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut response).unwrap();
        assert!(matches!(ciborium::from_reader(response.as_slice()).unwrap(), Response::GetRandom { .. }));
    }
    for malformed in [b"\0\0\0\0", b"\0\0\x10\x01", b"\xff\xff\xff\xff"] {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(malformed).unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        static NSM: LazyLock<EmulatedNsm> = LazyLock::new(nsm);
        prop_assert!(!answer_octets(&NSM, &octets).is_empty());
    }
}

/// The verifier of the project, judged a second after the document was made.
mod verified {
    use super::*;
    use fuin_attestation::{
        Anchors, At, DevelopmentAnchor, Nonce, Platform, Policy, Profile, References, Window, appraise,
        verify,
    };

    fn anchors() -> Anchors {
        Anchors::development(DevelopmentAnchor::from_der(ROOT.certificate_der()).unwrap())
    }

    #[test]
    fn the_verifier_accepts_a_document_under_the_development_root() {
        let nsm = nsm();
        nsm.process(Request::ExtendPCR { index: 16, data: vec![5; 32] });
        nsm.process(Request::LockPCR { index: 16 });
        let octets = document(attest(&nsm, Some(vec![4; 48]), Some(vec![7; 20]), Some(vec![3; 97])));
        let claims = verify(&octets, &anchors(), At::Unix(NOW_MS / 1000 + 1), Profile::AwsText).unwrap();
        assert_eq!(claims.platform(), Platform::Emulation);
        assert_eq!(claims.module_id(), nsm.module_id());
        assert_eq!(claims.pcrs().map(|(index, _)| index).collect::<Vec<_>>(), (0..17).collect::<Vec<_>>());
        let mut references = References::none();
        for (index, value) in [(0, [10; 48]), (1, [11; 48]), (2, [12; 48])] {
            references.expect(index, &value).unwrap();
        }
        let policy = Policy {
            nonce: Nonce::Expected(&[7; 20]),
            freshness: Some(Window::default()),
            references,
            allow_debug: false,
            user_data: Some(&[4; 48]),
            public_key: Some(&[3; 97]),
        };
        let appraisal = appraise(&claims, &policy).unwrap();
        assert!(appraisal.warnings().is_empty(), "{:?}", appraisal.warnings());
    }

    #[test]
    fn the_verifier_refuses_it_under_the_real_root_and_under_another_development_root() {
        let octets = document(attest(&nsm(), None, None, None));
        let at = At::Unix(NOW_MS / 1000);
        assert!(verify(&octets, &Anchors::production(), at, Profile::AwsText).is_err());
        let other = DevelopmentRoot::generate(NOW_MS / 1000).unwrap();
        let other = Anchors::development(DevelopmentAnchor::from_der(other.certificate_der()).unwrap());
        assert!(verify(&octets, &other, at, Profile::AwsText).is_err());
    }

    #[test]
    fn the_verifier_refuses_it_when_the_leaf_has_ended() {
        let octets = document(attest(&nsm(), None, None, None));
        let hours = |hours: u64| At::Unix(NOW_MS / 1000 + hours * 3600);
        assert!(verify(&octets, &anchors(), hours(2), Profile::AwsText).is_ok());
        assert!(verify(&octets, &anchors(), hours(3), Profile::AwsText).is_err());
    }
}
