//! Place: none. What a custodian keeps, and its one encoding.

use crate::checkpoint::Seen;
use crate::error::CustodianError;
use crate::evidence::Pins;
use crate::keys::CustodianKeys;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::ids::{PersonId, RootCommitment};
use fuin_shared::manifest;
use fuin_shared::statement::CustodianShare;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;

/// A share as it was received, still sealed to the custodian.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldShare {
    pub(crate) commitment: RootCommitment,
    pub(crate) share: CustodianShare,
}

/// A share custodian. Holds secrets: neither printed nor copied.
pub struct Custodian {
    pub(crate) id: PersonId,
    pub(crate) keys: CustodianKeys,
    pub(crate) pins: Option<Pins>,
    pub(crate) held: Option<HeldShare>,
    pub(crate) ledger: Option<LedgerIdentity>,
    pub(crate) seen: Option<Seen>,
}

/// The state as it is written; its secrets are erased by [`Stored::erase`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u8,
    id: PersonId,
    signing: Blob,
    opening: Blob,
    pins: Option<Pins>,
    held: Option<HeldShare>,
    ledger: Option<LedgerIdentity>,
    seen: Option<Seen>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.signing.0.zeroize();
        self.opening.0.zeroize();
    }
}

impl Custodian {
    /// A new custodian with new keys.
    #[must_use]
    pub fn new(id: PersonId, rng: &mut impl CryptoRng) -> Self {
        Self { id, keys: CustodianKeys::generate(rng), pins: None, held: None, ledger: None, seen: None }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &PersonId {
        &self.id
    }

    /// How a manifest names it.
    #[must_use]
    pub fn manifest_entry(&self) -> manifest::Custodian {
        manifest::Custodian {
            id: self.id.clone(),
            signing: self.keys.signing_public(),
            sealing: self.keys.sealing_public(),
        }
    }

    /// Whether it holds a share.
    #[must_use]
    pub fn holds_share(&self) -> bool {
        self.held.is_some()
    }

    /// Commitment to the root key whose share it holds.
    #[must_use]
    pub fn root_commitment(&self) -> Option<RootCommitment> {
        self.held.as_ref().map(|held| held.commitment)
    }

    /// The ledger it follows, once learnt.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerIdentity> {
        self.ledger.as_ref()
    }

    /// The state with its secrets, to be kept where only the custodian reads.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let stored = Stored {
            version: VERSION,
            id: self.id.clone(),
            signing: Blob(self.keys.signing_scalar().to_vec()),
            opening: Blob(self.keys.opening_scalar().to_vec()),
            pins: self.pins.clone(),
            held: self.held.clone(),
            ledger: self.ledger.clone(),
            seen: self.seen.clone(),
        };
        Zeroizing::new(codec::encode(&stored))
    }

    /// Reads what [`Custodian::to_bytes`] gave.
    ///
    /// # Errors
    /// [`CustodianError::State`].
    pub fn from_bytes(octets: &[u8]) -> Result<Self, CustodianError> {
        let mut stored: Stored = codec::decode(octets).map_err(|_| CustodianError::State)?;
        if stored.version != VERSION {
            return Err(CustodianError::State);
        }
        Ok(Self {
            keys: CustodianKeys::from_scalars(stored.signing.as_slice(), stored.opening.as_slice())?,
            id: stored.id.clone(),
            pins: stored.pins.take(),
            held: stored.held.take(),
            ledger: stored.ledger.take(),
            seen: stored.seen.take(),
        })
    }
}
