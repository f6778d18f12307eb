//! Place: none.
//!
//! Boots real images in QEMU: every NSM request through the unmodified driver library in the guest, the way of a boot, and its faults.
//! The only reason to skip is that QEMU is not installed.

mod emulator;
mod image;
mod report;

use std::io::{Read, Write};
use std::process::Command;

use aws_nitro_enclaves_nsm_api::api::{Digest, ErrorCode, Response};
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Nonce, Platform, Policy, Profile, References, Window, appraise, verify,
};
use sha2::{Digest as _, Sha384};

use emulator::Emulator;
use report::Report;

fn no_qemu() -> bool {
    let missing = Command::new("qemu-system-x86_64").arg("--version").output().is_err();
    if missing {
        eprintln!("SKIPPED: qemu-system-x86_64 is not installed (Debian: apt-get install qemu-system-x86)");
    }
    missing
}

fn extended(old: &[u8], data: &[u8]) -> Vec<u8> {
    Sha384::digest([old, data].concat()).to_vec()
}

#[test]
fn every_request_of_the_driver_library_is_answered_in_the_guest() {
    if no_qemu() {
        return;
    }
    let mut emulator = Emulator::start(image::probe(), &[]);
    let ready = emulator.event("ready");
    let mut stream = emulator.accept();
    let report = Report::read(&mut stream);

    let Response::DescribeNSM { version_major, module_id, max_pcrs, locked_pcrs, digest, .. } =
        report.get("describe")
    else {
        panic!("describe");
    };
    assert_eq!((version_major, max_pcrs, digest), (1, 32, Digest::SHA384));
    assert!(locked_pcrs.into_iter().eq(0..16));
    assert_eq!(ready["moduleId"], module_id);

    let random = |name| match report.get(name) {
        Response::GetRandom { random } => random,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(random("random").len(), 256);
    assert_ne!(random("random"), random("random again"));
    assert_eq!(random("parallel").len(), 40, "4 threads with 10 requests each");

    let pcr0 = hex::decode(ready["pcrs"]["0"].as_str().unwrap()).unwrap();
    assert!(matches!(report.get("pcr 0"), Response::DescribePCR { lock: true, data } if data == pcr0));
    assert!(matches!(report.get("pcr 16"), Response::DescribePCR { lock: false, data } if data == [0; 48]));
    let once = extended(&[0; 48], b"hello");
    let twice = extended(&once, &[9; 48]);
    assert!(matches!(report.get("extend 16"), Response::ExtendPCR { data } if data == once));
    assert!(matches!(report.get("extend 16 again"), Response::ExtendPCR { data } if data == twice));
    assert!(matches!(report.get("lock 16"), Response::LockPCR));
    assert!(matches!(report.get("lock range 18"), Response::LockPCRs));
    let Response::DescribeNSM { locked_pcrs, .. } = report.get("describe after") else {
        panic!("describe after");
    };
    assert!(locked_pcrs.into_iter().eq(0..18));

    for name in ["pcr 32", "extend 40", "lock 32", "lock range 33"] {
        assert!(matches!(report.get(name), Response::Error(ErrorCode::InvalidIndex)), "{name}");
    }
    for name in ["extend 0", "lock 16 again", "lock 3", "extend locked 16"] {
        assert!(matches!(report.get(name), Response::Error(ErrorCode::ReadOnlyIndex)), "{name}");
    }
    assert!(matches!(report.get("user data 5000"), Response::Error(ErrorCode::InputTooLarge)));

    check_documents(&emulator, &ready, &report, &module_id, &twice);

    // The connection works in both directions, with more than one piece.
    let sent: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    for piece in sent.chunks(10_000) {
        stream.write_all(piece).unwrap();
        let mut back = vec![0; piece.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, piece);
    }

    let pids = emulator.pids(&ready);
    assert_eq!(emulator.terminate(), Some(0));
    emulator::assert_gone(&pids);
    assert!(emulator.socket("vm_5000").exists(), "the host's socket is not the emulator's to remove");
    assert!(!emulator.socket("vm_9001").exists());
}

/// The documents made in the guest, judged by the project's verifier.
fn check_documents(
    emulator: &Emulator,
    ready: &serde_json::Value,
    report: &Report,
    module_id: &str,
    pcr16: &[u8],
) {
    let root = std::fs::read(ready["root"].as_str().unwrap()).unwrap();
    let anchors = Anchors::development(DevelopmentAnchor::from_pem(&root).unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let document = |name| match report.get(name) {
        Response::Attestation { document } => document,
        other => panic!("{name}: {other:?}"),
    };
    let claims = |name, profile| verify(&document(name), &anchors, At::Unix(now), profile).unwrap();

    let before = claims("attestation before", Profile::AwsText);
    assert_eq!(before.pcrs().count(), 16);
    assert_eq!((before.user_data(), before.nonce(), before.public_key()), (None, None, None));

    let full = claims("attestation full", Profile::AwsText);
    assert_eq!(full.platform(), Platform::Emulation);
    assert_eq!(full.module_id(), module_id);
    assert_eq!(full.pcr(16).unwrap().as_slice(), pcr16);
    let mut references = References::none();
    let measured = emulator.measured();
    assert_eq!(measured, image::released(), "release.json says the same as the emulator");
    for (index, value) in measured {
        references.expect(index, &value).unwrap();
    }
    let policy = Policy {
        nonce: Nonce::Expected(&[2; 512]),
        freshness: Some(Window::default()),
        references,
        allow_debug: false,
        user_data: Some(&[1; 512]),
        public_key: Some(&[3; 1024]),
    };
    appraise(&full, &policy).unwrap();

    assert_eq!(claims("attestation 1024", Profile::Observed).user_data(), Some(&[1; 1024][..]));
    assert!(
        verify(&document("attestation full"), &Anchors::production(), At::Unix(now), Profile::AwsText)
            .is_err()
    );
}

#[test]
fn the_end_of_the_enclave_program_ends_the_machine() {
    if no_qemu() {
        return;
    }
    let mut emulator = Emulator::start(image::probe(), &[]);
    let ready = emulator.event("ready");
    let mut stream = emulator.accept();
    Report::read(&mut stream);
    drop(stream);
    let ended = emulator.event("ended");
    assert_eq!(ended["code"], 3);
    assert!(ended["reason"].as_str().unwrap().contains("enclave program ended: exit status 0"), "{ended}");
    assert_eq!(emulator.wait(), Some(3));
    emulator::assert_gone(&emulator.pids(&ready));
}

#[test]
fn a_backend_that_dies_while_booting_is_replaced_once() {
    if no_qemu() {
        return;
    }
    let mut emulator = Emulator::start(image::probe(), &[]);
    let backend = emulator.child_named("vhost-device-vs");
    emulator.child_named("qemu-system-x86");
    emulator::kill(backend);
    let restart = emulator.event("restart");
    assert!(restart["reason"].as_str().unwrap().contains("vsock backend failed"), "{restart}");
    let ready = emulator.event("ready");
    assert_eq!(ready["restarts"], 1);
    let mut stream = emulator.accept();
    assert!(matches!(Report::read(&mut stream).get("describe"), Response::DescribeNSM { .. }));

    // Once the enclave runs, a lost backend ends the run: the enclave has to be provisioned anew.
    let pids = emulator.pids(&ready);
    emulator::kill(pids[1]);
    assert_eq!(emulator.event("ended")["code"], 4);
    assert_eq!(emulator.wait(), Some(4));
    emulator::assert_gone(&pids);
}

#[test]
fn a_stop_while_booting_is_obeyed() {
    if no_qemu() {
        return;
    }
    let mut emulator = Emulator::start(image::probe(), &[]);
    let pids = [emulator.child_named("vhost-device-vs"), emulator.child_named("qemu-system-x86")];
    assert_eq!(emulator.terminate(), Some(0));
    emulator::assert_gone(&pids);
}

#[test]
fn the_children_of_a_killed_emulator_end_too() {
    if no_qemu() {
        return;
    }
    let mut emulator = Emulator::start(image::probe(), &[]);
    let pids = {
        let ready = emulator.event("ready");
        emulator.pids(&ready)
    };
    emulator.kill();
    emulator::await_gone(&pids);
}

#[test]
fn an_enclave_program_that_cannot_connect_shows_on_the_console() {
    if no_qemu() {
        return;
    }
    // Nobody listens on vm_5000: the probe's dial is refused, and it ends with an error.
    let mut emulator = Emulator::start_without_host(image::probe(), &[]);
    let ended = emulator.event("ended");
    assert!(ended["reason"].as_str().unwrap().contains("enclave program ended: exit status 1"), "{ended}");
    assert_eq!(emulator.wait(), Some(3));
}

#[test]
fn an_image_that_cannot_start_ends_with_the_reason() {
    if no_qemu() {
        return;
    }
    let (status, said) = Emulator::start(image::without_modules(), &[]).failed();
    assert_eq!(status, Some(1));
    assert!(said.contains("before the enclave was ready"), "{said}");
    assert!(said.contains("fuin-init: start failed: /dev/nsm: /dev/cuse"), "{said}");
}

#[test]
fn a_guest_that_does_not_dial_in_time_is_given_up() {
    if no_qemu() {
        return;
    }
    let (status, said) = Emulator::start(image::probe(), &["--ready-timeout", "0"]).failed();
    assert_eq!(status, Some(1));
    assert!(said.contains("no heartbeat within 0 s"), "{said}");
}

#[test]
fn a_damaged_image_a_long_path_and_a_missing_program_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.eif");
    std::fs::write(&damaged, b".eif and no more").unwrap();
    let fails = |arguments: &[&std::ffi::OsStr], expected: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_fuin-emulator")).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    let run = folder.path().join("run");
    let long = folder.path().join("x".repeat(120));
    let run_with = |run_dir: &std::path::Path, expected: &str| {
        let words = [
            "run".as_ref(),
            "--eif".as_ref(),
            damaged.as_os_str(),
            "--run-dir".as_ref(),
            run_dir.as_os_str(),
        ];
        let root = ["--root-dir".as_ref(), folder.path().as_os_str()];
        fails(&[&words[..], &root[..]].concat(), expected);
    };
    run_with(&run, "damaged.eif");
    run_with(&long, "shorter --run-dir");
    fails(&["measure".as_ref(), damaged.as_os_str()], "damaged.eif");
    fails(&["measure".as_ref(), folder.path().join("none").as_os_str()], "none");
}
