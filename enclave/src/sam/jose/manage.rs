//! Place: SAM. The payload of a `manageProof`: the parameters of a key's life cycle, in JSON.

use crate::sam::certificates::{ORGANIZATION_IDENTIFIER, ORGANIZATION_NAME};
use crate::sam::pkcs10::Subject;
use fuin_shared::fault::Fault;
use fuin_shared::seal::{ApproverRegistration, MAX_APPROVERS};
use fuin_shared::statement::{ManageAction, ManageStatement};

/// Most certificates of one linkCert.
const MAX_CERTIFICATES: usize = 10;
/// Longest origin of a ledger, and longest relying party, in octets (a DNS name and a little more).
const MAX_NAME: usize = 300;

/// Reads a payload that [`super::CompactJws::verify`] gave; it is as long as a JWS at the most.
///
/// Members that are unknown or come twice are refused, in the action as well; so is what follows the object.
///
/// # Errors
/// [`Fault::InvalidProof`].
pub fn manage_statement(payload: &[u8]) -> Result<ManageStatement, Fault> {
    if payload.len() > super::MAX_JWS {
        return Err(Fault::InvalidProof);
    }
    let statement: ManageStatement = super::object(payload)?;
    if bounded(&statement) { Ok(statement) } else { Err(Fault::InvalidProof) }
}

/// Bounds that the types themselves do not hold. The actions that generate a key have none yet, the others name one; the
/// subject must be a name, for no request could be made later for a key without one, and that of a seal key the name of
/// a legal person.
fn bounded(statement: &ManageStatement) -> bool {
    let names_key = statement.key.is_some() && statement.version.is_some();
    let action = match &statement.action {
        ManageAction::GenerateKey { subject, .. } => {
            statement.key.is_none()
                && statement.version.is_none()
                && subject.as_ref().is_none_or(|text| Subject::parse(text).is_some())
        }
        ManageAction::LinkEid { relying_party, .. } | ManageAction::RelinkPasskey { relying_party, .. } => {
            names_key && !relying_party.is_empty() && relying_party.len() <= MAX_NAME
        }
        ManageAction::LinkCert { certificates } => {
            names_key && (1..=MAX_CERTIFICATES).contains(&certificates.len())
        }
        ManageAction::AuthorizePop { .. }
        | ManageAction::DeleteKey {}
        | ManageAction::LinkDeviceKey { .. }
        | ManageAction::LinkX509 { .. }
        | ManageAction::LinkOidc { .. }
        | ManageAction::LinkPinTotp { .. }
        | ManageAction::Suspend {}
        | ManageAction::Resume {}
        | ManageAction::Unlock {}
        | ManageAction::RelinkDeviceKey { .. }
        | ManageAction::RelinkPinTotp { .. }
        | ManageAction::RelinkX509 { .. }
        | ManageAction::RelinkOidc { .. } => names_key,
        ManageAction::GenerateSealKey { subject, .. } => {
            let organization = Subject::parse(subject)
                .is_some_and(|name| name.has(ORGANIZATION_IDENTIFIER) && name.has(ORGANIZATION_NAME));
            statement.key.is_none() && statement.version.is_none() && organization
        }
        ManageAction::EnrolApprovers { approvers, .. } => {
            names_key && approvers.len() <= MAX_APPROVERS && approvers.iter().all(bounded_approver)
        }
        ManageAction::ChangeApprovers { keep, approvers, .. } => {
            names_key
                && keep.len() + approvers.len() <= MAX_APPROVERS
                && approvers.iter().all(bounded_approver)
        }
    };
    action && !statement.ledger.is_empty() && statement.ledger.len() <= MAX_NAME
}

fn bounded_approver(approver: &ApproverRegistration) -> bool {
    approver.relying_party.as_ref().is_none_or(|name| !name.is_empty() && name.len() <= MAX_NAME)
}
