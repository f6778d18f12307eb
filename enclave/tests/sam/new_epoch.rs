//! Place: SAM. A new epoch of the ledger, the only exit from a lost quorum of witnesses (spec/ledger.md, gap 4): what goes on,
//! what the break shows, and that nothing but it gets past the witnesses.

mod approvals;
mod breaks;
mod details;
mod ledgers;

use super::witness::Witness;
use super::world::{Enrolled, Fuse, Sink, World, hash, policy};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::EventBody;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::*;
use fuin_shared::phase::Phase;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// A cosigned service whose three witnesses are lost, and what is known of its last cosigned head.
pub struct Lost {
    pub world: World,
    key: Enrolled,
    /// That head.
    pub note: String,
    /// Its entries and those that nobody cosigned.
    cosigned: usize,
}

fn lost() -> Lost {
    lost_by(World::cosigned(8, 3))
}

/// Of this service.
pub fn lost_by(mut world: World) -> Lost {
    let key = world.enrol(P256, 21);
    let note = signed(&mut world, &key, 1).unwrap().checkpoint;
    let cosigned = world.store.entries.len();
    world.held.seen = Some(note.clone());
    world.witnesses.clear();
    // What is durable and was never released goes on with the ledger.
    assert_eq!(signed(&mut world, &key, 2).err(), Some(Fault::Busy));
    assert!(world.store.entries.len() > cosigned);
    Lost { world, key, note, cosigned }
}

fn signed(world: &mut World, key: &Enrolled, n: u8) -> Result<Receipt, Fault> {
    let token = world.authorize(key, vec![hash(n)])?;
    let request = world.sign_request_for(key, &token, vec![hash(n)]);
    match world.call(Command::SignHash(request))? {
        Answer::Signatures { receipt, .. } => Ok(receipt),
        other => panic!("{other:?}"),
    }
}

/// Other witnesses, who know nothing of the ledger.
pub fn fresh(world: &mut World, numbers: &[u8]) {
    world.witnesses = numbers.iter().copied().map(Witness::new).collect();
}

/// A manifest that names these witnesses, approved.
fn naming(world: &mut World, numbers: &[u8]) -> ManifestChange {
    let set: Vec<Witness> = numbers.iter().copied().map(Witness::new).collect();
    world.approved(|manifest| manifest.witnesses = Some(policy(&set)))
}

/// Boots, and gives this boot what the officers approve for it.
fn planned(world: &mut World, note: &str, numbers: &[u8]) {
    world.reboot();
    let change = naming(world, numbers);
    let epoch = world.new_epoch(note, Some(change));
    let number = epoch.plan.epoch;
    assert_eq!(world.plan_epoch(epoch), Ok(number));
}

/// A new epoch with the witnesses 4, 5 and 6.
fn begun() -> Lost {
    let mut lost = lost();
    fresh(&mut lost.world, &[4, 5, 6]);
    planned(&mut lost.world, &lost.note, &[4, 5, 6]);
    lost.world.provide().unwrap();
    lost
}

fn statement(world: &mut World) -> EvidenceStatement {
    let Ok(Answer::Evidence(bundle)) = world.call(Command::GetEvidence(GetEvidence { nonce: None })) else {
        panic!("no evidence")
    };
    let bundle: EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
    codec::decode(bundle.statement.as_slice()).unwrap()
}

/// Where the epochs began.
fn breaks(world: &World) -> Vec<usize> {
    let begun =
        |(index, body): (usize, &EventBody)| matches!(body, EventBody::EpochBegun { .. }).then_some(index);
    world.bodies().iter().enumerate().filter_map(begun).collect()
}

#[test]
fn lost_witnesses_are_followed_by_others_and_the_ledger_shows_the_break() {
    let Lost { mut world, key, note, cosigned } = lost();
    let before = world.ledger.clone().unwrap();
    let tail = world.store.entries.clone();
    // Nothing else leads out: a boot waits for them for ever.
    world.reboot();
    assert_eq!(world.provide(), Err(Fault::Busy));
    for _ in 0..3 {
        assert!(world.rested().is_empty());
        assert_eq!(world.phase(), Phase::Recovering);
    }
    let found = world.store.entries.len();
    fresh(&mut world, &[4, 5, 6]);
    planned(&mut world, &note, &[4, 5, 6]);
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(world.phase(), Phase::Operational);
    // One tree, another origin and key.
    let after = world.ledger.clone().unwrap();
    assert!(after.origin != before.origin && after.vkey != before.vkey);
    assert_eq!(world.store.entries[..tail.len()], tail);
    assert_eq!(breaks(&world), [found]);
    let epochs = world.epochs();
    let [begun] = epochs.begun() else { panic!() };
    assert_eq!((begun.epoch, begun.index, begun.head.size), (1, found as u64, cosigned as u64));
    assert_eq!((&begun.predecessor, &begun.ledger), (&before, &after));
    // With the lines of those who were there, and none besides.
    let shown = Note::parse(begun.note.as_bytes()).unwrap();
    let names: Vec<&str> = shown.signatures().iter().skip(1).map(|line| line.name()).collect();
    assert!(names.len() >= 2 && names.iter().all(|name| name.starts_with("witness.example/")), "{names:?}");
    // And so does evidence.
    let said = statement(&mut world);
    let epoch = said.epoch.unwrap();
    assert_eq!((said.ledger, said.phase), (Some(after.clone()), Phase::Operational));
    assert_eq!((epoch.number, epoch.predecessor, epoch.index), (1, before.origin, found as u64));
    assert_eq!(said.manifest, world.current().1);
    // The key signs as before, under the new witnesses and the new origin; the old receipt is one of the old origin.
    let receipt = signed(&mut world, &key, 3).unwrap();
    let new = VerifierKey::parse(&after.vkey).unwrap();
    assert!(Checkpoint::open(&receipt.checkpoint, &new).is_ok());
    assert!(Checkpoint::open(&note, &new).is_err());
    assert!(Checkpoint::open(&note, &VerifierKey::parse(&before.vkey).unwrap()).is_ok());
    // Later boots go over the break.
    for n in 4..6 {
        world.reboot();
        assert_eq!(world.provide(), Ok(()));
        assert_eq!(world.ledger.as_ref(), Some(&after));
        assert_eq!(statement(&mut world).epoch.map(|epoch| epoch.number), Some(1));
        assert!(signed(&mut world, &key, n).is_ok());
    }
    assert_eq!(breaks(&world), [found]);
}

