//! Place: SSA. auth/login and auth/revoke.

use super::bearer;
use crate::accounts::{AccountError, LoginRefusal, TokenRefusal};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{StoredToken, TokenKind};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use serde_json::json;
use zeroize::Zeroizing;

/// auth/login: HTTP Basic, or a refresh token in the body.
pub(super) async fn login(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let basic = bearer::credentials(headers, "Basic");
    let params = Params::parse(body)?;
    // Beside a refresh token, the header of another scheme decides nothing: some clients send their old bearer token.
    let Some(basic) = basic else { return renew(app, &params).await };
    let remember = params.flag("rememberMe")?;
    let (user, password) = user_and_password(basic)?;
    app.accounts.login(&user, password).await.map_err(|refusal| match refusal {
        LoginRefusal::Wrong => Refusal::new(
            StatusCode::BAD_REQUEST,
            "authentication_error",
            "An error occurred during authentication process",
        ),
        LoginRefusal::Busy => Refusal::busy(),
        LoginRefusal::Store(error) => error.into(),
        LoginRefusal::Hash => Refusal::internal(&refusal),
    })?;
    let (access, refresh) = app.accounts.grant(&user, remember).await.map_err(account)?;
    let mut answer =
        json!({ "access_token": access.text(), "token_type": "Bearer", "expires_in": access.seconds() });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = refresh.text().into();
    }
    Ok(json(&answer))
}

async fn renew(app: &App, params: &Params) -> Result<Response, Refusal> {
    let Some(value) = params.get(&["refresh_token"]) else { return Err(malformed()) };
    let text = value.as_str().ok_or_else(|| Refusal::invalid("Invalid string parameter: refresh_token"))?;
    let refresh =
        app.accounts.authenticate(text, TokenKind::Refresh).await.map_err(|refusal| match refusal {
            TokenRefusal::Unknown => Refusal::invalid("Invalid refresh_token"),
            other => bearer::refusal(other),
        })?;
    let access = app.accounts.renew(&refresh).await.map_err(account)?;
    Ok(json(
        &json!({ "access_token": access.text(), "token_type": "Bearer", "expires_in": access.seconds() }),
    ))
}

fn user_and_password(basic: &str) -> Result<(String, Zeroizing<String>), Refusal> {
    let octets = Zeroizing::new(Base64::decode_vec(basic).map_err(|_| malformed())?);
    let pair = || Refusal::invalid("Malformed username-password.");
    let text = std::str::from_utf8(&octets).map_err(|_| pair())?;
    let (user, password) = text.split_once(':').ok_or_else(pair)?;
    Ok((user.to_owned(), Zeroizing::new(password.to_owned())))
}

fn malformed() -> Refusal {
    let text = "Malformed authentication parameter.";
    Refusal {
        challenge: Some(r#"Basic realm="CSC", charset="UTF-8""#),
        ..Refusal::new(StatusCode::UNAUTHORIZED, "invalid_request", text)
    }
}

fn account(error: AccountError) -> Refusal {
    match error {
        AccountError::Store(error) => error.into(),
        other => Refusal::internal(&other),
    }
}

/// auth/revoke: a token of the caller's own.
pub(super) async fn revoke(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let token = params.required_text("token")?;
    if let Some(hint) = params.get(&["token_type_hint"])
        && !matches!(hint.as_str(), Some("access_token" | "refresh_token"))
    {
        return Err(Refusal::invalid("Invalid string parameter token_type_hint"));
    }
    if app.accounts.revoke(&caller.user, token).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Refusal::invalid("Invalid string parameter token"))
    }
}
