//! Place: SSA. Whatever JSON comes, the answer is JSON and never a 500.

use crate::setup::Setup;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::sync::OnceLock;

const PATHS: [&str; 15] = [
    "/csc/v1/info",
    "/csc/v2/auth/login",
    "/csc/v2/auth/revoke",
    "/csc/v1/credentials/list",
    "/csc/v2/credentials/list",
    "/csc/v2/credentials/info",
    "/csc/v2/credentials/getChallenge",
    "/csc/v1/credentials/authorize",
    "/csc/v2/credentials/authorize",
    "/csc/v1/signatures/signHash",
    "/csc/v2/credentials/suspend",
    "/csc/v2/manages/suspend",
    "/csc/v2/manages/relink",
    "/csc/v2/manages/order",
    "/attestation",
];

fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "credentialID",
        "SAD",
        "hash",
        "hashes",
        "hashAlgo",
        "hashAlgorithmOID",
        "signAlgo",
        "signAlgoParams",
        "numSignatures",
        "OTP",
        "PIN",
        "authData",
        "authObjectID",
        "certificates",
        "certInfo",
        "authInfo",
        "maxResults",
        "pageToken",
        "userID",
        "token",
        "token_type_hint",
        "refresh_token",
        "rememberMe",
        "clientData",
        "nonce",
        "onlyValid",
        "credentialInfo",
        "operationMode",
        "lang",
        "id",
        "value",
        "manageProof",
        "registration",
        "orders",
    ]);
    prop_oneof![9 => known.prop_map(String::from), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let good = prop::sample::select(vec![
        "k256",
        "foreign",
        "passkey",
        "chain",
        "2.16.840.1.101.3.4.2.1",
        "1.2.840.10045.4.3.2",
        "access_token",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
        "1",
    ]);
    let leaf = prop_oneof![
        6 => good.prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// One host for all cases, kept by its runtime.
fn host() -> &'static (tokio::runtime::Runtime, Setup) {
    static HOST: OnceLock<(tokio::runtime::Runtime, Setup)> = OnceLock::new();
    HOST.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let setup = runtime.block_on(async {
            let setup = Setup::start().await;
            setup.seal().await;
            setup
        });
        (runtime, setup)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn random_objects_never_give_a_500(
        path in prop::sample::select(PATHS.to_vec()),
        members in prop::collection::vec((name(), value()), 0..8),
        authorized in prop::bool::weighted(0.9),
    ) {
        let body = Value::Object(members.into_iter().collect::<Map<_, _>>());
        let (runtime, setup) = host();
        let token = format!("Bearer {}", setup.token);
        // A revocation could hit nothing: the token's text is in no body.
        let answer = runtime.block_on(setup.post_with(path, authorized.then_some(token.as_str()), &body));
        prop_assert!(matches!(answer.status, 200 | 400 | 401 | 503), "{} {body} gave {}", path, answer.status);
        prop_assert!(answer.status == 200 || answer.body["error"].is_string());
    }

    #[test]
    fn random_text_never_gives_a_500(path in prop::sample::select(PATHS.to_vec()), text in any::<String>()) {
        let (runtime, setup) = host();
        let answer = runtime.block_on(setup.post(path, &text));
        prop_assert!(matches!(answer.status, 200 | 400 | 401 | 503), "{} {text:?} gave {}", path, answer.status);
    }
}
