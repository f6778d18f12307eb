//! Place: SAM. Hand-over between two enclaves, each of which verifies the other's evidence: what passes, what does not, and
//! that one ledger has never two who work on it.

mod refusals;

use super::platform::Platform;
use super::rng::TestRng;
use super::world::{Fuse, START, Sink, World, hash};
use fuin_enclave::sam::{Effect, Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::manifest::Manifest;
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use std::rc::Rc;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;
/// What the giver's instance keys are made from.
const GIVER: u64 = 8;

/// An operational enclave, and another that was started beside it on the same store.
pub struct Pair {
    pub giver: World,
    pub taker: World,
    platform: Rc<Platform>,
}

/// A booted enclave of the service of this name, which stands on this platform.
fn another(seed: u64, platform: &Rc<Platform>, witnesses: u8, name: &str) -> World {
    another_with(seed, platform, witnesses, |manifest| manifest.name = name.to_owned())
}

fn another_with(
    seed: u64,
    platform: &Rc<Platform>,
    witnesses: u8,
    change: impl FnOnce(&mut Manifest),
) -> World {
    let mut world = World::with_witnesses(8, witnesses);
    world.found_by(|manifest| {
        manifest.evidence_anchors = vec![platform.root_der().into()];
        change(manifest);
    });
    world.platform = Some(Rc::clone(platform));
    world.rng = TestRng::new(seed);
    world.power_on();
    world.install().unwrap();
    world
}

fn pair(witnesses: u8) -> Pair {
    pair_with(witnesses, |manifest| manifest.name = "one".to_owned())
}

pub fn pair_with(witnesses: u8, change: impl Fn(&mut Manifest)) -> Pair {
    let platform = Rc::new(Platform::new(START));
    let mut giver = another_with(GIVER, &platform, witnesses, &change);
    giver.genesis().unwrap();
    let taker = another_with(99, &platform, witnesses, &change);
    assert_eq!(taker.service, giver.service);
    let mut pair = Pair { giver, taker, platform };
    pair.share_store();
    pair
}

/// Puts one on the other's store, before the same witnesses and custodian.
fn follow(one: &mut World, other: &World) {
    one.store = other.store.clone();
    one.notes = other.notes.clone();
    one.witnesses = other.witnesses.clone();
    (one.held, one.ledger) = (other.held.clone(), other.ledger.clone());
}

fn evidence(of: &mut World, reader: InstanceId) -> Blob {
    let nonce = Some(Blob::from(reader.as_ref()));
    match of.call(Command::GetEvidence(GetEvidence { nonce })) {
        Ok(Answer::Evidence(bundle)) => bundle,
        other => panic!("{other:?}"),
    }
}

fn given(result: Result<Answer, Fault>) -> Result<HandedOver, Fault> {
    match result? {
        Answer::HandedOver { handed, .. } => Ok(handed),
        other => panic!("{other:?}"),
    }
}

fn events(world: &World) -> Vec<EventBody> {
    world.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body).collect()
}

impl Pair {
    /// The two are on one store and before the same witnesses, as the host has it.
    fn share_store(&mut self) {
        follow(&mut self.taker, &self.giver);
    }

    fn offer(&mut self) -> HandOver {
        HandOver { evidence: evidence(&mut self.taker, self.giver.machine.instance()) }
    }

    /// All that a host carries: evidence both ways, then the hand-over.
    pub fn give(&mut self) -> Result<TakeOver, Fault> {
        let evidence = evidence(&mut self.giver, self.taker.machine.instance());
        let offer = self.offer();
        let handed = given(self.giver.call(Command::HandOver(offer)))?;
        Ok(TakeOver { evidence, handed })
    }

    pub fn take(&mut self, take: TakeOver) -> Result<Answer, Fault> {
        self.share_store();
        let answer = self.taker.call(Command::TakeOver(take))?;
        self.taker.became_operational(answer.clone());
        Ok(answer)
    }

    fn refuses_to_give(&mut self, fault: Fault) {
        let size = self.giver.store.entries.len();
        assert_eq!(self.give(), Err(fault));
        assert_eq!((self.giver.store.entries.len(), self.giver.phase()), (size, Phase::Operational));
    }
}

