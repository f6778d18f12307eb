//! Place: SAM. authorize (extensions 4.5): one proof of possession. The SAM parses the whole certification request
//! information and hashes it itself, so that no hash of a document can come in its place.

use super::super::seals::Wanted;
use super::super::{Effect, Operational, Outcome, Surroundings, Ticket, salt};
use super::{Target, approver_evidence, require};
use crate::ledger::journal::Entry;
use crate::sam::pkcs10;
use crate::sam::record::KeyState;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{ApproverUse, EventBody, salted};
use fuin_shared::message::{Answer, Command, Manage};
use fuin_shared::role::Role;
use fuin_shared::sad::Purpose;
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn authorize_pop(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let ManageAction::AuthorizePop { request_info, signature_algorithm } = proven.statement.action else {
            return Err(Fault::InvalidProof);
        };
        require(&target, KeyState::EidLinked)?;
        let record = &target.credential.record;
        if record.pop_remaining == 0 {
            return Err(Fault::PopLimit);
        }
        let Some(info) = request_info else {
            // Nothing is signed or spent: the SAM shows what it would sign, for the signer's consent.
            let subject = record.subject.as_deref().ok_or(Fault::RequestInfoMalformed)?;
            let info = pkcs10::build(record.spki.as_slice(), subject)?;
            return Ok(Some(Effect::Reply { ticket, result: Ok(Answer::RequestInfo(info.into())) }));
        };
        let parsed = pkcs10::RequestInfo::parse(info.as_slice())?;
        if parsed.spki() != record.spki.as_slice() {
            return Err(Fault::KeyMismatch);
        }
        if record.subject.as_ref().is_some_and(|subject| !parsed.has_subject(subject)) {
            return Err(Fault::CertificateNotAcceptable);
        }
        let signed = self.sign_request(ticket, &target, &info, signature_algorithm, manage, around)?;
        let Some((csr, consent)) = signed else { return Ok(None) };
        let mut record = self.copy(target.hint)?;
        record.pop_remaining = record.pop_remaining.saturating_sub(1);
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let salt = salt(rng);
        let credential = self.journal.state().next_mark(target.credential.subject);
        let request_info = salted(salt.as_slice(), info.as_slice());
        let statement = target.statement;
        let detail = target.detail();
        let detail = match &consent {
            Consent::Signer(..) => detail.by(Role::Signer, &record.user),
            Consent::Approvers(approvals) => {
                detail.by_each(Role::SealApprover, approvals.iter().map(|one| one.approver))
            }
        };
        let digest = signature_algorithm.hash().digest(info.as_slice());
        let detail = detail.for_purpose(Purpose::Pop).over(signature_algorithm, vec![digest.into()]);
        let body = match consent {
            Consent::Signer(means_counter) => {
                EventBody::PopSigned { credential, record: mark, request_info, means_counter, statement }
            }
            Consent::Approvers(approvals) => {
                EventBody::SealPopSigned { credential, record: mark, request_info, approvals, statement }
            }
        };
        let entry = Entry { body, records: vec![change], salts: vec![salt], detail };
        self.append(ticket, entry, Outcome::Request(csr.into(), version), around)?;
        Ok(None)
    }

    /// Checks the consent and signs. The request leaves only with the event that counts it. None when the ledger answers.
    fn sign_request(
        &mut self,
        ticket: Ticket,
        target: &Target<'_>,
        info: &Blob,
        algorithm: SignatureAlgorithm,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<Option<(Vec<u8>, Consent)>, Fault> {
        let digest = algorithm.hash().digest(info.as_slice());
        let consent = match target.credential.record.purpose {
            KeyPurpose::Signature => {
                match self.signers_consent(ticket, target, &digest, algorithm, manage, around)? {
                    Some(counter) => Consent::Signer(counter),
                    None => return Ok(None),
                }
            }
            KeyPurpose::Seal => {
                let evidence = approver_evidence(manage)?;
                let wanted = Wanted {
                    purpose: Purpose::Pop,
                    content: &|named| (named == algorithm).then(|| Blob(digest.clone())),
                };
                let approved = self.approved(&target.credential, &evidence.approvals, &wanted, around)?;
                self.spend(&approved, around)?;
                Consent::Approvers(approved.uses)
            }
        };
        let signature = target.credential.key.sign(algorithm, &digest)?;
        Ok(Some((pkcs10::assemble(info.as_slice(), algorithm, &signature), consent)))
    }

    fn signers_consent(
        &mut self,
        ticket: Ticket,
        target: &Target<'_>,
        digest: &[u8],
        algorithm: SignatureAlgorithm,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<Option<u32>, Fault> {
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let means = target.credential.record.linked_means()?;
        let checked =
            self.checker(around).check(evidence, &target.credential, Purpose::Pop, means.profile())?;
        let agreed = checked.sad.signature_algorithm == algorithm
            && checked.sad.hashes.first().is_some_and(|hash| hash.0 == digest);
        if !agreed {
            return Err(Fault::SadRequest);
        }
        let again = || Command::AuthorizePop(manage.clone());
        self.answered(ticket, &checked, &target.credential, again, around)
    }
}

/// Who agreed to a certification request, with the counters of the means.
enum Consent {
    Signer(u32),
    Approvers(Vec<ApproverUse>),
}
