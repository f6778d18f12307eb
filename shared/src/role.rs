//! Place: SAM. Roles (EN 419 241-1, SRG_M): whose word is asked for, and what nobody may be at once.

use serde::{Deserialize, Serialize};

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Security officer: manifests and approvals, by quorum. Privileged.
    Officer,
    /// Keeps a share of the root key. Privileged.
    Custodian,
    /// System operator: runs the host; configures nothing. Privileged.
    Operator,
    /// System auditor: reads; configures nothing. Privileged.
    Auditor,
    /// The machine of an RA/CA: enrols signers under its own authorities. Never one of the privileged persons.
    RaClient,
    /// Approves a mandate of a legal person's seal.
    SealApprover,
    /// Whose key it is.
    Signer,
    /// Signature creation application: presents an activation token.
    Sca,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Officer,
        Self::Custodian,
        Self::Operator,
        Self::Auditor,
        Self::RaClient,
        Self::SealApprover,
        Self::Signer,
        Self::Sca,
    ];

    /// The word for a person.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Custodian => "custodian",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::RaClient => "RA client",
            Self::SealApprover => "seal approver",
            Self::Signer => "signer",
            Self::Sca => "SCA",
        }
    }

    /// A person of the provider who could do harm: exclusive with everybody whom the service serves (SRG_M.1.5).
    #[must_use]
    pub const fn is_privileged(self) -> bool {
        matches!(self, Self::Officer | Self::Custodian | Self::Operator | Self::Auditor)
    }

    /// Whether nobody may hold both. The one exception among the privileged is the officer who also keeps a share: either
    /// role alone needs a quorum (SRG_M.1.4 to .1.7). An RA client vouches for signers and seal approvers, so it is none.
    #[must_use]
    pub const fn conflicts_with(self, other: Self) -> bool {
        if self as u8 == other as u8 {
            return false;
        }
        match (self, other) {
            (Self::Officer, Self::Custodian) | (Self::Custodian, Self::Officer) => false,
            (Self::RaClient, Self::Signer | Self::SealApprover)
            | (Self::Signer | Self::SealApprover, Self::RaClient) => true,
            _ => self.is_privileged() || other.is_privileged(),
        }
    }
}

impl core::fmt::Display for Role {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row against column, in the order of [`Role::ALL`]: `x` where nobody may be both.
    const MATRIX: [&str; 8] =
        ["..xxxxxx", "..xxxxxx", "xx.xxxxx", "xxx.xxxx", "xxxx.xx.", "xxxxx...", "xxxxx...", "xxxx...."];

    #[test]
    fn conflict_matrix() {
        for (first, row) in Role::ALL.into_iter().zip(MATRIX) {
            for (second, cell) in Role::ALL.into_iter().zip(row.chars()) {
                assert_eq!(first.conflicts_with(second), cell == 'x', "{first} and {second}");
            }
        }
    }
}
