//! Place: SAM. Tests of the fold.

use super::*;
use crate::ids::{LedgerId, RootCommitment, ServiceId};
use crate::sad::{MAX_ATTEMPTS, Purpose};

const KEY: Subject = Subject([1; 32]);

fn event(body: EventBody) -> Event {
    Event { version: VERSION, time: 1, body, detail: None }
}

/// A ledger with one key.
fn state() -> State {
    let mut state = State::default();
    let genesis = EventBody::Genesis {
        service: ServiceId([2; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: LedgerId([3; 16]),
        shard: 0,
        epoch: 0,
        commitment: RootCommitment([4; 32]),
        approvals: Vec::new(),
    };
    state.apply(&event(genesis)).unwrap();
    let made = EventBody::KeyGenerated {
        credential: state.next_mark(KEY),
        signer: Subject([5; 32]),
        record: RecordMark { version: 1, hash: Digest32([6; 32]) },
        attests: Digest32([7; 32]),
        statement: StatementId([8; 16]),
    };
    state.apply(&event(made)).unwrap();
    state
}

fn debit(state: &mut State, attempts: u32) -> Result<(), RuleBroken> {
    let body = EventBody::AttemptDebited { credential: state.next_mark(KEY), attempts };
    state.apply(&event(body))
}

fn held(state: &mut State) {
    let body = EventBody::Authorized {
        credential: state.next_mark(KEY),
        sad: Digest32([9; 32]),
        count: 1,
        means_counter: 0,
    };
    state.apply(&event(body)).unwrap();
}

#[test]
fn attempts_are_counted_up_to_the_limit_and_no_further() {
    let mut state = state();
    for attempt in 1..=MAX_ATTEMPTS {
        assert!(!state.credential(&KEY).unwrap().is_locked());
        debit(&mut state, attempt).unwrap();
    }
    assert!(state.credential(&KEY).unwrap().is_locked());
    assert!(debit(&mut state, MAX_ATTEMPTS + 1).is_err());
}

#[test]
fn an_answer_that_holds_sets_the_attempts_back() {
    let mut state = state();
    debit(&mut state, 1).unwrap();
    debit(&mut state, 2).unwrap();
    held(&mut state);
    assert_eq!(state.credential(&KEY).unwrap().attempts, 0);
    debit(&mut state, 1).unwrap();
}

#[test]
fn a_wrong_number_of_attempts_is_refused() {
    for attempts in [0, 2, u32::MAX] {
        assert!(debit(&mut state(), attempts).is_err(), "{attempts}");
    }
}

#[test]
fn refused_answers_are_counted_and_lock_nothing() {
    let mut state = state();
    for _ in 0..20 {
        let credential = state.next_mark(KEY);
        let body = EventBody::AuthorizationFailed { credential, purpose: Purpose::Sign, fault: 501 };
        state.apply(&event(body)).unwrap();
    }
    let known = state.credential(&KEY).unwrap();
    assert_eq!((known.failures, known.is_locked()), (20, false));
    held(&mut state);
    assert_eq!(state.credential(&KEY).unwrap().failures, 0);
}
