//! Place: none. What the documents say exists.

use crate::repository::{files, root, text};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

const DEPENDENCIES: &str = "docs/decisions/0001-dependencies.md";
const CONFORMANCE: &str = "docs/conformance.md";

/// Names of the version table that come from a registry.
fn external() -> Vec<String> {
    let root = text("Cargo.toml");
    let table = root
        .split("[workspace.dependencies]")
        .nth(1)
        .expect("the root Cargo.toml has [workspace.dependencies]");
    let table = table.split("\n[").next().unwrap_or_default();
    table
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.contains("path = "))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.trim().to_owned()))
        .collect()
}

/// Texts between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let record = text(DEPENDENCIES);
    let rows: BTreeSet<&str> = record
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|rest| rest.split('`').next())
        .collect();
    let table = external();
    assert!(table.len() > 20, "the version table was not understood");
    for name in &table {
        assert!(
            rows.contains(name.as_str()),
            "{name} is in the version table and not in {DEPENDENCIES}: say there what it is for"
        );
    }
    for name in rows {
        assert!(
            table.iter().any(|known| known == name),
            "{DEPENDENCIES} lists {name}, which the version table lacks: remove the row"
        );
    }
}

#[test]
fn every_dependency_is_used() {
    let manifests: Vec<String> =
        files().into_iter().filter(|path| path.ends_with("/Cargo.toml")).map(|path| text(&path)).collect();
    for name in external() {
        let used = |manifest: &String| {
            manifest.lines().any(|line| {
                line.starts_with(&format!("{name}.workspace")) || line.starts_with(&format!("{name} = "))
            })
        };
        assert!(manifests.iter().any(used), "no member uses {name}: remove it from the version table");
    }
}

/// Rows of the table: clause, what is done, where, test, honesty.
#[test]
fn every_row_of_the_conformance_table_stands() {
    let table = text(CONFORMANCE);
    let mut rows = 0;
    for line in table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Clause") && !line.starts_with("|---"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [clause, _, places, tests, honesty] = cells[..] else {
            panic!("{CONFORMANCE}: `{line}` must have five cells: clause, what is done, where, test, honesty")
        };
        rows += 1;
        let word = honesty.split([':', ' ']).next().unwrap_or_default();
        assert!(
            ["full", "part", "no"].contains(&word),
            "{CONFORMANCE}, {clause}: honesty is full, part or no, not `{honesty}`"
        );
        for place in quoted(places) {
            assert!(
                root().join(place).exists(),
                "{CONFORMANCE}, {clause}: {place} is gone: name the file that does it now, or leave the row out"
            );
        }
        assert!(
            word == "no" || (!quoted(places).is_empty() && !quoted(tests).is_empty()),
            "{CONFORMANCE}, {clause}: name a file and a test"
        );
        for test in quoted(tests) {
            let (path, name) = test.split_once('#').unwrap_or_else(|| {
                panic!("{CONFORMANCE}, {clause}: write the test `path#name`, not `{test}`")
            });
            let source = std::fs::read_to_string(root().join(path))
                .unwrap_or_else(|_| panic!("{CONFORMANCE}, {clause}: {path} is gone: name the test that holds it now, or leave the row out"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "{CONFORMANCE}, {clause}: {path} has no test {name}: name the test that holds it now, or leave the row out"
            );
        }
    }
    assert!(rows >= 10, "{CONFORMANCE} has only {rows} rows that could be read");
}

#[test]
fn decisions_are_numbered_and_listed() {
    let mut names: Vec<String> = files()
        .into_iter()
        .filter_map(|path| path.strip_prefix("docs/decisions/").map(str::to_owned))
        .collect();
    names.sort();
    let index = text("docs/README.md");
    for (number, name) in names.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}-", number + 1)),
            "docs/decisions/{name}: decisions are numbered without gap or double"
        );
        assert!(
            index.contains(&format!("(decisions/{name})")),
            "docs/README.md does not list decisions/{name}: add it"
        );
    }
    assert!(!names.is_empty(), "docs/decisions is empty");
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[test]
fn links_lead_somewhere() {
    for path in files().into_iter().filter(|path| path.ends_with(".md")) {
        let folder = Path::new(&path).parent().unwrap_or(Path::new("")).to_path_buf();
        for link in text(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let there = plain(&root().join(&folder).join(target));
            assert!(there.exists(), "{path} links to {link}, which is not there: correct the link");
        }
    }
}
