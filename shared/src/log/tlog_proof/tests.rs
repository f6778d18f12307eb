//! Place: none. Tests of tlog-proofs.

use alloc::string::ToString;
use alloc::vec;
use proptest::prelude::*;

use super::super::nodes::Nodes;
use super::super::note::{NoteError, NoteSigner};
use super::*;

const ORIGIN: &str = "fuin.example/ledger/0a1b";

fn signer() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[3; 32]).unwrap()
}

/// Proof of leaf `index` of the ledger of the entries 0, 1, ... `size - 1`, each of one octet.
fn proof(index: u8, size: u8) -> TlogProof {
    let mut tree = Nodes::new();
    for entry in 0..size {
        tree.push(leaf_hash(&[entry]));
    }
    let size = u64::from(size);
    let head = Checkpoint { origin: ORIGIN.into(), size, root: tree.root_at(size).unwrap() };
    TlogProof {
        extra: None,
        index: index.into(),
        path: tree.inclusion_proof(index.into(), size).unwrap(),
        checkpoint: head.sign(&signer()).unwrap(),
    }
}

#[test]
fn printed_proofs_read_back_and_verify() {
    for size in 1..40 {
        for index in 0..size {
            let mut made = proof(index, size);
            made.extra = (index % 2 == 0).then(|| vec![index]);
            let read = TlogProof::parse(&made.to_text()).unwrap();
            assert_eq!(read, made);
            assert_eq!(read.verify(&[index], signer().verifier()).unwrap().size, u64::from(size));
            assert!(read.verify(&[index + 1], signer().verifier()).is_err());
        }
    }
}

/// The form of the specification's example, line by line.
#[test]
fn lines_are_those_of_the_specification() {
    let made = TlogProof { extra: Some(b"age".to_vec()), ..proof(2, 3) };
    let text = made.to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra YWdl", "index 2"]);
    assert_eq!(lines[3].len(), 44);
    assert_eq!(lines[4..7], ["", ORIGIN, "3"]);
    assert!(lines[9].starts_with("\u{2014} fuin.example/ledger/0a1b "));
}

#[test]
fn every_part_is_checked() {
    let good = proof(5, 11);
    let key = signer();
    let refused = |proof: &TlogProof| proof.verify(&[5], key.verifier()).unwrap_err();
    assert!(matches!(refused(&TlogProof { index: 4, ..good.clone() }), TlogProofError::Inclusion(_)));
    assert!(matches!(refused(&TlogProof { index: 11, ..good.clone() }), TlogProofError::Inclusion(_)));
    for at in 0..good.path.len() {
        let mut changed = good.clone();
        changed.path[at][7] ^= 1;
        assert_eq!(refused(&changed), TlogProofError::Inclusion(InclusionError::RootMismatch));
        changed = good.clone();
        changed.path.remove(at);
        assert!(matches!(refused(&changed), TlogProofError::Inclusion(_)));
    }
    let mut longer = good.clone();
    longer.path.push([0; 32]);
    assert_eq!(refused(&longer), TlogProofError::Inclusion(InclusionError::TooLong));
    let grown = TlogProof { checkpoint: good.checkpoint.replace("\n11\n", "\n12\n"), ..good.clone() };
    assert!(matches!(refused(&grown), TlogProofError::Checkpoint(_)));
    let stranger = NoteSigner::from_seed(ORIGIN, &[4; 32]).unwrap();
    let foreign = good.verify(&[5], stranger.verifier());
    assert_eq!(foreign, Err(TlogProofError::Checkpoint(CheckpointError::Note(NoteError::Untrusted))));
}

#[test]
fn malformed_by_name() {
    use TlogProofError as E;
    let good = proof(2, 3).to_text();
    let with = |from: &str, to: &str| TlogProof::parse(&good.replacen(from, to, 1)).unwrap_err();
    assert_eq!(with("@v1", "@v2"), E::Header);
    assert_eq!(with("@v1\n", "@v1 \n"), E::Header);
    assert_eq!(with("@v1\n", "@v1\r\n"), E::Header);
    assert_eq!(TlogProof::parse(""), Err(E::Header));
    assert_eq!(with("index 2", "index 02"), E::Index);
    assert_eq!(with("index 2", "index -2"), E::Index);
    assert_eq!(with("index 2", "index  2"), E::Index);
    assert_eq!(with("index 2\n", ""), E::Index);
    assert_eq!(with("index 2\n", "extra *\nindex 2\n"), E::Extra);
    assert_eq!(with("index 2\n", "extra AA==\nextra AA==\nindex 2\n"), E::Index);
    let large = "A".repeat(MAX_EXTRA * 2);
    assert_eq!(with("index 2\n", &alloc::format!("extra {large}\nindex 2\n")), E::Extra);
    let hash = good.lines().nth(2).unwrap().to_string();
    assert_eq!(with(&hash, &hash[..40]), E::Hash(0));
    assert_eq!(with(&hash, &hash.replace('=', "A")), E::Hash(0));
    let many = alloc::format!("{hash}\n").repeat(MAX_HASHES + 1);
    assert_eq!(with(&alloc::format!("{hash}\n"), &many), E::TooManyHashes);
    let bare = good.split_once("\n\n").unwrap().0;
    assert_eq!(TlogProof::parse(bare), Err(E::NoCheckpoint));
    assert_eq!(TlogProof::parse(&alloc::format!("{bare}\n\n")), Err(E::NoCheckpoint));
    assert_eq!(TlogProof::parse(&"a".repeat(MAX_PROOF + 1)), Err(E::TooLong(MAX_PROOF + 1)));
}

proptest! {
    #[test]
    fn parser_never_panics_and_is_exact(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Z=]{0,8}\n)?(index [0-9]{0,3}\n)?([A-Za-z0-9=]{44}\n){0,3}\n?\\PC*") {
        if let Ok(proof) = TlogProof::parse(&text) {
            prop_assert_eq!(proof.to_text(), text);
        }
    }
}