/// As at a genesis: the new origin shows in evidence before it is cosigned, so that the new witnesses can be told of it.
#[test]
fn nothing_is_released_before_the_new_witnesses_have_cosigned() {
    let Lost { mut world, key, note, .. } = lost();
    let before = world.ledger.clone().unwrap();
    planned(&mut world, &note, &[4, 5, 6]);
    assert_eq!(world.provide(), Err(Fault::Busy));
    let said = statement(&mut world);
    let ledger = said.ledger.unwrap();
    assert!(said.phase == Phase::Recovering && ledger != before);
    let asked = Command::CredentialStatus(question(&world, &key));
    assert_eq!(world.call(asked), Err(Fault::WrongPhase));
    // The old ones are back, and have nothing to say any more; one of the new ones alone has not either.
    fresh(&mut world, &[1, 2, 3, 4]);
    for _ in 0..3 {
        assert!(world.rested().is_empty());
        assert_eq!(world.phase(), Phase::Recovering);
    }
    fresh(&mut world, &[4, 6]);
    let replies = world.rested();
    assert!(
        matches!(replies.as_slice(), [(_, Ok(Answer::Operational { ledger: l, .. }))] if *l == ledger),
        "{replies:?}"
    );
    assert!(signed(&mut world, &key, 3).is_ok());
}

