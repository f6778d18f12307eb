//! Place: SAM. getChallenge and authorize: a nonce, and evidence of authorization for an activation token.

use super::super::activation::{Activation, multiset};
use super::super::record::KeyState;
use super::seals::may_approve;
use super::{Effect, Operational, Outcome, Surroundings, Ticket, salt};
use crate::ledger::journal::Entry;
use crate::sam::means::EidMeans;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{EventBody, salted};
use fuin_shared::message::{Answer, Authorize, Challenge, Command, GetChallenge};
use fuin_shared::role::Role;
use fuin_shared::sad::{Purpose, Sad};
use rand_core::CryptoRng;

impl Operational {
    pub(super) fn get_challenge(
        &mut self,
        ticket: Ticket,
        request: &GetChallenge,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        let state = credential.record.state;
        if credential.record.purpose == KeyPurpose::Seal {
            may_approve(&credential.record, request.purpose)?;
        }
        match (request.purpose, state) {
            _ if credential.record.purpose == KeyPurpose::Seal => {}
            // With `link` in state `active` a means that takes the place of another shows itself.
            (Purpose::Sign | Purpose::Relink, KeyState::Active) => self.check_free(&credential)?,
            (Purpose::Suspend | Purpose::Resume, KeyState::Active)
            | (Purpose::Link, KeyState::Generated | KeyState::Active)
            | (Purpose::Pop, KeyState::EidLinked)
            | (Purpose::Delete, KeyState::EidLinked | KeyState::Active) => {}
            (Purpose::Sign, _) => return Err(Fault::CredentialDisabled),
            _ => return Err(Fault::InvalidKeyState),
        }
        let seconds = u64::from(around.context.manifest.limits.challenge_seconds);
        let now = around.seconds();
        let expires = now.saturating_add(seconds);
        let nonce = self.challenges.issue(&request.credential, request.purpose, now, expires, rng);
        let means = credential.record.means.as_ref();
        let challenge = Challenge {
            nonce,
            instance: around.instance,
            expires,
            means: means.map(EidMeans::profile),
            passkey: means.and_then(EidMeans::passkey_hint),
            hint: means.and_then(EidMeans::hint),
        };
        Ok(Effect::Reply { ticket, result: Ok(Answer::Challenge(challenge)) })
    }

    pub(super) fn authorize(
        &mut self,
        ticket: Ticket,
        request: &Authorize,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        credential.record.require_purpose(KeyPurpose::Signature)?;
        if credential.record.state != KeyState::Active {
            return Err(Fault::CredentialDisabled);
        }
        self.check_free(&credential)?;
        let now = around.seconds();
        self.activations.check_room(&credential.subject, &around.context.manifest.limits, now)?;
        let means = credential.record.linked_means()?;
        let checked =
            self.checker(around).check(&request.evidence, &credential, Purpose::Sign, means.profile())?;
        check_request(&checked.sad, request)?;
        let again = || Command::Authorize(request.clone());
        let Some(counter) = self.answered(ticket, &checked, &credential, again, around)? else {
            return Ok(());
        };
        let sad = checked.sad;
        let salt = salt(rng);
        let record = &credential.record;
        let detail = record
            .detail()
            .by(Role::Signer, &record.user)
            .asked(Purpose::Sign, checked.digest)
            .under(record.certificate_digest())
            .over(sad.signature_algorithm, sad.hashes.clone());
        let entry = Entry {
            body: EventBody::Authorized {
                credential: self.journal.state().next_mark(credential.subject),
                sad: salted(salt.as_slice(), checked.digest.as_ref()),
                count: sad.count,
                means_counter: counter,
            },
            records: Vec::new(),
            salts: vec![salt],
            detail,
        };
        let activation = Activation::new(
            credential.subject,
            sad.hash_type,
            &sad.hashes,
            sad.hash_algorithm,
            sad.signature_algorithm,
            sad.expires,
        );
        let token = self.activations.insert(activation, rng);
        self.append(ticket, entry, Outcome::Activation(token, sad.expires), around)
    }
}

/// What the CSC request says may say less than the SAD, never something else.
fn check_request(sad: &Sad, request: &Authorize) -> Result<(), Fault> {
    let hashes_agree = request.hashes.as_ref().is_none_or(|named| multiset(named) == multiset(&sad.hashes));
    let algorithm_agrees = request.hash_algorithm.is_none_or(|named| named == sad.hash_algorithm);
    if request.count == sad.count && hashes_agree && algorithm_agrees {
        Ok(())
    } else {
        Err(Fault::SadRequest)
    }
}
