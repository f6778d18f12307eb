//! Place: SAM. Alarms: what the host does wrong, or reports, becomes an event; not oftener than once a minute.

use super::world::{Enrolled, Sink, Witnessing, World, checkpoint, hash};
use fuin_enclave::sam::Input;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::{AlarmKind, Event, EventBody};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;

/// All alarms of the store's ledger.
fn alarms(world: &World) -> Vec<(AlarmKind, u32)> {
    let bodies = world.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body);
    let alarm = |body| match body {
        EventBody::Alarm { about, count } => Some((about, count)),
        _ => None,
    };
    bodies.filter_map(alarm).collect()
}

/// A command with a record that this service did not seal.
pub fn forged(world: &mut World, key: &Enrolled) -> Result<Answer, Fault> {
    let mut record = world.store.records[&key.id].clone();
    record.body.0[20] ^= 1;
    world.call(Command::GetChallenge(GetChallenge {
        credential: key.id.clone(),
        purpose: Purpose::Sign,
        record,
    }))
}

#[test]
fn a_record_that_does_not_open_becomes_an_alarm_once_a_minute() {
    let mut world = World::operational(8);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let before = world.store.entries.len();
    for _ in 0..5 {
        assert_eq!(forged(&mut world, &key), Err(Fault::RecordForeign));
    }
    assert_eq!(alarms(&world), [(AlarmKind::RecordForeign, 1)]);
    assert_eq!(world.store.entries.len(), before + 1, "however often it is tried");
    world.advance(60);
    assert_eq!(forged(&mut world, &key), Err(Fault::RecordForeign));
    assert_eq!(alarms(&world), [(AlarmKind::RecordForeign, 1), (AlarmKind::RecordForeign, 5)]);
    // The service works on, and a ledger with alarms is taken over.
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
    // Refusals that clients can cause are none.
    let token = world.authorize(&key, vec![hash(2)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(3)]), Err(Fault::HashNotAuthorized));
    assert_eq!(alarms(&world).len(), 2);
}

#[test]
fn a_contradiction_that_the_host_reports_becomes_an_alarm_and_the_lines_still_count() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.witnessing = Witnessing::Holds;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::Busy));
    let asked = world.asked.take().unwrap();
    let lines = world.lines(&asked);
    world.witnessing = Witnessing::Honest;
    // One of three contradicts, two have cosigned.
    let replies = world.run(Input::Contradicted(lines));
    assert!(matches!(replies.as_slice(), [(_, Ok(Answer::Signatures { .. }))]), "{replies:?}");
    assert_eq!(alarms(&world), [(AlarmKind::WitnessContradiction, 1)]);
    // The alarm is cosigned like everything else, and answers nobody.
    let token = world.authorize(&key, vec![hash(2)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(2)]).is_ok());
    assert_eq!(checkpoint(&asked).size + 3, world.store.entries.len() as u64);
}

#[test]
fn an_enclave_that_is_not_operational_tells_nothing() {
    let mut world = World::cosigned(8, 3);
    let old = world.store.clone();
    world.enrol(KeyAlgorithm::EcdsaP256, 21);
    world.store = old;
    world.held.seen = None;
    world.reboot();
    world.witnessing = Witnessing::Holds;
    assert_eq!(world.provide(), Err(Fault::Busy));
    assert!(world.asked.take().is_some());
    assert!(world.run(Input::Contradicted(String::new())).is_empty());
    assert_eq!(world.phase(), Phase::Recovering);
    assert_eq!(alarms(&world), []);
}

/// What halts the enclave answers everybody who waits, and nobody for the alarm.
#[test]
fn an_alarm_that_waits_is_given_up_at_the_halt() {
    let mut world = World::operational(8);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    world.sink = Sink::Refuses;
    let mut record = world.store.records[&key.id].clone();
    record.body.0[20] ^= 1;
    let command = GetChallenge { credential: key.id, purpose: Purpose::Sign, record };
    let ticket = fuin_enclave::sam::Ticket(7_000);
    let replies = world.run(Input::Command { ticket, command: Command::GetChallenge(command) });
    assert_eq!(replies, [(ticket, Err(Fault::RecordForeign))]);
    assert_eq!(world.phase(), Phase::Halted);
}
