//! Place: none. What `scripts/reproduce` says and how it ends, over a small repository whose `scripts/build-eif` is a stand-in of some lines: the real one
//! takes minutes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Writes the three files that the script looks at. `mode` in the repository says how it behaves.
const BUILD_EIF: &str = r#"#!/bin/bash
set -euo pipefail
if [ "${1-}" = --kernel-only ]; then printf 'kernel  /dev/null\nmodules \n'; exit 0; fi
out=''
while [ $# -gt 0 ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"
what=same
case $(cat "$root/mode") in
    path) what=$root ;;
    zone) what=${TZ-} ;;
    fail) echo "the build broke" >&2; exit 3 ;;
esac
printf '%s' "$what" >"$out/fuin-enclave.eif"
digest=$(sha256sum <"$out/fuin-enclave.eif" | cut -d ' ' -f 1)
printf '{"format":"fuin-release/1","platform":"emulation","pcrs":{"0":"%s"},"image":{"size":4,"sha256":"%s"},"epoch":%s,"sourceCommit":"%s"}\n' \
    "$digest" "$digest" "${SOURCE_DATE_EPOCH-7}" "$(git -C "$root" rev-parse HEAD)" >"$out/release.json"
"#;

struct Repository(tempfile::TempDir);

impl Repository {
    fn new(mode: &str) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
        std::fs::create_dir_all(this.path("scripts/lib")).unwrap();
        for name in ["reproduce", "lib/progress.sh"] {
            std::fs::copy(scripts.join(name), this.path("scripts").join(name)).unwrap();
        }
        std::fs::write(this.path("scripts/build-eif"), BUILD_EIF).unwrap();
        std::fs::write(this.path("mode"), mode).unwrap();
        this.git(&["init", "-q"]);
        this.git(&["add", "-A"]);
        this.git(&["update-index", "--chmod=+x", "scripts/build-eif", "scripts/reproduce"]);
        this.git(&["-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "All"]);
        this.git(&["checkout", "-q", "--", "."]);
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("bash");
        command
            .arg(self.path("scripts/reproduce"))
            .args(arguments)
            .env_remove("SOURCE_DATE_EPOCH")
            .env("TMPDIR", self.0.path());
        command.current_dir(self.0.path()).output().unwrap()
    }

    /// A release of this commit with its build time, changed.
    fn release(&self, change: impl FnOnce(&mut serde_json::Value)) -> String {
        let same = "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5";
        let mut release = serde_json::json!({
            "format": "fuin-release/1", "platform": "emulation", "pcrs": {"0": same}, "image": {"size": 4, "sha256": same},
            "epoch": 1_700_000_000, "sourceCommit": self.git(&["rev-parse", "HEAD"]),
        });
        change(&mut release);
        let path = self.path("published.json");
        std::fs::write(&path, release.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Ends with `status` and says each of `parts`.
fn expect(output: &Output, status: i32, parts: &[&str]) {
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[test]
fn equal_builds_are_reproduced() {
    let repository = Repository::new("same");
    expect(&repository.run(&[]), 0, &["two builds: the same, bit by bit", "reproduced: YES"]);
    let release = repository.release(|_| ());
    expect(&repository.run(&["--release", &release]), 0, &["the same, member by member", "reproduced: YES"]);
}

#[test]
fn a_build_that_depends_on_its_place_or_surroundings_is_not() {
    for mode in ["path", "zone"] {
        let parts = [
            "the two images differ",
            "pcrs.0",
            "reproduced: NO, differs: the two images, the two release.json",
        ];
        expect(&Repository::new(mode).run(&[]), 1, &parts);
    }
}

#[test]
fn a_release_that_says_something_else_is_not_reproduced() {
    let repository = Repository::new("same");
    let release = repository.release(|release| release["pcrs"]["0"] = "00".into());
    expect(
        &repository.run(&["--release", &release]),
        1,
        &["pcrs.0", "reproduced: NO, differs: the published release"],
    );
    let release = repository.release(|release| release["toolchain"] = "rustc 1.0".into());
    expect(&repository.run(&["--release", &release]), 1, &["another compiler was used", "reproduced: NO"]);
}

#[test]
fn what_cannot_be_tried_says_so() {
    let repository = Repository::new("same");
    let with =
        |change: fn(&mut serde_json::Value)| repository.run(&["--release", &repository.release(change)]);
    expect(&with(|release| release["format"] = "other".into()), 2, &["not of the form fuin-release/1"]);
    expect(
        &with(|release| drop(release.as_object_mut().unwrap().remove("sourceCommit"))),
        2,
        &["names no commit"],
    );
    expect(&with(|release| release["sourceCommit"] = "1234-dirty".into()), 2, &["not committed"]);
    expect(
        &with(|release| release["sourceCommit"] = "12".repeat(20).into()),
        2,
        &["does not have: fetch it"],
    );
    expect(&with(|release| release["platform"] = "nitro".into()), 2, &["--nitro"]);
    std::fs::write(repository.path("published.json"), "no JSON").unwrap();
    expect(&repository.run(&["--release", "published.json"]), 2, &["no release.json"]);
    expect(&repository.run(&["--release"]), 2, &["wants a value"]);
    expect(&repository.run(&["--sideways"]), 2, &["unknown option"]);
    expect(&Repository::new("fail").run(&[]), 2, &["the build broke", "failed"]);
    expect(&repository.run(&["--help"]), 0, &["Exit status"]);
}
