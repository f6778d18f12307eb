//! Place: none. The client: one method for each API method that signing needs, every answer bounded.

use super::error::CscClientError;
use super::types::{
    Activated, AuthData, AuthorizeAnswer, AuthorizeRequest, ChallengeAnswer, ChallengeRequest,
    CredentialInfo, Empty, ErrorAnswer, EvidenceAnswer, EvidenceRequest, InfoRequest, KeyAnswer, List, Login,
    SignDocumentRequest, SignHashAnswer, SignHashRequest, SignedHashes, Standing, SuspendRequest,
    ToBeSignedElement,
};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Challenge, ToBeSigned};
use fuin_shared::sad::AuthorizationEvidence;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use zeroize::Zeroizing;

/// Largest answer taken, octets.
const LARGEST: usize = 2 * 1024 * 1024;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a service that has too much to do (429) is asked again.
const AGAIN: u32 = 5;
/// Longest pause before that, whatever its `Retry-After` says.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A client of one service.
pub struct CscClient {
    http: reqwest::Client,
    base: String,
    token: Option<Zeroizing<String>>,
}

impl CscClient {
    /// A client of the service at `base` (without `/csc`), which must be `http` on loopback.
    ///
    /// # Errors
    /// [`CscClientError::Address`].
    pub fn new(base: &str) -> Result<Self, CscClientError> {
        let wrong = |reason| CscClientError::Address { address: base.to_owned(), reason };
        let url = reqwest::Url::parse(base)
            .map_err(|_| wrong("is no URL; give one such as http://127.0.0.1:8080"))?;
        if url.scheme() != "http" {
            return Err(wrong(
                "this client speaks http only; put a TLS terminator on this machine before it",
            ));
        }
        let loopback = match url.host_str().unwrap_or_default() {
            "localhost" => true,
            host => {
                host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        };
        if !loopback {
            return Err(wrong("http without TLS is only spoken to loopback addresses"));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|source| CscClientError::Transport { method: "client", source })?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token: None })
    }

    /// Uses this access token from now on.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(Zeroizing::new(token.to_owned()));
        self
    }

    /// `auth/login` with name and password; the token is used from now on.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn login(&mut self, user: &str, password: &str) -> Result<(), CscClientError> {
        let request =
            self.http.post(format!("{}/csc/v2/auth/login", self.base)).basic_auth(user, Some(password));
        let answer: Login = Self::send("auth/login", request.json(&Empty {})).await?;
        self.token = Some(Zeroizing::new(answer.access_token));
        Ok(())
    }

    /// `credentials/list`: identifiers of the user's credentials.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn credentials(&self) -> Result<Vec<String>, CscClientError> {
        Ok(self.call::<_, List>("credentials/list", &Empty {}).await?.credential_ids)
    }

    /// `credentials/info` with the whole chain.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn credential(&self, id: &CredentialId) -> Result<CredentialInfo, CscClientError> {
        let request = InfoRequest { credential_id: id.as_str(), certificates: "chain", auth_info: true };
        self.call("credentials/info", &request).await
    }

    /// `credentials/getChallenge` for signing.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn challenge(&self, id: &CredentialId, auth_object: &str) -> Result<Challenge, CscClientError> {
        self.challenge_for(id, auth_object, None).await
    }

    /// `credentials/getChallenge` for suspending.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn suspension_challenge(
        &self,
        id: &CredentialId,
        auth_object: &str,
    ) -> Result<Challenge, CscClientError> {
        self.challenge_for(id, auth_object, Some("suspend")).await
    }

    /// `credentials/suspend`: the signer suspends the own credential.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn suspend(
        &self,
        id: &CredentialId,
        auth_object: &str,
        evidence: &AuthorizationEvidence,
    ) -> Result<Standing, CscClientError> {
        let request = SuspendRequest {
            credential_id: id.as_str(),
            auth_data: [AuthData { id: auth_object, value: &evidence_text(evidence) }],
        };
        self.call("credentials/suspend", &request).await
    }

    async fn challenge_for(
        &self,
        id: &CredentialId,
        auth_object: &str,
        purpose: Option<&str>,
    ) -> Result<Challenge, CscClientError> {
        let method = "credentials/getChallenge";
        let request = ChallengeRequest { credential_id: id.as_str(), auth_object_id: auth_object, purpose };
        let answer: ChallengeAnswer = self.call(method, &request).await?;
        let wrong = |reason| CscClientError::Answer { method, field: "challenge", reason };
        let octets =
            Base64UrlUnpadded::decode_vec(&answer.challenge).map_err(|_| wrong("is not base64url"))?;
        codec::decode(&octets).map_err(|_| wrong("is not a challenge of this service"))
    }

    /// `credentials/authorize`: the evidence of authorization for an activation token, and a receipt if it is wanted.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn authorize(
        &self,
        id: &CredentialId,
        auth_object: &str,
        hashes: &[Blob],
        algorithm: HashAlgorithm,
        evidence: &AuthorizationEvidence,
        with_receipt: bool,
    ) -> Result<Activated, CscClientError> {
        let request = AuthorizeRequest {
            credential_id: id.as_str(),
            num_signatures: hashes.len(),
            hashes: base64_all(hashes),
            hash_algorithm: algorithm.oid().to_string(),
            auth_data: [AuthData { id: auth_object, value: &evidence_text(evidence) }],
            with_receipt,
        };
        let answer: AuthorizeAnswer = self.call("credentials/authorize", &request).await?;
        Ok(Activated { token: Zeroizing::new(answer.sad), receipt: answer.receipt })
    }

    /// `signatures/signHash` under an activation token, with a receipt if it is wanted.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn sign_hash(
        &self,
        id: &CredentialId,
        activation: &str,
        hashes: &[Blob],
        algorithm: SignatureAlgorithm,
        with_receipt: bool,
    ) -> Result<SignedHashes, CscClientError> {
        let method = "signatures/signHash";
        let request = SignHashRequest {
            credential_id: id.as_str(),
            sad: activation,
            hashes: base64_all(hashes),
            hash_algorithm: algorithm.hash().oid().to_string(),
            sign_algo: algorithm.oid().to_string(),
            with_receipt,
        };
        signatures(method, self.call(method, &request).await?, hashes.len())
    }

    /// `POST /signatures/document` under an activation token for documents, with a receipt if it is wanted.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn sign_document(
        &self,
        id: &CredentialId,
        activation: &str,
        to_be_signed: &[ToBeSigned],
        algorithm: SignatureAlgorithm,
        with_receipt: bool,
    ) -> Result<SignedHashes, CscClientError> {
        let method = "signatures/document";
        let element = |one: &ToBeSigned| match one {
            ToBeSigned::Cms(octets) => ToBeSignedElement::Cms(Base64::encode_string(octets.as_slice())),
            ToBeSigned::Jws(octets) => ToBeSignedElement::Jws(Base64::encode_string(octets.as_slice())),
        };
        let request = SignDocumentRequest {
            credential_id: id.as_str(),
            sad: activation,
            to_be_signed: to_be_signed.iter().map(element).collect(),
            sign_algo: algorithm.oid().to_string(),
            with_receipt,
        };
        let builder = self.http.post(format!("{}/{method}", self.base)).json(&request);
        signatures(method, Self::send(method, self.with_bearer(builder)).await?, to_be_signed.len())
    }

    /// `POST /attestation`: the evidence bundle of the instance that holds `credential`, answering `nonce`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn evidence(
        &self,
        nonce: &[u8],
        credential: Option<&CredentialId>,
    ) -> Result<Vec<u8>, CscClientError> {
        let method = "attestation";
        let request = EvidenceRequest {
            nonce: &Base64UrlUnpadded::encode_string(nonce),
            credential_id: credential.map(CredentialId::as_str),
        };
        let answer: EvidenceAnswer =
            Self::send(method, self.http.post(format!("{}/attestation", self.base)).json(&request)).await?;
        Base64::decode_vec(&answer.bundle).map_err(|_| CscClientError::Answer {
            method,
            field: "bundle",
            reason: "is not base64",
        })
    }

    /// `POST /attestation/key`: the key statement of a credential, answering `nonce`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn key_attestation(
        &self,
        nonce: &[u8],
        credential: &CredentialId,
    ) -> Result<Vec<u8>, CscClientError> {
        let method = "attestation/key";
        let request = EvidenceRequest {
            nonce: &Base64UrlUnpadded::encode_string(nonce),
            credential_id: Some(credential.as_str()),
        };
        let address = format!("{}/{method}", self.base);
        let answer: KeyAnswer = Self::send(method, self.http.post(address).json(&request)).await?;
        Base64::decode_vec(&answer.attestation).map_err(|_| CscClientError::Answer {
            method,
            field: "attestation",
            reason: "is not base64",
        })
    }

    pub(super) async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: &'static str,
        request: &Q,
    ) -> Result<A, CscClientError> {
        let builder = self.http.post(format!("{}/csc/v2/{method}", self.base)).json(request);
        Self::send(method, self.with_bearer(builder)).await
    }

    fn with_bearer(&self, builder: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => builder.bearer_auth(token.as_str()),
            None => builder,
        }
    }

    /// Sends, and again after a 429: the service did nothing then. A 503 may come after something was done.
    async fn patiently(request: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
        for _ in 0..AGAIN {
            let Some(copy) = request.try_clone() else { break };
            let response = copy.send().await?;
            if response.status() != StatusCode::TOO_MANY_REQUESTS {
                return Ok(response);
            }
            tokio::time::sleep(pause(response.headers())).await;
        }
        request.send().await
    }

    async fn send<A: DeserializeOwned>(
        method: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<A, CscClientError> {
        let failed = |source| CscClientError::Transport { method, source };
        let mut response = Self::patiently(request).await.map_err(failed)?;
        let status = response.status();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > LARGEST {
                return Err(CscClientError::Answer { method, field: "body", reason: "is larger than 2 MiB" });
            }
            body.extend_from_slice(&piece);
        }
        if !matches!(status, StatusCode::OK | StatusCode::ACCEPTED) {
            let answer: ErrorAnswer = serde_json::from_slice(&body).unwrap_or_default();
            return Err(CscClientError::Refused {
                method,
                status: status.as_u16(),
                error: printable(&answer.error),
                description: printable(&answer.error_description),
            });
        }
        serde_json::from_slice(&body).map_err(|_| CscClientError::Answer {
            method,
            field: "body",
            reason: "is not the JSON that the API specifies",
        })
    }
}

