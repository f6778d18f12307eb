//! Place: SAM. The approvers of a seal key (sam.md section 5): enrolled by the RA on evidence made with each one's means,
//! and changed only by as many of those that there are as a mandate needs (SEAL-07).

use super::super::seals::Wanted;
use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::{Target, approver_evidence, attest, require};
use crate::ledger::journal::Entry;
use crate::sam::challenge::Fresh;
use crate::sam::means::EidMeans;
use crate::sam::means::naming::Named;
use crate::sam::outcome::Attest;
use crate::sam::proof::Proven;
use crate::sam::record::{Approver, ApproverSet, CredentialRecord, KeyState};
use crate::sam::staff::is_staff;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{ApproverUse, EventBody};
use fuin_shared::manifest::{Manifest, RaClient};
use fuin_shared::message::Manage;
use fuin_shared::role::Role;
use fuin_shared::sad::{LinkSubject, Purpose};
use fuin_shared::seal::{ApproverChange, ApproverRegistration, MAX_APPROVERS};
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    /// enrolApprovers and changeApprovers: both are a linkEid of several people.
    pub(super) fn set_approvers(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        proven: Proven<'_>,
        target: &Target<'_>,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let mut record = self.copy(target.hint)?;
        record.require_purpose(KeyPurpose::Seal)?;
        let evidence = approver_evidence(manage)?;
        let (purpose, keep, registrations, threshold, approvals) = match proven.statement.action {
            ManageAction::EnrolApprovers { approvers, threshold } => {
                require(target, KeyState::Generated)?;
                if !evidence.approvals.is_empty() {
                    return Err(Fault::SadMalformed);
                }
                record.state = KeyState::EidLinked;
                (Purpose::Link, Vec::new(), approvers, threshold, Vec::new())
            }
            ManageAction::ChangeApprovers { keep, approvers, threshold } => {
                // As with relinking: what is suspended keeps its means.
                self.check_free(&target.credential)?;
                let (id, version) = (record.id.clone(), target.credential.version);
                let change = ApproverChange { credential: id, version, keep, approvers, threshold };
                let approvals = self.approve_change(target, &change, &evidence.approvals, around)?;
                (Purpose::Approvers, change.keep, change.approvers, change.threshold, approvals)
            }
            _ => return Err(Fault::InvalidProof),
        };
        let mut members = kept(&record, &keep)?;
        let state = self.journal.state().credential(&target.credential.subject);
        let mut number = state.and_then(|s| s.sealing.approvers()).map_or(1, |approvers| approvers.next());
        if registrations.len() != evidence.registrations.len() {
            return Err(Fault::ApproversMalformed);
        }
        let mut nonces = Vec::new();
        for (wanted, evidence) in registrations.iter().zip(&evidence.registrations) {
            let (means, nonce) = self.register(target, proven.client, wanted, evidence, around, rng)?;
            members.push(Approver { number, means, identity: wanted.identity });
            nonces.push(nonce);
            number = number.saturating_add(1);
        }
        check(&members, threshold, &around.context.manifest)?;
        for nonce in &nonces {
            self.challenges.spend(nonce, around.seconds())?;
        }
        let approvers = members.iter().map(|member| member.number).collect();
        let detail = target.detail().by_each(Role::SealApprover, approvals.iter().map(|one| one.approver));
        record.approvers = Some(ApproverSet { threshold, members });
        let attests = attest(&mut record, around);
        let (mark, change, version) = self.reseal(target, &record, rng)?;
        let body = EventBody::ApproversSet {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            attests,
            approvals,
            approvers,
            threshold,
            statement: target.statement,
        };
        let detail = detail.for_purpose(purpose);
        let entry = Entry { records: vec![change], ..Entry::new(body, detail) };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(ticket, entry, Outcome::MeansLinked(version, attest), around)
    }

    /// The former approvers' word for a change, each over who stays, who comes, and how many must sign then.
    fn approve_change(
        &mut self,
        target: &Target<'_>,
        change: &ApproverChange,
        approvals: &[Blob],
        around: &Surroundings<'_>,
    ) -> Result<Vec<ApproverUse>, Fault> {
        // A key whose approvers were never enrolled has nobody who could agree.
        target.credential.record.approvers()?;
        let wanted =
            Wanted { purpose: Purpose::Approvers, content: &|algorithm| Some(change.hash(algorithm.hash())) };
        let approved = self.approved(&target.credential, approvals, &wanted, around)?;
        self.spend(&approved, around)?;
        Ok(approved.uses)
    }

    /// One approver's registration, as linkEid takes a signer's.
    fn register(
        &self,
        target: &Target<'_>,
        client: &RaClient,
        wanted: &ApproverRegistration,
        evidence: &Blob,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(EidMeans, Fresh), Fault> {
        let named = Named::of_approver(wanted, client)?;
        let checked =
            self.checker(around).check(evidence, &target.credential, Purpose::Link, named.profile())?;
        let record = &target.credential.record;
        let expected = LinkSubject {
            user: record.user.clone(),
            authority: record.authority.clone(),
            identity: wanted.identity,
        };
        if checked.sad.link.as_ref() != Some(&expected) || !named.is(&checked.assertion) {
            return Err(Fault::EidMismatch);
        }
        let judging = self.judging(record, &checked.nonce, around);
        Ok((named.register(&checked.assertion, &checked.digest, judging, rng)?, checked.nonce))
    }
}

/// Those who stay, who must be there already, each once.
fn kept(record: &CredentialRecord, keep: &[u32]) -> Result<Vec<Approver>, Fault> {
    let known = record.approvers.as_ref().map(|set| set.members.as_slice()).unwrap_or_default();
    let staying: Vec<_> = known.iter().filter(|member| keep.contains(&member.number)).cloned().collect();
    if staying.len() == keep.len() { Ok(staying) } else { Err(Fault::ApproversMalformed) }
}

/// A threshold among them, no key twice, none of the service's own (SEAL-04).
fn check(members: &[Approver], threshold: u8, manifest: &Manifest) -> Result<(), Fault> {
    if members.len() > MAX_APPROVERS || !(1..=members.len()).contains(&usize::from(threshold)) {
        return Err(Fault::ApproversMalformed);
    }
    for (at, member) in members.iter().enumerate() {
        // What cannot be compared cannot be told from another's.
        let key = member.means.public_key().ok_or(Fault::ApproversMalformed)?;
        let twice = members.iter().skip(at + 1).any(|other| other.means.public_key() == Some(key));
        if twice || is_staff(manifest, key) {
            return Err(Fault::ApproverConflict);
        }
    }
    Ok(())
}
