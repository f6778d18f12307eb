//! Place: none. What the host can do with the words of witnesses: nothing comes out before a quorum, and the service goes on.

use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::NoteSigner;
use fuin_shared::log::tree::{Frontier, leaf_hash};
use fuin_shared::message::{Answer, Command, Cosign};
use fuin_tests::hostile::signer::hash;
use fuin_tests::hostile::witnesses::{CARRIERS, Carrier, QUORUM, Witnesses};
use fuin_tests::hostile::world::World;
use std::sync::Arc;

#[test]
fn words_of_witnesses_that_are_lost_forged_or_repeated_release_nothing() {
    let mut world = World::cosigned();
    let key = world.enrol();
    for carrier in CARRIERS {
        let hashes = [hash()];
        let token = world.token(&key, &hashes);
        let before = world.witnesses().asked;
        world.host.state().carrier = carrier;
        let sign = Command::SignHash(world.sign_request(&key, &token, &hashes));
        // Where its connection was ended the answer goes with it.
        let answer = world.call(sign);
        let gone = matches!(
            carrier,
            Carrier::LosesQuestion | Carrier::LosesAnswer | Carrier::AnswersAnother | Carrier::Floods
        );
        assert!(gone || matches!(answer, Ok(Answer::Signatures { .. })), "{carrier:?}: {answer:?}");
        let asked = world.witnesses().asked - before;
        let enough = matches!(carrier, Carrier::Delays | Carrier::AnswersTwice);
        assert!(gone || asked >= if enough { 1 } else { 2 }, "{carrier:?} was enough");
        world.works(&key);
        world.judge_strays();
        assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new(), "{carrier:?}");
    }
    world.enclave.assert_alive();
    assert_eq!(world.panics(), Vec::<String>::new());
}

/// The check itself: what is out without a quorum of these witnesses is counted.
#[test]
fn the_oracle_counts_results_that_came_out_before_their_quorum() {
    let mut world = World::operational();
    let key = world.enrol();
    world.host.state().witnesses = Some(Arc::default());
    world.works(&key);
    world.judge_strays();
    assert_eq!(world.oracle.borrow().unauthorized.len(), 2, "a token and a signature");
}

#[test]
fn a_receipt_is_covered_by_the_checkpoint_that_was_cosigned_and_by_no_other() {
    let mut world = World::cosigned();
    let key = world.enrol();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    let signed = world.call(Command::SignHash(world.sign_request(&key, &token, &hashes)));
    let Ok(Answer::Signatures { receipt, .. }) = signed else { panic!("{signed:?}") };
    assert_eq!(world.witnesses().covers(&receipt.checkpoint, Some(receipt.index)), Ok(()));
    assert!(world.witnesses().covers(&receipt.checkpoint, Some(receipt.index + 99)).is_err());
    assert!(Witnesses::default().covers(&receipt.checkpoint, Some(receipt.index)).is_err());
}

/// What a carrier's answer to a question counts for.
fn counted(carrier: Carrier) -> Result<(), String> {
    let log = NoteSigner::from_seed("log.example", &[1; 32]).unwrap();
    let (mut tree, entries) = (Frontier::default(), vec![vec![1], vec![2]]);
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let checkpoint = Checkpoint { origin: "log.example".to_owned(), size: 2, root: tree.root() };
    let note = checkpoint.sign(&log).unwrap();
    let ledger = LedgerIdentity { origin: checkpoint.origin, vkey: log.verifier().to_string() };
    let wanted = Cosign { ledger, checkpoint: note.clone(), quorum: QUORUM as u8 };
    let mut witnesses = Witnesses::default();
    let carried = carrier.carry(&mut witnesses, &wanted, &entries);
    assert!(witnesses.covers(&note, Some(1)).is_err(), "nothing has been passed on");
    if let Some(carried) = carried {
        witnesses.pass_on(&carried);
    }
    witnesses.covers(&note, Some(1))
}

#[test]
fn only_lines_that_were_passed_on_unaltered_count() {
    assert_eq!(counted(Carrier::Honest), Ok(()));
    for carrier in CARRIERS {
        let honest = matches!(carrier, Carrier::Delays | Carrier::AnswersTwice);
        assert_eq!(counted(carrier).is_ok(), honest, "{carrier:?}");
    }
    for carrier in [Carrier::Withholds, Carrier::Doubles, Carrier::Mixes, Carrier::Alters] {
        assert!(counted(carrier).unwrap_err().contains("lines of 2 witnesses"), "{carrier:?}");
    }
}
