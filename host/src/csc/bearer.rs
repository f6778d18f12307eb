//! Place: SSA. Service authorization: the bearer token of a call.

use super::Version;
use crate::accounts::TokenRefusal;
use crate::http::Refusal;
use crate::server::App;
use crate::store::{StoredToken, TokenKind};
use axum::http::{HeaderMap, StatusCode, header};

/// The sentence of RFC 6749 section 4.1.2.1 for `invalid_request`, which v1 wants here.
const V1_MALFORMED: &str = "The request is missing a required parameter, includes an invalid parameter value, \
                            includes a parameter more than once, or is otherwise malformed.";
const V2_MALFORMED: &str = "Malformed authorization header";

/// Whose call it is.
pub(super) async fn caller(app: &App, version: Version, headers: &HeaderMap) -> Result<StoredToken, Refusal> {
    let text = credentials(headers, "Bearer").ok_or_else(|| {
        Refusal::invalid(match version {
            Version::V1 => V1_MALFORMED,
            Version::V2 => V2_MALFORMED,
        })
    })?;
    app.accounts.authenticate(text, TokenKind::Service).await.map_err(refusal)
}

/// What follows the scheme in the one `Authorization` header.
pub(crate) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (found, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    (found.eq_ignore_ascii_case(scheme) && !rest.is_empty() && !rest.contains(' ')).then_some(rest)
}

pub(super) fn refusal(refusal: TokenRefusal) -> Refusal {
    let (error, text, challenge) = match refusal {
        TokenRefusal::Store(error) => return error.into(),
        TokenRefusal::Unknown => {
            ("invalid_token", "The access or refresh token is invalid", r#"Bearer error="invalid_token""#)
        }
        TokenRefusal::Expired => (
            "expired_token",
            "The access or refresh token is expired or revoked",
            r#"Bearer error="invalid_token""#,
        ),
    };
    Refusal { challenge: Some(challenge), ..Refusal::new(StatusCode::UNAUTHORIZED, error, text) }
}
