use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::checkpoint::Checkpoint;
use super::super::cosignature::{CosignedCheckpoint, Cosigner};
use super::super::note::NoteSigner;
use super::*;

fn cosigner(number: u8) -> Cosigner {
    Cosigner::from_seed(&format!("witness.example/{number}"), &[number; 32]).unwrap()
}

fn vkey(number: u8) -> String {
    cosigner(number).witness().to_string()
}

/// Cosignatures of these witnesses over one head.
fn by(policy: &TlogPolicy, numbers: &[u8]) -> bool {
    let head = Checkpoint { origin: "log.example".into(), size: 7, root: [7; 32] };
    let lines: Vec<_> = numbers.iter().map(|n| cosigner(*n).cosign(&head, 9).unwrap()).collect();
    let cosigned = CosignedCheckpoint::verify(head, &lines, policy.witnesses()).unwrap();
    policy.met_by(cosigned.cosignatures())
}

/// The example of the specification.
fn example() -> String {
    let log = NoteSigner::from_seed("log.example", &[99; 32]).unwrap().verifier().to_string();
    let mut text = format!("# two organisations\nlog {log} https://log.example/\n\n");
    for (name, number) in ["X1", "X2", "X3", "Y1", "Y2", "Y3"].into_iter().zip(1..) {
        text += &format!("  witness\t{name} {} \t\n", vkey(number));
    }
    text + "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y\n"
}

#[test]
fn groups_of_groups() {
    let policy = TlogPolicy::parse(&example()).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 6));
    for (cosigned, enough) in [
        (&[1, 2, 4][..], true),
        (&[1, 3, 6], true),
        (&[1, 2, 3], false),
        (&[1, 4, 5, 6], false),
        (&[1, 1, 4], false),
        (&[], false),
        (&[1, 2, 3, 4, 5, 6], true),
        // Nobody that it knows.
        (&[77, 78, 79], false),
    ] {
        assert_eq!(by(&policy, cosigned), enough, "{cosigned:?}");
    }
}

#[test]
fn one_witness_none_and_a_threshold() {
    let one = TlogPolicy::parse(&format!("witness a {}\nquorum a", vkey(1))).unwrap();
    assert!(by(&one, &[1]) && !by(&one, &[2]));
    let none = TlogPolicy::parse("quorum none\n").unwrap();
    assert!(by(&none, &[]));
    let keys = || [1, 2, 3].map(|n| cosigner(n).witness().clone()).to_vec();
    let two = TlogPolicy::of(keys(), 2).unwrap();
    assert!(by(&two, &[1, 3]) && !by(&two, &[3]));
    assert_eq!(TlogPolicy::of(keys(), 0), Err(TlogPolicyError::Threshold));
    assert_eq!(TlogPolicy::of(keys(), 4), Err(TlogPolicyError::Threshold));
    let same = WitnessKey::new("another.name", &cosigner(1).witness().public_key()).unwrap();
    assert_eq!(TlogPolicy::of([keys(), [same].to_vec()].concat(), 2), Err(TlogPolicyError::SameKey));
}

#[test]
fn what_breaks_a_rule_is_named_by_its_line() {
    let (a, b) = (vkey(1), vkey(2));
    let log = NoteSigner::from_seed("log.example", &[99; 32]).unwrap().verifier().to_string();
    let renamed = WitnessKey::new("another.name", &cosigner(1).witness().public_key()).unwrap();
    let two = format!("witness a {a}\nwitness b {b}\n");
    for (text, line) in [
        (format!("{two}group g 0 a b\nquorum g\n"), 3),
        (format!("{two}group g 3 a b\nquorum g\n"), 3),
        (format!("{two}group g +1 a b\nquorum g\n"), 3),
        (format!("{two}group g most a b\nquorum g\n"), 3),
        (format!("{two}group g all\nquorum g\n"), 3),
        (format!("{two}group g all a c\nquorum g\n"), 3),
        (format!("{two}group g all a a\nquorum g\n"), 3),
        (format!("{two}group g all a none\nquorum g\n"), 3),
        (format!("{two}group g all a b\ngroup h any a g\nquorum h\n"), 4),
        (format!("{two}group a all b\nquorum a\n"), 3),
        (format!("{two}quorum c\n"), 3),
        (format!("{two}quorum a\nquorum b\n"), 4),
        (format!("{two}quorum a b\n"), 3),
        (format!("{two}threshold 2\nquorum a\n"), 3),
        (format!("witness none {a}\nquorum none\n"), 1),
        (format!("witness a {a}\nwitness b {renamed}\nquorum a\n"), 2),
        (format!("log {log}\nlog {log}\nquorum none\n"), 2),
        (format!("witness a {a} url more\nquorum a\n"), 1),
    ] {
        let refused = TlogPolicy::parse(&text);
        assert!(matches!(refused, Err(TlogPolicyError::Line(at, _)) if at == line), "{text}: {refused:?}");
    }
    assert_eq!(TlogPolicy::parse(&two), Err(TlogPolicyError::NoQuorum));
    assert_eq!(TlogPolicy::parse("# \u{1}\nquorum none\n"), Err(TlogPolicyError::Character(1)));
    assert_eq!(TlogPolicy::parse("\nquorum none\r\n"), Err(TlogPolicyError::Character(2)));
    let key = |text: &str| matches!(TlogPolicy::parse(text), Err(TlogPolicyError::Key(1, _)));
    // A log's key is no witness's, nor the other way round.
    assert!(key(&format!("witness a {log}\nquorum a\n")) && key(&format!("log {a}\nquorum none\n")));
    let long = format!("{}quorum none\n", "#\n".repeat(MAX_POLICY / 2));
    assert_eq!(TlogPolicy::parse(&long), Err(TlogPolicyError::TooLong));
    let many: String = (1..=65).map(|n| format!("witness w{n} {}\n", vkey(n))).collect();
    assert!(matches!(TlogPolicy::parse(&many), Err(TlogPolicyError::Line(65, _))));
}

proptest! {
    #[test]
    fn parser_never_panics(text in "\\PC*|((witness|group|quorum|log|any|all|1|a|b|#| |\t|\n) ?){0,30}") {
        let _ = TlogPolicy::parse(&text);
    }
}
