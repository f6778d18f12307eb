//! Place: none. The document of the steps lists each of them, by number and name, with a test that is there.

use fuin_attestation::Step;
use std::fs;
use std::path::Path;

#[test]
fn every_step_is_documented_with_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = fs::read_to_string(root.join("docs/verifier-steps.md")).unwrap();
    let mut steps = Step::ALL.iter();
    for line in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Step")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, name, _, _, test] = cells[..] else { panic!("`{line}` must have five cells") };
        let step = steps.next().expect("more rows than steps");
        assert_eq!((number, name), (step.number().to_string().as_str(), step.name()));
        let (path, test) = test.trim_matches('`').split_once('#').unwrap();
        let source = fs::read_to_string(root.join(path)).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{path} has no test {test}");
    }
    assert_eq!(steps.next(), None, "a step is missing in docs/verifier-steps.md");
}
