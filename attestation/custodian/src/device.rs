//! Place: none. A custodian's keys in a device that does not give them away, such as a PKCS#11 token.

use zeroize::Zeroizing;

/// What the device said, for the person in front of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeviceError(pub String);

/// Two keys on P-384, one for each use. What comes out of it is checked, or worthless to whoever lacks the sealed share.
pub trait KeyDevice: Send {
    /// ECDSA under the signing key over a SHA-384 digest: `r || s`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn sign(&self, digest: &[u8; 48]) -> Result<[u8; 96], DeviceError>;

    /// ECDH under the opening key: the x coordinate of the point that comes of `point`, which is on the curve, in its
    /// uncompressed form.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn agree(&self, point: &[u8; 97]) -> Result<Zeroizing<[u8; 48]>, DeviceError>;
}
