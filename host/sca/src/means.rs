//! Place: SIC. The means of a signer: software passkeys, device keys and PINs, each in its directory.

use crate::device_key::{DeviceKeyDirectory, DeviceKeyError};
use crate::passkey::{PasskeyDirectory, PasskeyError};
use crate::pin_totp::{PinTotpDirectory, PinTotpError};
use fuin_shared::ids::Digest32;
use fuin_shared::message::Challenge;
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_sic::SignerMeans;

/// Why no means answered.
#[derive(Debug, thiserror::Error)]
pub enum MeansError {
    /// The passkey did not.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The device key did not.
    #[error(transparent)]
    DeviceKey(#[from] DeviceKeyError),
    /// PIN and one-time password did not.
    #[error(transparent)]
    PinTotp(#[from] PinTotpError),
    /// A kind that no software of ours holds.
    #[error("the credential's means is of kind {0}, which this device does not have")]
    Elsewhere(&'static str),
}

/// All of these kinds; the challenge says which one answers.
#[derive(Debug)]
pub struct SoftwareMeans {
    /// Passkeys.
    pub passkeys: PasskeyDirectory,
    /// Device keys.
    pub device_keys: DeviceKeyDirectory,
    /// PINs with their generators.
    pub pins: PinTotpDirectory,
}

impl SignerMeans for SoftwareMeans {
    type Error = MeansError;

    fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        digest: &Digest32,
    ) -> Result<Assertion, MeansError> {
        Ok(match profile {
            MeansProfile::Passkey => self.passkeys.answer(profile, challenge, digest)?,
            MeansProfile::DeviceKey => self.device_keys.answer(profile, challenge, digest)?,
            MeansProfile::PinTotp => self.pins.answer(profile, challenge, digest)?,
            MeansProfile::X509 | MeansProfile::Oidc => return Err(MeansError::Elsewhere(profile.as_str())),
        })
    }
}
