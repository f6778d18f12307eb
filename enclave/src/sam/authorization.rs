//! Place: SAM. Verifies a SAD and the means' answer over it (FDP_ACF.1/Signing, SRA_SAP): every field is compared, and
//! nothing that the host says stands in for one.

use super::ServiceContext;
use super::challenge::{Challenges, Fresh};
use super::vault::Credential;
use crate::channel::InstanceKeyPairs;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId};
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, HashType, MAX_EVIDENCE, MeansProfile, Purpose,
    SEAL_INFO, Sad, VERSION, sad_digest, seal_aad,
};

/// A SAD whose fields hold; the answer over it is still to be verified.
pub struct CheckedSad {
    /// The SAD.
    pub sad: Sad,
    /// What the means must have answered.
    pub digest: Digest32,
    /// What the means made.
    pub assertion: Assertion,
    /// Its nonce, to be spent when the answer holds.
    pub nonce: Fresh,
}

/// Against what a SAD is checked.
pub struct Checker<'a> {
    /// The service.
    pub context: &'a ServiceContext,
    /// This boot.
    pub instance: InstanceId,
    /// Its keys.
    pub keys: &'a InstanceKeyPairs,
    /// Its nonces.
    pub challenges: &'a Challenges,
    /// SAM time, Unix seconds.
    pub now: u64,
}

impl Checker<'_> {
    /// Opens evidence of authorization and checks the SAD in it against the credential, and the kind of means that is to
    /// have answered it.
    ///
    /// # Errors
    /// [`Fault::SadMalformed`], [`Fault::SadForeign`], [`Fault::SadExpired`], [`Fault::SadNonce`],
    /// [`Fault::SadReplayed`], [`Fault::SadPurpose`], [`Fault::SadCount`], [`Fault::SadTooMany`],
    /// [`Fault::SadAlgorithm`], [`Fault::SadRequest`], [`Fault::SadUnsealed`].
    pub fn check(
        &self,
        evidence: &Blob,
        credential: &Credential,
        purpose: Purpose,
        means: MeansProfile,
    ) -> Result<CheckedSad, Fault> {
        let (AuthorizedSad { sad: octets, assertion }, sealed) = self.open(evidence)?;
        if !sealed && (means.must_be_sealed() || assertion.must_be_sealed()) {
            return Err(Fault::SadUnsealed);
        }
        let sad: Sad = codec::decode(octets.as_slice()).map_err(|_| Fault::SadMalformed)?;
        if sad.version != VERSION {
            return Err(Fault::SadMalformed);
        }
        let record = &credential.record;
        let ours = sad.service == self.context.service
            && sad.instance == self.instance
            && sad.credential == record.id
            && sad.spki == record.spki_digest()
            && sad.means == means;
        if !ours {
            return Err(Fault::SadForeign);
        }
        if sad.purpose != purpose {
            return Err(Fault::SadPurpose);
        }
        let limits = &self.context.manifest.limits;
        let longest = self.now.saturating_add(u64::from(limits.activation_seconds));
        if self.now >= sad.expires || sad.expires > longest {
            return Err(Fault::SadExpired);
        }
        let nonce = self.challenges.check(sad.nonce.as_slice(), &record.id, purpose, self.now)?;
        self.check_hashes(&sad, credential)?;
        Ok(CheckedSad { digest: sad_digest(octets.as_slice()), sad, assertion, nonce })
    }

    fn check_hashes(&self, sad: &Sad, credential: &Credential) -> Result<(), Fault> {
        let limits = &self.context.manifest.limits;
        if sad.count as usize != sad.hashes.len() {
            return Err(Fault::SadCount);
        }
        let allowed = match sad.purpose {
            Purpose::Sign => 1..=credential.record.multisign.min(limits.hashes) as usize,
            Purpose::Pop | Purpose::Relink | Purpose::Mandate | Purpose::EndMandate | Purpose::Approvers => {
                1..=1
            }
            Purpose::Link | Purpose::Delete | Purpose::Suspend | Purpose::Resume => 0..=0,
        };
        if !allowed.contains(&sad.hashes.len()) {
            return Err(Fault::SadTooMany);
        }
        let algorithm = sad.signature_algorithm;
        // A key whose algorithm has ended signs nothing more; it can still be suspended and destroyed.
        let in_use = sad.hashes.is_empty() || self.context.manifest.allows(algorithm, self.now);
        let fits = in_use
            && algorithm.hash() == sad.hash_algorithm
            && credential.record.algorithm.signature_algorithms().contains(&algorithm)
            && sad.hashes.iter().all(|hash| hash.0.len() == sad.hash_algorithm.octets());
        if !fits {
            return Err(Fault::SadAlgorithm);
        }
        // Documents are what is signed under a SAD for signing alone: there the SAM reads the bytes to be signed.
        let typed = sad.hash_type == HashType::Dtbs || sad.purpose == Purpose::Sign;
        let linked = sad.link.is_some() == (sad.purpose == Purpose::Link);
        if typed && linked { Ok(()) } else { Err(Fault::SadRequest) }
    }

    /// What is inside, and whether it came sealed.
    fn open(&self, evidence: &Blob) -> Result<(AuthorizedSad, bool), Fault> {
        let malformed = |_| Fault::SadMalformed;
        if evidence.0.len() > MAX_EVIDENCE {
            return Err(Fault::SadMalformed);
        }
        match codec::decode(evidence.as_slice()).map_err(malformed)? {
            AuthorizationEvidence::Plain(authorized) => Ok((authorized, false)),
            AuthorizationEvidence::Sealed { instance, sad_digest: claimed, encapsulated, ciphertext } => {
                if instance != self.instance {
                    return Err(Fault::SadForeign);
                }
                let aad = seal_aad(&instance, &claimed);
                let plain = self
                    .keys
                    .open(SEAL_INFO, &aad, encapsulated.as_slice(), ciphertext.as_slice())
                    .map_err(|_| Fault::SadMalformed)?;
                let authorized: AuthorizedSad = codec::decode_secret(&plain).map_err(malformed)?;
                if sad_digest(authorized.sad.as_slice()) != claimed {
                    return Err(Fault::SadMalformed);
                }
                Ok((authorized, true))
            }
        }
    }
}
