//! Place: SAM. False time: the kernel's clock, the hypervisor's, the witnesses'. What depends on time stops, restrictions go
//! on, and everything comes back when the sources agree again.

use super::world::{Enrolled, Witnessing, World, evidence, hash};
use fuin_enclave::sam::{Effect, Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Answer, Command, ExtendTransaction, GetChallenge};
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;
use fuin_shared::statement::ManageAction;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;
const HOUR: i64 = 3_600_000;
const DOUBT: Fault = Fault::ClockDoubt;

pub fn delete(world: &mut World, key: &Enrolled) -> Result<Answer, Fault> {
    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(consent));
    world.call(Command::DeleteKey(manage))
}

pub fn extend(world: &mut World, key: &Enrolled, token: &Blob) -> Result<Answer, Fault> {
    let (credential, record) = (key.id.clone(), world.store.records[&key.id].clone());
    let request =
        ExtendTransaction { credential, token: token.clone(), hashes: None, hash_algorithm: None, record };
    world.call(Command::ExtendTransaction(request))
}

fn signs(world: &mut World, key: &Enrolled, n: u8) -> Result<(), Fault> {
    let token = world.authorize(key, vec![hash(n)])?;
    world.sign(key, &token, vec![hash(n)]).map(drop)
}

/// The whole platform's clock jumps, documents and all.
fn hypervisor_steps(world: &mut World, milliseconds: i64) {
    world.step(milliseconds);
    world.documents_ahead = Ok(world.kernel_ahead);
}

fn alarms(world: &World) -> usize {
    let events = world.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap());
    events.filter(|event| matches!(event.body, EventBody::ClockDoubted { .. })).count()
}

#[test]
fn step_forward_stops_what_depends_on_time_and_nothing_else() {
    let mut world = World::operational(30);
    let (key, other) = (world.enrol(P256, 21), world.enrol(P256, 22));
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
    world.step(HOUR);
    assert_eq!(world.authorize(&key, vec![hash(3)]), Err(DOUBT));
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(DOUBT));
    assert_eq!(extend(&mut world, &key, &token), Err(DOUBT));
    // Status, evidence and restrictions go on, under a time that is corrected.
    assert_eq!(world.phase(), Phase::Operational);
    world.instance_keys();
    assert!(matches!(delete(&mut world, &other), Ok(Answer::Deleted(_))));
    assert_eq!(alarms(&world), 1);
    // What gives something that ends by the clock does not.
    assert_eq!(world.generate("hanako", P256).err(), Some(DOUBT));
    let hold = |world: &mut World, action| {
        let statement = world.manage(action, Some(&key.id));
        let manage = world.signed_manage(&statement, None);
        world.call(Command::Hold(manage))
    };
    assert!(matches!(hold(&mut world, ManageAction::Suspend {}), Ok(Answer::CredentialStatus(_))));
    assert_eq!(hold(&mut world, ManageAction::Resume {}), Err(DOUBT));
    assert_eq!(hold(&mut world, ManageAction::Unlock {}), Err(DOUBT));
    world.step(-HOUR);
    let third = world.enrol(P256, 23);
    assert_eq!(signs(&mut world, &third, 4), Ok(()));
}

#[test]
fn step_forward_that_ends_gives_back_what_was_permitted() {
    let mut world = World::operational(40);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(2)]).unwrap();
    world.step(HOUR);
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(DOUBT));
    world.step(-HOUR);
    assert_eq!(world.sign(&key, &token, vec![hash(2)]).map(|s| s.len()), Ok(1));
    assert_eq!(signs(&mut world, &key, 4), Ok(()));
}

fn newest_time(world: &World) -> u64 {
    codec::decode::<Event>(world.store.entries.last().unwrap()).unwrap().time
}

