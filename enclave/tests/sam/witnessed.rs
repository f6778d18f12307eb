//! Place: SAM. Release after cosignature: old stores, twins, forged and missing cosignatures (spec/ledger.md, section 7).

use super::witness::Witness;
use super::world::{Enrolled, Sink, Witnessing, World, checkpoint, hash};
use fuin_enclave::sam::{Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use proptest::prelude::*;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn with_key(witnesses: u8) -> (World, Enrolled) {
    let mut world = World::cosigned(8, witnesses);
    let key = world.enrol(P256, 21);
    (world, key)
}

fn sign(world: &mut World, key: &Enrolled, n: u8) -> Result<Receipt, Fault> {
    let token = world.authorize(key, vec![hash(n)])?;
    let request = world.sign_request_for(key, &token, vec![hash(n)]);
    match world.call(Command::SignHash(request))? {
        Answer::Signatures { receipt, .. } => Ok(receipt),
        other => panic!("{other:?}"),
    }
}

/// How many different witnesses have a line in a note, besides the log's own.
fn cosigners(note: &str) -> usize {
    let note = Note::parse(note.as_bytes()).unwrap();
    note.signatures().iter().filter(|line| line.name().starts_with("witness.example/")).count()
}

/// Boots on the world's store; the custodian remembers nothing that could help.
fn boot(world: &mut World) -> Result<(), Fault> {
    world.held.seen = None;
    world.reboot();
    world.provide()
}

/// Asks a few times more; nothing may come of it.
fn stays_recovering(world: &mut World) {
    for _ in 0..4 {
        assert_eq!(world.phase(), Phase::Recovering);
        assert!(world.rested().is_empty());
    }
}

#[test]
fn receipts_carry_the_quorum() {
    let (mut world, key) = with_key(3);
    let receipt = sign(&mut world, &key, 1).unwrap();
    let ledger = VerifierKey::parse(&world.ledger.as_ref().unwrap().vkey).unwrap();
    let head = Checkpoint::open(&receipt.checkpoint, &ledger).unwrap();
    assert!(head.size > receipt.index);
    assert!(cosigners(&receipt.checkpoint) >= 2);
    assert_eq!(world.entry(receipt.index), receipt.event.0);
}

#[test]
fn genesis_waits_for_its_first_cosignature() {
    let mut world = World::with_witnesses(8, 3);
    world.install().unwrap();
    // Nobody has registered the ledger yet.
    world.witnesses.iter_mut().for_each(|w| w.up = false);
    assert_eq!(world.genesis(), Err(Fault::Busy));
    assert_eq!(world.phase(), Phase::Recovering);
    assert_eq!(world.store.entries.len(), 1);
    world.witnesses.iter_mut().for_each(|w| w.up = true);
    let replies = world.rested();
    assert!(matches!(replies.as_slice(), [(_, Ok(Answer::Operational { .. }))]), "{replies:?}");
    assert_eq!(world.phase(), Phase::Operational);
}

#[test]
fn witnesses_down_release_nothing_until_they_are_back() {
    let (mut world, key) = with_key(3);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.witnesses[0].up = false;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).map(|s| s.len()), Ok(1), "two of three are enough");
    let token = world.authorize(&key, vec![hash(2), hash(3)]).unwrap();
    world.witnesses[1].up = false;
    let before = world.store.entries.len();
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(Fault::Busy), "no answer");
    assert_eq!(world.store.entries.len(), before + 1, "the event is durable all the same");
    for _ in 0..10 {
        assert!(world.rested().is_empty());
        assert_eq!(world.phase(), Phase::Operational);
    }
    // The permission is spent, whatever becomes of the answer.
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(Fault::HashNotAuthorized));
    // What is asked meanwhile is committed and waits with it.
    assert_eq!(world.sign(&key, &token, vec![hash(3)]), Err(Fault::Busy));
    assert_eq!(world.store.entries.len(), before + 2);
    world.witnesses[2].up = true;
    world.witnesses[1].up = true;
    let replies = world.rested();
    let receipts: Vec<_> = replies.iter().map(|(_, reply)| receipt_of(reply)).collect();
    let indices: Vec<_> = receipts.iter().map(|r| r.index).collect();
    assert_eq!(indices, [before as u64, before as u64 + 1]);
    assert!(receipts.iter().all(|r| cosigners(&r.checkpoint) == 2));
}

