//! Place: SAM. Hand-over between two enclaves, each of which verifies the other's evidence: what passes, and what does not.

use super::platform::Platform;
use super::rng::TestRng;
use super::world::{Fuse, START, World, hash};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::Pcr;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::manifest::{OfficerSignature, SignedManifest, service_id};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::statement::{HandOverStatement, HpkeSealed, ROOT_TO_INSTANCE, SignedStatement, root_aad};
use std::rc::Rc;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// Its documents are this platform's, and its manifest says so.
fn stand_on(world: &mut World, platform: &Rc<Platform>, name: &str) {
    let signed: SignedManifest = codec::decode(world.signed_manifest.as_slice()).unwrap();
    let mut manifest = signed.parse().unwrap();
    manifest.evidence_anchors = vec![platform.root_der().into()];
    manifest.name = name.to_owned();
    let octets = codec::encode(&manifest);
    let signature = world.officer.sign(&SignedManifest::message(&octets));
    let signatures = vec![OfficerSignature { officer: world.officer.id.clone(), signature }];
    world.service = service_id(&octets);
    world.signed_manifest = codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into();
    world.platform = Some(Rc::clone(platform));
}

/// An operational enclave, and another that was started beside it on the same store.
struct Pair {
    giver: World,
    taker: World,
    platform: Rc<Platform>,
}

fn another(seed: u64, platform: &Rc<Platform>, witnesses: u8, name: &str) -> World {
    let mut world = World::with_witnesses(8, witnesses);
    stand_on(&mut world, platform, name);
    world.rng = TestRng::new(seed);
    world.power_on();
    world.install().unwrap();
    world
}

fn pair(witnesses: u8) -> Pair {
    let platform = Rc::new(Platform::new(START));
    let mut giver = another(8, &platform, witnesses, "one");
    giver.genesis().unwrap();
    let mut taker = another(99, &platform, witnesses, "one");
    assert_eq!(taker.service, giver.service);
    taker.store = giver.store.clone();
    Pair { giver, taker, platform }
}

fn evidence(of: &mut World, reader: InstanceId) -> Blob {
    let nonce = Some(Blob::from(reader.as_ref()));
    match of.call(Command::GetEvidence(GetEvidence { nonce })) {
        Ok(Answer::Evidence(bundle)) => bundle,
        other => panic!("{other:?}"),
    }
}

impl Pair {
    fn offer(&mut self) -> HandOver {
        HandOver { evidence: evidence(&mut self.taker, self.giver.machine.instance()) }
    }

    fn give(&mut self) -> Result<HandedOver, Fault> {
        let offer = self.offer();
        given(self.giver.call(Command::HandOver(offer))?)
    }

    fn take(&mut self, handed: HandedOver) -> Result<Answer, Fault> {
        // The two are on one store, as the host has it.
        self.taker.store = self.giver.store.clone();
        let evidence = evidence(&mut self.giver, self.taker.machine.instance());
        self.taker.call(Command::TakeOver(TakeOver { evidence, handed }))
    }

    fn refuses_to_give(&mut self, fault: Fault) {
        let size = self.giver.store.entries.len();
        assert_eq!(self.give(), Err(fault));
        assert_eq!((self.giver.store.entries.len(), self.giver.phase()), (size, Phase::Operational));
    }
}

fn given(answer: Answer) -> Result<HandedOver, Fault> {
    match answer {
        Answer::HandedOver { handed, .. } => Ok(handed),
        other => panic!("{other:?}"),
    }
}

fn events(world: &World) -> Vec<EventBody> {
    world.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body).collect()
}

#[test]
fn a_second_enclave_takes_over_without_custodians_and_signs_with_the_same_keys() {
    for witnesses in [0, 3] {
        let mut pair = pair(witnesses);
        let key = pair.giver.enrol(P256, 21);
        let handed = pair.give().unwrap();
        let taker = pair.taker.machine.instance();
        let said = events(&pair.giver);
        assert!(matches!(said.last(), Some(EventBody::HandedOver { taker: named, .. }) if *named == taker));
        pair.taker.witnesses = pair.giver.witnesses.clone();
        let Ok(Answer::Operational { ledger, .. }) = pair.take(handed) else { panic!("take over") };
        assert_eq!(Some(&ledger), pair.giver.ledger.as_ref());
        assert_eq!(pair.taker.phase(), Phase::Operational);
        pair.taker.ledger = Some(ledger);
        assert!(matches!(events(&pair.taker).last(), Some(EventBody::Boot { instance, .. }) if *instance == taker));
        let token = pair.taker.authorize(&key, vec![hash(1)]).unwrap();
        assert_eq!(pair.taker.sign(&key, &token, vec![hash(1)]).unwrap().len(), 1);
        // The custodian's share is what it was: the next boot has it again.
        pair.taker.held = pair.giver.held.clone();
        pair.taker.reboot();
        assert_eq!(pair.taker.provide(), Ok(()));
        // It can hand over in its turn.
        let mut third = another(77, &pair.platform, witnesses, "one");
        third.witnesses = pair.taker.witnesses.clone();
        let mut next = Pair { giver: pair.taker, taker: third, platform: pair.platform };
        let handed = next.give().unwrap();
        next.taker.witnesses = next.giver.witnesses.clone();
        assert!(matches!(next.take(handed), Ok(Answer::Operational { .. })));
    }
}

