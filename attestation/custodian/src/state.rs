//! Place: none. What a custodian keeps, and its one encoding.

use crate::checkpoint::Seen;
use crate::device::KeyDevice;
use crate::error::CustodianError;
use crate::evidence::{Current, Pins};
use crate::holdings::{Beside, HeldShare, Holdings, SetAside};
use crate::keys::CustodianKeys;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::ids::{PersonId, RootCommitment};
use fuin_shared::key::Spki;
use fuin_shared::manifest;
use fuin_shared::rotation::ShareDeletion;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;
/// Of a state whose keys are in a device.
const VERSION_ON_DEVICE: u8 = 2;

/// A share custodian. Holds secrets: neither printed nor copied.
pub struct Custodian {
    pub(crate) id: PersonId,
    pub(crate) keys: CustodianKeys,
    pub(crate) pins: Option<Pins>,
    pub(crate) holdings: Holdings,
    pub(crate) ledger: Option<LedgerIdentity>,
    pub(crate) seen: Option<Seen>,
    /// Number of the ledger's epoch.
    pub(crate) epoch: u32,
    pub(crate) current: Option<Current>,
    /// What was said of the newest share that was deleted.
    pub(crate) deleted: Option<ShareDeletion>,
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
    /// Left out in the first epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    /// Shares that were given up and may be found again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aside: Vec<SetAside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<ShareDeletion>,
}

/// The state of a custodian whose keys are in a device.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredOnDevice {
    version: u8,
    id: PersonId,
    signing_public: Spki,
    sealing_public: Blob,
    pins: Option<Pins>,
    held: Option<HeldShare>,
    ledger: Option<LedgerIdentity>,
    seen: Option<Seen>,
    /// Left out in the first epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    /// Shares that were given up and may be found again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aside: Vec<SetAside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<ShareDeletion>,
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
        Self::with_keys(id, CustodianKeys::generate(rng))
    }

    /// A new custodian with the keys of a device: public key of the one that signs, and point (97 octets) of the one that
    /// derives.
    ///
    /// # Errors
    /// [`CustodianError::DeviceKeys`].
    pub fn on_device(
        id: PersonId,
        signing: Spki,
        sealing: Blob,
        device: Box<dyn KeyDevice>,
    ) -> Result<Self, CustodianError> {
        let keys = CustodianKeys::of_device(signing.clone(), sealing.clone())?;
        let mut custodian = Self::with_keys(id, keys);
        custodian.attach(&signing, &sealing, device)?;
        Ok(custodian)
    }

    const fn with_keys(id: PersonId, keys: CustodianKeys) -> Self {
        Self {
            id,
            keys,
            pins: None,
            holdings: Holdings { held: None, beside: None, aside: Vec::new() },
            ledger: None,
            seen: None,
            epoch: 0,
            current: None,
            deleted: None,
        }
    }

    /// Whether the keys are in a device that is not there.
    #[must_use]
    pub fn needs_device(&self) -> bool {
        matches!(self.keys, CustodianKeys::Device { device: None, .. })
    }

    /// The device is there, and has these keys.
    ///
    /// # Errors
    /// [`CustodianError::OtherDevice`] unless they are this custodian's.
    pub fn attach(
        &mut self,
        its_signing: &Spki,
        its_sealing: &Blob,
        there: Box<dyn KeyDevice>,
    ) -> Result<(), CustodianError> {
        match &mut self.keys {
            CustodianKeys::Device { signing, sealing, device }
                if signing == its_signing && sealing == its_sealing =>
            {
                *device = Some(there);
                Ok(())
            }
            _ => Err(CustodianError::OtherDevice),
        }
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
        self.holdings.held.is_some()
    }

    /// Commitment to the root key whose share it holds.
    #[must_use]
    pub fn root_commitment(&self) -> Option<RootCommitment> {
        self.holdings.held.as_ref().map(|held| held.commitment)
    }

    /// The ledger it follows, once learnt.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerIdentity> {
        self.ledger.as_ref()
    }

    /// The state with its secrets, to be kept where only the custodian reads. Keys in a device are not in it.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (id, pins) = (self.id.clone(), self.pins.clone());
        let Holdings { held, beside, aside } = self.holdings.clone();
        let (ledger, seen, current) = (self.ledger.clone(), self.seen.clone(), self.current);
        let epoch = (self.epoch > 0).then_some(self.epoch);
        let deleted = self.deleted.clone();
        Zeroizing::new(match self.keys.scalars() {
            Some([signing, opening]) => {
                let (signing, opening) = (Blob(signing.to_vec()), Blob(opening.to_vec()));
                codec::encode(&Stored {
                    version: VERSION,
                    id,
                    signing,
                    opening,
                    pins,
                    held,
                    ledger,
                    seen,
                    epoch,
                    current,
                    beside,
                    aside,
                    deleted,
                })
            }
            None => codec::encode(&StoredOnDevice {
                version: VERSION_ON_DEVICE,
                id,
                signing_public: self.keys.signing_public(),
                sealing_public: self.keys.sealing_public(),
                pins,
                held,
                ledger,
                seen,
                epoch,
                current,
                beside,
                aside,
                deleted,
            }),
        })
    }

    /// Reads what [`Custodian::to_bytes`] gave.
    ///
    /// # Errors
    /// [`CustodianError::State`].
    pub fn from_bytes(octets: &[u8]) -> Result<Self, CustodianError> {
        if let Ok(stored) = codec::decode::<StoredOnDevice>(octets) {
            return Self::from_device_state(stored);
        }
        let mut stored: Stored = codec::decode(octets).map_err(|_| CustodianError::State)?;
        if stored.version != VERSION {
            return Err(CustodianError::State);
        }
        Ok(Self {
            keys: CustodianKeys::from_scalars(stored.signing.as_slice(), stored.opening.as_slice())?,
            id: stored.id.clone(),
            pins: stored.pins.take(),
            holdings: Holdings {
                held: stored.held.take(),
                beside: stored.beside.take(),
                aside: std::mem::take(&mut stored.aside),
            },
            ledger: stored.ledger.take(),
            seen: stored.seen.take(),
            epoch: stored.epoch.unwrap_or_default(),
            current: stored.current,
            deleted: stored.deleted.take(),
        })
    }

    fn from_device_state(stored: StoredOnDevice) -> Result<Self, CustodianError> {
        if stored.version != VERSION_ON_DEVICE {
            return Err(CustodianError::State);
        }
        let keys = CustodianKeys::of_device(stored.signing_public, stored.sealing_public);
        Ok(Self {
            keys: keys.map_err(|_| CustodianError::State)?,
            id: stored.id,
            pins: stored.pins,
            holdings: Holdings { held: stored.held, beside: stored.beside, aside: stored.aside },
            ledger: stored.ledger,
            seen: stored.seen,
            epoch: stored.epoch.unwrap_or_default(),
            current: stored.current,
            deleted: stored.deleted,
        })
    }
}
