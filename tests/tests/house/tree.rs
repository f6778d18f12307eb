//! Place: none. What lies where.

use crate::repository::{files, root, text};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

/// What the top of the repository holds.
const TOP: [&str; 8] =
    ["Cargo.toml", "README.md", "attestation", "enclave", "host", "scripts", "shared", "tests"];
/// What it may hold besides; names that begin with a dot are free. `rust-toolchain.toml` is there because rustup reads no other place.
const TOP_BESIDES: [&str; 4] = ["Cargo.lock", "LICENSE", "docs", "rust-toolchain.toml"];

#[test]
fn the_top_is_tidy() {
    let files = files();
    let top: BTreeSet<&str> = files.iter().filter_map(|path| path.split('/').next()).collect();
    for name in TOP {
        assert!(top.contains(name), "the top of the repository lost {name}: put it back");
    }
    for name in &top {
        assert!(
            name.starts_with('.') || TOP.contains(name) || TOP_BESIDES.contains(name),
            "{name} does not belong at the top: documents go to docs/, settings to .cargo/ or a dotfile, programs to scripts/"
        );
    }
}

#[test]
fn scripts_can_be_run_and_stop_at_the_first_error() {
    for path in
        files().into_iter().filter(|path| path.starts_with("scripts/") && path.matches('/').count() == 1)
    {
        let script = text(&path);
        let shell = script.starts_with("#!/bin/bash\n") || script.starts_with("#!/usr/bin/env bash\n");
        assert!(shell, "{path} must begin with #!/bin/bash");
        assert!(script.contains("set -euo pipefail"), "{path} must say `set -euo pipefail`");
        let mode = root().join(&path).metadata().expect("the file is there").permissions().mode();
        assert!(mode & 0o111 != 0, "{path} cannot be run: chmod +x {path}");
    }
}

/// Texts speak of the project alone: no place on somebody's machine, no mirror of a package registry.
#[test]
fn no_text_names_a_machine() {
    let marks = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("--index", "-url"),
        concat!("--find", "-links"),
        concat!("--trusted", "-host"),
        concat!("replace", "-with"),
    ];
    for path in files() {
        let Ok(content) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in content.lines().enumerate() {
            for mark in marks {
                assert!(
                    !line.contains(mark),
                    "{path}:{}: `{mark}` belongs to one machine: use a path relative to the repository, or the registry's ordinary client",
                    number + 1
                );
            }
        }
    }
}
