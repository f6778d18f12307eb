use proptest::prelude::*;

use super::*;

/// Key and note of the C2SP signed-note text.
const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn signer(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::from_seed(name, &[seed; 32]).unwrap()
}

/// The first signature line of a note, with one bit of its signature flipped.
fn spoiled(note: &str) -> String {
    let mut note = Note::parse(note.as_bytes()).unwrap();
    note.signatures[0].signature[40] ^= 1;
    note.to_text()
}

/// The rules that the requirement names; those below look into each.
#[test]
fn note_vectors() {
    let key = [VerifierKey::parse(VKEY).unwrap()];
    let open = |note: &str| Note::parse(note.as_bytes()).and_then(|note| note.verify(&key));
    assert_eq!(open(NOTE), Ok(vec![0]), "the example of the specification");
    assert_eq!(open(&spoiled(NOTE)), Err(NoteError::BadSignature("example.com/foo".into())));
    assert_eq!(open(&NOTE.replace("example m", "example\u{7}m")), Err(NoteError::ControlCharacter));
    assert_eq!(open(NOTE.trim_end()), Err(NoteError::NoFinalNewline));
    let others =
        (0..16).map(|n| signer(&format!("other{n}"), n).sign_line("This is an example message.\n").unwrap());
    let (text, line) = NOTE.split_once("\n\n").unwrap();
    let lines: String = others.map(|line| line.to_text()).collect();
    assert_eq!(open(&format!("{text}\n\n{lines}{line}")), Ok(vec![0]), "the 17th signature counts");
}

#[test]
fn note_vectors_example_opens() {
    let key = VerifierKey::parse(VKEY).unwrap();
    assert_eq!(key.to_string(), VKEY);
    assert_eq!((key.name(), key.id().to_string().as_str()), ("example.com/foo", "530d903a"));
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_text(), NOTE);
    assert_eq!(note.verify(&[key]), Ok(vec![0]));
}

#[test]
fn note_vectors_text_may_hold_empty_lines() {
    let bob = signer("bob", 1);
    let text = "a\n\n\nb\n";
    let note = Note::parse(bob.sign(text).unwrap().as_bytes()).unwrap();
    assert_eq!(note.text(), text);
    assert_eq!(note.verify(&[bob.verifier().clone()]), Ok(vec![0]));
}

#[test]
fn note_vectors_known_key_failure_refuses_the_whole_note() {
    let (bob, eve) = (signer("bob", 1), signer("eve", 2));
    let text = "hello\n";
    let spoiled = spoiled(&bob.sign(text).unwrap());
    let both = format!("{spoiled}{}", eve.sign_line(text).unwrap().to_text());
    let note = Note::parse(both.as_bytes()).unwrap();
    let keys = [bob.verifier().clone(), eve.verifier().clone()];
    assert_eq!(note.verify(&keys), Err(NoteError::BadSignature("bob".into())));
    // Who does not know bob ignores his line.
    assert_eq!(note.verify(&keys[1..]), Ok(vec![0]));
    // A wrong signature is refused also after a right one of the same key.
    let again = format!("{}{}", bob.sign(text).unwrap(), spoiled.rsplit_once("\n\n").unwrap().1);
    let note = Note::parse(again.as_bytes()).unwrap();
    assert_eq!(note.verify(&keys), Err(NoteError::BadSignature("bob".into())));
}

#[test]
fn note_vectors_unknown_pairs_are_ignored() {
    let text = "hello\n";
    let (bob, other_bob, alice) = (signer("bob", 1), signer("bob", 9), signer("alice", 1));
    let note = Note::parse(bob.sign(text).unwrap().as_bytes()).unwrap();
    // The same name with another ID.
    assert_eq!(note.verify(&[other_bob.verifier().clone()]), Err(NoteError::Untrusted));
    assert_eq!(note.verify(&[alice.verifier().clone()]), Err(NoteError::Untrusted));
    assert_eq!(note.verify(&[]), Err(NoteError::Untrusted));
    // The same ID under another name.
    let mut renamed = note.clone();
    renamed.signatures[0].name = "alice".into();
    assert_eq!(renamed.verify(&[bob.verifier().clone()]), Err(NoteError::Untrusted));
}

