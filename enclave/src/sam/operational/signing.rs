//! Place: SAM. signHash and signDocument: permissions are spent first, then the crypto module signs outside the state
//! machine, then the event is appended, and only its commit releases the signatures. A permission spent is never given
//! back.

use super::super::activation::Demand;
use super::super::record::KeyState;
use super::super::to_be_signed::{Signer, read};
use super::super::vault::Credential;
use super::{Effect, MAX_WORK, Operational, Outcome, Surroundings, Ticket, salt};
use crate::crypto_module::SigningJob;
use crate::ledger::journal::Entry;
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{EventBody, salted};
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::{SealedRecord, SignDocument, SignHash};
use fuin_shared::role::Role;
use fuin_shared::sad::HashType;
use rand_core::CryptoRng;
use std::sync::Arc;

/// A signing call whose signatures are being made.
pub(super) struct Work {
    credential: Arc<Credential>,
    /// What is signed.
    hashes: Vec<Blob>,
    /// Digests of the documents, where the signer authorized those.
    documents: Option<Vec<Blob>>,
    /// One for the certificate, then one for each hash.
    salts: Vec<Blob>,
    algorithm: SignatureAlgorithm,
}

/// What a signing call says of itself, whatever it wants signed.
struct Call<'a> {
    ticket: Ticket,
    token: &'a Blob,
    hash_algorithm: Option<HashAlgorithm>,
    signature_algorithm: SignatureAlgorithm,
}

impl Operational {
    pub(super) fn sign_hash(
        &mut self,
        ticket: Ticket,
        request: SignHash,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let SignHash { credential, token, hashes, hash_algorithm, signature_algorithm, record } = request;
        self.check_count(hashes.len(), around)?;
        let credential = self.for_signing(&credential, &record, signature_algorithm, around)?;
        let call = Call { ticket, token: &token, hash_algorithm, signature_algorithm };
        self.begin(&call, credential, hashes, None, around, rng)
    }

    pub(super) fn sign_document(
        &mut self,
        ticket: Ticket,
        request: SignDocument,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let SignDocument { credential, token, to_be_signed, hash_algorithm, signature_algorithm, record } =
            request;
        self.check_count(to_be_signed.len(), around)?;
        let credential = self.for_signing(&credential, &record, signature_algorithm, around)?;
        let certificate = credential.record.certificate.as_ref().ok_or(Fault::CredentialDisabled)?;
        let signer = Signer {
            chain: &certificate.chain,
            key: credential.record.algorithm,
            algorithm: signature_algorithm,
            now: around.seconds(),
            window: u64::from(around.context.manifest.limits.activation_seconds),
        };
        let read: Vec<_> = to_be_signed.iter().map(|one| read(one, &signer)).collect::<Result<_, _>>()?;
        let (documents, hashes) = read.into_iter().map(|one| (one.document, one.hash)).unzip();
        let call = Call { ticket, token: &token, hash_algorithm, signature_algorithm };
        self.begin(&call, credential, hashes, Some(documents), around, rng)
    }

    fn check_count(&self, count: usize, around: &Surroundings<'_>) -> Result<(), Fault> {
        if self.work.len() >= MAX_WORK {
            return Err(Fault::Busy);
        }
        if count > around.context.manifest.limits.hashes as usize {
            return Err(Fault::SadTooMany);
        }
        Ok(())
    }

    /// The credential, if it may sign now with this algorithm.
    fn for_signing(
        &mut self,
        id: &CredentialId,
        record: &SealedRecord,
        algorithm: SignatureAlgorithm,
        around: &Surroundings<'_>,
    ) -> Result<Arc<Credential>, Fault> {
        let now = around.seconds();
        let credential = self.open(id, record, around)?;
        credential.record.require_purpose(KeyPurpose::Signature)?;
        if credential.record.state != KeyState::Active {
            return Err(Fault::CredentialDisabled);
        }
        self.check_free(&credential)?;
        let certificate = credential.record.certificate.as_ref().ok_or(Fault::CredentialDisabled)?;
        if now < certificate.not_before || now >= certificate.not_after {
            return Err(Fault::CertificateExpired);
        }
        if !around.context.manifest.allows(algorithm, now) {
            return Err(Fault::AlgorithmNotAllowed);
        }
        Ok(credential)
    }

    /// Spends the permissions and hands the work to the crypto module.
    fn begin(
        &mut self,
        call: &Call<'_>,
        credential: Arc<Credential>,
        hashes: Vec<Blob>,
        documents: Option<Vec<Blob>>,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let demand = Demand {
            credential: credential.subject,
            hash_type: if documents.is_some() { HashType::Document } else { HashType::Dtbs },
            hashes: documents.as_deref().unwrap_or(&hashes),
            hash_algorithm: call.hash_algorithm,
            signature_algorithm: call.signature_algorithm,
        };
        self.activations.spend(call.token.as_slice(), demand, around.seconds())?;
        let salts = (0..=hashes.len()).map(|_| salt(rng)).collect();
        let job = SigningJob {
            ticket: call.ticket,
            key: Arc::clone(&credential.key),
            algorithm: call.signature_algorithm,
            digests: hashes.iter().map(|hash| hash.0.clone()).collect(),
        };
        self.work.insert(
            call.ticket,
            Work { credential, hashes, documents, salts, algorithm: call.signature_algorithm },
        );
        Ok(Effect::Sign(job))
    }

    /// Takes the crypto module's result.
    ///
    /// # Errors
    /// The module's; [`Fault::UnknownCredential`] when the key was destroyed meanwhile, [`Fault::CredentialDisabled`] when
    /// the credential was suspended.
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
        self.check_free(&work.credential)?;
        let body = self.event(&work);
        let record = &work.credential.record;
        let detail = record
            .detail()
            .by(Role::Signer, &record.user)
            .under(record.certificate_digest())
            .over(work.algorithm, work.hashes)
            .of_documents(work.documents.unwrap_or_default());
        let entry = Entry { body, records: Vec::new(), salts: work.salts, detail };
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
        let root = |values: &[Blob]| {
            let leaves: Vec<_> = values
                .iter()
                .zip(for_hashes)
                .map(|(value, salt)| leaf_hash(salted(salt.as_slice(), value.as_slice()).as_ref()))
                .collect();
            Digest32(root_of(&leaves))
        };
        let credential = self.journal.state().next_mark(work.credential.subject);
        let certificate = salted(for_certificate, leaf);
        let count = u32::try_from(work.hashes.len()).unwrap_or(u32::MAX);
        let hashes = root(&work.hashes);
        match &work.documents {
            None => EventBody::Signed { credential, certificate, count, hashes },
            Some(documents) => {
                let documents = root(documents);
                EventBody::DocumentsSigned { credential, certificate, count, documents, hashes }
            }
        }
    }
}
