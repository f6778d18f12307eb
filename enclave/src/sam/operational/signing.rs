//! Place: SAM. signHash: permissions are spent first, then the crypto module signs outside the state machine, then the
//! event is appended, and only its commit releases the signatures. A permission spent is never given back.

use super::super::activation::Demand;
use super::super::record::KeyState;
use super::super::vault::Credential;
use super::{Effect, MAX_WORK, Operational, Outcome, Surroundings, Ticket, salt};
use crate::crypto_module::SigningJob;
use crate::ledger::journal::Entry;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::log::event::{EventBody, salted};
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::SignHash;
use rand_core::CryptoRng;
use std::sync::Arc;

/// A signing call whose signatures are being made.
pub(super) struct Work {
    credential: Arc<Credential>,
    hashes: Vec<Blob>,
    /// One for the certificate, then one for each hash.
    salts: Vec<Blob>,
}

impl Operational {
    pub(super) fn sign_hash(
        &mut self,
        ticket: Ticket,
        request: SignHash,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let now = around.seconds();
        if self.work.len() >= MAX_WORK {
            return Err(Fault::Busy);
        }
        if request.hashes.len() > around.context.manifest.limits.hashes as usize {
            return Err(Fault::SadTooMany);
        }
        let credential = self.open(&request.credential, &request.record, around)?;
        if credential.record.state != KeyState::Active {
            return Err(Fault::CredentialDisabled);
        }
        let certificate = credential.record.certificate.as_ref().ok_or(Fault::CredentialDisabled)?;
        if now < certificate.not_before || now >= certificate.not_after {
            return Err(Fault::CertificateExpired);
        }
        if !around.context.manifest.allows(request.signature_algorithm, now) {
            return Err(Fault::AlgorithmNotAllowed);
        }
        let demand = Demand {
            credential: credential.subject,
            hashes: &request.hashes,
            hash_algorithm: request.hash_algorithm,
            signature_algorithm: request.signature_algorithm,
        };
        self.activations.spend(request.token.as_slice(), demand, now)?;
        let salts = (0..=request.hashes.len()).map(|_| salt(rng)).collect();
        let job = SigningJob {
            ticket,
            key: Arc::clone(&credential.key),
            algorithm: request.signature_algorithm,
            digests: request.hashes.iter().map(|hash| hash.0.clone()).collect(),
        };
        self.work.insert(ticket, Work { credential, hashes: request.hashes, salts });
        Ok(Effect::Sign(job))
    }

    /// Takes the crypto module's result.
    ///
    /// # Errors
    /// The module's; [`Fault::UnknownCredential`] when the key was destroyed meanwhile.
    pub fn signed(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<Vec<u8>>, Fault>,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let work = self.work.remove(&ticket).ok_or(Fault::Internal)?;
        let signatures = result?;
        if signatures.len() != work.hashes.len() {
            return Err(Fault::SelfCheck);
        }
        let subject = work.credential.subject;
        let alive = self.journal.state().credential(&subject).is_some_and(|c| c.record.is_some());
        if !alive {
            return Err(Fault::UnknownCredential);
        }
        let entry = Entry { body: self.event(&work), records: Vec::new(), salts: work.salts };
        let signatures = signatures.into_iter().map(Blob).collect();
        self.append(ticket, entry, Outcome::Signatures(signatures), around)
    }

    fn event(&self, work: &Work) -> EventBody {
        let (for_certificate, for_hashes) = match work.salts.split_first() {
            Some((first, rest)) => (first.as_slice(), rest),
            None => (&[][..], &[][..]),
        };
        let leaf = work.credential.record.certificate.as_ref().and_then(|linked| linked.chain.first());
        let leaf = leaf.map(Blob::as_slice).unwrap_or_default();
        let leaves: Vec<_> = work
            .hashes
            .iter()
            .zip(for_hashes)
            .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
            .collect();
        EventBody::Signed {
            credential: self.journal.state().next_mark(work.credential.subject),
            certificate: salted(for_certificate, leaf),
            count: u32::try_from(work.hashes.len()).unwrap_or(u32::MAX),
            hashes: Digest32(root_of(&leaves)),
        }
    }
}
