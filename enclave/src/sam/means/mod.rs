//! Place: SAM. The signer's eID means: what a key was linked to, and the check of what the means answers. A
//! credential has one kind of means for life.

pub mod passkey;

use fuin_shared::sad::MeansProfile;
use serde::{Deserialize, Serialize};

pub use passkey::Passkey;

/// The means of a credential, as it stands in the sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EidMeans {
    /// A WebAuthn passkey.
    Passkey(Passkey),
}

impl EidMeans {
    /// Which kind it is.
    #[must_use]
    pub const fn profile(&self) -> MeansProfile {
        match self {
            Self::Passkey(_) => MeansProfile::Passkey,
        }
    }
}
