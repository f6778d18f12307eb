//! Place: SSA. Mandates and orders: what the host tells the enclave, and what it makes of the answers. The enclave's own
//! decisions are not tested here.

use crate::authorize::receipt;
use crate::peer::{Peer, instance};
use crate::setup::{Answered, NOW, Setup};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{MandateId, ServiceId};
use fuin_shared::message::{
    Answer, Challenge, Command, Commit, EndedBy, MandateStatus, Receipt, RecordChange, SealedRecord,
};
use fuin_shared::sad::{MeansProfile, Purpose};
use fuin_shared::seal::{ScaEvidence, SealOrder, SignedOrder, VERSION, mandate_record};
use serde_json::{Value, json};

const MANDATE: MandateId = MandateId([5; 16]);

async fn exchange(
    setup: &Setup,
    peer: &mut Peer,
    method: &str,
    body: Value,
    result: Result<Answer, Fault>,
) -> (Answered, Command) {
    let path = format!("/csc/v2/{method}");
    tokio::join!(setup.post(&path, body), async {
        let (id, command) = peer.command().await;
        peer.reply(id, result).await;
        command
    })
}

fn encode(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

fn decoded<T: serde::Serialize + serde::de::DeserializeOwned>(value: &Value) -> T {
    codec::decode(&Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap()).unwrap()
}

async fn ready() -> (Setup, Peer) {
    let setup = Setup::start().await;
    setup.seal().await;
    let peer = setup.peer(1).await;
    (setup, peer)
}

/// Keeps the mandate's record, as the commit of its grant would.
async fn keep_mandate(setup: &Setup) {
    let record = SealedRecord { id: mandate_record(&MANDATE), version: 1, body: vec![6; 9].into() };
    let commit = Commit {
        first: 1,
        entries: vec![b"granted".to_vec().into()],
        checkpoint: "checkpoint 2".into(),
        records: vec![RecordChange::Put(record)],
    };
    setup.host.store().commit(commit).await.unwrap();
}

fn order() -> (SignedOrder, SealOrder) {
    let order = SealOrder {
        version: VERSION,
        service: ServiceId([1; 32]),
        mandate: MANDATE,
        number: 1,
        expires: NOW + 60,
        hashes: vec![vec![7; 32].into(), vec![8; 32].into()],
        hash_algorithm: HashAlgorithm::Sha256,
        signature_algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    (SignedOrder { order: codec::encode(&order).into(), signature: vec![9; 70].into() }, order)
}

fn sign_hash(signed: &SignedOrder, hashes: &[Vec<u8>]) -> Value {
    json!({
        "credentialID": "k256",
        "SAD": encode(&codec::encode(signed)),
        "hashes": hashes.iter().map(|hash| Base64::encode_string(hash)).collect::<Vec<_>>(),
        "signAlgo": SignatureAlgorithm::EcdsaSha256.oid().to_string(),
    })
}

#[tokio::test]
async fn challenge_grant_end_and_status_are_carried() {
    let (setup, mut peer) = ready().await;
    let challenge = Challenge {
        nonce: vec![9; 48].into(),
        instance: instance(1),
        expires: NOW + 300,
        means: Some(MeansProfile::Passkey),
        passkey: None,
        hint: None,
    };
    for (name, purpose) in [
        ("mandate", Purpose::Mandate),
        ("end-mandate", Purpose::EndMandate),
        ("approvers", Purpose::Approvers),
        ("link", Purpose::Link),
    ] {
        let body = json!({ "credentialID": "k256", "approver": 2, "purpose": name });
        let result = Ok(Answer::Challenge(challenge.clone()));
        let (answer, command) = exchange(&setup, &mut peer, "mandates/challenge", body, result).await;
        let Command::GetApproverChallenge(asked) = command else { panic!("{command:?}") };
        assert_eq!((asked.purpose, asked.approver, asked.record.version), (purpose, 2, 1));
        assert_eq!(decoded::<Challenge>(&answer.body["challenge"]), challenge);
        assert_eq!(answer.body["recordVersion"], 1);
    }

    let body = json!({ "credentialID": "k256", "mandate": encode(b"terms"), "approvals": [encode(b"a"), encode(b"b")] });
    let result = Ok(Answer::MandateGranted { mandate: MANDATE, receipt: receipt() });
    let (answer, command) = exchange(&setup, &mut peer, "mandates/grant", body, result).await;
    let Command::GrantMandate(asked) = command else { panic!("{command:?}") };
    assert_eq!((asked.terms.as_slice(), asked.approvals.len()), (&b"terms"[..], 2));
    assert_eq!(answer.body["mandateID"], MANDATE.to_string());
    assert_eq!(decoded::<Receipt>(&answer.body["receipt"]), receipt());
    assert_eq!(asked.evidence, None);

    let evidence = ScaEvidence::Certificates(vec![b"certificate".to_vec().into()]);
    let grant = |evidence: &str| json!({ "credentialID": "k256", "mandate": encode(b"terms"), "approvals": [], "scaEvidence": evidence });
    let result = Err(Fault::ScaEvidence);
    let body = grant(&encode(&evidence.to_bytes()));
    let (answer, command) = exchange(&setup, &mut peer, "mandates/grant", body, result).await;
    let Command::GrantMandate(asked) = command else { panic!("{command:?}") };
    assert_eq!(asked.evidence, Some(evidence));
    let wrong = (400, "invalid_request", "Invalid parameter scaEvidence");
    assert_eq!(answer.refusal(), wrong);
    for evidence in ["!", "AAAA", &"A".repeat(64 * 1024)] {
        assert_eq!(setup.post("/csc/v2/mandates/grant", grant(evidence)).await.refusal(), wrong);
    }

    for (member, by) in [
        ("approval", EndedBy::Approver(b"word".to_vec().into())),
        ("statement", EndedBy::Officer(b"word".to_vec().into())),
    ] {
        let body =
            json!({ "credentialID": "k256", "mandateID": MANDATE.to_string(), (member): encode(b"word") });
        let result = Ok(Answer::MandateEnded(receipt()));
        let (answer, command) = exchange(&setup, &mut peer, "mandates/end", body, result).await;
        let Command::EndMandate(asked) = command else { panic!("{command:?}") };
        assert_eq!((asked.mandate, asked.by), (MANDATE, by));
        assert_eq!(answer.status, 200);
    }

    let status = MandateStatus {
        count: 5,
        used: 3,
        next_number: 4,
        not_before: NOW,
        not_after: NOW + 3600,
        ended: false,
    };
    let body = json!({ "credentialID": "k256", "mandateID": MANDATE.to_string() });
    let result = Ok(Answer::MandateStatus(status));
    let (answer, command) = exchange(&setup, &mut peer, "mandates/status", body, result).await;
    assert_eq!(command, Command::MandateStatus(MANDATE));
    assert_eq!((&answer.body["used"], &answer.body["nextNumber"]), (&3.into(), &4.into()));
}

#[tokio::test]
async fn an_order_in_the_place_of_the_sad_is_carried_with_both_records() {
    let (setup, mut peer) = ready().await;
    let (signed, order) = order();
    let hashes: Vec<_> = order.hashes.iter().map(|hash| hash.0.clone()).collect();
    // Nobody granted it.
    let answer = setup.post("/csc/v2/signatures/signHash", sign_hash(&signed, &hashes)).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter mandateID"));
    keep_mandate(&setup).await;
    let result =
        Ok(Answer::Signatures { signatures: vec![vec![1].into(), vec![2].into()], receipt: receipt() });
    let (answer, command) =
        exchange(&setup, &mut peer, "signatures/signHash", sign_hash(&signed, &hashes), result).await;
    let Command::Seal(asked) = command else { panic!("{command:?}") };
    assert_eq!(asked.order.0, codec::encode(&signed));
    assert_eq!((asked.record.id.as_str(), &asked.mandate.id), ("k256", &mandate_record(&MANDATE)));
    assert_eq!(answer.body["signatures"], json!(["AQ==", "Ag=="]));
    assert_eq!(decoded::<Receipt>(&answer.body["sealReceipt"]), receipt());
    for (fault, text) in [
        (Fault::OrderNumber, "The order does not bear the next running number"),
        (Fault::OrderSignature, "Invalid parameter SAD"),
        (Fault::MandateEnded, "The mandate was ended"),
        (Fault::MandateSpent, "The mandate does not allow so many more seals"),
        (Fault::MandateRate, "The mandate does not allow so many seals in this interval"),
        (Fault::MandateWindow, "The mandate is not valid at this time"),
        (Fault::KeyPurpose, "The credential is for another purpose"),
    ] {
        let body = sign_hash(&signed, &hashes);
        let (answer, _) = exchange(&setup, &mut peer, "signatures/signHash", body, Err(fault)).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", text), "{fault}");
    }
}

#[tokio::test]
async fn a_body_that_says_something_else_than_the_order_is_refused() {
    let (setup, _peer) = ready().await;
    keep_mandate(&setup).await;
    let (signed, order) = order();
    let (first, second) = (order.hashes[0].0.clone(), order.hashes[1].0.clone());
    for hashes in [vec![first.clone()], vec![second.clone(), first.clone()], vec![first, vec![0; 32]]] {
        let answer = setup.post("/csc/v2/signatures/signHash", sign_hash(&signed, &hashes)).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", "Hash is not authorized by the SAD"));
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name() {
    let (setup, _peer) = ready().await;
    let mandate = MANDATE.to_string();
    for (method, body, text) in [
        ("challenge", json!({}), "Missing (or invalid type) string parameter credentialID"),
        (
            "challenge",
            json!({ "credentialID": "k256" }),
            "Missing (or invalid type) integer parameter approver",
        ),
        (
            "challenge",
            json!({ "credentialID": "k256", "approver": -1 }),
            "Missing (or invalid type) integer parameter approver",
        ),
        (
            "challenge",
            json!({ "credentialID": "k256", "approver": 1, "purpose": "sign" }),
            "Invalid parameter purpose",
        ),
        (
            "challenge",
            json!({ "credentialID": "foreign", "approver": 1, "purpose": "mandate" }),
            "Invalid parameter credentialID",
        ),
        ("grant", json!({ "credentialID": "k256" }), "Missing (or invalid type) string parameter mandate"),
        (
            "grant",
            json!({ "credentialID": "k256", "mandate": "AA" }),
            "Missing (or invalid type) array parameter approvals",
        ),
        (
            "grant",
            json!({ "credentialID": "k256", "mandate": "!", "approvals": [] }),
            "Invalid parameter mandate",
        ),
        (
            "grant",
            json!({ "credentialID": "k256", "mandate": "A".repeat(5000), "approvals": [] }),
            "Invalid parameter mandate",
        ),
        (
            "grant",
            json!({ "credentialID": "k256", "mandate": "AA", "approvals": [1] }),
            "Invalid parameter approvals",
        ),
        (
            "grant",
            json!({ "credentialID": "k256", "mandate": "AA", "approvals": vec!["AA"; 17] }),
            "Invalid parameter approvals",
        ),
        ("end", json!({ "credentialID": "k256", "mandateID": "x" }), "Invalid parameter mandateID"),
        (
            "end",
            json!({ "credentialID": "k256", "mandateID": mandate }),
            "Either approval or statement must be present",
        ),
        (
            "end",
            json!({ "credentialID": "k256", "mandateID": mandate, "approval": "AA", "statement": "AA" }),
            "Either approval or statement must be present",
        ),
        (
            "end",
            json!({ "credentialID": "k256", "mandateID": mandate, "approval": "!" }),
            "Invalid parameter approval",
        ),
        (
            "status",
            json!({ "credentialID": "foreign", "mandateID": mandate }),
            "Invalid parameter credentialID",
        ),
    ] {
        let answer = setup.post(&format!("/csc/v2/mandates/{method}"), &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", text), "{method} {body}");
    }
    let answer = setup.post_with("/csc/v2/mandates/status", None, json!({})).await;
    assert_eq!(answer.status, 400);
}
