//! Place: SSA. How a credential stands: what info shows of it, and the methods by which it is suspended and used again.

use crate::authorize::{exchange, receipt};
use crate::setup::Setup;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::Holder;
use fuin_shared::message::{Answer, Command, CredentialStatus, Linked};
use fuin_shared::sad::Purpose;
use serde_json::{Value, json};

fn status(suspended: Vec<Holder>, locked: bool, pending: bool) -> Answer {
    Answer::CredentialStatus(CredentialStatus {
        active: true,
        officers_event: suspended.contains(&Holder::Officer).then_some(7),
        suspended,
        locked,
        pending,
        failures: 0,
    })
}

fn proof(action: &Value, key: &str) -> String {
    let payload = json!({ "action": action, "keyID": key }).to_string();
    format!("e30.{}.AAAA", Base64UrlUnpadded::encode_string(payload.as_bytes()))
}

#[tokio::test]
async fn info_shows_means_sic_class_and_what_the_enclave_says() {
    let setup = Setup::start().await;
    setup.seal().await;
    let path = "/csc/v2/credentials/info";
    let body = json!({ "credentialID": "k256" });
    // No enclave: the catalogue alone.
    let alone = setup.post(path, &body).await;
    assert_eq!(alone.body["fuin"], json!({ "means": "passkey", "sic": "independent" }));
    assert_eq!(alone.body["key"]["status"], "enabled");
    let mut peer = setup.peer(1).await;
    for (said, state, key, by) in [
        (status(vec![], false, false), "active", "enabled", json!([])),
        (status(vec![], true, false), "locked", "disabled", json!([])),
        (
            status(vec![Holder::Ra, Holder::Officer], false, true),
            "suspended",
            "disabled",
            json!(["ra", "officer"]),
        ),
        (status(vec![Holder::Signer], true, false), "suspended", "disabled", json!(["signer"])),
    ] {
        let (answer, command) = exchange(&setup, &mut peer, path, body.clone(), Ok(said)).await;
        assert!(matches!(command, Command::CredentialStatus(_)), "{command:?}");
        let fuin = &answer.body["fuin"];
        assert_eq!((&fuin["state"], &fuin["suspendedBy"]), (&json!(state), &by));
        assert_eq!((&fuin["means"], &fuin["sic"]), (&json!("passkey"), &json!("independent")));
        assert_eq!(answer.body["key"]["status"], key);
    }
}

#[tokio::test]
async fn a_signer_suspends_and_hears_that_it_is_pending() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let evidence = Base64UrlUnpadded::encode_string(b"evidence");
    for (path, body) in [
        ("/csc/v1/credentials/suspend", json!({ "credentialID": "k256", "OTP": evidence })),
        (
            "/csc/v2/credentials/suspend",
            json!({ "credentialID": "k256", "authData": [{ "id": "passkey", "value": evidence }] }),
        ),
    ] {
        for (pending, code) in [(true, 202), (false, 200)] {
            let said = status(vec![Holder::Signer], false, pending);
            let (answer, command) = exchange(&setup, &mut peer, path, body.clone(), Ok(said)).await;
            let Command::Suspend(asked) = command else { panic!("{command:?}") };
            assert_eq!(asked.evidence.as_slice(), b"evidence");
            assert_eq!(answer.status, code);
            assert_eq!(
                answer.body,
                json!({ "state": "suspended", "suspendedBy": ["signer"], "pending": pending })
            );
        }
    }
    let wrong = json!({ "credentialID": "k256", "authData": [{ "id": "device-key", "value": evidence }] });
    let answer = setup.post("/csc/v2/credentials/suspend", wrong).await;
    assert_eq!(answer.refusal().1, "invalid_authentication_data");
    let foreign = json!({ "credentialID": "foreign", "OTP": evidence });
    let answer = setup.post("/csc/v1/credentials/suspend", foreign).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter credentialID"));
}

#[tokio::test]
async fn a_challenge_is_for_the_purpose_that_was_asked() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let path = "/csc/v1/credentials/getChallenge";
    for (text, purpose) in
        [("suspend", Purpose::Suspend), ("resume", Purpose::Resume), ("relink", Purpose::Relink)]
    {
        let body = json!({ "credentialID": "k256", "purpose": text });
        let (_, command) = exchange(&setup, &mut peer, path, body, Err(Fault::CredentialDisabled)).await;
        let Command::GetChallenge(asked) = command else { panic!("{command:?}") };
        assert_eq!(asked.purpose, purpose);
    }
    let answer = setup.post(path, json!({ "credentialID": "k256", "purpose": "delete" })).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter purpose"));
}

