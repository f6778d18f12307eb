//! Place: SAM. Who may send which command in which phase: one static table, and the one check of it (SRG_M.1.1).
//!
//! The host carries every command. The role is that of whoever the command speaks for: the signers of its statements. Who
//! they say they are is held against the table here, before anything else; that they are is verified with the command.

use super::jose::CompactJws;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::manifest::Manifest;
use fuin_shared::message::{Command, EndedBy};
use fuin_shared::phase::Phase;
use fuin_shared::role::Role;
use fuin_shared::statement::signers;

/// Most speakers of one command that are looked at: no list of the manifest is longer.
const MAX_SPEAKERS: usize = 64;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Right {
    /// Phases in which the command is taken.
    pub phases: &'static [Phase],
    /// Roles whose word it is.
    pub roles: &'static [Role],
    /// Whether it is taken under a manifest that has ended.
    pub after_end: bool,
    /// Whether it is taken while the time is in doubt: it restricts, or gives nothing that ends by the clock. Of those that may
    /// do both ([`Command::Hold`], [`Command::Order`]) what gives something back is refused where it is carried out.
    pub in_doubt: bool,
}

/// Commands that nobody signs: the host may ask them, and so may everybody.
const ANYBODY: &[Role] = &Role::ALL;

/// The table.
#[must_use]
pub const fn right(command: &Command) -> Right {
    use Phase::{Booted, Operational, Recovering, Uninitialized};
    const fn row(phases: &'static [Phase], roles: &'static [Role]) -> Right {
        Right { phases, roles, after_end: false, in_doubt: false }
    }
    const fn in_doubt(phases: &'static [Phase], roles: &'static [Role]) -> Right {
        Right { phases, roles, after_end: false, in_doubt: true }
    }
    const fn always(phases: &'static [Phase], roles: &'static [Role]) -> Right {
        Right { phases, roles, after_end: true, in_doubt: true }
    }
    match command {
        Command::Status => always(&Phase::ALL, ANYBODY),
        Command::GetEvidence(_) => always(&[Uninitialized, Recovering, Operational], ANYBODY),
        Command::InstallManifest(_) => always(&[Booted], &[Role::Officer]),
        // Also under a manifest that ended while the witnesses were away; what it begins is under one that has not.
        Command::FollowManifest(_) | Command::NewEpoch(_) => always(&[Uninitialized], &[Role::Officer]),
        Command::ChangeManifest(_) => {
            Right { phases: &[Operational], roles: &[Role::Officer], after_end: true, in_doubt: false }
        }
        Command::CeremonyStatus => always(&[Uninitialized, Operational], ANYBODY),
        // A genesis needs a document's time, whatever the kernel's clock says beside it.
        Command::Genesis(_) => in_doubt(&[Uninitialized], &[Role::Officer]),
        Command::ConfirmGenesis(_) => in_doubt(&[Uninitialized], &[Role::Custodian]),
        Command::RotateRoot(_) => row(&[Operational], &[Role::Officer]),
        Command::ConfirmRotation(_) => row(&[Operational], &[Role::Custodian]),
        // It takes something away, and nothing in it ends by the clock.
        Command::EraseRoot(_) => in_doubt(&[Operational], &[Role::Custodian]),
        // Nobody's word: officers said it by the manifest that names the images, and each enclave verifies the other.
        Command::HandOver(_) => row(&[Operational], ANYBODY),
        Command::TakeOver(_) => row(&[Uninitialized], ANYBODY),
        // So that a service whose manifest ended can be brought up once more, and then only be given another one.
        Command::ProvideShare(_) => always(&[Uninitialized], &[Role::Custodian]),
        Command::GenerateKey(_)
        | Command::LinkEid(_)
        | Command::AuthorizePop(_)
        | Command::LinkCert(_)
        | Command::Relink(_) => row(&[Operational], &[Role::RaClient]),
        Command::DeleteKey(_) | Command::Hold(_) => in_doubt(&[Operational], &[Role::RaClient]),
        Command::Order(_) => in_doubt(&[Operational], &[Role::Officer]),
        Command::GrantMandate(_) => row(&[Operational], &[Role::SealApprover]),
        Command::EndMandate(_) => in_doubt(&[Operational], &[Role::Officer, Role::SealApprover]),
        Command::AttestKey(_)
        | Command::GetChallenge(_)
        | Command::ProvideRevocation(_)
        // Nothing but the seal changes.
        | Command::Rewrap(_)
        // The list proves itself.
        | Command::ReportRevocation(_)
        | Command::CredentialStatus(_)
        | Command::GetApproverChallenge(_)
        | Command::MandateStatus(_) => in_doubt(&[Operational], ANYBODY),
        Command::Authorize(_) => row(&[Operational], &[Role::Signer]),
        Command::Suspend(_) => in_doubt(&[Operational], &[Role::Signer]),
        Command::SignHash(_)
        | Command::SignDocument(_)
        | Command::ExtendTransaction(_)
        | Command::Seal(_) => row(&[Operational], &[Role::Sca]),
    }
}

