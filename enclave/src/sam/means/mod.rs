//! Place: SAM. The signer's eID means: what a key was linked to, and the check of what the means answers. A
//! credential has one kind of means for life.
//!
//! | module | what it has |
//! |---|---|
//! | [`naming`] | what an RA states of a means to be linked |
//! | [`passkey`], [`device_key`] | the kinds |

pub mod device_key;
pub mod naming;
pub mod passkey;

use super::key_attestation::eid_reference;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, ServiceId};
use fuin_shared::message::{MeansHint, PasskeyHint};
use fuin_shared::sad::{Assertion, MeansProfile};
use serde::{Deserialize, Serialize};

pub use device_key::DeviceKey;
pub use passkey::Passkey;

/// The means of a credential, as it stands in the sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EidMeans {
    /// A WebAuthn passkey.
    Passkey(Passkey),
    /// A key of the signer's device.
    DeviceKey(DeviceKey),
}

impl EidMeans {
    /// Which kind it is.
    #[must_use]
    pub const fn profile(&self) -> MeansProfile {
        match self {
            Self::Passkey(_) => MeansProfile::Passkey,
            Self::DeviceKey(_) => MeansProfile::DeviceKey,
        }
    }

    /// Digest that names this means in key statements, its public key included: the credential id is chosen by
    /// whoever registers.
    #[must_use]
    pub fn reference(&self, service: &ServiceId) -> Digest32 {
        match self {
            Self::Passkey(passkey) => eid_reference(
                service,
                &[
                    b"passkey",
                    passkey.relying_party.as_bytes(),
                    passkey.credential_id.as_slice(),
                    passkey.public_key.0.as_slice(),
                ],
            ),
            Self::DeviceKey(key) => eid_reference(service, &[b"device-key", key.public_key.0.as_slice()]),
        }
    }

    /// Which passkey to ask, if it is one.
    #[must_use]
    pub fn passkey_hint(&self) -> Option<PasskeyHint> {
        match self {
            Self::Passkey(passkey) => Some(PasskeyHint {
                relying_party: passkey.relying_party.clone(),
                credential_id: passkey.credential_id.clone(),
            }),
            Self::DeviceKey(_) => None,
        }
    }

    /// Which means of another kind to ask.
    #[must_use]
    pub fn hint(&self) -> Option<MeansHint> {
        match self {
            Self::Passkey(_) => None,
            Self::DeviceKey(key) => Some(MeansHint::DeviceKey { key: key.fingerprint() }),
        }
    }

    /// Checks the answer of the means over a SAD digest; gives its counter after this use, the last one again for a
    /// means that does not count.
    ///
    /// `last_counter` is the ledger's; the registration's counts too.
    ///
    /// # Errors
    /// Those of the means, 500 to 507.
    pub fn verify(
        &self,
        last_counter: u32,
        assertion: &Assertion,
        challenge: &Digest32,
    ) -> Result<u32, Fault> {
        match self {
            Self::Passkey(passkey) => {
                passkey::verify(passkey, last_counter.max(passkey.counter), assertion, challenge)
            }
            Self::DeviceKey(key) => device_key::verify(key, assertion, challenge).map(|()| last_counter),
        }
    }
}
