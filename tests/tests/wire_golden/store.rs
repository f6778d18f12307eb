//! Place: none. What the enclave asks of the host.

use crate::Vector;
use crate::parts::{checkpoint, credential, octets, record};
use fuin_shared::message::{Commit, Head, RecordChange, StoreAnswer, StoreRequest};

/// No wildcard: a new request does not compile until it has a name, and then wants a sample below.
fn request_name(request: &StoreRequest) -> &'static str {
    match request {
        StoreRequest::Commit(_) => "commit",
        StoreRequest::Head => "head",
        StoreRequest::ReadLedger { .. } => "read-ledger",
    }
}

/// As [`request_name`].
fn answer_name(answer: &StoreAnswer) -> &'static str {
    match answer {
        StoreAnswer::Committed => "committed",
        StoreAnswer::Head(_) => "head",
        StoreAnswer::Stream => "stream",
    }
}

pub fn vectors() -> Vec<Vector> {
    let requests = [
        StoreRequest::Commit(Commit {
            first: 7,
            entries: vec![octets(0xb0, 12)],
            checkpoint: checkpoint(),
            records: vec![RecordChange::Put(record()), RecordChange::Erase(credential())],
        }),
        StoreRequest::Head,
        StoreRequest::ReadLedger { first: 256 },
    ];
    let answers = [
        StoreAnswer::Committed,
        StoreAnswer::Head(Head { size: 8, checkpoint: Some(checkpoint()) }),
        StoreAnswer::Stream,
    ];
    let requests =
        requests.into_iter().map(|r| Vector::cbor(format!("store-request/{}", request_name(&r)), r));
    let answers = answers.into_iter().map(|a| Vector::cbor(format!("store-answer/{}", answer_name(&a)), a));
    requests.chain(answers).collect()
}
