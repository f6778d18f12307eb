//! Place: SSA. CSC API v1 and v2: one core, the versions differ at the edge only.
//!
//! Check order of every method: header, JSON syntax, members in the order of the standard's table, values, ownership,
//! then whatever the enclave decides. An unknown credential and somebody else's get the same answer.

mod auth;
mod authorize;
pub(crate) mod bearer;
mod challenge;
mod credential;
pub(crate) mod document;
mod enclave;
mod extend;
mod fault;
mod hashes;
mod info;
mod list;
mod manages;
mod mandates;
mod receipt;
pub(crate) mod revocation;
mod sign;
mod standing;
mod token;

use crate::http::{Params, Refusal, read_body};
use crate::server::App;
use axum::extract::Request;
use axum::http::{Method as Verb, StatusCode};
use axum::response::Response;
use fuin_shared::sad::MeansProfile;

/// Id of the one authentication object of a credential: the kind of its means.
const fn object_id(means: MeansProfile) -> &'static str {
    means.as_str()
}

/// Which API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// `/csc/v1`.
    V1,
    /// `/csc/v2`.
    V2,
}

impl Version {
    pub(crate) fn named(segment: &str) -> Option<Self> {
        match segment {
            "v1" => Some(Self::V1),
            "v2" => Some(Self::V2),
            _ => None,
        }
    }

    /// What the list of hashes is called.
    const fn hashes(self) -> &'static str {
        match self {
            Self::V1 => "hash",
            Self::V2 => "hashes",
        }
    }

    /// What the digest algorithm is called.
    const fn hash_algorithm(self) -> &'static str {
        match self {
            Self::V1 => "hashAlgo",
            Self::V2 => "hashAlgorithmOID",
        }
    }
}

/// A method that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Info,
    Login,
    Revoke,
    List,
    Credential,
    Challenge,
    Authorize,
    SignHash,
    Extend,
    Suspend,
    MandateChallenge,
    MandateGrant,
    MandateEnd,
    MandateStatus,
}

impl Method {
    const ALL: [(Self, &'static str); 14] = [
        (Self::Info, "info"),
        (Self::Login, "auth/login"),
        (Self::Revoke, "auth/revoke"),
        (Self::List, "credentials/list"),
        (Self::Credential, "credentials/info"),
        (Self::Challenge, "credentials/getChallenge"),
        (Self::Authorize, "credentials/authorize"),
        (Self::Extend, "credentials/extendTransaction"),
        (Self::SignHash, "signatures/signHash"),
        (Self::Suspend, "credentials/suspend"),
        (Self::MandateChallenge, "mandates/challenge"),
        (Self::MandateGrant, "mandates/grant"),
        (Self::MandateEnd, "mandates/end"),
        (Self::MandateStatus, "mandates/status"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(method, _)| method)
    }
}

/// Methods of the standard that are not served.
const NOT_IMPLEMENTED: [&str; 11] = [
    "credentials/authorizeCheck",
    "credentials/create",
    "credentials/delete",
    "credentials/sendOTP",
    "oauth2/authorize",
    "oauth2/pushed_authorize",
    "oauth2/revoke",
    "oauth2/token",
    "signatures/signDoc",
    "signatures/signPolling",
    "signatures/timestamp",
];

/// Serves one call.
pub(crate) async fn serve(
    app: &App,
    version: Version,
    name: &str,
    request: Request,
) -> Result<Response, Refusal> {
    if version == Version::V2 && manages::METHODS.contains(&name) {
        if *request.method() != Verb::POST {
            return Err(wrong_verb("POST"));
        }
        let body = read_body(request, &app.config.limits).await?;
        return manages::answer(app, name, &Params::parse(&body)?).await;
    }
    let Some(method) = Method::named(name) else {
        return Err(if NOT_IMPLEMENTED.contains(&name) {
            Refusal::new(StatusCode::NOT_IMPLEMENTED, "invalid_request", "The method is not implemented")
        } else {
            not_found()
        });
    };
    let get_too = method == Method::Info;
    if *request.method() != Verb::POST && !(get_too && matches!(*request.method(), Verb::GET | Verb::HEAD)) {
        return Err(wrong_verb(if get_too { "GET, HEAD, POST" } else { "POST" }));
    }
    let headers = request.headers().clone();
    let body = read_body(request, &app.config.limits).await?;
    match method {
        Method::Info => info::answer(app, version, &Params::parse(&body)?),
        Method::Login => auth::login(app, &headers, &body).await,
        _ => {
            let caller = bearer::caller(app, version, &headers).await?;
            let params = Params::parse(&body)?;
            match method {
                // Served above.
                Method::Info | Method::Login => Err(not_found()),
                Method::Revoke => auth::revoke(app, &caller, &params).await,
                Method::List => list::answer(app, version, &caller, &params).await,
                Method::Credential => credential::answer(app, version, &caller, &params).await,
                Method::Challenge => challenge::answer(app, version, &caller, &params).await,
                Method::Authorize => authorize::answer(app, version, &caller, &params).await,
                Method::SignHash => sign::answer(app, version, &caller, &params).await,
                Method::Extend => extend::answer(app, version, &caller, &params).await,
                Method::Suspend => standing::suspend(app, version, &caller, &params).await,
                Method::MandateChallenge => mandates::challenge(app, &caller, &params).await,
                Method::MandateGrant => mandates::grant(app, &caller, &params).await,
                Method::MandateEnd => mandates::end(app, &caller, &params).await,
                Method::MandateStatus => mandates::status(app, &caller, &params).await,
            }
        }
    }
}

/// 404.
pub(crate) fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "invalid_request", "There is nothing under this path")
}

/// 405.
pub(crate) fn wrong_verb(allow: &'static str) -> Refusal {
    let text = "The path does not take this HTTP method";
    Refusal { allow: Some(allow), ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", text) }
}