fn receipt_of(reply: &Result<Answer, Fault>) -> Receipt {
    match reply {
        Ok(Answer::Signatures { receipt, .. } | Answer::Activation { receipt, .. }) => receipt.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn commits_go_on_while_a_question_is_under_way_and_one_answer_covers_what_was_before_it() {
    let (mut world, key) = with_key(3);
    let token = world.authorize(&key, vec![hash(1), hash(2), hash(3)]).unwrap();
    let before = world.store.entries.len() as u64;
    world.witnessing = Witnessing::Holds;
    for n in 1..=3 {
        assert_eq!(world.sign(&key, &token, vec![hash(n)]), Err(Fault::Busy));
    }
    assert_eq!(world.store.entries.len() as u64, before + 3, "three commits, one question");
    let first = world.asked.clone().unwrap();
    assert_eq!(checkpoint(&first).size, before + 1);
    let lines = world.lines(&first);
    let replies = world.answer(Ok(lines));
    assert_eq!(replies.len(), 1, "only what the checkpoint covers");
    let second = world.asked.clone().unwrap();
    assert_eq!(checkpoint(&second).size, before + 3, "the newest head is asked about");
    let lines = world.lines(&second);
    assert_eq!(world.answer(Ok(lines)).len(), 2);
    assert!(world.asked.is_none());
}

/// Every answer that is not a quorum of listed witnesses over the enclave's own checkpoint releases nothing and halts
/// nothing.
#[test]
fn cosignatures_that_do_not_count() {
    let (mut world, key) = with_key(3);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.witnessing = Witnessing::Holds;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::Busy));
    let asked = world.asked.clone().unwrap();
    let own = checkpoint(&asked);
    let (text, time) = (own.to_text(), world.seconds());
    let [a, b, c] = &world.witnesses[..] else { panic!() };
    let stranger = Witness::new(77);
    let mut impostor = Witness::new(78);
    impostor.name = b.name.clone();
    let other = |change: fn(&mut Checkpoint)| {
        let mut other = own.clone();
        change(&mut other);
        a.line(&other.to_text(), time) + &b.line(&other.to_text(), time)
    };
    let one = a.line(&text, time);
    let broken = {
        // One bit of the signature.
        let mut line = b.line(&text, time).into_bytes();
        let last = line.len() - 6;
        line[last] = if line[last] == b'A' { b'B' } else { b'A' };
        String::from_utf8(line).unwrap()
    };
    let cases: Vec<(&str, Result<String, Fault>)> = vec![
        ("nothing", Ok(String::new())),
        ("one witness", Ok(one.clone())),
        ("one witness twice", Ok(one.clone() + &one)),
        ("one witness at two times", Ok(one.clone() + &a.line(&text, time + 1))),
        ("an unlisted witness", Ok(one.clone() + &stranger.line(&text, time))),
        ("a listed name, another key", Ok(one.clone() + &impostor.line(&text, time))),
        ("a broken signature", Ok(one.clone() + &broken)),
        ("time zero", Ok(one.clone() + &b.line(&text, 0))),
        ("time beyond all bounds", Ok(one.clone() + &b.line(&text, u64::MAX))),
        ("another size", Ok(other(|c| c.size += 1))),
        ("an older size", Ok(other(|c| c.size -= 1))),
        ("another root", Ok(other(|c| c.root[0] ^= 1))),
        ("another origin", Ok(other(|c| c.origin.push('x')))),
        ("the log's own line", Ok(asked.checkpoint.rsplit_once("\n\n").unwrap().1.to_owned() + &one)),
        ("no lines at all", Ok("cosigned, honestly\n".into())),
        ("a whole note", Ok(format!("{text}\n{one}{}", c.line(&text, time)))),
        ("busy", Err(Fault::Busy)),
        ("late", Err(Fault::Deadline)),
        ("lost", Err(Fault::Disconnected)),
        ("refused", Err(Fault::SinkRefused)),
        ("too large", Err(Fault::TooLarge)),
        ("nonsense", Err(Fault::Internal)),
    ];
    let good = a.line(&text, time) + &c.line(&text, time);
    for (what, answer) in cases {
        assert!(world.answer(answer).is_empty(), "{what}");
        assert!(world.rested().is_empty(), "{what}");
        assert_eq!(world.phase(), Phase::Operational, "{what}");
        assert_eq!(world.asked.as_ref(), Some(&asked), "{what}: asked again");
    }
    assert_eq!(world.answer(Ok(good)).len(), 1);
}

