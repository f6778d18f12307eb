//! Place: SSA. auth/login, auth/revoke and bearer tokens.

use crate::setup::{Answered, PASSWORD, Setup, USER};
use base64ct::{Base64, Encoding};
use serde_json::json;
use std::sync::atomic::Ordering;

fn basic(pair: &str) -> String {
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}

async fn login(setup: &Setup, body: &str) -> Answered {
    setup.post_with("/csc/v1/auth/login", Some(&basic(&format!("{USER}:{PASSWORD}"))), body).await
}

async fn list(setup: &Setup, token: &str) -> Answered {
    setup.post_with("/csc/v2/credentials/list", Some(&format!("Bearer {token}")), "{}").await
}

fn text(answer: &Answered, name: &str) -> String {
    answer.body[name].as_str().unwrap_or_else(|| panic!("{name} in {}", answer.body)).to_owned()
}

#[tokio::test]
async fn login_gives_a_token_and_only_remember_me_a_refresh_token() {
    let setup = Setup::start().await;
    let plain = login(&setup, "").await;
    assert_eq!(
        (plain.status, &plain.body["expires_in"], &plain.body["refresh_token"]),
        (200, &json!(3600), &json!(null))
    );
    assert_eq!(list(&setup, &text(&plain, "access_token")).await.status, 200);

    let remembered = login(&setup, "{\"rememberMe\":true}").await;
    let refresh = text(&remembered, "refresh_token");
    let renewed = setup.post_with("/csc/v2/auth/login", None, json!({ "refresh_token": refresh })).await;
    assert_eq!(list(&setup, &text(&renewed, "access_token")).await.status, 200);
    let old = format!("Bearer {}", text(&remembered, "access_token"));
    let renewed =
        setup.post_with("/csc/v2/auth/login", Some(&old), json!({ "refresh_token": refresh })).await;
    assert_eq!(renewed.status, 200);
    // A refresh token is no access token, and the reverse.
    assert_eq!(list(&setup, &refresh).await.refusal().1, "invalid_token");
    let swapped = setup
        .post_with("/csc/v2/auth/login", None, json!({ "refresh_token": text(&plain, "access_token") }))
        .await;
    assert_eq!(swapped.refusal(), (400, "invalid_request", "Invalid refresh_token"));
}

#[tokio::test]
async fn login_refusals_are_those_of_the_table() {
    let setup = Setup::start().await;
    let malformed = (401, "invalid_request", "Malformed authentication parameter.");
    for (authorization, body, expected) in [
        (None, "", malformed),
        (Some("Basic".to_owned()), "", malformed),
        (Some("Basic !!!".into()), "", malformed),
        (Some("Bearer abc".into()), "", malformed),
        (Some(basic("no-colon")), "", (400, "invalid_request", "Malformed username-password.")),
        (
            Some(basic("taro:wrong")),
            "",
            (400, "authentication_error", "An error occurred during authentication process"),
        ),
        (
            Some(basic("nobody:x")),
            "",
            (400, "authentication_error", "An error occurred during authentication process"),
        ),
        (None, "{\"refresh_token\":1}", (400, "invalid_request", "Invalid string parameter: refresh_token")),
        (None, "{\"refresh_token\":\"x\"}", (400, "invalid_request", "Invalid refresh_token")),
    ] {
        let answer = setup.post_with("/csc/v1/auth/login", authorization.as_deref(), body).await;
        assert_eq!(answer.refusal(), expected, "{authorization:?} {body}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), expected.0 == 401);
    }
}

#[tokio::test]
async fn bearer_refusals_are_those_of_the_table() {
    let setup = Setup::start().await;
    for (authorization, status, error) in [
        (None, 400, "invalid_request"),
        (Some("Bearer"), 400, "invalid_request"),
        (Some("Basic abc"), 400, "invalid_request"),
        (Some("Bearer a b"), 400, "invalid_request"),
        (Some("Bearer abc"), 401, "invalid_token"),
    ] {
        let answer = setup.post_with("/csc/v2/credentials/list", authorization, "{}").await;
        assert_eq!((answer.status, answer.refusal().1), (status, error), "{authorization:?}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    }
    let v2 = setup.post_with("/csc/v2/credentials/list", None, "{}").await;
    assert_eq!(v2.refusal().2, "Malformed authorization header");
    // Header before body.
    assert_eq!(
        setup.post_with("/csc/v2/credentials/list", None, "{").await.refusal().2,
        "Malformed authorization header"
    );
}

#[tokio::test]
async fn tokens_expire_and_are_revoked_with_their_grant() {
    let setup = Setup::start().await;
    let answer = login(&setup, "{\"rememberMe\":true}").await;
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    setup.clock.0.fetch_add(3600, Ordering::SeqCst);
    assert_eq!(list(&setup, &access).await.refusal().1, "expired_token");
    assert_eq!(list(&setup, &access).await.status, 401);

    let renew = || setup.post_with("/csc/v1/auth/login", None, json!({ "refresh_token": refresh }));
    let renewed = text(&renew().await, "access_token");
    let gone = setup
        .post("/csc/v1/auth/revoke", json!({ "token": refresh, "token_type_hint": "refresh_token" }))
        .await;
    assert_eq!((gone.status, gone.body), (204, json!(null)));
    assert_eq!(list(&setup, &renewed).await.refusal().1, "expired_token");
    assert_eq!(renew().await.refusal().1, "expired_token");
}

#[tokio::test]
async fn revoke_refusals_are_those_of_the_table() {
    let setup = Setup::start().await;
    let foreign = setup.host.accounts().issue_service_token("hanako", 1000).await.unwrap();
    for (body, text) in [
        (json!({}), "Missing (or invalid type) string parameter token"),
        (json!({ "token": 1 }), "Missing (or invalid type) string parameter token"),
        (json!({ "token": "x", "token_type_hint": "y" }), "Invalid string parameter token_type_hint"),
        (json!({ "token": "x" }), "Invalid string parameter token"),
        (json!({ "token": foreign.text() }), "Invalid string parameter token"),
    ] {
        assert_eq!(
            setup.post("/csc/v2/auth/revoke", &body).await.refusal(),
            (400, "invalid_request", text),
            "{body}"
        );
    }
    assert_eq!(list(&setup, foreign.text()).await.status, 200, "another user's token lives");
}

#[tokio::test]
async fn the_store_has_neither_tokens_nor_passwords() {
    let setup = Setup::start().await;
    let token = text(&login(&setup, "").await, "access_token");
    let data = setup.home.path().join("data");
    setup.host.shutdown().await;
    let file = std::fs::read(data.join(fuin_host::store::sqlite::FILE)).unwrap();
    for secret in [token.as_bytes(), PASSWORD.as_bytes()] {
        assert!(!file.windows(secret.len()).any(|w| w == secret));
    }
}
