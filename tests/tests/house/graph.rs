//! Place: none. Who depends on whom.

use crate::repository::{Member, closure, members, text};

const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"];
/// What verifiers, signers and custodians build in: pure, so that it runs anywhere and can be read whole.
const LIBRARIES: [&str; 6] =
    ["fuin-shared", "fuin-attestation", "fuin-sic", "fuin-custodian", "fuin-auditor", "fuin-witness"];

/// Wings of the house, each with those it may use besides itself.
const MAY_USE: [(&str, &[&str]); 5] = [
    ("shared", &[]),
    ("attestation", &["shared"]),
    ("enclave", &["shared", "attestation"]),
    ("host", &["shared", "attestation"]),
    ("tests", &["shared", "attestation", "enclave", "host"]),
];

fn wing_of<'a>(members: &'a [Member], name: &str) -> &'a str {
    members.iter().find(|member| member.name == name).map(Member::wing).unwrap_or_else(|| {
        panic!("{name} is a path dependency outside the workspace: make it a member of the root Cargo.toml")
    })
}

fn refuse(package: &str, edges: &str, banned: &[&str], why: &str) {
    for target in TARGETS {
        let names = closure(package, target, edges);
        let found: Vec<&&str> = banned.iter().filter(|name| names.iter().any(|n| n == *name)).collect();
        assert!(
            found.is_empty(),
            "{package} is built from {found:?} for {target}: {why}. `cargo tree -p {package} -e {edges} -i {}` says who brings it in",
            found[0]
        );
    }
}

#[test]
fn dependencies_run_one_way() {
    let members = members();
    for member in &members {
        let (_, may_use) = MAY_USE.iter().find(|(wing, _)| *wing == member.wing()).unwrap_or_else(|| {
            panic!(
                "{} lies in no wing of the house: move it below shared, attestation, enclave, host or tests",
                member.name
            )
        });
        for dependency in &member.within {
            let wing = wing_of(&members, dependency);
            assert!(
                wing == member.wing() || may_use.contains(&wing),
                "{} ({}) depends on {dependency} ({wing}): dependencies run shared <- attestation <- enclave, host <- tests. \
                 Move what both need to shared or attestation",
                member.name,
                member.folder
            );
        }
    }
}

#[test]
fn enclave_and_host_never_meet() {
    let members = members();
    for (wing, other) in [("enclave", "host"), ("host", "enclave")] {
        for member in members.iter().filter(|member| member.wing() == wing) {
            for target in TARGETS {
                let names = closure(&member.name, target, "normal");
                let met = members.iter().find(|m| m.wing() == other && names.contains(&m.name));
                assert!(
                    met.is_none(),
                    "{} is built from {}: enclave and host only share what lies in shared and attestation",
                    member.name,
                    met.map(|m| m.name.as_str()).unwrap_or_default()
                );
            }
        }
    }
}

#[test]
fn banned_cryptography_is_nowhere() {
    let lock = text("Cargo.lock");
    for banned in ["rsa", "ring", "openssl", "openssl-sys"] {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"\n")),
            "Cargo.lock holds {banned}: switch off the feature that brings it in; `cargo tree --workspace --target all -e all -i {banned}` finds it"
        );
    }
}

#[test]
fn the_lock_file_knows_one_source() {
    for line in text("Cargo.lock").lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(
            line, "source = \"registry+https://github.com/rust-lang/crates.io-index\"",
            "take the crate from crates.io, so that everyone can build what we built"
        );
    }
}

#[test]
fn libraries_for_verifiers_stay_pure() {
    for library in LIBRARIES {
        refuse(
            library,
            "normal",
            &["clap", "tokio", "serde_json", "getrandom"],
            "the libraries of shared and attestation take bytes, time and randomness as arguments",
        );
    }
}

#[test]
fn the_enclave_stays_small() {
    refuse(
        "fuin-enclave",
        "normal",
        &["axum", "hyper", "sqlx", "reqwest", "clap", "tokio"],
        "the trusted part is synchronous and has no server, no database and no command line",
    );
}

#[test]
fn the_enclave_is_pure_rust() {
    refuse(
        "fuin-enclave",
        "normal,build",
        &["aws-lc-rs", "aws-lc-sys", "aws-lc-fips-sys", "cc", "cmake"],
        "no C is linked into the enclave yet",
    );
}

#[test]
fn one_version_table() {
    for member in members() {
        let manifest = member.manifest();
        let mut section = "";
        for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            if section.trim_end_matches(']').ends_with("dependencies") {
                assert!(
                    line.contains("workspace = true"),
                    "{}/Cargo.toml, {section}: `{line}` has a version of its own: put the version in [workspace.dependencies] and say `workspace = true`",
                    member.folder
                );
            }
            assert!(
                !section.contains("dependencies."),
                "{}/Cargo.toml: write {section} as one line `name = {{ workspace = true, ... }}`",
                member.folder
            );
        }
    }
}

#[test]
fn one_lint_table() {
    let root = text("Cargo.toml");
    for lint in ["unsafe_code = \"deny\"", "missing_docs = \"deny\"", "all = { level = \"deny\""] {
        assert!(root.contains(lint), "the root Cargo.toml lost the lint `{lint}`: put it back");
    }
    for member in members() {
        assert!(
            member.manifest().contains("[lints]\nworkspace = true\n"),
            "{}/Cargo.toml does not take the lint table: add `[lints]` with `workspace = true`",
            member.folder
        );
    }
}

#[test]
fn the_measured_profile_holds() {
    let root = text("Cargo.toml");
    let profile =
        root.split("[profile.measured]").nth(1).expect("the root Cargo.toml has [profile.measured]");
    let profile = profile.split("\n[").next().unwrap_or_default();
    for line in ["codegen-units = 1", "lto = \"fat\"", "panic = \"abort\""] {
        assert!(
            profile.contains(line),
            "[profile.measured] lost `{line}`: the enclave's measurement rests on it"
        );
    }
}
