//! Place: none. Steps 35 to 37, by name.

use super::*;
use crate::kit::bundle::LEDGER_NAME;
use crate::kit::key::{StatedKey, destroyed, linked};
use fuin_shared::bytes::Blob;
use fuin_shared::log::event::Event;
use proptest::prelude::*;

fn vkey() -> String {
    StatedKey::new().service.statement.ledger.unwrap().vkey
}

fn step(proof: &LedgerProof) -> u8 {
    verify_receipt(proof, &vkey()).expect_err("must be refused").step().number()
}

#[test]
fn a_receipt_of_a_destruction() {
    let key = StatedKey { event: Some(destroyed()), ..StatedKey::new() };
    let proven = verify_receipt(&key.proof(), &vkey()).unwrap();
    assert_eq!(proven.event().body, destroyed());
    assert_eq!((proven.index(), proven.size(), proven.origin()), (3, 7, LEDGER_NAME));
    assert_eq!(proven.attests(), None);
}

#[test]
fn a_receipt_of_a_link() {
    let key = StatedKey::new();
    let proven = verify_receipt(&key.proof(), &vkey()).unwrap();
    assert_eq!(proven.event().body, linked(key.key.digest()));
    assert_eq!(proven.attests(), Some(key.key.digest()));
}

#[test]
fn step_35_event() {
    let good = StatedKey::new().proof();
    let with = |event: Blob| LedgerProof { event, ..good.clone() };
    assert_eq!(step(&with(vec![].into())), 35, "empty");
    assert_eq!(step(&with([good.event.as_slice(), &[0]].concat().into())), 35, "trailing octet");
    for (length, too_long) in [(MAX_ENTRY, false), (MAX_ENTRY + 1, true), (2 * MAX_ENTRY, true)] {
        let refusal = verify_receipt(&with(vec![0; length].into()), &vkey()).unwrap_err();
        assert_eq!((refusal.step().number(), refusal.detail().starts_with("longer")), (35, too_long));
    }
    let mut event: Event = codec::decode(good.event.as_slice()).unwrap();
    event.version = 2;
    assert_eq!(step(&with(codec::encode(&event).into())), 35, "version");
}

#[test]
fn step_36_checkpoint() {
    let key = StatedKey::new();
    let good = key.proof();
    let stranger = StatedKey { signer: (LEDGER_NAME.to_owned(), 9), ..key.clone() };
    assert_eq!(step(&stranger.proof()), 36, "another key");
    let named = StatedKey { signer: ("other.example/ledger".to_owned(), 41), ..key };
    assert_eq!(step(&named.proof()), 36, "another name");
    let changed = good.checkpoint.replacen("\n7\n", "\n8\n", 1);
    assert_eq!(step(&LedgerProof { checkpoint: changed, ..good.clone() }), 36, "another size than signed");
    assert_eq!(step(&LedgerProof { checkpoint: String::new(), ..good.clone() }), 36, "empty");
    let refusal = verify_receipt(&good, "vkey").unwrap_err();
    assert_eq!(refusal.step(), Step::LedgerCheckpoint, "no verifier key");
}

#[test]
fn step_37_inclusion() {
    let good = StatedKey::new().proof();
    assert_eq!(step(&LedgerProof { index: 2, ..good.clone() }), 37, "another index");
    assert_eq!(step(&LedgerProof { index: 7, ..good.clone() }), 37, "beyond the ledger");
    assert_eq!(step(&LedgerProof { path: vec![], ..good.clone() }), 37, "no path");
    let mut longer = good.clone();
    longer.path.push(Digest32([0; 32]));
    assert_eq!(step(&longer), 37, "too long a path");
    let mut turned = good.clone();
    turned.path.reverse();
    assert_eq!(step(&turned), 37, "another order");
    let other = StatedKey { event: Some(destroyed()), ..StatedKey::new() };
    assert_eq!(step(&LedgerProof { event: other.event_octets().into(), ..good }), 37, "another event");
}

proptest! {
    #[test]
    fn hostile_proofs_never_panic(index in any::<u64>(), event in proptest::collection::vec(any::<u8>(), 0..80), length in 0_usize..80, checkpoint in "\\PC*") {
        let proof = LedgerProof { index, event: event.into(), path: vec![Digest32([7; 32]); length], checkpoint };
        prop_assert!(verify_receipt(&proof, &vkey()).is_err());
    }
}
