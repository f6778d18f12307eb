//! Place: SAM. The key life cycle of the SIP Japan extension: each command acts on the RA/CA client's `manageProof` alone,
//! and where the signer must take part, on a SAD by the signer's own means.

use super::super::key_attestation::{check_nonce, key_statement};
use super::super::outcome::Attest;
use super::super::proof::{Proven, verify};
use super::super::record::{CredentialRecord, KeyState, LinkedCertificate, POP_LIMIT, WrappedKey};
use super::super::vault::Credential;
use super::{Effect, Operational, Outcome, Surroundings, Ticket, salt};
use crate::ledger::journal::Entry;
use crate::ledger::sealing;
use crate::sam::means::{EidMeans, passkey};
use crate::sam::{certificates, pkcs10};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32, StatementId};
use fuin_shared::log::event::{EventBody, RecordMark, salted};
use fuin_shared::message::{Answer, Manage, RecordChange, SealedRecord};
use fuin_shared::sad::{LinkSubject, Purpose};
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;
use std::sync::Arc;

/// A key that a proof names: the client owns it, and the record is the version that the client means.
struct Target<'a> {
    credential: Arc<Credential>,
    hint: &'a SealedRecord,
    statement: StatementId,
}

impl Operational {
    fn prove<'a>(&self, manage: &Manage, around: &Surroundings<'a>) -> Result<Proven<'a>, Fault> {
        check_nonce(manage.nonce.as_ref())?;
        let origin = &self.journal.identity().origin;
        let proven = verify(&manage.proof, around.context, origin, around.seconds())?;
        if self.journal.state().is_spent(&proven.statement.statement) {
            return Err(Fault::InvalidProof);
        }
        Ok(proven)
    }

    fn target<'a>(
        &mut self,
        manage: &'a Manage,
        proven: &Proven<'_>,
        around: &Surroundings<'_>,
    ) -> Result<Target<'a>, Fault> {
        let id = proven.statement.key.as_ref().ok_or(Fault::InvalidProof)?;
        let hint = manage.record.as_ref().ok_or(Fault::RecordMissing)?;
        let credential = self.open(id, hint, around)?;
        // Another client's key and an unknown one are told apart by nobody.
        if credential.record.client != proven.client.id {
            return Err(Fault::UnknownCredential);
        }
        if proven.statement.version != Some(credential.version) {
            return Err(Fault::InvalidProof);
        }
        Ok(Target { credential, hint, statement: proven.statement.statement })
    }

    /// A record's own copy, to be changed.
    fn copy(&self, hint: &SealedRecord) -> Result<CredentialRecord, Fault> {
        CredentialRecord::from_bytes(&sealing::open(self.journal.keys(), hint)?)
    }

    fn reseal(
        &mut self,
        target: &Target<'_>,
        record: &CredentialRecord,
        rng: &mut dyn CryptoRng,
    ) -> Result<(RecordMark, RecordChange, u64), Fault> {
        let version = target.credential.version.saturating_add(1);
        let sealed = sealing::seal(self.journal.keys(), &record.id, version, &record.to_bytes(), rng)?;
        self.vault.forget(&target.credential);
        Ok((sealing::mark(&sealed), RecordChange::Put(sealed), version))
    }

    pub(super) fn generate_key(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let ManageAction::GenerateKey { user, authority, key_algorithm, multisign, subject } =
            proven.statement.action
        else {
            return Err(Fault::InvalidProof);
        };
        let manifest = &around.context.manifest;
        if !proven.client.authorities.contains(&authority) {
            return Err(Fault::UnknownAuthority);
        }
        let usable =
            key_algorithm.signature_algorithms().iter().any(|a| manifest.allows(*a, around.seconds()));
        if !usable {
            return Err(Fault::UnsupportedAlgorithm);
        }
        if multisign == 0 || multisign > manifest.limits.hashes {
            return Err(Fault::LimitReached);
        }
        let signer = self.journal.keys().signer_subject(&proven.client.id, &user);
        if self.journal.state().credentials_of(&signer) >= manifest.limits.credentials_per_signer {
            return Err(Fault::LimitReached);
        }
        let generated = around.module.generate(key_algorithm, rng)?;
        let spki = Blob::from(generated.key.spki());
        let mut name = [0; 16];
        rng.fill_bytes(&mut name);
        let id = CredentialId::new(hex::encode(name)).map_err(|_| Fault::Internal)?;
        let mut record_salt = vec![0; 32];
        rng.fill_bytes(&mut record_salt);
        let mut record = CredentialRecord {
            id: id.clone(),
            salt: record_salt.into(),
            client: proven.client.id.clone(),
            user,
            authority,
            algorithm: key_algorithm,
            spki: spki.clone(),
            wrapped: WrappedKey(generated.wrapped),
            multisign,
            subject,
            state: KeyState::Generated,
            identity: None,
            means: None,
            pop_remaining: POP_LIMIT,
            statement: Blob::default(),
            certificate: None,
        };
        let attests = attest(&mut record, around);
        let sealed = sealing::seal(self.journal.keys(), &id, 1, &record.to_bytes(), rng)?;
        let credential = self.journal.keys().credential(record.salt.as_slice(), &id);
        let body = EventBody::KeyGenerated {
            credential: self.journal.state().next_mark(credential),
            signer,
            record: sealing::mark(&sealed),
            attests,
            statement: proven.statement.statement,
        };
        let entry = Entry { body, records: vec![RecordChange::Put(sealed)], salts: Vec::new() };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(
            ticket,
            entry,
            Outcome::KeyGenerated { key: id, spki, algorithm: key_algorithm, attest },
            around,
        )
    }

    pub(super) fn link_eid(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let ManageAction::LinkEid { means: _, identity, relying_party } = proven.statement.action else {
            return Err(Fault::InvalidProof);
        };
        require(&target, KeyState::Generated)?;
        let party = proven
            .client
            .relying_parties
            .iter()
            .find(|party| party.id == relying_party)
            .ok_or(Fault::InvalidProof)?;
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let checked = self.checker(around).check(evidence, &target.credential, Purpose::Link)?;
        let mut record = self.copy(target.hint)?;
        let expected =
            LinkSubject { user: record.user.clone(), authority: record.authority.clone(), identity };
        if checked.sad.link.as_ref() != Some(&expected) {
            return Err(Fault::EidMismatch);
        }
        let passkey = passkey::register(&checked.assertion, &party.id, &party.origins, &checked.digest)?;
        self.challenges.spend(&checked.nonce, around.seconds())?;
        record.means = Some(EidMeans::Passkey(passkey));
        record.identity = Some(identity);
        record.state = KeyState::EidLinked;
        let attests = attest(&mut record, around);
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let body = EventBody::MeansLinked {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            attests,
            statement: target.statement,
        };
        let entry = Entry { body, records: vec![change], salts: Vec::new() };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(ticket, entry, Outcome::MeansLinked(version, attest), around)
    }

    pub(super) fn authorize_pop(
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
        let (csr, means_counter) = self.sign_request(&target, &info, signature_algorithm, manage, around)?;
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

    /// Checks the signer's consent and signs. The request leaves only with the event that counts it.
    fn sign_request(
        &mut self,
        target: &Target<'_>,
        info: &Blob,
        algorithm: SignatureAlgorithm,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<(Vec<u8>, u32), Fault> {
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let checked = self.checker(around).check(evidence, &target.credential, Purpose::Pop)?;
        let digest = checked.sad.hash_algorithm.digest(info.as_slice());
        let agreed = checked.sad.signature_algorithm == algorithm
            && checked.sad.hashes.first().is_some_and(|hash| hash.0 == digest);
        if !agreed {
            return Err(Fault::SadRequest);
        }
        let last = self.journal.state().credential(&target.credential.subject).map_or(0, |c| c.means_counter);
        let means = target.credential.record.linked_means()?;
        let counter = means.verify(last, &checked.assertion, &checked.digest)?;
        self.challenges.spend(&checked.nonce, around.seconds())?;
        let signature = target.credential.key.sign(algorithm, &digest)?;
        Ok((pkcs10::assemble(info.as_slice(), algorithm, &signature), counter))
    }

    pub(super) fn link_cert(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let ManageAction::LinkCert { certificates: chain } = proven.statement.action else {
            return Err(Fault::InvalidProof);
        };
        require(&target, KeyState::EidLinked)?;
        let record = &target.credential.record;
        let authority =
            around.context.manifest.authority(&record.authority).ok_or(Fault::UnknownAuthority)?;
        let checked = certificates::check(
            &chain,
            record.spki.as_slice(),
            &authority.anchors,
            record.subject.as_deref(),
            around.seconds(),
        )?;
        // The key may be used with one of its algorithms until the certificate ends (SRC_SKS.1.1).
        let manifest = &around.context.manifest;
        let algorithms = record.algorithm.signature_algorithms();
        if !algorithms.iter().any(|algorithm| manifest.allows(*algorithm, checked.not_after)) {
            return Err(Fault::CertificateNotAcceptable);
        }
        let pseudonym = self.journal.keys().certificate(checked.issuer.as_slice(), checked.serial.as_slice());
        if self.journal.state().is_linked(&pseudonym) {
            return Err(Fault::CertificateLinked);
        }
        let mut record = self.copy(target.hint)?;
        record.certificate =
            Some(LinkedCertificate { not_before: checked.not_before, not_after: checked.not_after, chain });
        record.state = KeyState::Active;
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let body = EventBody::CertificateLinked {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            certificate: pseudonym,
            statement: target.statement,
        };
        let entry = Entry { body, records: vec![change], salts: Vec::new() };
        self.append(ticket, entry, Outcome::CertificateLinked(version), around)
    }

    pub(super) fn delete_key(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        if proven.statement.action != (ManageAction::DeleteKey {}) {
            return Err(Fault::InvalidProof);
        }
        let credential = &target.credential;
        // A key without means has no signer to ask; any other is destroyed on the signer's word.
        if let Some(means) = &credential.record.means {
            let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
            let checked = self.checker(around).check(evidence, credential, Purpose::Delete)?;
            let last = self.journal.state().credential(&credential.subject).map_or(0, |c| c.means_counter);
            means.verify(last, &checked.assertion, &checked.digest)?;
            self.challenges.spend(&checked.nonce, around.seconds())?;
        }
        around.module.destroy(credential.record.algorithm, &credential.record.wrapped.0)?;
        self.activations.revoke(&credential.subject);
        self.vault.forget(credential);
        let body = EventBody::KeyDestroyed {
            credential: self.journal.state().next_mark(credential.subject),
            statement: target.statement,
        };
        let records = vec![RecordChange::Erase(credential.record.id.clone())];
        self.append(ticket, Entry { body, records, salts: Vec::new() }, Outcome::Deleted, around)
    }
}

/// Puts a new key statement into the record; its digest is for the event.
fn attest(record: &mut CredentialRecord, around: &Surroundings<'_>) -> Digest32 {
    let statement = key_statement(record, around.context.service, around.context.hash, around.seconds());
    record.statement = codec::encode(&statement).into();
    statement.digest()
}

fn require(target: &Target<'_>, state: KeyState) -> Result<(), Fault> {
    if target.credential.record.state == state { Ok(()) } else { Err(Fault::InvalidKeyState) }
}
