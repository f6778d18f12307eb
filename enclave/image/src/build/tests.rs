//! Place: none. Images from small stand-in files.

use super::*;
use sha2::{Digest, Sha256};

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
        init: folder.join("init"),
        enclave: folder.join("enclave"),
        cmdline: "console=ttyS0".into(),
        machine: Machine::Emulation { settings: Settings::emulation(), modules_dir: None },
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
    for epoch in [u64::MAX, i64::MAX as u64, 253_402_300_800] {
        let inputs = Inputs { epoch, ..inputs(folder.path()) };
        assert!(build(&inputs).err().unwrap().to_string().contains("epoch"), "{epoch}");
    }
}

#[test]
fn the_description_has_the_members_the_verifier_reads() {
    let folder = tempfile::tempdir().unwrap();
    let text = serde_json::to_string(&build(&inputs(folder.path())).unwrap().release).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["pcrs"].as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(value["pcrs"]["0"].as_str().unwrap().len(), 96);
    assert_eq!(
        value["inputs"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["cmdline", "enclave", "init", "kernel"]
    );
    assert_eq!(value["inputs"]["cmdline"]["sha256"], hex::encode(Sha256::digest("console=ttyS0")));
    assert_eq!((&value["epoch"], &value["platform"]), (&1_700_000_000.into(), &"emulation".into()));
    assert!(value.get("sourceCommit").is_none());
}

/// The same enclave program under another kernel and init: what identifies it (PCR2) stays, what identifies the machine does not.
#[test]
fn pcr2_is_the_same_in_emulation_and_on_hardware() {
    let folder = tempfile::tempdir().unwrap();
    let emulated = inputs(folder.path());
    for (name, content) in [
        ("their-kernel", b"another kernel".to_vec()),
        ("their-init", [elf(false), vec![7]].concat()),
        ("nsm.ko", b"the driver".to_vec()),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let nitro = |nsm_module: Option<PathBuf>, parent_port| Inputs {
        kernel: folder.path().join("their-kernel"),
        init: folder.path().join("their-init"),
        cmdline: "reboot=k".into(),
        machine: Machine::Nitro { nsm_module, parent_port },
        ..emulated.clone()
    };
    let first = build(&emulated).unwrap().release;
    let module = folder.path().join("nsm.ko");
    let built = build(&nitro(Some(module.clone()), 5000)).unwrap();
    let second = built.release;
    assert_eq!(second.pcrs["2"], first.pcrs["2"]);
    assert_ne!(second.pcrs["0"], first.pcrs["0"]);
    assert_ne!(second.pcrs["1"], first.pcrs["1"]);
    assert_eq!(second.platform, Platform::Nitro);
    assert_eq!(second.modules.keys().collect::<Vec<_>>(), ["nsm.ko"]);

    // The program is the last ramdisk of both, and nothing of the machine is in it.
    let eif = Eif::parse(&built.image).unwrap();
    assert_eq!(eif.ramdisks()[1], ramdisk::workload(&fs::read(&emulated.enclave).unwrap()).unwrap());

    // Module, port and program each count where they belong.
    let without = build(&nitro(None, 5000)).unwrap().release;
    assert_ne!(without.pcrs["1"], second.pcrs["1"]);
    assert_eq!(without.pcrs["2"], second.pcrs["2"]);
    let elsewhere = build(&nitro(Some(module), 5001)).unwrap().release;
    assert_ne!(elsewhere.pcrs["1"], second.pcrs["1"]);
    fs::write(&emulated.enclave, [elf(false), vec![1]].concat()).unwrap();
    assert_ne!(build(&nitro(None, 5000)).unwrap().release.pcrs["2"], second.pcrs["2"]);
}

#[test]
fn an_init_that_needs_a_loader_is_refused_on_hardware_too() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs(folder.path());
    fs::write(&inputs.init, elf(true)).unwrap();
    let nitro = Inputs { machine: Machine::Nitro { nsm_module: None, parent_port: 5000 }, ..inputs };
    assert!(build(&nitro).err().unwrap().to_string().contains("dynamic loader"));
}
