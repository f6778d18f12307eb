use alloc::string::ToString;
use base64ct::{Base64, Encoding};
use proptest::prelude::*;

use super::super::note::{NoteError, NoteSigner};
use super::super::tree::leaf_hash;
use super::*;

/// A public checkpoint of July 2026 with the cosignature of the public witness `remora.n621.de`.
const VKEY: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
const TEXT: &str =
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n";
const LINE: &str = "\u{2014} remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";

fn cosigner(name: &str, seed: u8) -> Cosigner {
    Cosigner::from_seed(name, &[seed; 32]).unwrap()
}

fn head(size: u64) -> Checkpoint {
    Checkpoint { origin: "log.example/1".into(), size, root: leaf_hash(b"x") }
}

fn verify(
    lines: &[SignatureLine],
    witnesses: &[&WitnessKey],
) -> Result<Vec<(String, u64)>, CosignatureError> {
    let witnesses: Vec<WitnessKey> = witnesses.iter().map(|key| (*key).clone()).collect();
    let cosigned = CosignedCheckpoint::verify(head(7), lines, &witnesses)?;
    Ok(cosigned.cosignatures().iter().map(|c| (c.witness().name().to_owned(), c.time())).collect())
}

#[test]
fn note_vectors_cosignature_of_a_public_witness_verifies() {
    let key = WitnessKey::parse(VKEY).unwrap();
    assert_eq!(key.to_string(), VKEY);
    assert_eq!((key.name(), key.id().to_string().as_str()), ("remora.n621.de", "da77ade7"));
    let lines = SignatureLine::parse_all(LINE).unwrap();
    let checkpoint = Checkpoint::parse(TEXT).unwrap();
    let cosigned =
        CosignedCheckpoint::verify(checkpoint.clone(), &lines, std::slice::from_ref(&key)).unwrap();
    assert_eq!(cosigned.cosignatures(), [Cosignature { witness: key.clone(), time: 0x6a12_2120 }]);
    assert_eq!(cosigned.checkpoint(), &checkpoint);
    let larger = Checkpoint { size: checkpoint.size + 1, ..checkpoint };
    let refused = CosignatureError::BadCosignature("remora.n621.de".into());
    assert_eq!(CosignedCheckpoint::verify(larger, &lines, &[key]), Err(refused));
}

#[test]
fn note_vectors_lines_of_an_answer_by_name() {
    let parse = |s: &str| SignatureLine::parse_all(s).unwrap_err();
    assert_eq!(parse(""), NoteError::NoSignature);
    assert_eq!(parse(LINE.trim_end()), NoteError::NoFinalNewline);
    assert_eq!(parse(&format!("{LINE}\n")), NoteError::BadLine(2));
    assert_eq!(parse(&format!("\n{LINE}")), NoteError::BadLine(1));
    assert_eq!(parse(&LINE.repeat(33)), NoteError::TooManySignatures);
    assert_eq!(parse(&"x".repeat(256 * 1024 + 1)), NoteError::TooLong(256 * 1024 + 1));
    assert_eq!(SignatureLine::parse_all(&LINE.repeat(2)).unwrap().len(), 2);
}

#[test]
fn every_flipped_bit_of_a_cosignature_is_refused() {
    let witness = cosigner("w", 1);
    let line = witness.cosign(&head(7), 1_700_000_000).unwrap();
    assert_eq!(line.to_text().split(' ').nth(2).unwrap().trim_end().len(), 104);
    for bit in 0..line.signature().len() * 8 {
        let mut blob = line.signature().to_vec();
        blob[bit / 8] ^= 1 << (bit % 8);
        let spoiled = SignatureLine::of("w", line.id(), blob);
        assert!(verify(&[spoiled], &[witness.witness()]).is_err(), "bit {bit}");
    }
}

#[test]
fn known_key_failure_refuses_all() {
    let (a, b) = (cosigner("a", 1), cosigner("b", 2));
    let good = a.cosign(&head(7), 5).unwrap();
    let refused = CosignatureError::BadCosignature("b".into());
    for blob in [
        b.cosign(&head(8), 5).unwrap().signature().to_vec(),
        b.cosign(&head(7), 5).unwrap().signature()[..71].to_vec(),
        [b.cosign(&head(7), 5).unwrap().signature(), &[0]].concat(),
        vec![1; 7],
        vec![1; 64],
    ] {
        let bad = SignatureLine::of("b", b.witness().id(), blob);
        let lines = [good.clone(), bad];
        assert_eq!(verify(&lines, &[a.witness(), b.witness()]), Err(refused.clone()));
        // Who does not know b ignores the line.
        assert_eq!(verify(&lines, &[a.witness()]), Ok(vec![("a".into(), 5)]));
    }
}

#[test]
fn unknown_pairs_are_ignored() {
    let (a, other_a, b) = (cosigner("a", 1), cosigner("a", 9), cosigner("b", 1));
    let line = a.cosign(&head(7), 5).unwrap();
    assert_eq!(verify(std::slice::from_ref(&line), &[other_a.witness(), b.witness()]), Ok(vec![]));
    assert_eq!(verify(&[line], &[]), Ok(vec![]));
}

#[test]
fn a_ledger_key_is_no_witness_and_a_witness_key_no_ledger() {
    let (ledger, witness) = (NoteSigner::from_seed("a", &[1; 32]).unwrap(), cosigner("a", 1));
    assert_ne!(ledger.verifier().id(), witness.witness().id());
    assert_eq!(WitnessKey::parse(&ledger.verifier().to_string()), Err(KeyError::NotACosigner(1)));
    assert_eq!(VerifierKey::parse(&witness.witness().to_string()), Err(KeyError::UnsupportedType(4)));
    let line = ledger.sign_line(&head(7).to_text()).unwrap();
    assert_eq!(verify(&[line], &[witness.witness()]), Ok(vec![]));
}