#[tokio::test]
async fn an_ra_suspends_resumes_unlocks_and_relinks_by_its_proof() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for (method, said, code) in [
        ("suspend", status(vec![Holder::Ra], false, true), 202),
        ("resume", Answer::Restored(receipt()), 200),
        ("unlock", Answer::Restored(receipt()), 200),
    ] {
        let sent = proof(&json!({ method: {} }), "k256");
        let body = json!({ "manageProof": sent, "evidence": "AAAA" });
        let path = format!("/csc/v2/manages/{method}");
        let (answer, command) = exchange(&setup, &mut peer, &path, body, Ok(said)).await;
        let Command::Hold(manage) = command else { panic!("{command:?}") };
        assert_eq!((manage.proof, manage.record.unwrap().id.as_str()), (sent, "k256"));
        assert_eq!(answer.status, code, "{}", answer.body);
    }
    let sent = proof(&json!({ "relinkDeviceKey": { "key": "00" } }), "k256");
    let body = json!({ "manageProof": sent, "evidence": "AAAA", "registration": "AQID" });
    let linked = Linked { version: 4, attestation: Some(vec![1, 2, 3].into()), receipt: receipt() };
    let path = "/csc/v2/manages/relink";
    let (answer, command) = exchange(&setup, &mut peer, path, body, Ok(Answer::Linked(linked))).await;
    let Command::Relink(relink) = command else { panic!("{command:?}") };
    assert_eq!(relink.registration.as_slice(), [1, 2, 3]);
    assert_eq!(answer.body, json!({ "keyAttestation": "AQID", "ledgerIndex": 1 }));
    // Approvers of seals change as they were linked.
    let action = json!({ "changeApprovers": { "keep": [1], "approvers": [], "threshold": 1 } });
    let sent = proof(&action, "k256");
    let body = json!({ "manageProof": sent, "evidence": "AAAA" });
    let linked = Linked { version: 5, attestation: None, receipt: receipt() };
    let path = "/csc/v2/manages/changeApprovers";
    let (answer, command) = exchange(&setup, &mut peer, path, body, Ok(Answer::Linked(linked))).await;
    let Command::LinkEid(manage) = command else { panic!("{command:?}") };
    assert_eq!((manage.proof, answer.body["ledgerIndex"].as_u64()), (sent, Some(1)));
    // A first enrolment is not this method's.
    let action = json!({ "enrolApprovers": { "approvers": [], "threshold": 1 } });
    let body = json!({ "manageProof": proof(&action, "k256"), "evidence": "AAAA" });
    assert_eq!(setup.post(path, body).await.refusal().2, "Invalid parameter manageProof");
}

#[tokio::test]
async fn officers_orders_go_to_the_enclave() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let path = "/csc/v2/manages/order";
    let body = json!({ "credentialID": "k256", "orders": ["AQID", "BAUG"] });
    let said = status(vec![Holder::Officer], false, true);
    let (answer, command) = exchange(&setup, &mut peer, path, body, Ok(said)).await;
    let Command::Order(order) = command else { panic!("{command:?}") };
    assert_eq!(order.orders, [vec![1, 2, 3].into(), vec![4, 5, 6].into()]);
    assert_eq!((answer.status, &answer.body["state"]), (202, &json!("suspended")));
    for (body, text) in [
        (json!({ "orders": ["AQID"] }), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": "k256" }), "Missing (or invalid type) array parameter orders"),
        (json!({ "credentialID": "k256", "orders": [] }), "Missing (or invalid type) array parameter orders"),
        (json!({ "credentialID": "k256", "orders": [1] }), "Invalid parameter orders"),
        (json!({ "credentialID": "none", "orders": ["AQID"] }), "Invalid parameter credentialID"),
    ] {
        assert_eq!(setup.post(path, body).await.refusal(), (400, "invalid_request", text));
    }
}

#[tokio::test]
async fn refusals_of_these_methods_have_the_extensions_words() {
    let setup = Setup::start().await;
    setup.seal().await;
    let good = proof(&json!({ "resume": {} }), "k256");
    for (body, text) in [
        (json!({}), "Missing (or invalid type) string parameter manageProof"),
        (json!({ "manageProof": "x" }), "Invalid parameter manageProof"),
        (json!({ "manageProof": proof(&json!({ "unlock": {} }), "k256") }), "Invalid parameter manageProof"),
        (json!({ "manageProof": proof(&json!({ "resume": {} }), "none") }), "Invalid parameter keyID"),
        (json!({ "manageProof": good, "evidence": "!" }), "Invalid parameter evidence"),
        (
            json!({ "manageProof": good, "registration": "AAAA" }),
            "Missing (or invalid type) string parameter registration",
        ),
    ] {
        let answer = setup.post("/csc/v2/manages/resume", body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", text));
    }
    // The methods are of v2, and no other verb reaches them.
    assert_eq!(setup.post("/csc/v1/manages/resume", json!({})).await.status, 404);
    let mut peer = setup.peer(1).await;
    for (fault, error) in [
        (Fault::InvalidProof, "invalid_proof"),
        (Fault::StatementSpent, "invalid_proof"),
        (Fault::InvalidKeyState, "invalid_key_state"),
        (Fault::EidMismatch, "eid_mismatch"),
        (Fault::AssertionSignature, "eid_mismatch"),
        (Fault::UnknownCredential, "invalid_request"),
    ] {
        let body = json!({ "manageProof": good, "evidence": "AAAA" });
        let (answer, _) = exchange(&setup, &mut peer, "/csc/v2/manages/resume", body, Err(fault)).await;
        assert_eq!((answer.status, answer.refusal().1), (400, error), "{fault}");
    }
}
