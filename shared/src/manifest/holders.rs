//! Place: SAM. Who holds which role, and that nobody holds two that must not be held together (SRG_M.1.4 to .1.7).
//!
//! Names and keys are compared. One person under two names with two keys is a matter of the organization.

use super::{Manifest, ManifestError};
use crate::key::Spki;
use crate::role::Role;
use alloc::vec::Vec;

/// An entry of the manifest that names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The role.
    pub role: Role,
    /// Name.
    pub name: &'a str,
    /// The key that speaks for it.
    pub key: &'a Spki,
}

impl Manifest {
    /// Everybody whom the manifest names.
    pub fn holders(&self) -> impl Iterator<Item = Holder<'_>> {
        let officers = self.officers.iter().map(|o| (Role::Officer, o.id.as_str(), &o.key));
        let custodians = self.custodians.iter().map(|c| (Role::Custodian, c.id.as_str(), &c.signing));
        let operators = self.operators.iter().map(|o| (Role::Operator, o.id.as_str(), &o.key));
        let auditors = self.auditors.iter().map(|a| (Role::Auditor, a.id.as_str(), &a.key));
        let clients = self.ra_clients.iter().map(|c| (Role::RaClient, c.id.as_str(), &c.proof_key));
        let all = officers.chain(custodians).chain(operators).chain(auditors).chain(clients);
        all.map(|(role, name, key)| Holder { role, name, key })
    }

    /// Whether somebody with this name or this key holds a role here that must not be held together with `role`: for
    /// those whom the manifest does not name, as signers and seal approvers.
    #[must_use]
    pub fn conflicts(&self, role: Role, name: Option<&str>, key: Option<&Spki>) -> bool {
        self.holders().any(|holder| {
            holder.role.conflicts_with(role) && (name == Some(holder.name) || key == Some(holder.key))
        })
    }

    pub(super) fn check_roles(&self) -> Result<(), ManifestError> {
        let holders: Vec<_> = self.holders().collect();
        for (index, first) in holders.iter().enumerate() {
            for second in holders.iter().skip(index + 1) {
                let (same_name, same_key) = (first.name == second.name, first.key == second.key);
                if (same_name || same_key) && first.role.conflicts_with(second.role) {
                    return Err(ManifestError::Conflict { first: first.role, second: second.role });
                }
                if same_key {
                    return Err(ManifestError::Rule("no two entries may have the same key"));
                }
            }
        }
        Ok(())
    }
}
