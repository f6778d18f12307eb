//! Place: SSA. What the host tells the enclave, and what it makes of the answers. The enclave's own decisions are not
//! tested here.

use crate::peer::{Peer, instance};
use crate::setup::{Answered, NOW, Setup};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Challenge, Command, Receipt};
use fuin_shared::sad::{MeansProfile, Purpose};
use serde_json::{Value, json};

pub fn receipt() -> Receipt {
    Receipt { index: 1, event: vec![].into(), salts: vec![], checkpoint: String::new() }
}

pub async fn exchange(
    setup: &Setup,
    peer: &mut Peer,
    path: &str,
    body: Value,
    result: Result<Answer, Fault>,
) -> (Answered, Command) {
    tokio::join!(setup.post(path, body), async {
        let (id, command) = peer.command().await;
        peer.reply(id, result).await;
        command
    })
}

fn hashes(count: u8) -> Vec<String> {
    (0..count).map(|n| Base64::encode_string(&[n; 32])).collect()
}

#[tokio::test]
async fn a_challenge_travels_unchanged_in_both_versions() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let challenge = Challenge {
        nonce: vec![9; 48].into(),
        instance: instance(1),
        expires: NOW + 300,
        means: Some(MeansProfile::Passkey),
        passkey: None,
        hint: None,
    };
    for (path, body) in [
        ("/csc/v1/credentials/getChallenge", json!({ "credentialID": "k256" })),
        ("/csc/v2/credentials/getChallenge", json!({ "credentialID": "k256", "authObjectID": "passkey" })),
    ] {
        let (answer, command) =
            exchange(&setup, &mut peer, path, body, Ok(Answer::Challenge(challenge.clone()))).await;
        let Command::GetChallenge(asked) = command else { panic!("{command:?}") };
        assert_eq!((asked.purpose, asked.record.version), (Purpose::Sign, 1));
        let octets = Base64UrlUnpadded::decode_vec(answer.body["challenge"].as_str().unwrap()).unwrap();
        assert_eq!(codec::decode::<Challenge>(&octets).unwrap(), challenge);
        assert_eq!(answer.body["expires"], json!(NOW + 300));
    }
}

#[tokio::test]
async fn evidence_goes_in_and_the_activation_token_comes_out() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let evidence = Base64UrlUnpadded::encode_string(b"evidence");
    for (path, body) in [
        (
            "/csc/v1/credentials/authorize",
            json!({ "credentialID": "k256", "numSignatures": "2", "hash": hashes(2), "OTP": evidence, "PIN": "" }),
        ),
        (
            "/csc/v2/credentials/authorize",
            json!({
                "credentialID": "k256", "numSignatures": 2, "hashes": hashes(2),
                "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "authData": [{ "id": "passkey", "value": evidence }],
            }),
        ),
    ] {
        let activation =
            Answer::Activation { token: vec![5; 32].into(), expires: NOW + 120, receipt: receipt() };
        let (answer, command) = exchange(&setup, &mut peer, path, body.clone(), Ok(activation)).await;
        assert_eq!(
            answer.body,
            json!({ "SAD": Base64UrlUnpadded::encode_string(&[5; 32]), "expiresIn": 120 })
        );
        let Command::Authorize(asked) = command else { panic!("{command:?}") };
        assert_eq!((asked.evidence.as_slice(), asked.count), (&b"evidence"[..], 2));
        assert_eq!(asked.hashes, Some(vec![vec![0; 32].into(), vec![1; 32].into()]));
        assert_eq!(asked.hash_algorithm, body.get("hashAlgorithmOID").map(|_| HashAlgorithm::Sha256));
    }
}

fn sign(version: &str) -> (String, Value) {
    let body = json!({
        "credentialID": "k256", "SAD": Base64UrlUnpadded::encode_string(&[5; 32]),
        (if version == "v1" { "hash" } else { "hashes" }): hashes(2),
        "hashAlgo": "2.16.840.1.101.3.4.2.1", "signAlgo": "1.2.840.10045.4.3.2", "signAlgoParams": null,
    });
    (format!("/csc/{version}/signatures/signHash"), body)
}