#[test]
fn nothing_is_handed_over_before_its_event_is_durable() {
    let mut pair = pair(0);
    let offer = pair.offer();
    pair.giver.sink = super::world::Sink::Silent;
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::Busy));
    let mut refused = self::pair(0);
    let offer = refused.offer();
    refused.giver.sink = super::world::Sink::Refuses;
    assert_eq!(refused.giver.call(Command::HandOver(offer)), Err(Fault::SinkRefused));
    assert_eq!(refused.giver.phase(), Phase::Halted);
}

#[test]
fn nothing_is_handed_over_before_its_event_is_cosigned() {
    let mut pair = pair(3);
    pair.giver.witnesses.iter_mut().for_each(|witness| witness.up = false);
    let offer = pair.offer();
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::Busy));
    pair.giver.witnesses.iter_mut().for_each(|witness| witness.up = true);
    let replies = pair.giver.rested();
    assert!(matches!(replies.as_slice(), [(_, Ok(Answer::HandedOver { .. }))]), "{replies:?}");
}

#[test]
fn another_image_gets_nothing() {
    let mut pair = pair(0);
    pair.taker.pcrs[0] = Pcr([9; 48]);
    pair.refuses_to_give(Fault::PeerRefused);
    // Debug mode shows as zeros.
    pair.taker.pcrs = [Pcr([0; 48]); 3];
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn another_service_gets_nothing() {
    let mut pair = pair(0);
    pair.taker = another(99, &pair.platform, 0, "two");
    assert_ne!(pair.taker.service, pair.giver.service);
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn another_platform_gets_nothing() {
    let mut pair = pair(0);
    pair.taker.platform = Some(Rc::new(Platform::new(START)));
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn evidence_for_another_reader_or_of_another_time_is_refused() {
    let mut pair = pair(0);
    let evidence = evidence(&mut pair.taker, InstanceId([7; 32]));
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
    let offer = pair.offer();
    pair.giver.advance(3600);
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::PeerRefused));
}

#[test]
fn an_enclave_that_is_operational_or_is_the_same_gets_nothing() {
    let mut pair = pair(0);
    let me = pair.giver.machine.instance();
    let own = evidence(&mut pair.giver, me);
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence: own })), Err(Fault::PeerRefused));
    let handed = pair.give().unwrap();
    pair.take(handed).unwrap();
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn altered_evidence_gets_nothing() {
    let mut pair = pair(0);
    let offer = pair.offer();
    let count = offer.evidence.0.len();
    for place in (0..count).step_by(97) {
        let mut altered = offer.clone();
        altered.evidence.0[place] ^= 1;
        let refused = pair.giver.call(Command::HandOver(altered));
        assert_eq!(refused, Err(Fault::PeerRefused), "octet {place} of {count}");
    }
}

#[test]
fn only_an_operational_enclave_gives_and_only_one_without_a_root_key_takes() {
    let mut pair = pair(0);
    let offer = pair.offer();
    assert_eq!(pair.taker.call(Command::HandOver(offer.clone())), Err(Fault::WrongPhase));
    let handed = pair.give().unwrap();
    let take = TakeOver { evidence: offer.evidence, handed };
    assert_eq!(pair.giver.call(Command::TakeOver(take)), Err(Fault::WrongPhase));
}

/// A statement changed after it was signed, and the same signed anew by somebody else.
#[test]
fn what_was_handed_over_is_taken_whole_or_not() {
    let mut pair = pair(0);
    let handed = pair.give().unwrap();
    let mut altered = handed.clone();
    altered.statement.0[40] ^= 1;
    assert_eq!(pair.take(altered), Err(Fault::StatementSignature));
    let mut altered = handed.clone();
    altered.signature.0[20] ^= 1;
    assert_eq!(pair.take(altered), Err(Fault::StatementSignature));
    let mut altered = handed.clone();
    altered.sealed.0[20] ^= 1;
    assert_eq!(pair.take(altered), Err(Fault::StatementForeign));
    assert_eq!(pair.taker.phase(), Phase::Uninitialized);
    assert!(pair.take(handed).is_ok());
}

