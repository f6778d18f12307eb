//! Place: none. How a module looks.

use crate::repository::{files, sources, text};

/// Lines at which a file is worth splitting.
const LONG: usize = 300;
/// Lines that no file may reach.
const TOO_LONG: usize = 500;

/// The only file where the lint is lifted: names that a WebAssembly host calls are an unsafe attribute. No unsafe block is there either.
const UNSAFE: [&str; 1] = ["attestation/wasm/src/abi.rs"];

/// Modules that are only tests may be silent about their place.
fn is_test_module(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[test]
fn every_module_says_its_place() {
    for path in sources().into_iter().filter(|path| !is_test_module(path)) {
        let source = text(&path);
        // Attributes of the module may stand before it.
        let first = source
            .lines()
            .find(|line| line.starts_with("//") || line.starts_with("use "))
            .unwrap_or_default();
        let place = first.strip_prefix("//! Place: ").unwrap_or_else(|| {
            panic!("{path} begins with `{first}`: its first line must be `//! Place: SAM.` (or SSA, CM, SIC, SCA, none), then what it is")
        });
        let named = ["SAM", "SSA", "CM", "SIC", "SCA", "RA", "none"];
        assert!(
            named.iter().any(|name| place.starts_with(name)),
            "{path}: `{place}` is no place of EN 419 241-1: begin with one of {named:?}"
        );
    }
}

#[test]
fn no_file_is_too_long_to_hold_in_the_head() {
    for path in files().into_iter().filter(|path| path.ends_with(".rs")) {
        let lines = text(&path).lines().count();
        assert!(lines < TOO_LONG, "{path} has {lines} lines: split it by idea, a folder for each");
        if lines >= LONG {
            println!("long: {path} ({lines} lines)");
        }
    }
}

#[test]
fn no_module_is_a_drawer() {
    for path in files().into_iter().filter(|path| path.ends_with(".rs")) {
        for part in path.split('/') {
            let name = part.trim_end_matches(".rs");
            assert!(
                !["util", "utils", "helper", "helpers", "misc", "common"].contains(&name),
                "{path}: call the module by what it holds, not `{name}`"
            );
        }
    }
}

#[test]
fn unsafe_code_stays_forbidden() {
    for path in sources().into_iter().filter(|path| !UNSAFE.contains(&path.as_str())) {
        for (number, line) in text(&path).lines().enumerate() {
            let at = line.trim();
            let lifts = at.contains("allow(unsafe_code")
                || at.contains("expect(unsafe_code")
                || at == "unsafe_code,"
                || at.starts_with("unsafe_code, reason");
            assert!(
                !lifts,
                "{path}:{}: use a crate that wraps the call safely (nix, vsock); a lifted lint needs a decision record and its file in UNSAFE of this test",
                number + 1
            );
        }
    }
}

#[test]
fn no_block_is_unsafe() {
    for path in sources() {
        for (number, line) in text(&path).lines().enumerate() {
            let block = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|mark| line.contains(mark));
            assert!(
                !block || line.trim_start().starts_with("//"),
                "{path}:{}: no unsafe block anywhere: use a crate that wraps it safely",
                number + 1
            );
        }
    }
}

#[test]
fn lifted_lints_give_a_reason() {
    for path in sources() {
        let source = text(&path);
        for (number, line) in source.lines().enumerate() {
            let at = line.trim_start();
            if (at.starts_with("#[allow(") || at.starts_with("#![allow(") || at.starts_with("#[expect("))
                && !at.starts_with("//")
            {
                let rest: String = source.lines().skip(number).take(6).collect();
                let attribute = rest.split(")]").next().unwrap_or_default();
                assert!(
                    attribute.contains("reason ="),
                    "{path}:{}: `{at}` needs `reason = \"...\"`, or better no lifted lint",
                    number + 1
                );
            }
        }
    }
}

#[test]
fn nothing_is_left_to_do_later() {
    for path in sources() {
        for (number, line) in text(&path).lines().enumerate() {
            for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")] {
                assert!(
                    !line.contains(mark),
                    "{path}:{}: `{mark}`: do it, or open an issue and leave the mark out",
                    number + 1
                );
            }
        }
    }
}
