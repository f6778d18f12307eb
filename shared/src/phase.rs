//! Place: SAM. Phases of the enclave's life (design section 3).

use serde::{Deserialize, Serialize};

/// `Booted -> Uninitialized -> Recovering -> Operational`, and from any to `Halted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Self-tests passed, instance keys made; no manifest yet.
    Booted,
    /// A manifest defines the service; no root key yet.
    Uninitialized,
    /// The root key is here; the ledger is being replayed.
    Recovering,
    /// Serves signers.
    Operational,
    /// Stopped for good; only a new boot helps.
    Halted,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 5] =
        [Self::Booted, Self::Uninitialized, Self::Recovering, Self::Operational, Self::Halted];

    /// The word for a person.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booted => "booted",
            Self::Uninitialized => "uninitialized",
            Self::Recovering => "recovering",
            Self::Operational => "operational",
            Self::Halted => "halted",
        }
    }
}

impl core::fmt::Display for Phase {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}