#[test]
fn an_answer_that_nobody_asked_for_is_nothing() {
    let (mut world, key) = with_key(1);
    assert!(world.run(Input::Cosigned(Ok(String::new()))).is_empty());
    assert!(world.run(Input::Rested).is_empty());
    assert!(!world.resting);
    assert!(sign(&mut world, &key, 1).is_ok());
    // Nor in a service without witnesses.
    let mut durable = World::operational(8);
    assert!(durable.run(Input::Cosigned(Err(Fault::Busy))).is_empty());
    assert_eq!(durable.phase(), Phase::Operational);
}

#[test]
fn a_key_whose_event_is_not_cosigned_is_not_stated() {
    let mut world = World::cosigned(8, 3);
    world.witnesses.iter_mut().for_each(|w| w.up = false);
    assert_eq!(world.generate("hanako", P256).err(), Some(Fault::Busy));
    let record = world.store.records.values().next().unwrap().clone();
    let request = AttestKey { key: record.id.clone(), record, nonce: None };
    assert_eq!(world.call(Command::AttestKey(request.clone())), Err(Fault::Busy));
    world.witnesses.iter_mut().for_each(|w| w.up = true);
    assert_eq!(world.rested().len(), 1);
    assert!(matches!(world.call(Command::AttestKey(request)), Ok(Answer::KeyAttested(_))));
}

/// Yesterday's store, forks of it, and cosignatures of former heads: never operational.
#[test]
fn boot_rollback() {
    let (mut world, key) = with_key(3);
    let yesterday = world.store.clone();
    let receipts: Vec<_> = (1..=3).map(|n| sign(&mut world, &key, n).unwrap()).collect();
    let today = world.store.clone();
    // However much is cut off.
    for size in yesterday.entries.len()..today.entries.len() {
        world.store = world.shortened(&today, size);
        assert_eq!(boot(&mut world), Err(Fault::Busy), "{size}");
        stays_recovering(&mut world);
        // Cosignatures of heads that there were.
        world.witnessing = Witnessing::Holds;
        assert!(world.rested().is_empty());
        for receipt in &receipts {
            let lines = receipt.checkpoint.rsplit_once("\n\n").unwrap().1.to_owned();
            assert!(world.answer(Ok(lines)).is_empty());
            assert!(world.rested().is_empty());
            assert_eq!(world.phase(), Phase::Recovering);
        }
        world.witnessing = Witnessing::Honest;
    }
    // A fork that has grown past what the witnesses know: so many boots.
    world.store = yesterday;
    while world.store.entries.len() <= today.entries.len() + 2 {
        assert_eq!(boot(&mut world), Err(Fault::Busy));
    }
    stays_recovering(&mut world);
    // The newest store is taken.
    world.store = today;
    assert_eq!(boot(&mut world), Ok(()));
    assert!(sign(&mut world, &key, 9).is_ok());
}