#[test]
fn first_event_of_a_boot_has_a_documents_time_and_not_the_kernels() {
    for witnesses in [0, 3] {
        let mut world = if witnesses == 0 { World::operational(41) } else { World::cosigned(41, witnesses) };
        world.power_on();
        world.step(HOUR);
        world.install().unwrap();
        world.provide().unwrap();
        assert!(newest_time(&world).abs_diff(world.truth().0) < 1_000);
        // Later boots with the right time are not shut out.
        world.power_on();
        world.step(-HOUR);
        world.install().unwrap();
        world.provide().unwrap();
        let key = world.enrol(P256, 21);
        assert_eq!(signs(&mut world, &key, 1), Ok(()));
    }
}

#[test]
fn genesis_has_a_documents_time_and_not_the_kernels() {
    let mut world = World::new(42);
    world.step(HOUR);
    world.install().unwrap();
    world.genesis().unwrap();
    assert!(newest_time(&world).abs_diff(world.truth().0) < 1_000);
}

#[test]
fn without_documents_no_ledger_is_founded_or_taken_over() {
    let mut world = World::new(43);
    world.install().unwrap();
    world.documents_ahead = Err(Fault::Nsm);
    assert_eq!(world.genesis(), Err(DOUBT));
    world.documents_ahead = Ok(0);
    world.genesis().unwrap();
    world.reboot();
    world.documents_ahead = Err(Fault::Nsm);
    assert_eq!(world.provide(), Err(DOUBT));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn step_back_stops_too_and_lengthens_no_life() {
    let mut world = World::operational(31);
    let (key, other) = (world.enrol(P256, 21), world.enrol(P256, 22));
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.step(-HOUR);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    assert_eq!(world.authorize(&key, vec![hash(2)]), Err(DOUBT));
    assert!(matches!(delete(&mut world, &other), Ok(Answer::Deleted(_))));
    // The life of the token goes on meanwhile.
    world.advance(119);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    world.advance(1);
    world.step(HOUR);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenExpired));
    assert_eq!(signs(&mut world, &key, 3), Ok(()));
}

#[test]
fn slow_drift_is_corrected_up_to_the_limit_and_then_stops() {
    let mut world = World::operational(32);
    let key = world.enrol(P256, 21);
    // Half a second in a minute.
    for round in 1..=20 {
        world.advance(60);
        world.step(500);
        assert_eq!(signs(&mut world, &key, round), Ok(()), "{round}");
    }
    // Ten seconds off, and a SAD still lives as long as its signer thinks.
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.advance(119);
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    world.advance(60);
    world.step(500);
    assert_eq!(signs(&mut world, &key, 1), Err(DOUBT));
    world.step(-500);
    assert_eq!(signs(&mut world, &key, 1), Ok(()));
}

#[test]
fn hypervisor_that_lies_is_noticed_by_the_witnesses() {
    let mut world = World::cosigned(33, 3);
    let key = world.enrol(P256, 21);
    hypervisor_steps(&mut world, HOUR);
    // Signers' clocks are right: what they authorize is over by this one.
    assert_eq!(world.authorize(&key, vec![hash(1)]), Err(Fault::SadExpired));
    // One who is fooled as well: the first event tells, and stops what comes after it.
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    sad.expires += HOUR.unsigned_abs() / 1000;
    let token = world.authorize_sad(&key, &sad).unwrap();
    assert_eq!(alarms(&world), 0);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    assert_eq!(alarms(&world), 1);
    // It stops lying. The alarm's cosignatures say so; but this instance's time ran ahead, and waits for the truth.
    hypervisor_steps(&mut world, -HOUR);
    for _ in 0..3 {
        assert_eq!(world.authorize(&key, vec![hash(2)]), Err(DOUBT));
    }
    assert_eq!(alarms(&world), 2);
    world.advance(HOUR.unsigned_abs() / 1000);
    assert_eq!(signs(&mut world, &key, 3), Ok(()));
}

#[test]
fn hypervisor_that_goes_back_is_noticed_at_once() {
    let mut world = World::cosigned(34, 3);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    hypervisor_steps(&mut world, -HOUR);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    assert_eq!(world.authorize(&key, vec![hash(2)]), Err(DOUBT));
    hypervisor_steps(&mut world, HOUR);
    // The witnesses' newest times are those of the alarm: the next one brings others.
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).map(|s| s.len()), Ok(1));
}