#[tokio::test]
async fn signatures_come_back_in_order() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for version in ["v1", "v2"] {
        let (path, body) = sign(version);
        let made =
            Answer::Signatures { signatures: vec![vec![1].into(), vec![2].into()], receipt: receipt() };
        let (answer, command) = exchange(&setup, &mut peer, &path, body, Ok(made)).await;
        assert_eq!(answer.body, json!({ "signatures": ["AQ==", "Ag=="] }));
        let Command::SignHash(asked) = command else { panic!("{command:?}") };
        assert_eq!(asked.token.as_slice(), [5; 32]);
        assert_eq!(asked.signature_algorithm, SignatureAlgorithm::EcdsaSha256);
    }
}

#[tokio::test]
async fn an_answer_of_another_kind_or_length_gives_no_signature() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let few = Answer::Signatures { signatures: vec![vec![1].into()], receipt: receipt() };
    for wrong in [few, Answer::Deleted(receipt())] {
        let (path, body) = sign("v2");
        let (answer, _) = exchange(&setup, &mut peer, &path, body, Ok(wrong)).await;
        assert_eq!((answer.status, &answer.body["signatures"]), (500, &json!(null)));
    }
}

#[tokio::test]
async fn a_stale_record_is_read_again_once() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for (second, status) in [
        (Ok(Answer::Signatures { signatures: vec![vec![1].into(); 2], receipt: receipt() }), 200),
        (Err(Fault::RecordStale), 503),
    ] {
        let (path, body) = sign("v2");
        let (answer, ()) = tokio::join!(setup.post(&path, body), async {
            let (id, _) = peer.command().await;
            peer.reply(id, Err(Fault::RecordStale)).await;
            let (id, _) = peer.command().await;
            peer.reply(id, second).await;
        });
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn refusals_of_the_enclave_become_errors_of_the_table() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for (fault, status, error, text) in [
        (Fault::TokenUnknown, 400, "invalid_request", "Invalid parameter SAD"),
        (Fault::TokenExpired, 400, "invalid_request", "SAD expired"),
        (Fault::HashNotAuthorized, 400, "invalid_request", "Hash is not authorized by the SAD"),
        (Fault::AlgorithmNotAllowed, 400, "invalid_request", "Invalid parameter signAlgo"),
        (
            Fault::CredentialDisabled,
            400,
            "invalid_request",
            "The credential identified by credentialID is disabled",
        ),
        (
            Fault::CertificateExpired,
            400,
            "invalid_request",
            "Signing certificate 'O=Example,CN=Taro Yamada' is expired.",
        ),
        (Fault::AssertionSignature, 400, "invalid_otp", "The OTP is invalid"),
        (Fault::LedgerBusy, 429, "temporarily_unavailable", "Too much is in flight; try again later"),
        (Fault::Halted, 503, "temporarily_unavailable", "The signing enclave is not in operation"),
    ] {
        let (path, body) = sign("v1");
        let (answer, _) = exchange(&setup, &mut peer, &path, body, Err(fault)).await;
        assert_eq!(answer.refusal(), (status, error, text), "{fault}");
        assert_eq!(answer.headers.contains_key("retry-after"), status != 400);
    }
}

#[tokio::test]
async fn without_an_enclave_it_says_when_to_come_back() {
    let setup = Setup::start().await;
    setup.seal().await;
    let (path, body) = sign("v2");
    let answer = setup.post(&path, body).await;
    assert_eq!((answer.status, answer.refusal().1), (503, "temporarily_unavailable"));
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn an_enclave_that_does_not_answer_is_given_up() {
    let setup = Setup::start_with(|c| c.limits.deadline_ms = 20).await;
    setup.seal().await;
    let _silent = setup.peer(1).await;
    let (path, body) = sign("v2");
    assert_eq!(setup.post(&path, body).await.status, 503);
}