/// All that the witnesses have not seen is cut off: nothing that was released goes with it.
#[test]
fn tail_truncation() {
    let (mut world, key) = with_key(3);
    let receipt = sign(&mut world, &key, 1).unwrap();
    let cosigned = world.store.clone();
    world.witnesses.iter_mut().for_each(|w| w.up = false);
    // Not answered: not even the activation.
    assert_eq!(world.authorize(&key, vec![hash(2)]), Err(Fault::Busy));
    assert!(world.store.entries.len() > cosigned.entries.len());
    let uncosigned = world.store.clone();
    world.witnesses.iter_mut().for_each(|w| w.up = true);
    world.store = cosigned;
    assert_eq!(boot(&mut world), Ok(()), "the witnesses have seen no more than this");
    assert_eq!(world.entry(receipt.index), receipt.event.0);
    // The successor's tail is the ledger now; the other one never was.
    world.store = uncosigned;
    assert_eq!(boot(&mut world), Err(Fault::Busy));
    stays_recovering(&mut world);
}

/// A successor takes the whole tail over, also what no witness has seen.
#[test]
fn successor_adopts_a_durable_tail() {
    let (mut world, key) = with_key(3);
    world.witnesses.iter_mut().for_each(|w| w.up = false);
    assert_eq!(world.authorize(&key, vec![hash(2)]), Err(Fault::Busy));
    let size = world.store.entries.len();
    world.witnesses.iter_mut().for_each(|w| w.up = true);
    assert_eq!(boot(&mut world), Ok(()));
    assert_eq!(world.store.entries.len(), size + 1);
}

/// What a witness does with the two heads of twins.
#[derive(Debug, Clone, Copy)]
enum Order {
    First,
    Second,
    OnlyFirst,
    OnlySecond,
    Neither,
}

const ORDERS: [Order; 5] = [Order::First, Order::Second, Order::OnlyFirst, Order::OnlySecond, Order::Neither];

/// Two machines on one store, each with an event that waits; whatever the witnesses see in whatever order, and however
/// the answers are kept back: at most one releases.
#[test]
fn twin() {
    let mut winners = [0; 2];
    for plan in 0..125usize {
        let orders: Vec<Order> = [plan % 5, plan / 5 % 5, plan / 25].map(|n| ORDERS[n]).to_vec();
        let (mut first, key) = with_key(3);
        let token = first.authorize(&key, vec![hash(1)]).unwrap();
        let mut second = first.twin(50);
        second.witnesses = first.witnesses.clone();
        first.witnessing = Witnessing::Holds;
        second.witnessing = Witnessing::Holds;
        // The second boots; the first signs at the same size.
        second.held.seen = None;
        assert_eq!(second.provide(), Err(Fault::Busy));
        assert_eq!(first.sign(&key, &token, vec![hash(1)]), Err(Fault::Busy));
        let (a, b) = (first.asked.clone().unwrap(), second.asked.clone().unwrap());
        assert_eq!(checkpoint(&a).size, checkpoint(&b).size);
        assert_ne!(checkpoint(&a).root, checkpoint(&b).root);
        let mut witnesses = first.witnesses.clone();
        let mut answers = [String::new(), String::new()];
        let mut ask = |witness: usize, which: usize, answers: &mut [String; 2]| {
            let (cosign, entries) = [(&a, &first.store.entries), (&b, &second.store.entries)][which];
            let line = witnesses[witness].cosign(&checkpoint(cosign), entries, 1_800_000_100);
            answers[which].extend(line);
        };
        for (witness, order) in orders.iter().enumerate() {
            let sequence: &[usize] = match order {
                Order::First => &[0, 1],
                Order::Second => &[1, 0],
                Order::OnlyFirst => &[0],
                Order::OnlySecond => &[1],
                Order::Neither => &[],
            };
            sequence.iter().for_each(|which| ask(witness, *which, &mut answers));
        }
        let mut released = [first.answer(Ok(answers[0].clone())), second.answer(Ok(answers[1].clone()))]
            .map(|replies| !replies.is_empty());
        // Both go on as long as they like, the one before the other or the other way round.
        for round in 0..4 {
            for which in if plan % 2 == 0 { [0, 1] } else { [1, 0] } {
                let world = if which == 0 { &mut first } else { &mut second };
                if world.resting {
                    assert!(world.rested().is_empty());
                }
                let Some(cosign) = world.asked.clone() else { continue };
                let entries = world.store.entries.clone();
                let lines = witnesses
                    .iter_mut()
                    .filter_map(|w| w.cosign(&checkpoint(&cosign), &entries, 1_800_000_200 + round))
                    .collect();
                released[which] |= !world.answer(Ok(lines)).is_empty();
            }
        }
        assert!(!(released[0] && released[1]), "{orders:?}");
        assert_eq!(second.phase() == Phase::Operational, released[1], "{orders:?}");
        if released[1] {
            // The former is fenced for ever: nothing of it leaves any more.
            first.witnessing = Witnessing::Honest;
            first.witnesses = witnesses.clone();
            for _ in 0..3 {
                if first.resting {
                    assert!(first.rested().is_empty(), "{orders:?}");
                }
            }
            assert_eq!(first.authorize(&key, vec![hash(2)]), Err(Fault::Busy), "{orders:?}");
        }
        winners[usize::from(released[1])] += 1;
        assert!(released[0] || released[1], "most of three witnesses always agree in the end: {orders:?}");
    }
    assert!(winners.iter().all(|count| *count > 0), "either won: {winners:?}");
}

