//! Place: SAM. linkEid (extensions 4.4): the signer's one means for life, on evidence made with that means.

use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::{attest, require};
use crate::ledger::journal::Entry;
use crate::sam::means::{EidMeans, passkey};
use crate::sam::outcome::Attest;
use crate::sam::record::KeyState;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Manage;
use fuin_shared::sad::{LinkSubject, Purpose};
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn link_eid(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let ManageAction::LinkEid { means: _, identity, relying_party, registration } =
            proven.statement.action
        else {
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
        // A registration is signed by nobody: that it is the signer's own is the RA's word.
        if checked.sad.link.as_ref() != Some(&expected)
            || checked.assertion.registration() != Some(registration)
        {
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
}