#[test]
fn a_second_enclave_takes_over_without_custodians_and_signs_with_the_same_keys() {
    for witnesses in [0, 3] {
        let mut pair = pair(witnesses);
        let key = pair.giver.enrol(P256, 21);
        let take = pair.give().unwrap();
        let (giver, taker) = (pair.giver.machine.instance(), pair.taker.machine.instance());
        let EventBody::HandedOver { giver: by, taker: to, manifest } = pair.giver.last() else { panic!() };
        assert_eq!((by, to, manifest), (giver, taker, pair.giver.current().1));
        pair.take(take).unwrap();
        assert_eq!(pair.taker.ledger, pair.giver.ledger);
        assert_eq!(pair.taker.phase(), Phase::Operational);
        assert!(matches!(pair.taker.last(), EventBody::Boot { instance, .. } if instance == taker));
        let token = pair.taker.authorize(&key, vec![hash(1)]).unwrap();
        assert_eq!(pair.taker.sign(&key, &token, vec![hash(1)]).unwrap().len(), 1);
        // It can hand over in its turn.
        let third = another(77, &pair.platform, witnesses, "one");
        let mut next = Pair { giver: pair.taker, taker: third, platform: pair.platform };
        let take = next.give().unwrap();
        next.take(take).unwrap();
        // The custodian's share is what it was: the next boot has it again.
        next.taker.reboot();
        assert_eq!(next.taker.provide(), Ok(()));
    }
}

#[test]
fn another_image_that_the_manifest_lists_takes_over() {
    let mut pair = pair(0);
    let release = pair.giver.approved(|manifest| {
        let mut newer = manifest.measurements[0].clone();
        newer.pcr0 = fuin_shared::evidence::Pcr([9; 48]);
        manifest.measurements.push(newer);
    });
    pair.taker.pcrs[0] = fuin_shared::evidence::Pcr([9; 48]);
    pair.refuses_to_give(Fault::PeerRefused);
    pair.giver.change(release.clone()).unwrap();
    pair.taker.call(Command::FollowManifest(release)).unwrap();
    let take = pair.give().unwrap();
    assert!(pair.take(take).is_ok());
}

/// Whatever the host does with the event: from the order on, this boot begins nothing.
#[test]
fn the_giver_begins_nothing_after_the_order_and_ends_with_its_release() {
    for sink in [Sink::Honest, Sink::Silent, Sink::Refuses] {
        let mut pair = pair(0);
        let key = pair.giver.enrol(P256, 21);
        let token = pair.giver.authorize(&key, vec![hash(1)]).unwrap();
        let offer = pair.offer();
        pair.giver.sink = sink;
        let answer = given(pair.giver.call(Command::HandOver(offer)));
        assert_eq!(answer.is_ok(), sink == Sink::Honest);
        assert_eq!(pair.giver.machine.halted(), sink != Sink::Silent);
        assert_eq!(pair.giver.phase(), Phase::Halted);
        let size = pair.giver.store.entries.len();
        assert_eq!(pair.giver.sign(&key, &token, vec![hash(1)]), Err(Fault::Halted));
        assert_eq!(pair.giver.generate("taro", P256), Err(Fault::Halted));
        assert_eq!(pair.giver.call(Command::GetEvidence(GetEvidence { nonce: None })), Err(Fault::Halted));
        assert_eq!(pair.giver.store.entries.len(), size);
    }
}

/// A signature that was made meanwhile is thrown away: no event would tell of it.
#[test]
fn what_was_being_signed_when_the_order_came_is_not_released() {
    let mut pair = pair(0);
    let key = pair.giver.enrol(P256, 21);
    let token = pair.giver.authorize(&key, vec![hash(1)]).unwrap();
    let command = Command::SignHash(pair.giver.sign_request_for(&key, &token, vec![hash(1)]));
    let (ticket, now) = (Ticket(5_000_000), pair.giver.now);
    let effects = pair.giver.machine.handle(Input::Command { ticket, command }, now, &mut pair.giver.rng);
    let job = effects.into_iter().find_map(|e| if let Effect::Sign(job) = e { Some(job) } else { None });
    let offer = pair.offer();
    pair.giver.sink = Sink::Silent;
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::Busy));
    let size = pair.giver.store.entries.len();
    let replies = pair.giver.run(Input::Signed { ticket, result: job.expect("a job").run() });
    assert_eq!(replies, [(ticket, Err(Fault::WrongPhase))]);
    assert_eq!(pair.giver.store.entries.len(), size);
}

