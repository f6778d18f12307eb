//! Place: SAM. Guesses: debited before they are compared, counted over boots, locked at the limit; passwords serve once.

use super::super::world::{Fuse, Sink, Witnessing};
use super::*;
use fuin_enclave::sam::{Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::sad::MAX_ATTEMPTS;

/// Kind of the newest events, oldest first.
fn newest(world: &World, count: usize) -> Vec<&'static str> {
    let bodies = world.bodies();
    bodies[bodies.len() - count..].iter().map(|body| body.kind()).collect()
}

fn guess(world: &mut World, key: &Enrolled, pin: &TestPin) {
    assert_eq!(authorized(world, key, &pin.mistyped()), Err(Fault::AssertionSignature));
}

fn unlock(world: &mut World, key: &Enrolled) -> Result<Answer, Fault> {
    let statement = world.manage(ManageAction::Unlock {}, Some(&key.id));
    world.call(Command::Hold(world.signed_manage(&statement, None)))
}

#[test]
fn a_wrong_pin_is_debited_before_it_is_compared() {
    let (mut world, key, pin) = ready(111);
    guess(&mut world, &key, &pin);
    assert_eq!(newest(&world, 2), ["attempt-debited", "authorization-failed"]);
    // The same with the right PIN: what is debited does not depend on it.
    authorized(&mut world, &key, &pin).unwrap();
    assert_eq!(newest(&world, 2), ["attempt-debited", "authorized"]);
}

#[test]
fn a_debit_that_is_not_durable_has_nothing_compared() {
    for mistyped in [false, true] {
        let (mut world, key, pin) = ready(112);
        let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
        let used = if mistyped { pin.mistyped() } else { signers() };
        let sealed = world.sealed(&sad, used.answer(world.seconds()));
        let request = world.authorize_request(&key, &sad, sealed);
        world.sink = Sink::Refuses;
        assert_eq!(world.authorize_call(request), Err(Fault::SinkRefused));
    }
}

#[test]
fn a_power_cut_between_debit_and_comparison_costs_the_attempt() {
    let (mut world, key, pin) = ready(113);
    for used in 1..MAX_ATTEMPTS {
        world.fuse = Some(Fuse::new(|command| matches!(command, Command::Authorize(_)), 1));
        assert_eq!(authorized(&mut world, &key, &pin.mistyped()), Err(Fault::Busy));
        assert_eq!(newest(&world, 1), ["attempt-debited"]);
        world.reboot();
        world.provide().unwrap();
        assert_eq!(attempts(&world), 1 + used as usize, "one of the enrolment");
    }
    guess(&mut world, &key, &pin);
    assert!(status(&mut world, &key).locked);
}

#[test]
fn a_debit_is_cosigned_before_anything_is_compared() {
    let mut world = World::with_witnesses(122, 3);
    world.install().unwrap();
    world.genesis().unwrap();
    let pin = signers();
    let key = enrol(&mut world, &pin);
    for (used, result) in [(pin.mistyped(), "authorization-failed"), (signers(), "authorized")] {
        world.witnesses.iter_mut().for_each(|witness| witness.up = false);
        assert_eq!(authorized(&mut world, &key, &used), Err(Fault::Busy), "no answer");
        assert_eq!(newest(&world, 1), ["attempt-debited"], "right or wrong, nothing more is there");
        world.witnesses.iter_mut().for_each(|witness| witness.up = true);
        assert_eq!(world.rested().len(), 1);
        assert_eq!(newest(&world, 2), ["attempt-debited", result]);
    }
}

#[test]
fn no_cut_of_the_power_lets_a_password_serve_twice() {
    let mut served = 0;
    for left in 0..6 {
        let (mut world, key, pin) = ready(123);
        let answer = pin.answer(world.seconds());
        world.fuse = Some(Fuse::new(|command| matches!(command, Command::Authorize(_)), left));
        let _ = answered(&mut world, &key, answer.clone());
        world.reboot();
        world.provide().unwrap();
        let of_first = newest(&world, 2)[0] == "authorized";
        served += usize::from(of_first);
        // What a crash took before it served, the signer may say again.
        assert_eq!(answered(&mut world, &key, answer).is_ok(), !of_first, "{left}");
    }
    assert!((1..6).contains(&served), "the power was cut before and after");
}