/// A root key of the host's own, sealed as it should be, under a statement that only an enclave could sign.
#[test]
fn a_root_key_that_no_enclave_handed_over_is_refused() {
    let mut pair = pair(0);
    let handed = pair.give().unwrap();
    let real: HandOverStatement = codec::decode(handed.statement.as_slice()).unwrap();
    let taker = pair.taker.machine.instance();
    let hpke = pair.taker.instance_keys().hpke;
    let changes: [fn(&mut HandOverStatement); 5] = [
        |s| s.service = ServiceId([0; 32]),
        |s| s.giver = InstanceId([0; 32]),
        |s| s.taker = InstanceId([0; 32]),
        |s| s.manifest = ManifestHash([0; 32]),
        |s| s.commitment = RootCommitment([0; 32]),
    ];
    for change in changes {
        let mut statement = real.clone();
        change(&mut statement);
        let mut forged = handed.clone();
        forged.statement = codec::encode(&statement).into();
        let message = SignedStatement::message::<HandOverStatement>(forged.statement.as_slice());
        forged.signature = pair.giver.officer.sign(&message);
        assert_eq!(pair.take(forged), Err(Fault::StatementSignature));
    }
    let aad = root_aad(&real.service, &real.commitment, &taker);
    let mut rng = TestRng::new(5);
    let sealed: HpkeSealed =
        fuin_enclave::channel::seal_to(hpke.as_slice(), ROOT_TO_INSTANCE, &aad, &[66; 66], &mut rng).unwrap();
    let mut forged = handed.clone();
    forged.sealed = codec::encode(&sealed).into();
    assert_eq!(pair.take(forged), Err(Fault::StatementForeign));
    // And evidence of an enclave that is not operational backs nothing.
    let evidence = evidence(&mut another(55, &pair.platform.clone(), 0, "one"), taker);
    let take = TakeOver { evidence, handed: handed.clone() };
    assert_eq!(pair.taker.call(Command::TakeOver(take)), Err(Fault::PeerRefused));
    assert!(pair.take(handed).is_ok());
}

#[test]
fn what_was_handed_to_another_boot_does_not_open() {
    let mut pair = pair(0);
    let handed = pair.give().unwrap();
    pair.taker.power_on();
    pair.taker.install().unwrap();
    assert_eq!(pair.take(handed), Err(Fault::StatementForeign));
}

#[test]
fn a_ledger_from_before_the_hand_over_is_refused() {
    let mut pair = pair(0);
    let before = pair.giver.store.clone();
    let handed = pair.give().unwrap();
    let evidence = evidence(&mut pair.giver, pair.taker.machine.instance());
    pair.taker.store = before;
    let refused = pair.taker.call(Command::TakeOver(TakeOver { evidence, handed }));
    assert_eq!(refused, Err(Fault::LedgerShortened));
    assert_eq!(pair.taker.phase(), Phase::Halted);
}

/// The one that gave goes on until the other's first event is in the ledger; then the store refuses what it commits.
#[test]
fn the_one_that_gave_is_fenced_by_the_boot_of_the_other() {
    let mut pair = pair(0);
    let key = pair.giver.enrol(P256, 21);
    let handed = pair.give().unwrap();
    let token = pair.giver.authorize(&key, vec![hash(1)]).unwrap();
    assert!(pair.giver.sign(&key, &token, vec![hash(1)]).is_ok());
    pair.take(handed).unwrap();
    let token = pair.giver.authorize(&key, vec![hash(2)]).unwrap();
    // A host of one store says no; one of two copies would have to find witnesses for both.
    pair.giver.sink = super::world::Sink::Refuses;
    assert_eq!(pair.giver.sign(&key, &token, vec![hash(2)]), Err(Fault::SinkRefused));
    assert_eq!(pair.giver.phase(), Phase::Halted);
}

/// With witnesses, the one that gave releases nothing more once the other's boot was cosigned.
#[test]
fn with_witnesses_the_one_that_gave_releases_nothing_more() {
    let mut pair = pair(3);
    let key = pair.giver.enrol(P256, 21);
    let handed = pair.give().unwrap();
    pair.taker.witnesses = pair.giver.witnesses.clone();
    pair.take(handed).unwrap();
    pair.giver.witnesses = pair.taker.witnesses.clone();
    // Even on a copy of the store of its own.
    assert_eq!(pair.giver.authorize(&key, vec![hash(1)]), Err(Fault::Busy));
}

#[test]
fn power_cut_after_any_effect_of_a_hand_over_recovers() {
    for giving in [true, false] {
        let mut cut = 0;
        loop {
            let mut pair = pair(0);
            let of: fn(&Command) -> bool =
                |command| matches!(command, Command::HandOver(_) | Command::TakeOver(_));
            let failed = if giving {
                pair.giver.fuse = Some(Fuse::new(of, cut));
                let given = pair.give();
                assert_eq!(given.is_err(), pair.giver.dead);
                pair.giver.dead
            } else {
                let handed = pair.give().unwrap();
                pair.taker.fuse = Some(Fuse::new(of, cut));
                let taken = pair.take(handed);
                assert_eq!(taken.is_err(), pair.taker.dead);
                pair.giver.store = pair.taker.store.clone();
                pair.taker.dead
            };
            // Whichever fell: the custodian brings one up, and it hands over.
            pair.giver.reboot();
            assert_eq!(pair.giver.provide(), Ok(()));
            pair.taker.power_on();
            pair.taker.install().unwrap();
            let handed = pair.give().unwrap();
            assert!(matches!(pair.take(handed), Ok(Answer::Operational { .. })));
            if !failed {
                break;
            }
            cut += 1;
        }
        assert!(cut > 1);
    }
}
