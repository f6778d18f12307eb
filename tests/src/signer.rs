//! Place: SIC. The signer's device, step by step, so that a test can stop, repeat or change any step.

use crate::csc::{Csc, Version};
use crate::service::Facts;
use base64ct::{Base64, Encoding};
use fuin_sca::card::ServiceCard;
use fuin_sca::csc::{CscClient, evidence_text};
use fuin_sca::passkey::PasskeyDirectory;
use fuin_sca::sign::Credential;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::key::PublicKey;
use fuin_shared::sad::{HashType, Purpose, sad_digest};
use fuin_sic::{Authenticator, SadRequest, Sic};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Life of a SAD unless the test says another, seconds.
pub const LIFE: u64 = 120;

/// Unix seconds.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

/// Random octets.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).expect("random octets");
    octets
}

/// A digest of something that nobody has signed before.
#[must_use]
pub fn hash(algorithm: SignatureAlgorithm) -> Vec<u8> {
    algorithm.hash().digest(&random::<32>())
}

/// The signer of one credential.
pub struct Signer {
    client: CscClient,
    sic: Sic,
    passkeys: PasskeyDirectory,
    /// The credential.
    pub credential: Credential,
    /// Calls of the signer's application.
    pub csc: Csc,
}

impl Signer {
    /// Of the credential with a key on this curve.
    pub async fn new(facts: &Facts, key_algorithm: &str) -> Self {
        let client = CscClient::new(&facts.csc).expect("loopback").with_token(&facts.service_token);
        let card = std::fs::read(&facts.service_card).expect("the service card");
        let pins = ServiceCard::parse(&card).expect("the service card").pins().expect("its pins");
        let id = CredentialId::new(facts.credential(key_algorithm).id.clone()).expect("a credentialID");
        Self {
            credential: Credential::fetch(&client, &id).await.expect("credentials/info"),
            client,
            sic: Sic::new(pins).expect("pins"),
            passkeys: PasskeyDirectory::new(&facts.passkeys, &facts.origin, false),
            csc: Csc::of(facts),
        }
    }

    /// `credentialID`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.credential.id.as_str()
    }

    /// The key's natural algorithm.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        *self.credential.algorithms.first().expect("an algorithm")
    }

    /// Its OID.
    #[must_use]
    pub fn oid(&self) -> String {
        self.algorithm().oid().to_string()
    }

    /// A new hash.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        hash(self.algorithm())
    }

    /// Checks the evidence and authorizes `hashes` until `expires`: what goes into `authData` or `OTP`.
    ///
    /// # Errors
    /// The service did not answer as it should.
    pub async fn consent(&mut self, hashes: &[Vec<u8>], expires: u64) -> Result<String, String> {
        let nonce = random::<32>();
        let id = &self.credential.id;
        let bundle = self.client.evidence(&nonce, Some(id)).await.map_err(|e| e.to_string())?;
        let instance = self.sic.check_evidence(&bundle, &nonce, now()).map_err(|e| e.to_string())?;
        let challenge =
            self.client.challenge(id, &self.credential.auth_object).await.map_err(|e| e.to_string())?;
        let hashes: Vec<Blob> = hashes.iter().cloned().map(Blob).collect();
        let algorithm = self.algorithm();
        let request = SadRequest {
            credential: id,
            spki: &self.credential.spki,
            purpose: Purpose::Sign,
            hash_type: HashType::Dtbs,
            hashes: &hashes,
            hash_algorithm: algorithm.hash(),
            signature_algorithm: algorithm,
            now: now(),
            expires,
            display: None,
            link: None,
        };
        let sad = instance.build_sad(&challenge, request).map_err(|e| e.to_string())?;
        let hint = challenge.passkey.ok_or("no passkey is linked")?;
        let digest = sad_digest(&sad.to_bytes());
        let assertion = self.passkeys.assert(&hint.relying_party, hint.credential_id.as_slice(), &digest);
        let assertion = assertion.map_err(|e| e.to_string())?;
        let evidence = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng)).map_err(|e| e.to_string())?;
        Ok(evidence_text(&evidence))
    }

    /// The body of credentials/authorize.
    #[must_use]
    pub fn authorize_request(&self, version: Version, hashes: &[Vec<u8>], consent: &str) -> Value {
        let list: Vec<_> = hashes.iter().map(|h| Base64::encode_string(h)).collect();
        let mut body =
            json!({ "credentialID": self.id(), "numSignatures": list.len(), (version.hashes()): list });
        match version {
            Version::V1 => body["OTP"] = consent.into(),
            Version::V2 => {
                body["hashAlgorithmOID"] = self.algorithm().hash().oid().to_string().into();
                body["authData"] = json!([{ "id": self.credential.auth_object, "value": consent }]);
            }
        }
        body
    }

    /// The SAD that CSC carries, over `hashes`.
    ///
    /// # Errors
    /// As [`Self::consent`], or the service refused.
    pub async fn try_sad(&mut self, hashes: &[Vec<u8>]) -> Result<String, String> {
        let consent = self.consent(hashes, now() + LIFE).await?;
        let body = self.authorize_request(Version::V2, hashes, &consent);
        let answer = self.csc.try_post(&Version::V2.path("credentials/authorize"), &body).await;
        let answer = answer.map_err(|e| e.to_string())?;
        answer.body["SAD"].as_str().map(str::to_owned).ok_or_else(|| answer.body.to_string())
    }

    /// As [`Self::try_sad`], where nothing may fail.
    pub async fn sad(&mut self, hashes: &[Vec<u8>]) -> String {
        self.try_sad(hashes).await.unwrap_or_else(|e| panic!("authorize: {e}"))
    }

    /// The body of signHash.
    #[must_use]
    pub fn sign_request(&self, version: Version, sad: &str, hashes: &[Vec<u8>]) -> Value {
        version.sign_hash(self.id(), sad, hashes, &self.oid())
    }

    /// Signs and verifies the signatures under the certificate's key.
    pub async fn sign(&self, version: Version, sad: &str, hashes: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let answer = self
            .csc
            .post(&version.path("signatures/signHash"), &self.sign_request(version, sad, hashes))
            .await;
        let signatures = answer.signatures();
        self.verify(hashes, &signatures);
        signatures
    }

    /// Each signature is that of its hash.
    pub fn verify(&self, hashes: &[Vec<u8>], signatures: &[Vec<u8>]) {
        let key = PublicKey::from_spki(&self.credential.spki).expect("the certificate's key");
        assert_eq!(hashes.len(), signatures.len());
        for (hash, signature) in hashes.iter().zip(signatures) {
            key.verify_digest(hash, signature).expect("a signature of this hash under the certificate");
        }
    }

    /// The service signs for this signer, from consent to signature.
    pub async fn works(&mut self) {
        let hashes = [self.hash()];
        let sad = self.sad(&hashes).await;
        self.sign(Version::V2, &sad, &hashes).await;
    }
}