#[test]
fn a_right_pin_with_a_wrong_password_is_refused_and_counted() {
    let (mut world, key, pin) = ready(114);
    let late = pin.answer(world.seconds() - 3 * STEP);
    assert_eq!(answered(&mut world, &key, late), Err(Fault::AssertionSignature));
    let early = pin.answer(world.seconds() + 2 * STEP);
    assert_eq!(answered(&mut world, &key, early), Err(Fault::AssertionSignature));
    let others = TestPin::new("2580", 66).answer(world.seconds());
    assert_eq!(answered(&mut world, &key, others), Err(Fault::AssertionSignature));
    assert_eq!(status(&mut world, &key).failures, 3);
    // Clocks may be a step apart.
    let early = pin.answer(world.seconds() + STEP);
    assert!(answered(&mut world, &key, early).is_ok());
}

#[test]
fn a_used_password_is_refused_also_after_a_restart() {
    let (mut world, key, pin) = ready(115);
    let used = pin.answer(world.seconds());
    answered(&mut world, &key, used.clone()).unwrap();
    assert_eq!(answered(&mut world, &key, used.clone()), Err(Fault::AssertionSignature));
    world.reboot();
    world.provide().unwrap();
    assert_eq!(answered(&mut world, &key, used.clone()), Err(Fault::AssertionSignature));
    // Nor for anything else, nor one of an earlier step that was never used.
    let sad = sad_of(&mut world, &key, Purpose::Delete, Vec::new());
    let consent = world.sealed(&sad, used);
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let refused = world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent))));
    assert_eq!(refused, Err(Fault::AssertionSignature));
    world.advance(STEP);
    let ahead = pin.answer(world.seconds() + STEP);
    answered(&mut world, &key, ahead).unwrap();
    assert_eq!(authorized(&mut world, &key, &pin), Err(Fault::AssertionSignature));
}

#[test]
fn the_passwords_of_registration_and_request_are_used() {
    let mut world = World::operational(116);
    let (key, pin) = (generated(&mut world), signers());
    let at = world.seconds();
    link_seen(&mut world, &key, PIN_TOTP, link_pin, |_| pin.register(at)).unwrap();
    let info = world.request_info(&key).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.as_slice());
    let request = |world: &mut World, answer: Assertion| {
        let sad = sad_of(world, &key, Purpose::Pop, vec![digest.clone().into()]);
        let sealed = world.sealed(&sad, answer);
        let action = super::super::world::pop_action(Some(info.clone()));
        let statement = world.manage(action, Some(&key.id));
        world.call(Command::AuthorizePop(world.signed_manage(&statement, Some(sealed))))
    };
    assert_eq!(request(&mut world, pin.answer(at)), Err(Fault::AssertionSignature));
    request(&mut world, pin.answer(at + STEP)).unwrap();
    world.link_certificate(&key).unwrap();
    assert_eq!(answered(&mut world, &key, pin.answer(at + STEP)), Err(Fault::AssertionSignature));
    world.advance(2 * STEP);
    assert!(authorized(&mut world, &key, &pin).is_ok());
}

#[test]
fn the_means_is_locked_after_so_many_wrong_answers_also_over_boots() {
    let (mut world, key, pin) = ready(117);
    for _ in 0..MAX_ATTEMPTS {
        assert!(!status(&mut world, &key).locked);
        guess(&mut world, &key, &pin);
        world.reboot();
        world.provide().unwrap();
    }
    assert!(status(&mut world, &key).locked);
    let (events, at) = (world.store.entries.len(), world.seconds());
    assert_eq!(authorized(&mut world, &key, &pin), Err(Fault::CredentialDisabled));
    let new = TestPin::new("13579", 42);
    assert_eq!(relinked(&mut world, &key, &pin, &new), Err(Fault::CredentialDisabled));
    let sad = sad_of(&mut world, &key, Purpose::Delete, Vec::new());
    let consent = world.sealed(&sad, pin.answer(at));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let refused = world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent))));
    assert_eq!(refused, Err(Fault::CredentialDisabled));
    assert_eq!(world.store.entries.len(), events, "nothing is compared any more");
}

