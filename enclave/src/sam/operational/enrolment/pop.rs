//! Place: SAM. authorize (extensions 4.5): one proof of possession. The SAM parses the whole certification request
//! information and hashes it itself, so that no hash of a document can come in its place.

use super::super::{Effect, Operational, Outcome, Surroundings, Ticket, salt};
use super::{Target, require};
use crate::ledger::journal::Entry;
use crate::sam::pkcs10;
use crate::sam::record::KeyState;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::{EventBody, salted};
use fuin_shared::message::{Answer, Command, Manage};
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
        let Some((csr, means_counter)) = signed else { return Ok(None) };
        let mut record = self.copy(target.hint)?;
        record.pop_remaining = record.pop_remaining.saturating_sub(1);
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let salt = salt(rng);
        let body = EventBody::PopSigned {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            request_info: salted(salt.as_slice(), info.as_slice()),
            means_counter,
            statement: target.statement,
        };
        let entry = Entry { body, records: vec![change], salts: vec![salt] };
        self.append(ticket, entry, Outcome::Request(csr.into(), version), around)?;
        Ok(None)
    }

    /// Checks the signer's consent and signs. The request leaves only with the event that counts it. None when the ledger
    /// answers.
    fn sign_request(
        &mut self,
        ticket: Ticket,
        target: &Target<'_>,
        info: &Blob,
        algorithm: SignatureAlgorithm,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<Option<(Vec<u8>, u32)>, Fault> {
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let means = target.credential.record.linked_means()?;
        let checked =
            self.checker(around).check(evidence, &target.credential, Purpose::Pop, means.profile())?;
        let digest = checked.sad.hash_algorithm.digest(info.as_slice());
        let agreed = checked.sad.signature_algorithm == algorithm
            && checked.sad.hashes.first().is_some_and(|hash| hash.0 == digest);
        if !agreed {
            return Err(Fault::SadRequest);
        }
        let again = || Command::AuthorizePop(manage.clone());
        let Some(counter) = self.answered(ticket, &checked, &target.credential, again, around)? else {
            return Ok(None);
        };
        let signature = target.credential.key.sign(algorithm, &digest)?;
        Ok(Some((pkcs10::assemble(info.as_slice(), algorithm, &signature), counter)))
    }
}