/// Witnesses that are there but know another continuation (spec/ledger.md, gap 3): the same manifest, from the beginning.
#[test]
fn the_same_witnesses_may_begin_anew() {
    let Lost { mut world, key, note, .. } = lost();
    fresh(&mut world, &[1, 2, 3]);
    world.reboot();
    let manifest = world.current().1;
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(world.current().1, manifest);
    assert!(signed(&mut world, &key, 3).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
    // Later they change as they always do: under both quorums.
    world.witnesses.extend([4, 5].map(Witness::new));
    let change = naming(&mut world, &[3, 4, 5]);
    assert!(world.change(change).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}

#[test]
fn one_break_after_another() {
    let Lost { mut world, key, .. } = begun();
    let note = signed(&mut world, &key, 3).unwrap().checkpoint;
    let first = world.ledger.clone().unwrap();
    fresh(&mut world, &[7]);
    planned(&mut world, &note, &[7]);
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(breaks(&world).len(), 2);
    let said = statement(&mut world).epoch.unwrap();
    assert_eq!((said.number, said.predecessor), (2, first.origin));
    assert!(signed(&mut world, &key, 4).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
    assert!(signed(&mut world, &key, 5).is_ok());
}

/// The witnesses of the epoch were never there: it goes on from where it began itself.
#[test]
fn an_epoch_that_nobody_cosigned_is_followed_by_another() {
    let Lost { mut world, key, note, .. } = lost();
    planned(&mut world, &note, &[4, 5, 6]);
    assert_eq!(world.provide(), Err(Fault::Busy));
    // The boots after it wait for them too.
    world.reboot();
    assert_eq!(world.provide(), Err(Fault::Busy));
    // Its origin, which evidence shows.
    world.ledger = statement(&mut world).ledger;
    fresh(&mut world, &[7, 8, 9]);
    planned(&mut world, &note, &[7, 8, 9]);
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(breaks(&world).len(), 2);
    assert!(signed(&mut world, &key, 3).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}

/// Witnesses that were to take over, and those before them, are lost before both quorums were there.
#[test]
fn a_change_of_the_witnesses_that_waits_for_ever_ends_in_a_new_epoch() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let note = signed(&mut world, &key, 1).unwrap().checkpoint;
    let change = naming(&mut world, &[3, 4, 5]);
    assert_eq!(world.change(change), Err(Fault::Busy));
    fresh(&mut world, &[6, 7, 8]);
    world.held.seen = Some(note.clone());
    planned(&mut world, &note, &[6, 7, 8]);
    assert_eq!(world.provide(), Ok(()));
    assert!(signed(&mut world, &key, 2).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
    assert!(signed(&mut world, &key, 3).is_ok());
}

/// Neither a lapsed manifest nor the time that it took may stand in the way: what counts is the one that follows.
#[test]
fn also_under_a_manifest_that_ended_meanwhile() {
    let Lost { mut world, key, note, .. } = lost();
    world.advance(31_000_000);
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let end = world.seconds() + 10_000_000;
    let set = [4, 5, 6].map(Witness::new);
    let change = world.approved(|manifest| {
        manifest.witnesses = Some(policy(&set));
        manifest.not_after = end;
    });
    let epoch = world.new_epoch(&note, Some(change));
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(world.phase(), Phase::Operational);
    assert!(world.call(Command::CredentialStatus(question(&world, &key))).is_ok());
}

fn question(world: &World, key: &Enrolled) -> CredentialQuestion {
    CredentialQuestion { credential: key.id.clone(), record: world.store.records[&key.id].clone() }
}

/// A power cut after any effect: either nothing happened, and officers approve it for the next boot, or the epoch has begun.
#[test]
fn power_cuts_at_every_step_recover() {
    fn new_epoch(command: &Command) -> bool {
        matches!(command, Command::NewEpoch(_))
    }
    fn share(command: &Command) -> bool {
        matches!(command, Command::ProvideShare(_))
    }
    let (mut before, mut after) = (0, 0);
    for of in [new_epoch as fn(&Command) -> bool, share] {
        for left in 0..40 {
            let Lost { mut world, key, note, .. } = lost();
            fresh(&mut world, &[4, 5, 6]);
            world.reboot();
            world.fuse = Some(Fuse::new(of, left));
            let change = naming(&mut world, &[4, 5, 6]);
            let epoch = world.new_epoch(&note, Some(change));
            let _ = world.plan_epoch(epoch);
            if !world.dead {
                let _ = world.provide();
            }
            if !world.dead {
                assert_eq!(world.phase(), Phase::Operational);
                break;
            }
            if breaks(&world).is_empty() {
                before += 1;
                planned(&mut world, &note, &[4, 5, 6]);
            } else {
                after += 1;
                world.reboot();
            }
            assert_eq!(world.provide(), Ok(()), "{left}");
            assert_eq!(breaks(&world).len(), 1);
            assert!(signed(&mut world, &key, 3).is_ok());
        }
    }
    assert!(before > 3 && after > 1, "{before} {after}");
}

/// What the host's store does with the commit of the break.
#[test]
fn lost_commits_and_lost_answers_at_the_break_lose_nothing() {
    for sink in [Sink::LosesAnswer, Sink::LosesCommit, Sink::LandsLate] {
        let Lost { mut world, key, note, .. } = lost();
        fresh(&mut world, &[4, 5, 6]);
        planned(&mut world, &note, &[4, 5, 6]);
        world.sink = sink;
        assert_eq!(world.provide(), Ok(()), "{sink:?}");
        assert_eq!(breaks(&world).len(), 1);
        assert!(signed(&mut world, &key, 3).is_ok());
    }
    let Lost { mut world, note, .. } = lost();
    planned(&mut world, &note, &[4, 5, 6]);
    world.sink = Sink::Refuses;
    assert_eq!(world.provide(), Err(Fault::SinkRefused));
    assert!(world.phase() == Phase::Halted && breaks(&world).is_empty());
}

#[test]
fn the_ceremonys_status_tells_what_is_planned() {
    let Lost { mut world, note, .. } = lost();
    world.reboot();
    let told = |world: &mut World| match world.call(Command::CeremonyStatus) {
        Ok(Answer::CeremonyStatus(status)) => status.epoch,
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&mut world), None);
    let epoch = world.new_epoch(&note, None);
    world.plan_epoch(epoch).unwrap();
    assert_eq!(told(&mut world), Some(1));
}

/// For the tests of refusals: gives the boot a plan, changed, and the shares; what was refused.
fn refused(lost: Lost, change: impl FnOnce(&mut World, &mut fuin_shared::new_epoch::NewEpoch)) -> Fault {
    let Lost { mut world, note, .. } = lost;
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let naming = naming(&mut world, &[4, 5, 6]);
    let mut epoch = world.new_epoch(&note, Some(naming));
    change(&mut world, &mut epoch);
    let planned = world.plan_epoch(epoch);
    let fault = planned.and_then(|_| world.provide()).unwrap_err();
    assert!(world.phase() != Phase::Operational && breaks(&world).is_empty());
    fault
}

/// Approved anew by the officer, as it stands now.
fn approve(world: &mut World, epoch: &mut fuin_shared::new_epoch::NewEpoch) {
    let again = world.approved_epoch(epoch.plan.clone(), &epoch.checkpoint, epoch.change.clone());
    *epoch = again;
}

fn blob(octets: &[u8]) -> Blob {
    octets.to_vec().into()
}
