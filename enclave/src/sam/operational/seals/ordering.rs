//! Place: SAM. seal: an order signed by the mandate's SCA. Its number and its seals are spent by an event at once; the
//! key is used only when that event is released, so that no crash and no roll-back gives a spent seal back. The seals
//! leave with the receipt of the event.

use super::super::{Effect, MAX_WORK, Operational, Outcome, Surroundings, Ticket, salt};
use crate::crypto_module::SigningJob;
use crate::ledger::journal::Entry;
use crate::ledger::sealing::{self, Kind};
use crate::sam::record::KeyState;
use crate::sam::staff::is_staff;
use crate::sam::vault::Credential;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MandateId, Subject};
use fuin_shared::key::Spki;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{EventBody, salted};
use fuin_shared::log::mandates::Mandate;
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::{Answer, Receipt, Seal, SealedRecord};
use fuin_shared::role::Role;
use fuin_shared::seal::{MandateTerms, SealOrder, SignedOrder, VERSION, mandate_record};
use fuin_shared::statement::SignedStatement;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What is to be done once the event of an order is released.
#[derive(Debug)]
pub struct SealJob {
    credential: Subject,
    mandate: MandateId,
    job: SigningJob,
}

/// Seals that are being made, for an event that is released.
pub(in super::super) struct Sealing {
    count: usize,
    receipt: Receipt,
}

impl Operational {
    pub(in super::super) fn seal(
        &mut self,
        ticket: Ticket,
        request: &Seal,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        if self.work.len() + self.sealing.len() >= MAX_WORK {
            return Err(Fault::Busy);
        }
        let signed: SignedOrder =
            codec::decode(request.order.as_slice()).map_err(|_| Fault::OrderMalformed)?;
        let order: SealOrder = codec::decode(signed.order.as_slice()).map_err(|_| Fault::OrderMalformed)?;
        if order.version != VERSION || order.service != around.context.service {
            return Err(Fault::OrderMalformed);
        }
        let credential = self.open(&request.credential, &request.record, around)?;
        credential.record.require_purpose(KeyPurpose::Seal)?;
        let time = around.now.0.max(self.journal.state().last_time());
        let terms = self.open_mandate(&credential, &order.mandate, &request.mandate, time)?;
        // Before anything is said of the mandate's state: strangers learn nothing and change nothing.
        let key = terms.sca_key.key().map_err(|_| Fault::Internal)?;
        let message = SignedStatement::message::<SealOrder>(signed.order.as_slice());
        key.verify(key.statement_hash(), &message, signed.signature.as_slice())
            .map_err(|_| Fault::OrderSignature)?;
        let count = check_order(&order, &terms, &credential, around)?;
        self.check_free(&credential)?;
        let mandate = self.journal.state().mandate(&order.mandate).ok_or(Fault::MandateUnknown)?;
        mandate.permits(order.number, count, time)?;

        let salts: Vec<_> = (0..=order.hashes.len()).map(|_| salt(rng)).collect();
        let (certificate, hashes) = sealed_leaves(&credential, &order.hashes, &salts);
        let body = EventBody::Sealed {
            credential: self.journal.state().next_mark(credential.subject),
            mandate: order.mandate,
            number: order.number,
            certificate,
            count,
            hashes,
        };
        let record = &credential.record;
        let detail = record
            .detail()
            .by(Role::Sca, &key_digest(&terms.sca_key))
            .under(record.certificate_digest())
            .over(order.signature_algorithm, order.hashes.clone());
        let job = SigningJob {
            ticket,
            key: Arc::clone(&credential.key),
            algorithm: order.signature_algorithm,
            digests: order.hashes.into_iter().map(|hash| hash.0).collect(),
        };
        let job = SealJob { credential: credential.subject, mandate: order.mandate, job };
        let entry = Entry { body, records: Vec::new(), salts, detail };
        self.append(ticket, entry, Outcome::Seal(Box::new(job)), around)
    }

    /// The terms of a mandate, from the record that the host supplies.
    fn open_mandate(
        &self,
        credential: &Credential,
        mandate: &MandateId,
        hint: &SealedRecord,
        time: u64,
    ) -> Result<MandateTerms, Fault> {
        let known = self.journal.state().mandate(mandate).ok_or(Fault::MandateUnknown)?;
        if known.credential != credential.subject {
            return Err(Fault::MandateUnknown);
        }
        if hint.id != mandate_record(mandate) {
            return Err(Fault::RecordMissing);
        }
        let (state, mark) = (self.journal.state(), sealing::mark(hint));
        let plaintext = match sealing::open_as(Kind::Mandate, self.journal.keys(), hint) {
            // Nobody can read any more what it allowed, so there is no telling who asks.
            Err(Fault::RecordForeign) if state.is_left_behind(&hint.id, &mark, time) => {
                let over = known.record == mark;
                return Err(if over { Fault::MandateUnknown } else { Fault::RecordStale });
            }
            opened => opened?,
        };
        if !state.is_current(&known.record, &mark) {
            return Err(Fault::RecordStale);
        }
        codec::decode(&plaintext).map_err(|_| Fault::RecordForeign)
    }

