use super::testing::SoftwareNsm;
use super::*;
use aws_nitro_enclaves_nsm_api::api::ErrorCode;
use fuin_shared::codec;

/// Changes one kind of answer of a good module.
struct Altered(SoftwareNsm, fn(&Request) -> Option<Response>);

impl Nsm for Altered {
    fn process(&self, request: Request) -> Response {
        match (self.1)(&request) {
            Some(response) => response,
            None => self.0.process(request),
        }
    }
}

const SERVICE: ServiceId = ServiceId([7; 32]);

#[test]
fn a_good_module_is_described() {
    assert_eq!(describe(&SoftwareNsm::new()).as_deref(), Ok("i-test-enc0"));
}

#[test]
fn modules_with_other_registers_are_refused() {
    fn described(max_pcrs: u16, locked: u16, digest: Digest) -> Response {
        Response::DescribeNSM {
            version_major: 1,
            version_minor: 0,
            version_patch: 0,
            module_id: "i".into(),
            max_pcrs,
            locked_pcrs: (0..locked).collect(),
            digest,
        }
    }
    let alterations: [fn(&Request) -> Option<Response>; 4] = [
        |r| matches!(r, Request::DescribeNSM).then(|| described(16, 16, Digest::SHA384)),
        |r| matches!(r, Request::DescribeNSM).then(|| described(32, 15, Digest::SHA384)),
        |r| matches!(r, Request::DescribeNSM).then(|| described(32, 16, Digest::SHA256)),
        |r| matches!(r, Request::DescribeNSM).then(|| Response::Error(ErrorCode::InternalError)),
    ];
    for alter in alterations {
        assert_eq!(describe(&Altered(SoftwareNsm::new(), alter)), Err(Fault::Nsm));
    }
}

#[test]
fn the_image_is_measured_by_three_locked_registers() {
    let zero = Pcr([0; 48]);
    let measured = measurement(&SoftwareNsm::new()).unwrap();
    assert_eq!([measured.pcr0, measured.pcr1, measured.pcr2], [zero; 3]);
    let alterations: [fn(&Request) -> Option<Response>; 3] = [
        |r| {
            matches!(r, Request::DescribePCR { index: 2 })
                .then(|| Response::DescribePCR { lock: false, data: vec![0; 48] })
        },
        |r| {
            matches!(r, Request::DescribePCR { index: 1 })
                .then(|| Response::DescribePCR { lock: true, data: vec![0; 32] })
        },
        |r| matches!(r, Request::DescribePCR { index: 0 }).then(|| Response::Error(ErrorCode::InternalError)),
    ];
    for alter in alterations {
        assert_eq!(measurement(&Altered(SoftwareNsm::new(), alter)), Err(Fault::Nsm));
    }
}

#[test]
fn the_service_id_is_sealed_once() {
    let nsm = SoftwareNsm::new();
    assert_eq!(seal_identity(&nsm, &SERVICE), Ok(()));
    assert_eq!(seal_identity(&nsm, &SERVICE), Err(Fault::Nsm), "the register is locked");
    let Response::DescribePCR { lock, data } = nsm.process(Request::DescribePCR { index: 16 }) else {
        panic!()
    };
    assert!(lock);
    assert_eq!(data, Pcr::extended_once(&[7; 32]).as_ref());
}

#[test]
fn a_register_that_was_used_before_is_refused() {
    let nsm = SoftwareNsm::new();
    nsm.process(Request::ExtendPCR { index: 16, data: vec![1] });
    assert_eq!(seal_identity(&nsm, &SERVICE), Err(Fault::Nsm));
}

#[test]
fn a_register_that_does_not_lock_is_refused() {
    let nsm =
        Altered(SoftwareNsm::new(), |r| matches!(r, Request::LockPCR { .. }).then_some(Response::LockPCR));
    assert_eq!(seal_identity(&nsm, &SERVICE), Err(Fault::Nsm), "read back as unlocked");
}

#[test]
fn documents_carry_what_was_asked() {
    let nsm = SoftwareNsm::new();
    let user_data = UserData([9; 48]);
    let document = attest(&nsm, &user_data, Some(vec![1; 64])).unwrap();
    let expected: (Option<fuin_shared::bytes::Blob>, Option<fuin_shared::bytes::Blob>) =
        (Some(vec![9; 48].into()), Some(vec![1; 64].into()));
    assert_eq!(document, codec::encode(&expected));
    assert!(attest(&nsm, &user_data, None).is_ok());
}

#[test]
fn nonces_out_of_bounds_and_empty_documents_are_refused() {
    let user_data = UserData([9; 48]);
    for length in [0, MAX_NONCE + 1] {
        assert_eq!(attest(&SoftwareNsm::new(), &user_data, Some(vec![1; length])), Err(Fault::Malformed));
    }
    let empty = Altered(SoftwareNsm::new(), |r| {
        matches!(r, Request::Attestation { .. }).then(|| Response::Attestation { document: Vec::new() })
    });
    assert_eq!(attest(&empty, &user_data, None), Err(Fault::Nsm));
}

#[test]
fn random_answers_out_of_bounds_are_refused() {
    assert_eq!(random(&SoftwareNsm::new()).map(|r| r.len()), Ok(256));
    let alterations: [fn(&Request) -> Option<Response>; 3] = [
        |_| Some(Response::GetRandom { random: Vec::new() }),
        |_| Some(Response::GetRandom { random: vec![1; 257] }),
        |_| Some(Response::LockPCR),
    ];
    for alter in alterations {
        assert_eq!(random(&Altered(SoftwareNsm::new(), alter)), Err(Fault::Nsm));
    }
}

#[test]
fn time_is_that_of_the_document() {
    struct Gives(Vec<u8>);
    impl Nsm for Gives {
        fn process(&self, _: Request) -> Response {
            Response::Attestation { document: self.0.clone() }
        }
    }
    let real = include_bytes!(
        "../../../../tests/vectors/attestation/real/05_20221013_attestation-doc-validation.bin"
    );
    // 2022-10-13T08:58:02.136Z.
    assert_eq!(time(&Gives(real.to_vec())), Ok(Millis(1_665_651_482_136)));
    for broken in [Vec::new(), real[..real.len() - 1].to_vec(), b"no document".to_vec()] {
        assert_eq!(time(&Gives(broken)), Err(Fault::Nsm));
    }
    let refused = Altered(SoftwareNsm::new(), |_| Some(Response::Error(ErrorCode::InternalError)));
    assert_eq!(time(&refused), Err(Fault::Nsm));
}
