//! Place: SAM. A mandate: the terms that m of n approvers signed, under a sealed record of its own (SEAL-02).

use super::super::{Effect, Operational, Outcome, Surroundings, Ticket};
use super::Wanted;
use crate::ledger::journal::Entry;
use crate::ledger::sealing::{self, Kind};
use crate::sam::record::{CredentialRecord, KeyState};
use crate::sam::staff::is_staff;
use crate::sam::vault::Credential;
use fuin_attestation::verify_sca_key;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key::Spki;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Answer, Challenge, GetApproverChallenge, GrantMandate, RecordChange};
use fuin_shared::role::Role;
use fuin_shared::sad::Purpose;
use fuin_shared::seal::{MAX_TERMS, MandateTerms, mandate_hash, mandate_id, mandate_record};
use rand_core::CryptoRng;

/// Most mandates of a credential that still allow a seal.
const MAX_LIVE: usize = 16;

impl Operational {
    /// A nonce for what an approver signs, with what names the approver's means.
    pub(in super::super) fn get_approver_challenge(
        &mut self,
        ticket: Ticket,
        request: &GetApproverChallenge,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        let record = &credential.record;
        record.require_purpose(KeyPurpose::Seal)?;
        let set = record.approvers()?;
        let approver = set.members.iter().find(|member| member.number == request.approver);
        let approver = approver.ok_or(Fault::ApproversMalformed)?;
        may_approve(record, request.purpose)?;
        let expires =
            around.seconds().saturating_add(u64::from(around.context.manifest.limits.challenge_seconds));
        let nonce =
            self.challenges.issue(&request.credential, request.purpose, around.seconds(), expires, rng);
        let challenge = Challenge {
            nonce,
            instance: around.instance,
            expires,
            means: Some(approver.means.profile()),
            passkey: approver.means.passkey_hint(),
            hint: approver.means.hint(),
        };
        Ok(Effect::Reply { ticket, result: Ok(Answer::Challenge(challenge)) })
    }

    pub(in super::super) fn grant_mandate(
        &mut self,
        ticket: Ticket,
        request: &GrantMandate,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        credential.record.require_purpose(KeyPurpose::Seal)?;
        if credential.record.state != KeyState::Active {
            return Err(Fault::CredentialDisabled);
        }
        self.check_free(&credential)?;
        let terms = self.check_terms(&credential, request, around)?;
        let mandate = mandate_id(request.terms.as_slice());
        if self.journal.state().mandate(&mandate).is_some() {
            return Err(Fault::MandateMalformed);
        }
        if self.journal.state().live_mandates(&credential.subject, around.now.0) >= MAX_LIVE {
            return Err(Fault::LimitReached);
        }
        let evidence = check_sca_evidence(request, &terms, around)?;
        let hash = mandate_hash(terms.hash_algorithm, request.terms.as_slice());
        let wanted = Wanted {
            purpose: Purpose::Mandate,
            content: &|algorithm| (algorithm == terms.signature_algorithm).then(|| hash.clone()),
        };
        let approved = self.approved(&credential, &request.approvals, &wanted, around)?;
        let sealed = sealing::seal_as(
            Kind::Mandate,
            self.journal.keys(),
            &mandate_record(&mandate),
            1,
            request.terms.as_slice(),
            rng,
        )?;
        self.spend(&approved, around)?;
        let approvers = approved.approvers();
        let detail = credential.record.detail().by_each(Role::SealApprover, approvers);
        let detail = detail.for_purpose(Purpose::Mandate).under(credential.record.certificate_digest());
        let detail = detail.with_sca_evidence(evidence);
        let body = EventBody::MandateGranted {
            credential: self.journal.state().next_mark(credential.subject),
            mandate,
            record: sealing::mark(&sealed),
            count: terms.count,
            not_before: terms.not_before,
            not_after: terms.not_after,
            rate: terms.rate,
            approvals: approved.uses,
        };
        let entry = Entry { records: vec![RecordChange::Put(sealed)], ..Entry::new(body, detail) };
        self.append(ticket, entry, Outcome::MandateGranted(mandate), around)
    }

    fn check_terms(
        &self,
        credential: &Credential,
        request: &GrantMandate,
        around: &Surroundings<'_>,
    ) -> Result<MandateTerms, Fault> {
        let now = around.seconds();
        if request.terms.0.len() > MAX_TERMS {
            return Err(Fault::MandateMalformed);
        }
        let terms: MandateTerms =
            codec::decode(request.terms.as_slice()).map_err(|_| Fault::MandateMalformed)?;
        let record = &credential.record;
        let ours = terms.service == around.context.service
            && terms.credential == record.id
            && terms.spki == record.spki_digest();
        if terms.check().is_err() || !ours {
            return Err(Fault::MandateMalformed);
        }
        let certificate = record.certificate.as_ref().ok_or(Fault::CredentialDisabled)?;
        if now < certificate.not_before || now >= certificate.not_after {
            return Err(Fault::CertificateExpired);
        }
        if now >= terms.not_after {
            return Err(Fault::MandateMalformed);
        }
        let manifest = &around.context.manifest;
        if !record.algorithm.signature_algorithms().contains(&terms.signature_algorithm)
            || !manifest.allows(terms.signature_algorithm, now)
        {
            return Err(Fault::AlgorithmNotAllowed);
        }
        // The SCA is the organization's machine: none of the service's keys, no approver's, not the seal key itself.
        let approvers = &record.approvers()?.members;
        let approvers = approvers.iter().any(|member| member.means.public_key() == Some(&terms.sca_key));
        if is_staff(manifest, &terms.sca_key) || approvers || terms.sca_key == Spki(record.spki.clone()) {
            return Err(Fault::ApproverConflict);
        }
        Ok(terms)
    }
}

/// SEAL-06: where the manifest asks for it, only a key is taken that cannot be copied. Evidence that is given must hold in any
/// case; its digest goes to the auditors.
fn check_sca_evidence(
    request: &GrantMandate,
    terms: &MandateTerms,
    around: &Surroundings<'_>,
) -> Result<Option<Digest32>, Fault> {
    let manifest = &around.context.manifest;
    let Some(evidence) = &request.evidence else {
        let required = manifest.seals.as_ref().is_some_and(|policy| policy.required);
        return if required { Err(Fault::ScaEvidenceMissing) } else { Ok(None) };
    };
    match verify_sca_key(evidence, &terms.sca_key, manifest, around.seconds()) {
        Ok(_) => Ok(Some(evidence.digest())),
        Err(_) => Err(Fault::ScaEvidence),
    }
}

/// Whether approvers are asked for this in the key's state.
pub(in super::super) fn may_approve(record: &CredentialRecord, purpose: Purpose) -> Result<(), Fault> {
    match (purpose, record.state) {
        (Purpose::Mandate | Purpose::EndMandate | Purpose::Resume, KeyState::Active)
        | (Purpose::Pop, KeyState::EidLinked)
        // Whoever comes registers under a SAD of purpose `link`.
        | (Purpose::Delete | Purpose::Approvers | Purpose::Link, KeyState::EidLinked | KeyState::Active)
        | (Purpose::Link, KeyState::Generated) => Ok(()),
        (Purpose::Mandate, _) => Err(Fault::CredentialDisabled),
        (Purpose::Sign, _) => Err(Fault::KeyPurpose),
        _ => Err(Fault::InvalidKeyState),
    }
}