/// A paused machine that goes on with an answer from before: it releases only what the successor has taken over.
#[test]
fn paused_twin_releases_only_what_its_successor_knows() {
    let (mut first, key) = with_key(3);
    let token = first.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    first.witnessing = Witnessing::Holds;
    assert_eq!(first.sign(&key, &token, vec![hash(1)]), Err(Fault::Busy));
    let asked = first.asked.clone().unwrap();
    let lines = first.lines(&asked);
    // Paused here, with the answer on its way. A successor on the store without the event gets nowhere.
    let mut without = first.twin(50);
    without.witnesses = first.witnesses.clone();
    without.store = without.shortened(&first.store, first.store.entries.len() - 1);
    assert_eq!(boot(&mut without), Err(Fault::Busy));
    stays_recovering(&mut without);
    let mut with = first.twin(51);
    with.witnesses = first.witnesses.clone();
    assert_eq!(boot(&mut with), Ok(()));
    first.witnesses = with.witnesses.clone();
    let replies = first.answer(Ok(lines));
    let receipt = receipt_of(&replies[0].1);
    assert_eq!(with.entry(receipt.index), receipt.event.0);
    // And nothing after it.
    first.witnessing = Witnessing::Honest;
    assert_eq!(first.sign(&key, &token, vec![hash(2)]), Err(Fault::Busy));
    assert!(first.rested().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Witnesses come and go, answers are lost, machines crash at any time on the newest store: what was acknowledged is in
    /// the ledger, and the next boot works as soon as most witnesses answer.
    #[test]
    fn nothing_acknowledged_is_lost(plan in proptest::collection::vec((0u8..8, 0u8..4), 1..8)) {
        let (mut world, key) = with_key(3);
        let mut acknowledged: Vec<Receipt> = Vec::new();
        let count = |replies: Vec<(Ticket, Result<Answer, Fault>)>, acknowledged: &mut Vec<Receipt>| {
            for (_, reply) in replies {
                if let Ok(Answer::Signatures { receipt, .. }) = reply {
                    acknowledged.push(receipt);
                }
            }
        };
        for (n, (up, step)) in (0u8..).zip(plan) {
            for (bit, witness) in world.witnesses.iter_mut().enumerate() {
                witness.up = up & (1 << bit) != 0;
            }
            if step == 0 {
                world.sink = Sink::LosesAnswer;
            }
            if let Ok(receipt) = sign(&mut world, &key, n) {
                acknowledged.push(receipt);
            }
            if world.resting && step != 1 {
                let replies = world.rested();
                count(replies, &mut acknowledged);
            }
            if step == 3 {
                world.witnesses.iter_mut().for_each(|w| w.up = true);
                prop_assert_eq!(boot(&mut world), Ok(()));
            }
        }
        for receipt in &acknowledged {
            prop_assert_eq!(&world.entry(receipt.index), &receipt.event.0);
            prop_assert!(cosigners(&receipt.checkpoint) >= 2);
        }
    }
}
