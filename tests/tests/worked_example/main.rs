//! Place: none. The worked example of the evaluator's document is real: each command in it is run, and must print what stands there. Each test that the
//! document names exists.
//!
//! After a wanted change: FUIN_WRITE_EXAMPLES=1 writes the answers anew. The evidence in tests/vectors/emulated is that of an emulated enclave with the
//! image of the release.json beside it, asked by `fuin evidence`; `--at` in the document is the second in which it was made.

use fuin_tests::programs::{bounded, folder, program, root};

const DOCUMENT: &str = "docs/evaluator.md";

fn text() -> String {
    std::fs::read_to_string(root().join(DOCUMENT)).unwrap()
}

/// What a command prints, both streams, as on a terminal that is none.
fn answer(command: &str) -> String {
    let path = format!("{}:{}", folder().display(), std::env::var("PATH").unwrap());
    let output = bounded("bash")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(root())
        .env("PATH", path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The block with every answer made anew. A command begins with `$ ` and goes on after a backslash.
fn played(block: &str) -> String {
    let mut out = String::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("$ ") else { continue };
        let mut command = first.to_owned();
        out += &format!("{line}\n");
        while command.ends_with('\\') {
            let next = lines.next().expect("a command goes on after a backslash");
            out += &format!("{next}\n");
            command += &format!("\n{next}");
        }
        out += &answer(&command);
    }
    out
}

#[test]
fn every_command_prints_what_stands_there() {
    let _ = program("fuin-verify");
    let text = text();
    let mut parts = text.split("```");
    let mut anew = parts.next().unwrap_or_default().to_owned();
    let mut blocks = 0;
    for (index, part) in parts.enumerate() {
        anew += "```";
        match part.strip_prefix("console\n") {
            Some(block) if index % 2 == 0 => {
                blocks += 1;
                anew += &format!("console\n{}", played(block));
            }
            _ => anew += part,
        }
    }
    assert!(blocks >= 4, "{DOCUMENT} lost its worked example");
    if std::env::var_os("FUIN_WRITE_EXAMPLES").is_some() {
        std::fs::write(root().join(DOCUMENT), &anew).unwrap();
        return;
    }
    for (there, now) in text.lines().zip(anew.lines()) {
        assert_eq!(
            there, now,
            "{DOCUMENT} is not what the programs print: FUIN_WRITE_EXAMPLES=1 writes it anew"
        );
    }
    assert_eq!(text.len(), anew.len(), "{DOCUMENT} is not what the programs print");
}

#[test]
fn every_test_that_is_named_exists() {
    let text = text();
    let named: Vec<(&str, &str)> =
        text.split('`').skip(1).step_by(2).filter_map(|word| word.split_once(".rs#")).collect();
    assert!(named.len() >= 20, "{DOCUMENT} names only {} tests", named.len());
    for (path, name) in named {
        let source = std::fs::read_to_string(root().join(format!("{path}.rs")))
            .unwrap_or_else(|_| panic!("{DOCUMENT}: {path}.rs is gone"));
        assert!(source.contains(&format!("fn {name}(")), "{DOCUMENT}: {path}.rs has no test {name}");
    }
}
