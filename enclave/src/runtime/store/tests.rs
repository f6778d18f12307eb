use super::*;
use fuin_shared::message::{Commit, Head};
use fuin_shared::stream::WINDOW;

const ONE: ConnectionId = ConnectionId(1);
const TWO: ConnectionId = ConnectionId(2);
const ANSWER: Duration = Duration::from_secs(30);

fn commit() -> StoreRequest {
    StoreRequest::Commit(Commit { first: 0, entries: vec![], checkpoint: String::new(), records: vec![] })
}

fn sent(request: &StoreRequest) -> (Store, u64, Instant) {
    let (mut store, now) = (Store::new(ANSWER), Instant::now());
    let id = store.new_id();
    store.sent(id, request, ONE, now);
    (store, id, now)
}

fn head() -> StoreAnswer {
    StoreAnswer::Head(Head { size: 3, checkpoint: None })
}

#[test]
fn each_request_takes_its_own_answer() {
    let (mut store, id, now) = sent(&commit());
    assert!(matches!(
        store.reply(ONE, id, Ok(StoreAnswer::Committed), now),
        Ok(Some(Input::Committed(Ok(()))))
    ));
    let (mut store, id, now) = sent(&StoreRequest::Head);
    assert!(matches!(store.reply(ONE, id, Ok(head()), now), Ok(Some(Input::Head(Ok(Head { size: 3, .. }))))));
    for (request, answer) in [
        (commit(), head()),
        (commit(), StoreAnswer::Stream),
        (StoreRequest::Head, StoreAnswer::Committed),
        (StoreRequest::ReadLedger { first: 0 }, head()),
    ] {
        let (mut store, id, now) = sent(&request);
        assert_eq!(store.reply(ONE, id, Ok(answer), now).err(), Some(Violation), "{request:?}");
        assert_eq!(store.lost(ONE).len(), 1, "the request still ends once");
    }
}

#[test]
fn a_refusal_of_the_host_reaches_the_machine() {
    let (mut store, id, now) = sent(&commit());
    let input = store.reply(ONE, id, Err(Fault::SinkRefused), now);
    assert!(matches!(input, Ok(Some(Input::Committed(Err(Fault::SinkRefused))))));
    let (mut store, id, now) = sent(&StoreRequest::ReadLedger { first: 0 });
    let input = store.reply(ONE, id, Err(Fault::SinkRefused), now);
    assert!(matches!(input, Ok(Some(Input::LedgerOctets { result: Err(Fault::SinkRefused), last: true }))));
}

#[test]
fn unknown_ids_and_other_connections_are_violations_and_late_answers_are_not() {
    let (mut store, id, now) = sent(&commit());
    assert_eq!(store.reply(ONE, id + 1, Ok(StoreAnswer::Committed), now).err(), Some(Violation));
    assert_eq!(store.reply(TWO, id, Ok(StoreAnswer::Committed), now).err(), Some(Violation));
    assert_eq!(store.expired(now + ANSWER).len(), 1);
    assert!(matches!(store.reply(ONE, id, Ok(StoreAnswer::Committed), now), Ok(None)));
    assert!(matches!(store.chunk(ONE, id, Blob::default(), true, now), Ok(None)));
}

#[test]
fn lost_connections_and_deadlines_end_requests_once() {
    let (mut store, _, now) = sent(&commit());
    assert!(store.lost(TWO).is_empty());
    assert!(matches!(store.lost(ONE).as_slice(), [Input::Committed(Err(Fault::Disconnected))]));
    assert!(store.expired(now + ANSWER).is_empty());

    let (mut store, _, now) = sent(&StoreRequest::Head);
    assert_eq!(store.next_due(), Some(now + ANSWER));
    assert!(store.expired(now).is_empty());
    assert!(matches!(
        store.expired(now + ANSWER).as_slice(),
        [(ONE, Some(Input::Head(Err(Fault::Deadline))))]
    ));
    assert_eq!(store.next_due(), None);
}

#[test]
fn streams_give_credit_and_end_with_the_last_piece() {
    let (mut store, id, now) = sent(&StoreRequest::ReadLedger { first: 0 });
    assert_eq!(store.chunk(ONE, id, vec![1].into(), false, now).err(), Some(Violation), "no stream yet");
    assert!(matches!(store.reply(ONE, id, Ok(StoreAnswer::Stream), now), Ok(None)));
    let mut credit = 0;
    for _ in 0..8 {
        let piece = store.chunk(ONE, id, vec![1; WINDOW as usize / 4].into(), false, now).unwrap().unwrap();
        assert!(matches!(piece.input, Input::LedgerOctets { result: Ok(_), last: false }));
        credit += piece.credit.unwrap_or(0);
    }
    assert_eq!(credit, 2 * WINDOW);
    let piece = store.chunk(ONE, id, Blob::default(), true, now).unwrap().unwrap();
    assert!(matches!(piece.input, Input::LedgerOctets { last: true, .. }));
    assert!(store.lost(ONE).is_empty());
}

#[test]
fn more_than_the_credit_and_a_second_answer_are_violations() {
    let (mut store, id, now) = sent(&StoreRequest::ReadLedger { first: 0 });
    store.reply(ONE, id, Ok(StoreAnswer::Stream), now).unwrap();
    assert_eq!(store.reply(ONE, id, Ok(StoreAnswer::Stream), now).err(), Some(Violation));
    let flood = vec![0; WINDOW as usize + 1];
    assert_eq!(store.chunk(ONE, id, flood.into(), false, now).err(), Some(Violation));
    assert!(matches!(
        store.lost(ONE).as_slice(),
        [Input::LedgerOctets { result: Err(Fault::Disconnected), last: true }]
    ));
}

#[test]
fn each_piece_renews_the_deadline_of_a_stream() {
    let (mut store, id, now) = sent(&StoreRequest::ReadLedger { first: 0 });
    let later = now + ANSWER / 2;
    store.reply(ONE, id, Ok(StoreAnswer::Stream), later).unwrap();
    assert_eq!(store.next_due(), Some(later + ANSWER));
    let latest = later + ANSWER / 2;
    store.chunk(ONE, id, vec![1].into(), false, latest).unwrap();
    assert_eq!(store.next_due(), Some(latest + ANSWER));
}
