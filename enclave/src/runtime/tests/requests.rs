//! Place: none. The enclave's own requests to the host.

use super::harness::{PATIENCE, Running, limits};
use crate::runtime::Limits;
use crate::sam::{Effect, Input};
use fuin_shared::fault::Fault;
use fuin_shared::frame::{Frame, MAX_FRAME};
use fuin_shared::message::{Command, Commit, Head, StoreAnswer, StoreRequest};
use fuin_shared::stream::Sender as StreamSender;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

fn commit(octets: usize) -> Commit {
    Commit { first: 5, entries: vec![vec![7; octets].into()], checkpoint: "c".into(), records: vec![] }
}

/// Each command makes `effect`; every other input goes to the test.
fn asking(limits: Limits, effect: fn() -> Effect) -> (Running, Receiver<Input>) {
    let (inputs, received) = channel();
    let enclave = Running::start(limits, move |input, _| match input {
        Input::Command { ticket, .. } => {
            vec![effect(), Effect::Reply { ticket, result: Err(Fault::Internal) }]
        }
        other => {
            inputs.send(other).unwrap();
            Vec::new()
        }
    });
    (enclave, received)
}

#[test]
fn a_commit_is_sent_once_and_its_answer_comes_back() {
    let (enclave, inputs) = asking(limits(), || Effect::Commit(commit(10)));
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    let (id, request) = host.request();
    assert_eq!(request, StoreRequest::Commit(commit(10)));
    host.send(&Frame::Reply { id, result: Ok(StoreAnswer::Committed) });
    assert!(matches!(inputs.recv_timeout(PATIENCE), Ok(Input::Committed(Ok(())))));
}

#[test]
fn a_connection_lost_after_sending_leaves_the_outcome_unknown() {
    let (enclave, inputs) = asking(limits(), || Effect::Commit(commit(10)));
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    host.request();
    drop(host);
    assert!(matches!(inputs.recv_timeout(PATIENCE), Ok(Input::Committed(Err(Fault::Disconnected)))));
}

#[test]
fn a_request_waits_for_a_connection() {
    // The answer to the first request is lost with its connection; what the machine asks then finds none.
    let enclave = Running::start(limits(), |input, _| match input {
        Input::Command { .. } | Input::Head(Err(_)) => vec![Effect::AskHead],
        _ => Vec::new(),
    });
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    let (first, _) = host.request();
    drop(host);
    let mut host = enclave.connection();
    let (second, request) = host.request();
    assert_eq!(request, StoreRequest::Head);
    assert_ne!(first, second, "ids are never used twice");
}

#[test]
fn a_host_that_does_not_answer_in_time_is_left() {
    let limits = Limits { answer: Duration::from_millis(10), ..limits() };
    let (enclave, inputs) = asking(limits, || Effect::AskHead);
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert!(matches!(inputs.recv_timeout(PATIENCE), Ok(Input::Head(Err(Fault::Deadline)))));
    while host.receive().is_some() {}
    enclave.connection();
}

#[test]
fn a_request_that_no_frame_can_hold_fails_at_once() {
    let (enclave, inputs) = asking(limits(), || Effect::Commit(commit(MAX_FRAME)));
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    assert!(matches!(inputs.recv_timeout(PATIENCE), Ok(Input::Committed(Err(Fault::TooLarge)))));
}

#[test]
fn the_head_comes_back() {
    let (enclave, inputs) = asking(limits(), || Effect::AskHead);
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    let (id, _) = host.request();
    let head = Head { size: 9, checkpoint: Some("note".into()) };
    host.send(&Frame::Reply { id, result: Ok(StoreAnswer::Head(head.clone())) });
    assert!(matches!(inputs.recv_timeout(PATIENCE), Ok(Input::Head(Ok(got))) if got == head));
}

#[test]
fn a_large_ledger_streams_under_credit() {
    const TOTAL: usize = 3_000_000;
    let (enclave, inputs) = asking(limits(), || Effect::ReadLedger { first: 2 });
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    let (id, request) = host.request();
    assert_eq!(request, StoreRequest::ReadLedger { first: 2 });
    host.send(&Frame::Reply { id, result: Ok(StoreAnswer::Stream) });
    let (mut stream, mut left) = (StreamSender::default(), TOTAL);
    while left > 0 {
        let piece = stream.allowance().min(left);
        if piece == 0 {
            let Some(Frame::Credit { id: of, octets }) = host.receive() else { panic!("no credit") };
            assert_eq!(of, id);
            stream.grant(octets).unwrap();
            continue;
        }
        left -= piece;
        stream.sent(piece);
        host.send(&Frame::Chunk { id, data: vec![3; piece].into(), last: left == 0 });
    }
    let mut got = 0;
    loop {
        let Ok(Input::LedgerOctets { result: Ok(octets), last }) = inputs.recv_timeout(PATIENCE) else {
            panic!("no octets")
        };
        got += octets.len();
        if last {
            break;
        }
    }
    assert_eq!(got, TOTAL);
}

#[test]
fn more_octets_than_the_credit_end_the_connection_and_the_stream() {
    let (enclave, inputs) = asking(limits(), || Effect::ReadLedger { first: 0 });
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Internal)));
    let (id, _) = host.request();
    host.send(&Frame::Reply { id, result: Ok(StoreAnswer::Stream) });
    host.send(&Frame::Chunk { id, data: vec![3; 300_000].into(), last: false });
    assert!(matches!(
        inputs.recv_timeout(PATIENCE),
        Ok(Input::LedgerOctets { result: Err(Fault::Disconnected), last: true })
    ));
    assert_eq!(host.receive(), None);
    enclave.connection();
}
