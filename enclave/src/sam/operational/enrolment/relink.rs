//! Place: SAM. Relinking: another means of the same kind takes the place of the signer's. The linked means authorizes it
//! over the digest of the new one's registration, and the RA client names that registration; neither is enough alone
//! (FDP_ACF.1/Signer Maintenance).

use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::{attest, require};
use crate::ledger::journal::Entry;
use crate::sam::means::EidMeans;
use crate::sam::means::naming::Named;
use crate::sam::outcome::Attest;
use crate::sam::record::KeyState;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Command, Relink};
use fuin_shared::role::Role;
use fuin_shared::sad::{LinkSubject, Purpose};
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn relink(
        &mut self,
        ticket: Ticket,
        request: &Relink,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let manage = &request.manage;
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let named = Named::of_relink(&proven.statement.action, proven.client)?;
        require(&target, KeyState::Active)?;
        let credential = &target.credential;
        credential.record.require_purpose(KeyPurpose::Signature)?;
        self.check_free(credential)?;
        let linked = credential.record.linked_means()?;
        if named.profile() != linked.profile() {
            return Err(Fault::EidMismatch);
        }
        // The new means shows itself, as at linkEid and for the same person.
        let checker = self.checker(around);
        let shown = checker.check(&request.registration, credential, Purpose::Link, named.profile())?;
        let expected = LinkSubject {
            user: credential.record.user.clone(),
            authority: credential.record.authority.clone(),
            identity: credential.record.identity.ok_or(Fault::InvalidKeyState)?,
        };
        if shown.sad.link.as_ref() != Some(&expected) || !named.is(&shown.assertion) {
            return Err(Fault::EidMismatch);
        }
        // The linked means authorizes just that registration.
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let checked = checker.check(evidence, credential, Purpose::Relink, linked.profile())?;
        let wanted = checked.sad.hash_algorithm.digest(named.registration().as_ref());
        if checked.sad.hashes.first().is_none_or(|hash| hash.0 != wanted) {
            return Err(Fault::SadRequest);
        }
        let judging = self.judging(&credential.record, &shown.nonce, around);
        let last = self.journal.state().credential(&credential.subject).map_or(0, |c| c.means_counter);
        let following = |means: EidMeans, counter| means.follows(linked, counter).map(|()| means);
        let mut registered = named
            .register(&shown.assertion, &shown.digest, judging, rng)
            .and_then(|means| following(means, last));
        // A registration that is refused takes no answer of the linked means with it: what that spends is in the event of
        // the new means alone.
        if registered.is_ok() {
            let again = || Command::Relink(request.clone());
            let Some(counter) = self.answered(ticket, &checked, credential, again, around)? else {
                return Ok(());
            };
            registered = registered.and_then(|means| following(means, counter));
        }
        let Some(means) = self.judged(ticket, &shown, credential, registered, around)? else {
            return Ok(());
        };
        let mut record = self.copy(target.hint)?;
        record.means = Some(means);
        let attests = attest(&mut record, around);
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        self.activations.revoke(&target.credential.subject);
        let body = EventBody::MeansRelinked {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            attests,
            statement: target.statement,
        };
        let detail = target.detail().by(Role::Signer, &record.user).asked(Purpose::Relink, checked.digest);
        let entry = Entry { records: vec![change], ..Entry::new(body, detail) };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(ticket, entry, Outcome::MeansLinked(version, attest), around)
    }
}
