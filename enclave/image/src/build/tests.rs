//! Place: none. Images from small stand-in files.

use super::*;

fn elf(interpreter: bool) -> Vec<u8> {
    let mut elf = vec![0; 64 + 56];
    elf[..4].copy_from_slice(b"\x7fELF");
    elf[32] = 64;
    elf[54] = 56;
    elf[56] = 1;
    elf[64] = if interpreter { 3 } else { 1 };
    elf
}

fn inputs(folder: &Path) -> Inputs {
    for (name, content) in [("kernel", b"kernel".to_vec()), ("init", elf(false)), ("enclave", elf(false))] {
        fs::write(folder.join(name), content).unwrap();
    }
    Inputs {
        kernel: folder.join("kernel"),
        modules_dir: None,
        init: folder.join("init"),
        enclave: folder.join("enclave"),
        cmdline: "console=ttyS0".into(),
        settings: Settings::emulation(),
        name: "fuin".into(),
        version: "1".into(),
        epoch: 1_700_000_000,
        toolchain: Some("rustc x".into()),
        source_commit: None,
    }
}

#[test]
fn the_same_inputs_in_another_folder_give_the_same_image() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (build(&inputs(one.path())).unwrap(), build(&inputs(two.path())).unwrap());
    assert_eq!(first.image, second.image);
    assert_eq!(first.release, second.release);
    let eif = Eif::parse(&first.image).unwrap();
    assert_eq!(eif.ramdisks().len(), 2);
    assert!(
        std::str::from_utf8(eif.metadata().unwrap())
            .unwrap()
            .contains("\"BuildTime\":\"2023-11-14T22:13:20Z\"")
    );
}

#[test]
fn the_build_time_is_not_measured_and_the_programs_are() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs(folder.path());
    let first = build(&inputs).unwrap().release;
    let later = build(&Inputs { epoch: 1_700_000_001, ..inputs.clone() }).unwrap().release;
    assert_eq!(first.pcrs, later.pcrs);
    assert_ne!(first.image, later.image);

    fs::write(&inputs.enclave, [elf(false), vec![1]].concat()).unwrap();
    let other = build(&inputs).unwrap().release;
    assert_eq!(other.pcrs["1"], first.pcrs["1"]);
    assert_ne!(other.pcrs["2"], first.pcrs["2"]);
    assert_ne!(other.pcrs["0"], first.pcrs["0"]);
}

#[test]
fn a_program_that_needs_a_loader_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs(folder.path());
    fs::write(&inputs.enclave, elf(true)).unwrap();
    assert!(build(&inputs).err().unwrap().to_string().contains("dynamic loader"));
    fs::write(&inputs.enclave, b"#!/bin/sh").unwrap();
    assert!(build(&inputs).err().unwrap().to_string().contains("not an ELF program"));
}

#[test]
fn a_missing_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs(folder.path());
    fs::remove_file(&inputs.kernel).unwrap();
    assert!(build(&inputs).err().unwrap().to_string().starts_with("kernel "));
}

#[test]
fn a_time_out_of_range_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = Inputs { epoch: i64::MAX, ..inputs(folder.path()) };
    assert!(build(&inputs).err().unwrap().to_string().contains("epoch"));
}

#[test]
fn the_description_has_the_members_the_verifier_reads() {
    let folder = tempfile::tempdir().unwrap();
    let text = serde_json::to_string(&build(&inputs(folder.path())).unwrap().release).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["pcrs"].as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(value["pcrs"]["0"].as_str().unwrap().len(), 96);
    assert!(value.get("sourceCommit").is_none());
}