#[test]
fn a_right_answer_sets_the_attempts_back() {
    let (mut world, key, pin) = ready(118);
    for _ in 0..2 {
        for _ in 1..MAX_ATTEMPTS {
            guess(&mut world, &key, &pin);
        }
        authorized(&mut world, &key, &pin).unwrap();
        let told = status(&mut world, &key);
        assert_eq!((told.locked, told.failures), (false, 0));
        world.advance(STEP);
    }
}

#[test]
fn unlocking_neither_learns_nor_sets_the_pin() {
    let (mut world, key, pin) = ready(119);
    assert_eq!(unlock(&mut world, &key), Err(Fault::InvalidKeyState));
    for _ in 0..MAX_ATTEMPTS {
        guess(&mut world, &key, &pin);
    }
    let record = world.store.records[&key.id].clone();
    unlock(&mut world, &key).unwrap();
    assert_eq!(world.store.records[&key.id], record, "the record is as it was");
    assert!(!status(&mut world, &key).locked);
    guess(&mut world, &key, &pin);
    assert!(authorized(&mut world, &key, &pin).is_ok());
}

#[test]
fn one_attempt_of_a_credential_waits_at_a_time() {
    let (mut world, key, pin) = ready(120);
    let request = |world: &mut World, pin: &TestPin| {
        let sad = sad_of(world, &key, Purpose::Sign, vec![hash(1)]);
        let sealed = world.sealed(&sad, pin.answer(world.seconds()));
        Command::Authorize(world.authorize_request(&key, &sad, sealed))
    };
    let (first, second) = (request(&mut world, &pin), request(&mut world, &pin.mistyped()));
    world.sink = Sink::Silent;
    let (one, two) = (Ticket(9_001), Ticket(9_002));
    assert_eq!(world.run(Input::Command { ticket: one, command: first }), []);
    let refused = world.run(Input::Command { ticket: two, command: second });
    assert_eq!(refused, [(two, Err(Fault::Busy))]);
}

#[test]
fn nothing_is_compared_while_the_time_is_in_doubt() {
    let (mut world, key, pin) = ready(121);
    let before = attempts(&world);
    let at = world.seconds();
    world.step(3_600_000);
    // Suspension needs no time by itself, but a password does.
    let sad = sad_of(&mut world, &key, Purpose::Suspend, Vec::new());
    let evidence = world.sealed(&sad, pin.answer(at));
    let record = world.store.records[&key.id].clone();
    let suspend = Suspend { credential: key.id.clone(), evidence, record };
    assert_eq!(world.call(Command::Suspend(suspend)), Err(Fault::ClockDoubt));
    assert_eq!(attempts(&world), before);
    // The RA client needs none.
    assert_eq!(by_ra(&mut world, &key).unwrap().suspended, [Holder::Ra]);
}

/// A full queue keeps nobody from suspending: the attempt finds the room that restrictions have.
#[test]
fn with_the_ledger_full_a_pin_still_suspends() {
    let mut world = World::with_witnesses(126, 3);
    world.install().unwrap();
    world.genesis().unwrap();
    let pin = signers();
    let key = enrol(&mut world, &pin);
    world.witnessing = Witnessing::Holds;
    let full = (0..5_000).any(|n| {
        let made = world.generate(&format!("user-{n}"), KeyAlgorithm::EcdsaP256);
        made.err() == Some(Fault::LedgerBusy)
    });
    assert!(full);
    let sad = sad_of(&mut world, &key, Purpose::Suspend, Vec::new());
    let evidence = world.sealed(&sad, pin.answer(world.seconds()));
    let record = world.store.records[&key.id].clone();
    let suspend = Suspend { credential: key.id.clone(), evidence, record };
    assert_eq!(world.call(Command::Suspend(suspend)), Err(Fault::Busy), "it waits for its event");
    assert_eq!(newest(&world, 1), ["attempt-debited"]);
}
