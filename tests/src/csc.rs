//! Place: none. HTTP calls as a stranger makes them: any body, any token, and the whole answer.

use crate::service::Facts;
use base64ct::{Base64, Encoding};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// SHA-256, SHA-384.
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
/// See [`SHA256`].
pub const SHA384: &str = "2.16.840.1.101.3.4.2.2";
/// ecdsa-with-SHA256.
pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
/// ecdsa-with-SHA384.
pub const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";

/// Which API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/csc/v1`.
    V1,
    /// `/csc/v2`.
    V2,
}

impl Version {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V1, Self::V2];

    /// Path of a method.
    #[must_use]
    pub fn path(self, method: &str) -> String {
        format!("/csc/{}/{method}", if self == Self::V1 { "v1" } else { "v2" })
    }

    /// Name of the list of hashes.
    #[must_use]
    pub const fn hashes(self) -> &'static str {
        if matches!(self, Self::V1) { "hash" } else { "hashes" }
    }

    /// Name of the digest algorithm.
    #[must_use]
    pub const fn hash_algorithm(self) -> &'static str {
        if matches!(self, Self::V1) { "hashAlgo" } else { "hashAlgorithmOID" }
    }

    /// A request of signHash.
    #[must_use]
    pub fn sign_hash(self, credential: &str, sad: &str, hashes: &[Vec<u8>], algorithm: &str) -> Value {
        json!({
            "credentialID": credential,
            "SAD": sad,
            (self.hashes()): hashes.iter().map(|h| Base64::encode_string(h)).collect::<Vec<_>>(),
            (self.hash_algorithm()): if algorithm == ECDSA_SHA384 { SHA384 } else { SHA256 },
            "signAlgo": algorithm,
        })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// JSON; null for an empty body.
    pub body: Value,
}

impl Answered {
    /// The body of a 200.
    #[must_use]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Status, `error` and `error_description`.
    #[must_use]
    pub fn refusal(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.body[name].as_str().unwrap_or("(absent)");
        (self.status, text("error"), text("error_description"))
    }

    /// Signatures of a 200.
    #[must_use]
    pub fn signatures(self) -> Vec<Vec<u8>> {
        let body = self.ok();
        let list = body["signatures"].as_array().expect("signatures").clone();
        list.iter().map(|s| Base64::decode_vec(s.as_str().expect("text")).expect("base64")).collect()
    }
}

/// A client with a token, or none.
#[derive(Debug, Clone)]
pub struct Csc {
    http: reqwest::Client,
    base: String,
    /// Sent as bearer token.
    pub token: Option<String>,
}

impl Csc {
    /// With the service's token.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, base: facts.csc.clone(), token: Some(facts.service_token.clone()) }
    }

    /// With another token, or none.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answered {
        self.post_octets(path, body.to_string().into_bytes()).await
    }

    /// Posts anything as if it were JSON.
    pub async fn post_octets(&self, path: &str, body: Vec<u8>) -> Answered {
        let request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        self.send(request.body(body)).await.unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Posts JSON to a service that may be gone.
    ///
    /// # Errors
    /// No answer, or none that is JSON.
    pub async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Answered> {
        let request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Answered {
        self.send(self.http.get(format!("{}{path}", self.base)))
            .await
            .unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Posts with name and password instead of a token.
    pub async fn login(&self, path: &str, user: &str, password: &str, body: &Value) -> Answered {
        let request =
            self.http.post(format!("{}{path}", self.base)).basic_auth(user, Some(password)).json(body);
        self.with_token(None).send(request).await.expect("an answer")
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> reqwest::Result<Answered> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let octets = response.bytes().await?;
        let body = if octets.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&octets)
                .unwrap_or_else(|e| panic!("{status}: {e}: {:?}", String::from_utf8_lossy(&octets)))
        };
        Ok(Answered { status, headers, body })
    }
}
