//! Place: none. Commits whose answers the host replays, reorders, drops or invents: no result leaves before its event is durable,
//! and no permission is used twice.

use fuin_shared::bytes::Blob;
use fuin_shared::frame::Frame;
use fuin_shared::message::{Answer, Command, StoreAnswer};
use fuin_shared::phase::Phase;
use fuin_tests::hostile::signer::{Enrolled, hash, verify};
use fuin_tests::hostile::store::Sink;
use fuin_tests::hostile::world::World;
use std::sync::mpsc::TryRecvError;

fn ready() -> (World, Enrolled) {
    let mut world = World::operational();
    let key = world.enrol();
    (world, key)
}

/// Waits until the ledger has as many signatures as this.
fn signed(world: &World, count: u64) {
    drop(world.host.until("the event is in the ledger", |s| s.store.signed() == count));
}

/// Whatever became of the answer, there is one event and the token is spent.
fn spent_once(world: &mut World, key: &Enrolled, token: &Blob, hashes: &[Blob]) {
    signed(world, 1);
    assert_eq!(world.sign(key, token, hashes).unwrap_err().number(), 700);
    assert_eq!(world.host.state().store.signed(), 1);
    world.works(key);
}

#[test]
fn dropped_answers_lose_nothing_and_sign_nothing_twice() {
    for sink in [Sink::LosesAnswer, Sink::LosesCommit, Sink::AnswersAnother] {
        let (mut world, key) = ready();
        let hashes = [hash()];
        let token = world.token(&key, &hashes);
        world.host.state().sink = sink;
        // The answer comes over the other connection, or is lost with this one.
        if let Ok(signatures) = world.sign(&key, &token, &hashes) {
            verify(&key, &hashes, &signatures);
        }
        spent_once(&mut world, &key, &token, &hashes);
    }
}

#[test]
fn an_answer_given_twice_counts_once() {
    let (mut world, key) = ready();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    world.host.state().sink = Sink::AnswersTwice;
    verify(&key, &hashes, &world.sign(&key, &token, &hashes).unwrap());
    spent_once(&mut world, &key, &token, &hashes);
}

#[test]
fn replayed_answers_release_nothing() {
    let (mut world, key) = ready();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    world.host.state().sink = Sink::Holds;
    let answer = world.host.ask(Command::SignHash(world.sign_request(&key, &token, &hashes)));
    let (connection, id) = world.host.until("the commit is asked for", |s| !s.held.is_empty()).held[0];
    assert!(id > 0);
    // Answers of all earlier commits, again.
    for old in 0..id {
        let other = world.host.state().store.head();
        for result in [StoreAnswer::Committed, StoreAnswer::Head(other)] {
            // An id of the other connection would end this one; that is another test.
            if world.host.is_up(connection) {
                world.host.send(connection, &Frame::Reply { id: old, result: Ok(result) });
            }
        }
    }
    // The enclave has read them all once it answers this.
    let status = world.host.call(Command::Status);
    assert!(matches!(status, Ok(Answer::Status(s)) if s.phase == Phase::Operational));
    assert_eq!(answer.try_recv(), Err(TryRecvError::Empty), "released before its event was durable");
    assert_eq!(world.host.state().store.signed(), 0);
    // The host gives up; the enclave asks again and commits.
    world.host.hang_up(connection);
    spent_once(&mut world, &key, &token, &hashes);
}

#[test]
fn answers_to_what_was_never_asked_end_the_connection_only() {
    let (mut world, key) = ready();
    let connection = world.host.connection();
    world.host.send(connection, &Frame::Reply { id: 1 << 40, result: Ok(StoreAnswer::Committed) });
    world.host.closed(connection);
    world.works(&key);
}

#[test]
fn a_refused_commit_halts_and_the_next_boot_goes_on() {
    let (mut world, key) = ready();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    world.observe();
    world.host.state().sink = Sink::Refuses;
    assert_eq!(world.sign(&key, &token, &hashes).unwrap_err().number(), 803);
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.sign(&key, &token, &hashes).unwrap_err().number(), 201);
    world.recover();
    assert_eq!(world.sign(&key, &token, &hashes).unwrap_err().number(), 700);
    world.works(&key);
}

#[test]
fn an_older_store_is_refused_at_boot() {
    let (mut world, key) = ready();
    let yesterday = world.host.state().store.clone();
    world.works(&key);
    world.observe();
    let today = std::mem::replace(&mut world.host.state().store, yesterday);
    world.reboot();
    world.install().unwrap();
    assert_eq!(world.provide().unwrap_err().number(), 801);
    assert_eq!(world.phase(), Phase::Halted);
    world.host.state().store = today;
    world.recover();
    world.works(&key);
}

#[test]
fn a_ledger_with_a_dropped_or_altered_entry_is_refused_at_boot() {
    let (mut world, key) = ready();
    world.works(&key);
    world.observe();
    let good = world.host.state().store.clone();
    let last = good.entries.len() - 1;
    for (index, drop) in
        [(0, true), (last / 2, true), (last, true), (0, false), (last / 2, false), (last, false)]
    {
        let mut store = good.clone();
        if drop {
            store.entries.remove(index);
        } else {
            let middle = store.entries[index].len() / 2;
            store.entries[index][middle] ^= 1;
        }
        world.host.state().store = store;
        world.reboot();
        world.install().unwrap();
        let number = world.provide().unwrap_err().number();
        assert!(matches!(number, 800..=802), "entry {index}, dropped: {drop}: {number}");
        assert_eq!(world.phase(), Phase::Halted);
    }
    world.host.state().store = good;
    world.recover();
    world.works(&key);
}

/// The host boots a second enclave on a copy of the store while the first goes on: what the custodian has seen of the
/// first ends the second.
#[test]
fn a_fork_is_refused_by_what_the_custodian_saw() {
    let (mut world, key) = ready();
    world.observe();
    let common = world.host.state().store.clone();
    world.works(&key);
    world.observe();
    let seen = world.host.state().store.clone();
    world.host.state().store = common;
    world.reboot();
    world.install().unwrap();
    assert_eq!(world.provide().unwrap_err().number(), 801);
    world.host.state().store = seen;
    world.recover();
    world.works(&key);
}
