//! Place: SAM. What the approvers of a seal credential sign: each a SAD of one's own means over the same content.

use super::super::{Operational, Surroundings};
use crate::sam::authorization::CheckedSad;
use crate::sam::challenge::Fresh;
use crate::sam::record::ApproverSet;
use crate::sam::vault::Credential;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::ApproverUse;
use fuin_shared::sad::{MeansProfile, Purpose};
use fuin_shared::seal::MAX_APPROVERS;

/// What approvers must have signed.
pub(in super::super) struct Wanted<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The content's hash under the algorithms that a SAD names; none if they are not to be used, or where the purpose
    /// has no content.
    pub content: &'a dyn Fn(SignatureAlgorithm) -> Option<Blob>,
}

/// Answers that hold; their nonces are still to be spent.
pub(in super::super) struct Approved {
    /// Who, with the counters.
    pub uses: Vec<ApproverUse>,
    nonces: Vec<Fresh>,
}

impl Approved {
    /// Their numbers.
    pub fn approvers(&self) -> impl Iterator<Item = u32> {
        self.uses.iter().map(|one| one.approver)
    }
}

impl Operational {
    /// Checks the SADs of as many different approvers as must sign, or more; each one that is given must hold.
    pub(in super::super) fn approved(
        &self,
        credential: &Credential,
        evidence: &[Blob],
        wanted: &Wanted<'_>,
        around: &Surroundings<'_>,
    ) -> Result<Approved, Fault> {
        let set = credential.record.approvers()?;
        if evidence.len() > MAX_APPROVERS {
            return Err(Fault::ApproversMalformed);
        }
        if evidence.len() < usize::from(set.threshold) {
            return Err(Fault::ApproverQuorum);
        }
        let mut approved = Approved { uses: Vec::new(), nonces: Vec::new() };
        for one in evidence {
            self.approver(credential, one, wanted, &mut approved, around)?;
        }
        Ok(approved)
    }

    /// Checks the SAD of any one approver.
    pub(in super::super) fn approved_by_one(
        &self,
        credential: &Credential,
        evidence: &Blob,
        wanted: &Wanted<'_>,
        around: &Surroundings<'_>,
    ) -> Result<Approved, Fault> {
        let mut approved = Approved { uses: Vec::new(), nonces: Vec::new() };
        self.approver(credential, evidence, wanted, &mut approved, around)?;
        Ok(approved)
    }

    fn approver(
        &self,
        credential: &Credential,
        evidence: &Blob,
        wanted: &Wanted<'_>,
        approved: &mut Approved,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let set = credential.record.approvers()?;
        let checked = self.checked(credential, set, evidence, wanted.purpose, around)?;
        let content = (wanted.content)(checked.sad.signature_algorithm);
        if checked.sad.hashes.first() != content.as_ref() {
            return Err(Fault::SadRequest);
        }
        let state = self.journal.state().credential(&credential.subject);
        let counters = state.and_then(|state| state.sealing.approvers()).ok_or(Fault::InvalidKeyState)?;
        // Nobody counts twice: who has signed is not asked again.
        let mut refused = Fault::AssertionCredential;
        for member in &set.members {
            let last = counters.counter(member.number).unwrap_or(0);
            let signed = approved.uses.iter().any(|one| one.approver == member.number);
            if signed || member.means.profile() != checked.sad.means {
                continue;
            }
            let judging = self.judging(&credential.record, &checked.nonce, around);
            match member.means.verify(last, &checked.assertion, &checked.digest, judging) {
                Ok(counter) => {
                    approved.uses.push(ApproverUse { approver: member.number, counter });
                    approved.nonces.push(checked.nonce);
                    return Ok(());
                }
                Err(Fault::AssertionCredential) => {}
                Err(fault) => refused = fault,
            }
        }
        Err(refused)
    }

    /// The SAD in the evidence, which must be for a means of a kind that some approver has.
    fn checked(
        &self,
        credential: &Credential,
        set: &ApproverSet,
        evidence: &Blob,
        purpose: Purpose,
        around: &Surroundings<'_>,
    ) -> Result<CheckedSad, Fault> {
        let mut refused = Fault::SadForeign;
        for profile in MeansProfile::ALL {
            if set.members.iter().all(|member| member.means.profile() != profile) {
                continue;
            }
            match self.checker(around).check(evidence, credential, purpose, profile) {
                Err(Fault::SadForeign) => {}
                Err(fault) => refused = fault,
                Ok(checked) => return Ok(checked),
            }
        }
        Err(refused)
    }

    /// Spends the nonces of answers that hold.
    pub(in super::super) fn spend(
        &mut self,
        approved: &Approved,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        approved.nonces.iter().try_for_each(|nonce| self.challenges.spend(nonce, around.seconds()))
    }
}