/// The pause that the service asks for; a second unless it says.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_PAUSE)
}

/// The `authData` value for evidence of authorization: base64url of its CBOR.
#[must_use]
pub fn evidence_text(evidence: &AuthorizationEvidence) -> String {
    Base64UrlUnpadded::encode_string(&codec::encode(evidence))
}

fn signatures(
    method: &'static str,
    answer: SignHashAnswer,
    wanted: usize,
) -> Result<SignedHashes, CscClientError> {
    let wrong = |reason| CscClientError::Answer { method, field: "signatures", reason };
    if answer.signatures.len() != wanted {
        return Err(wrong("are not as many as what was to be signed"));
    }
    let decode = |s: &String| Base64::decode_vec(s).map_err(|_| wrong("are not base64"));
    let signatures = answer.signatures.iter().map(decode).collect::<Result<_, _>>()?;
    Ok(SignedHashes { signatures, receipt: answer.receipt })
}

pub(super) fn base64_all(hashes: &[Blob]) -> Vec<String> {
    hashes.iter().map(|h| Base64::encode_string(h.as_slice())).collect()
}

/// Texts of the service, safe to print.
fn printable(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_to_loopback_is_spoken() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080/"] {
            assert!(CscClient::new(good).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1",
            "http://example.org",
            "http://127.0.0.1.example.org",
            "ftp://localhost",
            "x",
            "",
        ] {
            assert!(matches!(CscClient::new(bad), Err(CscClientError::Address { .. })), "{bad}");
        }
    }

    /// Answers one connection after the other with these heads.
    fn service(heads: Vec<&'static str>) -> (String, std::thread::JoinHandle<()>) {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            for head in heads {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    let mut octets = [0; 1024];
                    let n = stream.read(&mut octets).unwrap();
                    request.extend_from_slice(&octets[..n]);
                }
                let body = r#"{"credentialIDs":["c"]}"#;
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
            }
        });
        (address, served)
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again_and_an_unavailable_one_is_not() {
        let busy = "429 Too Many Requests\r\nretry-after: 0";
        let (address, served) = service(vec![busy, busy, "200 OK"]);
        assert_eq!(CscClient::new(&address).unwrap().credentials().await.unwrap(), ["c"]);
        served.join().unwrap();
        for (heads, expected) in
            [(vec![busy; AGAIN as usize + 1], 429), (vec!["503 Service Unavailable\r\nretry-after: 0"], 503)]
        {
            let (address, served) = service(heads);
            let refused = CscClient::new(&address).unwrap().credentials().await;
            assert!(matches!(refused, Err(CscClientError::Refused { status, .. }) if status == expected));
            served.join().unwrap();
        }
    }

    #[test]
    fn pauses_are_the_services_within_bounds() {
        let of = |text: &str| pause(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(of("2"), Duration::from_secs(2));
        assert_eq!(of("99999999999"), LONGEST_PAUSE);
        assert_eq!(of("Wed, 21 Oct 2026 07:28:00 GMT"), Duration::from_secs(1));
        assert_eq!(pause(&HeaderMap::new()), Duration::from_secs(1));
    }

    #[test]
    fn texts_of_the_service_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a [2Jb ");
        assert_eq!(printable(&"x".repeat(1000)).len(), 300);
    }
}