    /// The event of an order is released: the key may be used, unless mandate or key ended, or was suspended, meanwhile.
    pub fn begin_seal(&mut self, ticket: Ticket, job: SealJob, receipt: Receipt) -> Effect {
        let state = self.journal.state();
        let alive = state.credential(&job.credential).filter(|c| c.record.is_some());
        let ended = state.mandate(&job.mandate).is_none_or(Mandate::ended);
        let refused = match alive {
            None => Some(Fault::UnknownCredential),
            Some(known) if known.is_suspended() => Some(Fault::CredentialDisabled),
            Some(_) => ended.then_some(Fault::MandateEnded),
        };
        if let Some(fault) = refused {
            return Effect::Reply { ticket, result: Err(fault) };
        }
        self.sealing.insert(ticket, Sealing { count: job.job.digests.len(), receipt });
        Effect::Sign(job.job)
    }

    /// Whether the crypto module makes seals under this ticket.
    #[must_use]
    pub fn seals(&self, ticket: Ticket) -> bool {
        self.sealing.contains_key(&ticket)
    }

    /// Takes the crypto module's seals.
    ///
    /// # Errors
    /// The module's, or [`Fault::SelfCheck`].
    pub fn sealed(&mut self, ticket: Ticket, result: Result<Vec<Vec<u8>>, Fault>) -> Result<Effect, Fault> {
        let sealing = self.sealing.remove(&ticket).ok_or(Fault::Internal)?;
        let signatures = result?;
        if signatures.len() != sealing.count {
            return Err(Fault::SelfCheck);
        }
        let signatures = signatures.into_iter().map(Blob).collect();
        let answer = Answer::Signatures { signatures, receipt: sealing.receipt };
        Ok(Effect::Reply { ticket, result: Ok(answer) })
    }
}

/// What names an SCA to auditors.
fn key_digest(key: &Spki) -> Digest32 {
    Digest32(Sha256::digest(key.0.as_slice()).into())
}

/// Checks an order against mandate, key and manifest; gives the number of its seals.
fn check_order(
    order: &SealOrder,
    terms: &MandateTerms,
    credential: &Credential,
    around: &Surroundings<'_>,
) -> Result<u32, Fault> {
    let (now, manifest) = (around.seconds(), &around.context.manifest);
    let longest = now.saturating_add(u64::from(manifest.limits.activation_seconds));
    if now >= order.expires || order.expires > longest {
        return Err(Fault::OrderExpired);
    }
    if credential.record.state != KeyState::Active {
        return Err(Fault::CredentialDisabled);
    }
    let certificate = credential.record.certificate.as_ref().ok_or(Fault::CredentialDisabled)?;
    if now < certificate.not_before || now >= certificate.not_after {
        return Err(Fault::CertificateExpired);
    }
    // A later manifest may name the key as one of the service's own.
    if is_staff(manifest, &terms.sca_key) {
        return Err(Fault::ApproverConflict);
    }
    if order.hash_algorithm != terms.hash_algorithm
        || order.signature_algorithm != terms.signature_algorithm
        || !manifest.allows(terms.signature_algorithm, now)
    {
        return Err(Fault::AlgorithmNotAllowed);
    }
    if order.hashes.is_empty() {
        return Err(Fault::NoHashes);
    }
    if order.hashes.len() > manifest.limits.hashes as usize {
        return Err(Fault::SadTooMany);
    }
    if order.hashes.iter().any(|hash| hash.0.len() != terms.hash_algorithm.octets()) {
        return Err(Fault::HashLength);
    }
    u32::try_from(order.hashes.len()).map_err(|_| Fault::SadTooMany)
}

/// What the event says of an order: the salted hash of the certificate, and the root of the salted hashes. The first salt
/// is the certificate's, then there is one for each hash.
fn sealed_leaves(credential: &Credential, hashes: &[Blob], salts: &[Blob]) -> (Digest32, Digest32) {
    let (for_certificate, for_hashes) = match salts.split_first() {
        Some((first, rest)) => (first.as_slice(), rest),
        None => (&[][..], &[][..]),
    };
    let leaf = credential.record.certificate.as_ref().and_then(|linked| linked.chain.first());
    let leaf = leaf.map(Blob::as_slice).unwrap_or_default();
    let leaves: Vec<_> = hashes
        .iter()
        .zip(for_hashes)
        .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
        .collect();
    (salted(for_certificate, leaf), Digest32(root_of(&leaves)))
}
