//! Place: none. `fuin-image` and `scripts/build-eif` as a person meets them: a build without a time it can name fails, and says what to set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Stand-in inputs in a new folder.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut elf = vec![0; 120];
        elf[..4].copy_from_slice(b"\x7fELF");
        for (name, content) in [("kernel", b"kernel".as_slice()), ("init", &elf), ("enclave", &elf)] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `fuin-image build` without a time.
    fn image(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuin-image"));
        command.arg("build").env_remove("SOURCE_DATE_EPOCH");
        for name in ["kernel", "init", "enclave"] {
            command.arg(format!("--{name}")).arg(self.path(name));
        }
        command.arg("--out").arg(self.path("out.eif")).arg("--release").arg(self.path("release.json"));
        command
    }

    fn release(&self) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path("release.json")).unwrap()).unwrap()
    }

    fn nothing_was_written(&self) -> bool {
        !self.path("out.eif").exists() && !self.path("release.json").exists()
    }
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Times that are none: not a number, not whole seconds, before 1970, past the calendar.
const NO_TIMES: [&str; 8] =
    ["", "yesterday", "-1", "1e9", "0x10", "1700000000.5", "2023-11-14", "18446744073709551615"];

#[test]
fn a_missing_epoch_fails_the_build() {
    let folder = Folder::new();
    let output = folder.image().output().unwrap();
    assert!(complaint(&output).contains("--epoch"), "{output:?}");
    assert!(folder.nothing_was_written());
}

#[test]
fn an_epoch_that_cannot_be_read_fails_the_build() {
    for text in NO_TIMES {
        let folder = Folder::new();
        let output = folder.image().env("SOURCE_DATE_EPOCH", text).output().unwrap();
        assert!(complaint(&output).contains("epoch"), "{text:?}: {output:?}");
        assert!(folder.nothing_was_written(), "{text:?}");
    }
}

#[test]
fn the_epoch_stands_in_the_release() {
    let folder = Folder::new();
    let output = folder.image().env("SOURCE_DATE_EPOCH", "1700000000").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let release = folder.release();
    assert_eq!(release["epoch"], 1_700_000_000);
    assert_eq!(release["buildTime"], "2023-11-14T22:13:20Z");
}

#[test]
fn hardware_takes_its_own_kernel_and_init_and_keeps_pcr2() {
    let (emulated, hardware) = (Folder::new(), Folder::new());
    std::fs::write(hardware.path("kernel"), "another kernel").unwrap();
    std::fs::write(hardware.path("nsm.ko"), "the driver").unwrap();
    assert!(emulated.image().args(["--epoch", "1"]).status().unwrap().success());
    let nitro = hardware
        .image()
        .args(["--epoch", "1", "--nitro", "--nsm-module"])
        .arg(hardware.path("nsm.ko"))
        .output()
        .unwrap();
    assert!(nitro.status.success(), "{nitro:?}");
    let (one, two) = (emulated.release(), hardware.release());
    assert_eq!(one["pcrs"]["2"], two["pcrs"]["2"]);
    assert_ne!(one["pcrs"]["0"], two["pcrs"]["0"]);
    assert_ne!(one["pcrs"]["1"], two["pcrs"]["1"]);
    assert_eq!((&one["platform"], &two["platform"]), (&"emulation".into(), &"nitro".into()));
    assert!(two["cmdline"].as_str().unwrap().contains("pci=off"));
}

/// A copy of `scripts/build-eif` where there is no git, and no cargo that it could start.
fn script(epoch: Option<&str>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/build-eif");
    std::fs::create_dir(folder.path().join("scripts")).unwrap();
    let copy = folder.path().join("scripts/build-eif");
    std::fs::copy(original, &copy).unwrap();
    let mut command = Command::new("bash");
    command.arg(copy).args(["--kernel", "/dev/null"]).env_remove("SOURCE_DATE_EPOCH");
    command.env("GIT_CEILING_DIRECTORIES", folder.path()).env("CARGO", "false");
    if let Some(epoch) = epoch {
        command.env("SOURCE_DATE_EPOCH", epoch);
    }
    command.output().unwrap()
}

#[test]
fn the_script_wants_a_time_before_it_builds_anything() {
    for epoch in [None].into_iter().chain(NO_TIMES.map(Some)) {
        let output = script(epoch);
        assert_eq!(output.status.code(), Some(1), "{epoch:?}: {output:?}");
        let told = complaint(&output);
        assert!(told.contains("SOURCE_DATE_EPOCH") && !told.contains("building"), "{epoch:?}: {told}");
    }
}