#[test]
fn note_vectors_signers_count_once_and_in_order() {
    let text = "hello\n";
    let (a, b) = (signer("a", 1), signer("b", 2));
    let note = format!(
        "{}{}{}",
        b.sign(text).unwrap(),
        a.sign_line(text).unwrap().to_text(),
        b.sign_line(text).unwrap().to_text()
    );
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(&[a.verifier().clone(), b.verifier().clone()]), Ok(vec![0, 1]));
}

#[test]
fn note_vectors_ambiguous_keys_are_refused() {
    let bob = signer("bob", 1);
    let note = Note::parse(bob.sign("x\n").unwrap().as_bytes()).unwrap();
    let key = bob.verifier().clone();
    assert_eq!(note.verify(&[key.clone(), key]), Err(NoteError::AmbiguousKey("bob".into())));
}

#[test]
fn note_vectors_seventeenth_signature_is_accepted_and_the_rest_capped() {
    let mut note = String::from("hello\n\n");
    let keys: Vec<_> = (0..=MAX_SIGNATURES).map(|i| signer(&format!("key{i}"), i as u8)).collect();
    for key in &keys[..17] {
        note.push_str(&key.sign_line("hello\n").unwrap().to_text());
    }
    let parsed = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(parsed.verify(&[keys[16].verifier().clone()]), Ok(vec![0]));
    for key in &keys[17..MAX_SIGNATURES] {
        note.push_str(&key.sign_line("hello\n").unwrap().to_text());
    }
    assert!(Note::parse(note.as_bytes()).is_ok());
    note.push_str(&keys[MAX_SIGNATURES].sign_line("hello\n").unwrap().to_text());
    assert_eq!(Note::parse(note.as_bytes()), Err(NoteError::TooManySignatures));
}

#[test]
fn note_vectors_malformed_by_name() {
    let parse = |s: &str| Note::parse(s.as_bytes()).unwrap_err();
    let line = "\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
    assert!(Note::parse(format!("t\n\n{line}\n").as_bytes()).is_ok());
    assert_eq!(parse(&NOTE.replace("This", "Th\u{1}s")), NoteError::ControlCharacter);
    assert_eq!(parse(&NOTE.replace("message.\n", "message.\r\n")), NoteError::ControlCharacter);
    assert_eq!(parse(&NOTE.replace("This", "\tThis")), NoteError::ControlCharacter);
    assert_eq!(parse(&format!("t\n\n{line}")), NoteError::NoFinalNewline);
    assert_eq!(parse(&format!("t\n{line}\n")), NoteError::NoSeparator);
    assert_eq!(parse(&format!("\n{line}\n")), NoteError::NoSeparator);
    assert_eq!(parse(""), NoteError::NoSeparator);
    assert_eq!(parse("t\n\n"), NoteError::NoSignature);
    assert_eq!(parse(&format!("t\n\n{line}\n\n")), NoteError::NoSignature);
    assert_eq!(parse(&format!("t\n\n\n{line}x\n")), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{line}\nt\n")), NoteError::BadLine(2));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace('\u{2014}', "-"))), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace("foo ", "foo  "))), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace("foo", "f+o"))), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace("foo", "f\u{a0}o"))), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace("aQM=", "aQM"))), NoteError::BadLine(1));
    assert_eq!(parse(&format!("t\n\n{}\n", line.replace("aQM=", "aQN="))), NoteError::BadLine(1));
    assert_eq!(parse("t\n\n\u{2014} foo Uw2QOg==\n"), NoteError::BadLine(1));
    assert_eq!(parse("t\n\n\u{2014}  Uw2QOkn8\n"), NoteError::BadLine(1));
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::NotUtf8));
    assert_eq!(Note::parse(&vec![b'a'; MAX_NOTE + 1]), Err(NoteError::TooLong(MAX_NOTE + 1)));
    let long = format!("t\n\n\u{2014} foo {}\n", "A".repeat(8 * 1024));
    assert_eq!(parse(&long), NoteError::BadLine(1));
}

