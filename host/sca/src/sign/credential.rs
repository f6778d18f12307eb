//! Place: SCA. A credential as the service describes it, parsed.

use super::SignError;
use crate::csc::CscClient;
use base64ct::{Base64, Encoding};
use der::{Decode, Encode};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::ids::CredentialId;
use x509_cert::Certificate;

/// A credential that can sign. What stands here is the service's word; the SAD names the key by its hash, and the SAM
/// refuses another.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Identifier.
    pub id: CredentialId,
    /// DER certificates, end entity first.
    pub chain: Vec<Vec<u8>>,
    /// DER SubjectPublicKeyInfo of the first.
    pub spki: Vec<u8>,
    /// Name of the signer, for people.
    pub subject: String,
    /// Signature algorithms, the natural one first.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// Authentication object that answers challenges, or takes orders under a mandate.
    pub auth_object: String,
    /// Most signatures of one authorization.
    pub multisign: u32,
}

impl Credential {
    /// Asks the service.
    ///
    /// # Errors
    /// [`SignError::Service`], [`SignError::Credential`].
    pub async fn fetch(client: &CscClient, id: &CredentialId) -> Result<Self, SignError> {
        let wrong = |reason| SignError::Credential { credential: id.to_string(), reason };
        let info = client.credential(id).await?;
        if info.key.status != "enabled" {
            return Err(wrong("its key is disabled"));
        }
        let chain: Vec<Vec<u8>> = info
            .cert
            .certificates
            .iter()
            .map(|c| Base64::decode_vec(c))
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("a certificate is not base64"))?;
        let first = chain.first().ok_or_else(|| wrong("it has no certificate"))?;
        let certificate = Certificate::from_der(first).map_err(|_| wrong("its certificate is not DER"))?;
        let tbs = certificate.tbs_certificate();
        let spki = tbs
            .subject_public_key_info()
            .to_der()
            .map_err(|_| wrong("its certificate holds no public key"))?;
        let subject = tbs.subject().to_string();
        let auth_object = info
            .challenge_object()
            .or_else(|| info.mandate_object())
            .ok_or_else(|| wrong("it offers neither a challenge for an eID means nor mandates"))?
            .to_owned();
        let algorithms: Vec<_> =
            info.key.algo.iter().filter_map(|a| SignatureAlgorithm::from_oid(a)).collect();
        if algorithms.is_empty() {
            return Err(wrong("it offers no signature algorithm that this program knows"));
        }
        let multisign = info.multisign;
        Ok(Self { id: id.clone(), chain, spki, subject, algorithms, auth_object, multisign })
    }

    /// The signature algorithm to use with hashes of this algorithm.
    ///
    /// # Errors
    /// [`SignError::Credential`] when the key does not offer it.
    pub fn algorithm_for(&self, hash: HashAlgorithm) -> Result<SignatureAlgorithm, SignError> {
        self.algorithms.iter().copied().find(|a| a.hash() == hash).ok_or_else(|| SignError::Credential {
            credential: self.id.to_string(),
            reason: "it offers no signature algorithm with this hash algorithm",
        })
    }
}