#[test]
fn one_key_under_two_names_counts_once_with_the_latest_time() {
    let (a, b, c) = (cosigner("a", 1), cosigner("b", 1), cosigner("c", 2));
    let lines =
        [(&b, 5), (&a, 9), (&a, 7), (&c, 1)].map(|(witness, time)| witness.cosign(&head(7), time).unwrap());
    let counted = verify(&lines, &[a.witness(), b.witness(), c.witness()]);
    assert_eq!(counted, Ok(vec![("b".into(), 9), ("c".into(), 1)]));
}

#[test]
fn colliding_key_ids_are_refused() {
    let (a, b) = (cosigner("a", 1), cosigner("a", 2));
    let mut collided = b.witness().clone();
    collided.id = a.witness().id();
    assert_eq!(verify(&[], &[a.witness(), &collided]), Err(CosignatureError::AmbiguousKey("a".into())));
    // The same key twice is no ambiguity.
    assert_eq!(verify(&[], &[a.witness(), a.witness()]), Ok(vec![]));
}

#[test]
fn times_out_of_range_are_neither_made_nor_accepted() {
    let a = cosigner("a", 1);
    for time in [0, MAX_TIME + 1, u64::MAX] {
        let refused = CosignatureError::Time("a".into());
        assert_eq!(a.cosign(&head(7), time), Err(refused.clone()));
        // Rightly signed all the same, as a careless witness would.
        let signature = a.key.sign(message(&head(7).to_text(), time).as_bytes()).to_bytes();
        let blob = [&time.to_be_bytes()[..], &signature].concat();
        let line = SignatureLine::of("a", a.witness().id(), blob);
        assert_eq!(verify(&[line], &[a.witness()]), Err(refused));
    }
    assert!(a.cosign(&head(7), MAX_TIME).is_ok());
}

#[test]
fn bad_heads_are_not_cosigned() {
    let a = cosigner("a", 1);
    let injected = Checkpoint { origin: "o\n5".into(), size: 1, root: [0; 32] };
    assert!(a.cosign(&injected, 5).is_err());
    assert!(a.cosign(&head(0), 5).is_err());
}

#[test]
fn cosigned_note_opens() {
    let ledger = NoteSigner::from_seed("log.example/1", &[3; 32]).unwrap();
    let a = cosigner("a", 1);
    let note = head(7).sign(&ledger).unwrap() + &a.cosign(&head(7), 5).unwrap().to_text();
    let cosigned = CosignedCheckpoint::open(&note, ledger.verifier(), &[a.witness().clone()]).unwrap();
    assert_eq!(cosigned.cosignatures().len(), 1);
    let stranger = NoteSigner::from_seed("log.example/1", &[4; 32]).unwrap();
    assert!(CosignedCheckpoint::open(&note, stranger.verifier(), &[a.witness().clone()]).is_err());
}

#[test]
fn witness_vkey_refusals_by_name() {
    let parse = |s: &str| WitnessKey::parse(s).unwrap_err();
    assert_eq!(parse(&VKEY.replace("da77ade7", "da77ade8")), KeyError::WrongId);
    assert_eq!(parse(&VKEY.replace("da77ade7", "DA77ADE7")), KeyError::BadFormat);
    assert_eq!(parse(&VKEY.replace("remora", "remorb")), KeyError::WrongId);
    assert_eq!(parse(&VKEY.replace("remora", "rem ora")), KeyError::BadName);
    assert_eq!(parse("remora.n621.de+da77ade7"), KeyError::BadFormat);
    let with = |blob: &[u8]| format!("foo+00000000+{}", Base64::encode_string(blob));
    assert_eq!(parse(&with(&[4u8; 32])), KeyError::BadKey);
    assert_eq!(parse(&with(&[[4u8].as_slice(), &[2; 32]].concat())), KeyError::BadKey);
    assert_eq!(parse(&with(&[[6u8].as_slice(), &[2; 32]].concat())), KeyError::NotACosigner(6));
    assert_eq!(parse(&"x".repeat(4096)), KeyError::BadFormat);
    assert!(Cosigner::from_seed("a b", &[0; 32]).is_err());
}

proptest! {
    #[test]
    fn parsers_never_panic(text in "\\PC*", blob in proptest::collection::vec(any::<u8>(), 1..90)) {
        let _ = WitnessKey::parse(&text);
        let _ = SignatureLine::parse_all(&text);
        let a = cosigner("a", 1);
        let line = SignatureLine::of("a", a.witness().id(), blob);
        prop_assert!(verify(&[line], &[a.witness()]).is_err());
    }

    #[test]
    fn cosignatures_lead_back(seed in any::<[u8; 32]>(), time in 1..=MAX_TIME, size in 1u64..1 << 63, root in any::<[u8; 32]>()) {
        let cosigner = Cosigner::from_seed("witness.example/w", &seed).unwrap();
        let key = WitnessKey::parse(&cosigner.witness().to_string()).unwrap();
        let checkpoint = Checkpoint { origin: "o".into(), size, root };
        let text = cosigner.cosign(&checkpoint, time).unwrap().to_text();
        let lines = SignatureLine::parse_all(&text).unwrap();
        let cosigned = CosignedCheckpoint::verify(checkpoint, &lines, std::slice::from_ref(&key)).unwrap();
        prop_assert_eq!(cosigned.cosignatures(), [Cosignature { witness: key, time }]);
    }
}