#[test]
fn every_flipped_bit_of_a_note_is_refused() {
    let key = [VerifierKey::parse(VKEY).unwrap()];
    for bit in 0..NOTE.len() * 8 {
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Note::parse(&bytes).and_then(|n| n.verify(&key)).is_err(), "bit {bit}");
    }
}

#[test]
fn vkey_refusals_by_name() {
    let parse = |s: &str| VerifierKey::parse(s).unwrap_err();
    assert_eq!(parse("example.com/foo+530d903a"), KeyError::BadFormat);
    assert_eq!(parse(&VKEY.replace("530d903a", "530d903b")), KeyError::WrongId);
    assert_eq!(parse(&VKEY.replace("530d903a", "530D903A")), KeyError::BadFormat);
    assert_eq!(parse(&VKEY.replace("530d903a", "530d903")), KeyError::BadFormat);
    assert_eq!(parse(&VKEY.replace("foo", "bar")), KeyError::WrongId);
    assert_eq!(parse(&VKEY.replace("example.com/foo", "")), KeyError::BadName);
    assert_eq!(parse(&VKEY.replace("foo", "f o")), KeyError::BadName);
    assert_eq!(parse(&VKEY.replace("3U2k", "3U2")), KeyError::BadFormat);
    let with = |blob: &[u8]| format!("foo+00000000+{}", Base64::encode_string(blob));
    assert_eq!(parse(&with(&[])), KeyError::BadFormat);
    assert_eq!(parse(&with(&[[4u8].as_slice(), &[9; 32]].concat())), KeyError::UnsupportedType(4));
    assert_eq!(parse(&with(&[1u8; 32])), KeyError::BadKey);
    assert_eq!(parse(&with(&[1u8; 34])), KeyError::BadKey);
    // Not a point, and a point of small order (the neutral element).
    assert_eq!(parse(&with(&[[1u8].as_slice(), &[2; 32]].concat())), KeyError::BadKey);
    let mut neutral = [0u8; 33];
    neutral[..2].copy_from_slice(&[1, 1]);
    assert_eq!(parse(&with(&neutral)), KeyError::BadKey);
    assert_eq!(parse(&"x".repeat(4096)), KeyError::BadFormat);
    assert!(NoteSigner::from_seed("a b", &[0; 32]).is_err());
}

#[test]
fn bad_texts_are_not_signed() {
    let bob = signer("bob", 1);
    assert_eq!(bob.sign("").unwrap_err(), NoteError::BadText);
    assert_eq!(bob.sign("a").unwrap_err(), NoteError::BadText);
    assert_eq!(bob.sign("a\tb\n").unwrap_err(), NoteError::ControlCharacter);
}

proptest! {
    #[test]
    fn parsers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC*") {
        let _ = Note::parse(&bytes);
        let _ = VerifierKey::parse(&text);
    }

    #[test]
    fn near_notes_never_panic_and_lead_back(text in "[a\n ]{0,12}\n\n(\u{2014} [a+ ]{0,3} [A-Za-z0-9+/]{0,12}={0,2}\n){0,3}") {
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_text(), text);
        }
    }

    #[test]
    fn signed_notes_open(text in "([^\u{0}-\u{1f}]{0,20}\n){1,5}", seed in any::<[u8; 32]>()) {
        let signer = NoteSigner::from_seed("example.com/log", &seed).unwrap();
        let key = VerifierKey::parse(&signer.verifier().to_string()).unwrap();
        prop_assert_eq!(&key, signer.verifier());
        let note = Note::parse(signer.sign(&text).unwrap().as_bytes()).unwrap();
        prop_assert_eq!(note.text(), text);
        prop_assert_eq!(note.verify(&[key]), Ok(vec![0]));
    }
}