#[test]
fn witnesses_who_disagree_stop_what_depends_on_time_until_they_agree() {
    let mut world = World::cosigned(35, 3);
    let key = world.enrol(P256, 21);
    world.witnesses[0].ahead = -86_400;
    // None of three may lie in this service: the first answer shows that one does.
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT));
    world.advance(61);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(DOUBT), "and still does");
    assert_eq!(alarms(&world), 2);
    world.witnesses[0].ahead = 0;
    // The next alarm is cosigned by witnesses who agree.
    world.advance(61);
    assert_eq!(world.authorize(&key, vec![hash(2)]), Err(DOUBT));
    assert_eq!(signs(&mut world, &key, 3), Ok(()));
}

#[test]
fn as_many_witnesses_as_may_lie_move_nothing() {
    let mut world = World::cosigned(36, 4);
    let key = world.enrol(P256, 21);
    for lie in [-86_400, 86_400, 1_000_000_000] {
        world.witnesses[1].ahead = lie;
        assert_eq!(signs(&mut world, &key, 1), Ok(()), "{lie}");
    }
    world.witnesses[2].ahead = 1_000_000_000;
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
    assert_eq!(world.authorize(&key, vec![hash(1)]), Err(DOUBT), "two of four");
}

#[test]
fn host_that_keeps_cosignatures_back_proves_nothing() {
    let mut world = World::cosigned(37, 3);
    let key = world.enrol(P256, 21);
    for wait in [5, 50, 500, 5_000] {
        world.witnessing = Witnessing::Holds;
        assert_eq!(world.authorize(&key, vec![hash(1)]), Err(Fault::Busy), "no answer");
        let asked = world.asked.clone().unwrap();
        let lines = world.lines(&asked);
        world.advance(wait);
        assert_eq!(world.answer(Ok(lines)).len(), 1);
        world.witnessing = Witnessing::Honest;
        world.advance(300);
        assert_eq!(signs(&mut world, &key, 2), Ok(()), "{wait}");
    }
}

#[test]
fn without_documents_time_stands_still_and_what_depends_on_it_stops() {
    let mut world = World::operational(38);
    let (key, other) = (world.enrol(P256, 21), world.enrol(P256, 22));
    world.documents_ahead = Err(Fault::Nsm);
    assert_eq!(signs(&mut world, &key, 1), Ok(()), "the last one is new enough");
    world.advance(11);
    assert_eq!(signs(&mut world, &key, 2), Err(DOUBT));
    assert!(matches!(delete(&mut world, &other), Ok(Answer::Deleted(_))));
    world.documents_ahead = Ok(0);
    assert_eq!(signs(&mut world, &key, 2), Ok(()));
}

#[test]
fn commands_wait_for_one_document_and_are_bounded() {
    let mut world = World::operational(39);
    let key = world.enrol(P256, 21);
    world.advance(11);
    let record = world.store.records[&key.id].clone();
    let command =
        Command::GetChallenge(GetChallenge { credential: key.id.clone(), purpose: Purpose::Sign, record });
    let send = |world: &mut World, n: u64| {
        let input = Input::Command { ticket: Ticket(1000 + n), command: command.clone() };
        world.machine.handle(input, world.now, &mut world.rng)
    };
    assert!(matches!(send(&mut world, 0)[..], [Effect::AskTime]), "one question");
    for n in 1..256 {
        assert!(send(&mut world, n).is_empty());
    }
    assert!(matches!(send(&mut world, 256)[..], [Effect::Reply { result: Err(Fault::Busy), .. }]));
    let told = Input::Time(Ok(world.now));
    let replies = world.machine.handle(told, world.now, &mut world.rng);
    assert_eq!(replies.len(), 256);
    assert!(replies.iter().all(|r| matches!(r, Effect::Reply { result: Ok(Answer::Challenge(_)), .. })));
}