#[test]
fn nothing_is_handed_over_before_its_event_is_durable() {
    let mut pair = pair(0);
    let offer = pair.offer();
    pair.giver.sink = Sink::Silent;
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::Busy));
    let replies = pair.giver.run(Input::Committed(Ok(())));
    assert!(matches!(replies.as_slice(), [(_, Ok(Answer::HandedOver { .. }))]), "{replies:?}");
    let mut refused = self::pair(0);
    let offer = refused.offer();
    refused.giver.sink = Sink::Refuses;
    assert_eq!(refused.giver.call(Command::HandOver(offer)), Err(Fault::SinkRefused));
}

#[test]
fn nothing_is_handed_over_before_its_event_is_cosigned() {
    let mut pair = pair(3);
    let offer = pair.offer();
    pair.giver.witnesses.iter_mut().for_each(|witness| witness.up = false);
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::Busy));
    assert!(matches!(pair.giver.last(), EventBody::HandedOver { .. }), "durable");
    pair.giver.witnesses.iter_mut().for_each(|witness| witness.up = true);
    let replies = pair.giver.rested();
    assert!(matches!(replies.as_slice(), [(_, Ok(Answer::HandedOver { .. }))]), "{replies:?}");
}

/// The one that a boot by custodians has superseded gets no cosignature, and so hands nothing over.
#[test]
fn a_superseded_enclave_hands_nothing_over() {
    let mut pair = pair(3);
    let mut successor = another(55, &pair.platform, 3, "one");
    follow(&mut successor, &pair.giver);
    assert_eq!(successor.provide(), Ok(()));
    // On a copy of the ledger of its own.
    pair.giver.witnesses = successor.witnesses.clone();
    assert_eq!(pair.give(), Err(Fault::Busy));
    assert_eq!(successor.phase(), Phase::Operational);
}

/// The second of two receivers: after the first, and when both orders waited for the time.
#[test]
fn two_receivers_get_one_root_key() {
    let mut pair = pair(0);
    let mut second = another(55, &pair.platform, 0, "one");
    let giver = pair.giver.machine.instance();
    let for_second = HandOver { evidence: evidence(&mut second, giver) };
    pair.give().unwrap();
    assert_eq!(pair.giver.call(Command::HandOver(for_second)), Err(Fault::Halted));

    let mut pair = self::pair(0);
    let giver = pair.giver.machine.instance();
    // Long enough that the time must be asked for.
    pair.giver.advance(100);
    (pair.taker.now, second.now) = (pair.giver.now, pair.giver.now);
    let orders = [pair.offer(), HandOver { evidence: evidence(&mut second, giver) }];
    let now = pair.giver.now;
    for (ticket, order) in (5_000_000..).map(Ticket).zip(orders) {
        let input = Input::Command { ticket, command: Command::HandOver(order) };
        let effects = pair.giver.machine.handle(input, now, &mut pair.giver.rng);
        assert!(effects.iter().all(|effect| matches!(effect, Effect::AskTime)), "{effects:?}");
    }
    let replies = pair.giver.run(Input::Time(Ok(now)));
    let given = replies.iter().filter(|(_, reply)| reply.is_ok()).count();
    assert_eq!((replies.len(), given), (2, 1), "{replies:?}");
    let handed = events(&pair.giver).into_iter().filter(|b| matches!(b, EventBody::HandedOver { .. }));
    assert_eq!(handed.count(), 1);
}

/// The receiver dies, or the host keeps the message: custodians bring up another, and the old message is worth nothing.
#[test]
fn a_hand_over_that_another_boot_came_before_is_void() {
    for witnesses in [0, 3] {
        let mut pair = pair(witnesses);
        let take = pair.give().unwrap();
        // One that the hand-over does not name.
        let mut other = another(55, &pair.platform, witnesses, "one");
        follow(&mut other, &pair.giver);
        let handed_at = other.store.entries.len();
        assert_eq!(other.provide(), Ok(()));
        assert!(
            matches!(other.last(), EventBody::Boot { instance, .. } if instance == other.machine.instance())
        );
        let former = other.shortened(&other.store, handed_at);
        (pair.taker.notes, pair.taker.witnesses) = (other.notes.clone(), other.witnesses.clone());
        if witnesses > 0 {
            // On a ledger that ends where it was handed over, the witnesses do not follow.
            pair.taker.store = former;
            assert_eq!(pair.taker.call(Command::TakeOver(take)), Err(Fault::Busy));
            assert_eq!(pair.taker.phase(), Phase::Recovering);
        } else {
            pair.taker.store = other.store.clone();
            assert_eq!(pair.taker.call(Command::TakeOver(take)), Err(Fault::HandOverVoid));
            assert_eq!(pair.taker.phase(), Phase::Halted);
        }
    }
}

