//! Place: SIC. What the SIC asks of an eID means.

use fuin_shared::ids::Digest32;
use fuin_shared::message::Challenge;
use fuin_shared::sad::{Assertion, MeansProfile};

/// A passkey authenticator together with the client that speaks to it: it knows the origin for which it acts.
pub trait Authenticator {
    /// Why it did not answer.
    type Error: std::error::Error;

    /// Answers `challenge` (the SAD digest) with the passkey `credential_id` of the relying party `rp_id`, after the
    /// user was verified.
    ///
    /// # Errors
    /// No such passkey, or the user refused.
    fn assert(
        &mut self,
        rp_id: &str,
        credential_id: &[u8],
        challenge: &Digest32,
    ) -> Result<Assertion, Self::Error>;

    /// Makes a new passkey at the relying party `rp_id` for `user`, answering `challenge` (the SAD digest).
    ///
    /// # Errors
    /// The authenticator cannot make or keep one, or the user refused.
    fn register(&mut self, rp_id: &str, user: &str, challenge: &Digest32) -> Result<Assertion, Self::Error>;
}

/// The eID means of a signer, whatever their kinds.
pub trait SignerMeans {
    /// Why it did not answer.
    type Error: std::error::Error;

    /// Answers the SAD digest with the means that `challenge` hints at, which must be of the kind `profile`, after the
    /// signer agreed.
    ///
    /// # Errors
    /// No such means here, or the signer refused.
    fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        digest: &Digest32,
    ) -> Result<Assertion, Self::Error>;
}
