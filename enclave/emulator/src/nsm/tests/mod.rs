//! Place: none. The module's answers and errors, request by request.

mod documents;
mod verified;

use super::*;
use crate::clock::ManualClock;
use ciborium::Value;
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