/// Whether `role` may send `command` in `phase`.
#[must_use]
pub fn allows(role: Role, phase: Phase, command: &Command) -> bool {
    let right = right(command);
    right.phases.contains(&phase) && right.roles.contains(&role)
}

/// The check before every command. `manifest` is the current one, once there is one.
///
/// # Errors
/// [`Fault::Halted`], [`Fault::WrongPhase`], [`Fault::RoleForbidden`].
pub fn check(phase: Phase, command: &Command, manifest: Option<&Manifest>) -> Result<(), Fault> {
    let right = right(command);
    if !right.phases.contains(&phase) {
        return Err(if phase == Phase::Halted { Fault::Halted } else { Fault::WrongPhase });
    }
    let Some(manifest) = manifest else { return Ok(()) };
    for name in speakers(command) {
        // A name that the manifest does not have is refused by the command itself.
        let mut held = manifest.holders().filter(|holder| holder.name == name).peekable();
        if held.peek().is_some() && !held.any(|holder| right.roles.contains(&holder.role)) {
            return Err(Fault::RoleForbidden);
        }
    }
    Ok(())
}

/// Refuses most things under a manifest that has ended; checked when the time is known.
///
/// # Errors
/// [`Fault::ManifestExpired`].
pub fn check_end(command: &Command, manifest: Option<&Manifest>, now_seconds: u64) -> Result<(), Fault> {
    let ended = manifest.is_some_and(|manifest| now_seconds >= manifest.not_after);
    if ended && !right(command).after_end { Err(Fault::ManifestExpired) } else { Ok(()) }
}

/// Who the command says that it speaks for; nothing is verified yet. Signers and SCAs have no name in the manifest.
fn speakers(command: &Command) -> Vec<String> {
    match command {
        Command::Genesis(genesis) => signed_by(&genesis.approvals),
        Command::ConfirmGenesis(confirm) | Command::ConfirmRotation(confirm) => signed_by(&confirm.receipts),
        Command::ProvideShare(share) => {
            let other =
                share.other.iter().flat_map(|other| signed_by(core::slice::from_ref(&other.statement)));
            signed_by(core::slice::from_ref(&share.statement)).into_iter().chain(other).collect()
        }
        Command::RotateRoot(rotate) => signed_by(&rotate.approvals),
        Command::EraseRoot(erase) => signed_by(&erase.deletions),
        Command::FollowManifest(change) | Command::ChangeManifest(change) => signed_by(&change.approvals),
        Command::NewEpoch(epoch) => {
            let of_manifest = epoch.change.iter().flat_map(|change| signed_by(&change.approvals));
            signed_by(&epoch.approvals).into_iter().chain(of_manifest).collect()
        }
        Command::GenerateKey(manage)
        | Command::LinkEid(manage)
        | Command::AuthorizePop(manage)
        | Command::LinkCert(manage)
        | Command::DeleteKey(manage)
        | Command::Hold(manage) => client(&manage.proof),
        Command::Relink(relink) => client(&relink.manage.proof),
        Command::Order(order) => signed_by(&order.orders),
        Command::EndMandate(end) => match &end.by {
            EndedBy::Officer(statement) => signed_by(core::slice::from_ref(statement)),
            EndedBy::Approver(_) => Vec::new(),
        },
        Command::Status
        | Command::InstallManifest(_)
        | Command::GetEvidence(_)
        | Command::CeremonyStatus
        | Command::HandOver(_)
        | Command::TakeOver(_)
        | Command::AttestKey(_)
        | Command::GetChallenge(_)
        | Command::ProvideRevocation(_)
        | Command::ReportRevocation(_)
        | Command::Rewrap(_)
        | Command::CredentialStatus(_)
        | Command::Suspend(_)
        | Command::Authorize(_)
        | Command::SignHash(_)
        | Command::SignDocument(_)
        | Command::ExtendTransaction(_)
        | Command::GetApproverChallenge(_)
        | Command::GrantMandate(_)
        | Command::Seal(_)
        | Command::MandateStatus(_) => Vec::new(),
    }
}

fn client(proof: &str) -> Vec<String> {
    CompactJws::parse(proof).map(|jws| jws.kid().to_owned()).into_iter().collect()
}

fn signed_by(statements: &[Blob]) -> Vec<String> {
    let opened = statements.get(..MAX_SPEAKERS).unwrap_or(statements);
    signers(opened).map(|signer| signer.as_str().to_owned()).collect()
}
