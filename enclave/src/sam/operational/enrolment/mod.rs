//! Place: SAM. The key life cycle of the SIP Japan extension: each command acts on the RA/CA client's `manageProof` alone,
//! and where the signer must take part, on a SAD by the signer's own means. A file for each command.

mod approvers;
mod delete_key;
mod generate_key;
mod link_cert;
mod link_eid;
mod pop;
mod relink;

use super::super::key_attestation::{check_nonce, key_statement};
use super::super::proof::{Proven, verify};
use super::super::record::{CredentialRecord, KeyState};
use super::super::vault::Credential;
use super::{Operational, Surroundings};
use crate::ledger::sealing;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, StatementId};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::RecordMark;
use fuin_shared::message::{Manage, RecordChange, SealedRecord};
use fuin_shared::role::Role;
use fuin_shared::seal::ApproverEvidence;
use rand_core::CryptoRng;
use std::sync::Arc;

/// A key that a proof names: the client owns it, and the record is the version that the client means.
pub(super) struct Target<'a> {
    pub(super) credential: Arc<Credential>,
    hint: &'a SealedRecord,
    pub(super) statement: StatementId,
}

impl Target<'_> {
    /// The detail of an event that its RA client asked for.
    pub(super) fn detail(&self) -> Detail {
        let record = &self.credential.record;
        record.detail().by(Role::RaClient, &record.client)
    }
}

impl Operational {
    pub(super) fn prove<'a>(&self, manage: &Manage, around: &Surroundings<'a>) -> Result<Proven<'a>, Fault> {
        check_nonce(manage.nonce.as_ref())?;
        let origin = &self.journal.identity().origin;
        let proven = verify(&manage.proof, around.context, origin, around.seconds())?;
        if self.journal.state().is_spent(&proven.statement.statement) {
            return Err(Fault::InvalidProof);
        }
        Ok(proven)
    }

    pub(super) fn target<'a>(
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

/// Evidence of several people, where a seal key has approvers.
pub(super) fn approver_evidence(manage: &Manage) -> Result<ApproverEvidence, Fault> {
    let octets = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
    codec::decode(octets.as_slice()).map_err(|_| Fault::SadMalformed)
}