#[test]
fn a_ledger_from_before_the_hand_over_is_refused() {
    let mut pair = pair(0);
    let before = pair.giver.store.clone();
    let take = pair.give().unwrap();
    pair.taker.store = before;
    assert_eq!(pair.taker.call(Command::TakeOver(take)), Err(Fault::LedgerShortened));
    assert_eq!(pair.taker.phase(), Phase::Halted);
    // The custodian's share works all the same.
    pair.share_store();
    pair.taker.reboot();
    assert_eq!(pair.taker.provide(), Ok(()));
}

#[test]
fn power_cut_after_any_effect_of_a_hand_over_recovers() {
    let of: fn(&Command) -> bool = |command| matches!(command, Command::HandOver(_) | Command::TakeOver(_));
    for (giving, witnesses) in [(true, 0), (false, 0), (true, 3), (false, 3)] {
        let mut cut = 0;
        loop {
            let mut pair = pair(witnesses);
            let died = if giving {
                pair.giver.fuse = Some(Fuse::new(of, cut));
                assert_eq!(pair.give().is_err(), pair.giver.dead);
                pair.giver.dead
            } else {
                let take = pair.give().unwrap();
                pair.taker.fuse = Some(Fuse::new(of, cut));
                assert_eq!(pair.take(take).is_err(), pair.taker.dead);
                (pair.giver.store, pair.giver.notes) = (pair.taker.store.clone(), pair.taker.notes.clone());
                pair.giver.witnesses = pair.taker.witnesses.clone();
                pair.taker.dead
            };
            // Whichever fell: the custodian brings one up, and it hands over.
            pair.giver.reboot();
            assert_eq!(pair.giver.provide(), Ok(()), "{giving} {witnesses} {cut}");
            pair.taker.power_on();
            pair.taker.install().unwrap();
            let take = pair.give().unwrap();
            assert!(pair.take(take).is_ok(), "{giving} {witnesses} {cut}");
            if !died {
                break;
            }
            cut += 1;
        }
        assert!(cut > 1);
    }
}

/// A new epoch of the giver's ledger, with the same witnesses.
fn begin_epoch(world: &mut World) {
    let note = world.held.seen.clone().unwrap();
    world.reboot();
    let epoch = world.new_epoch(&note, None);
    world.plan_epoch(epoch).unwrap();
    world.provide().unwrap();
}

#[test]
fn a_ledger_in_a_later_epoch_is_handed_over_and_one_that_was_handed_over_may_begin_another() {
    let mut pair = pair(3);
    let key = pair.giver.enrol(P256, 21);
    let first = pair.giver.ledger.clone();
    begin_epoch(&mut pair.giver);
    assert_ne!(pair.giver.ledger, first);
    pair.share_store();
    let take = pair.give().unwrap();
    pair.take(take).unwrap();
    assert_eq!(pair.taker.ledger, pair.giver.ledger);
    let token = pair.taker.authorize(&key, vec![hash(1)]).unwrap();
    assert!(pair.taker.sign(&key, &token, vec![hash(1)]).is_ok());
    // The next hand-over is the last thing that its witnesses see, and who took it over is dead.
    let third = another(77, &pair.platform, 3, "one");
    let mut next = Pair { giver: pair.taker, taker: third, platform: pair.platform };
    next.give().unwrap();
    assert!(matches!(next.giver.last(), EventBody::HandedOver { .. }));
    begin_epoch(&mut next.giver);
    assert_eq!(next.giver.epochs().current(), 2);
    next.giver.reboot();
    assert_eq!(next.giver.provide(), Ok(()));
}
