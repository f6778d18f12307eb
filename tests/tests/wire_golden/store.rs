//! Place: none. What the enclave asks of the host.

use crate::Vector;
use crate::parts::{checkpoint, credential, octets, record};
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::message::{Commit, Cosign, Head, KeptDetail, RecordChange, StoreAnswer, StoreRequest};

/// No wildcard: a new request does not compile until it has a name, and then wants a sample below.
fn request_name(request: &StoreRequest) -> &'static str {
    match request {
        StoreRequest::Commit(_) => "commit",
        StoreRequest::Head => "head",
        StoreRequest::ReadLedger { .. } => "read-ledger",
        StoreRequest::Cosign(_) => "cosign",
        StoreRequest::ReadSnapshot { .. } => "read-snapshot",
    }
}

/// As [`request_name`].
fn answer_name(answer: &StoreAnswer) -> &'static str {
    match answer {
        StoreAnswer::Committed => "committed",
        StoreAnswer::Head(_) => "head",
        StoreAnswer::Stream => "stream",
        StoreAnswer::Cosigned(_) => "cosigned",
        StoreAnswer::Contradicted(_) => "contradicted",
    }
}

pub fn vectors() -> Vec<Vector> {
    let ledger = LedgerIdentity {
        origin: "fuin.example/ledger".into(),
        vkey: "fuin.example/ledger+00000000+AA==".into(),
    };
    let requests = [
        StoreRequest::Commit(Commit {
            first: 7,
            entries: vec![octets(0xb0, 12)],
            checkpoint: checkpoint(),
            records: vec![RecordChange::Put(record()), RecordChange::Erase(credential())],
        }),
        StoreRequest::Head,
        StoreRequest::ReadLedger { first: 256 },
        StoreRequest::Cosign(Cosign { ledger, checkpoint: checkpoint(), quorum: 2 }),
        StoreRequest::ReadSnapshot { marks: vec![3, 256] },
    ];
    let adopting = StoreRequest::Commit(Commit {
        first: 7,
        entries: vec![octets(0xb0, 12)],
        checkpoint: checkpoint(),
        records: vec![RecordChange::Manifest(crate::statements::manifest_change())],
    });
    let detailed = StoreRequest::Commit(Commit {
        first: 7,
        entries: vec![octets(0xb0, 12)],
        checkpoint: checkpoint(),
        records: vec![RecordChange::Detail(KeptDetail { index: 7, sealed: octets(0xc0, 40) })],
    });
    let answers = [
        StoreAnswer::Committed,
        StoreAnswer::Head(Head { size: 8, checkpoint: Some(checkpoint()) }),
        StoreAnswer::Stream,
        StoreAnswer::Cosigned("\u{2014} witness.example/1 AAAAAAAA\n".into()),
        StoreAnswer::Contradicted(String::new()),
    ];
    let requests =
        requests.into_iter().map(|r| Vector::cbor(format!("store-request/{}", request_name(&r)), r));
    let answers = answers.into_iter().map(|a| Vector::cbor(format!("store-answer/{}", answer_name(&a)), a));
    let adopting = Vector::cbor("store-request/commit-of-a-manifest", adopting);
    let detailed = Vector::cbor("store-request/commit-of-a-detail", detailed);
    requests.chain(answers).chain([adopting, detailed]).collect()
}
