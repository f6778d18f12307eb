//! Place: SSA. Why there is no cosignature. None of it is a fact that the enclave would believe: it is for the operator.

/// Why a witness did not cosign now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No answer: not there, or too slow.
    #[error("it does not answer: {0}")]
    Unreachable(String),
    /// An earlier request to it is still under way.
    #[error("an earlier request to it is still under way")]
    Busy,
    /// 404.
    #[error("it does not know the ledger {origin}: register the ledger there with its vkey {vkey}")]
    UnknownLedger {
        /// Origin of the ledger.
        origin: String,
        /// Verifier key of the ledger.
        vkey: String,
    },
    /// 403.
    #[error("it does not trust the ledger's key: register the ledger there with its vkey {vkey}")]
    UntrustedLedger {
        /// Verifier key of the ledger.
        vkey: String,
    },
    /// 409 with a size above ours.
    #[error(
        "a witness has seen a newer ledger (size {recorded}) than this store (size {size}): restore the newest store, \
         and let no second host run on a copy of it"
    )]
    Newer {
        /// What the witness has recorded.
        recorded: u64,
        /// The ledger that we showed.
        size: u64,
    },
    /// 422 although the proof is right for our own ledger.
    #[error(
        "a witness has seen another ledger (size {recorded}) than this store (size {size}): the two differ before that \
         size; restore the newest store, and let no second host run on a copy of it"
    )]
    OtherHistory {
        /// What the witness has recorded.
        recorded: u64,
        /// The ledger that we showed.
        size: u64,
    },
    /// Another status.
    #[error("it answers with status {0}")]
    Status(u16),
    /// An answer that breaks the protocol.
    #[error("its answer breaks the protocol: {0}")]
    Malformed(&'static str),
    /// Our own store cannot prove it.
    #[error("the store has no proof from size {old} to {size}")]
    NoProof {
        /// From.
        old: u64,
        /// To.
        size: u64,
    },
}

impl Refusal {
    /// Whether it says that this store is not the newest one: more witnesses must not be asked then, lest they part.
    #[must_use]
    pub const fn contradicts(&self) -> bool {
        matches!(self, Self::Newer { .. } | Self::OtherHistory { .. })
    }
}
