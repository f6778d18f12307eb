//! Place: SIC. Why the signer's device refuses.

use fuin_shared::ids::InstanceId;

/// A refusal before anything was authorized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SicError {
    /// The evidence was refused; the text names the step.
    #[error("evidence refused: {0}")]
    Evidence(#[from] fuin_attestation::Refusal),
    /// The challenge is not from the instance whose evidence was checked.
    #[error(
        "challenge: it was given by instance {challenge}, but the evidence checked is of instance {evidence}; fetch evidence for this credential again"
    )]
    ForeignChallenge {
        /// Instance in the challenge.
        challenge: InstanceId,
        /// Instance in the evidence.
        evidence: InstanceId,
    },
    /// The challenge's nonce is empty or too long.
    #[error("challenge: the nonce must have 8 to 1024 octets")]
    Nonce,
    /// The credential answers to another kind of means.
    #[error("challenge: the credential is linked to another kind of eID means than {0}")]
    Means(&'static str),
    /// The number of hashes does not fit the purpose.
    #[error("hashes: purpose {purpose} takes {wanted}, got {got}")]
    HashCount {
        /// Purpose.
        purpose: &'static str,
        /// How many it takes.
        wanted: &'static str,
        /// How many there were.
        got: usize,
    },
    /// A hash has another length than its algorithm's digest.
    #[error("hashes[{index}]: has {got} octets, the hash algorithm gives {wanted}")]
    HashLength {
        /// Which.
        index: usize,
        /// Octets it has.
        got: usize,
        /// Octets it must have.
        wanted: usize,
    },
    /// Hash and signature algorithm or key do not fit each other.
    #[error("algorithms: the signature algorithm does not fit the hash algorithm or the key")]
    Algorithm,
    /// The key is not a SubjectPublicKeyInfo of an offered algorithm.
    #[error("spki: not the DER SubjectPublicKeyInfo of a P-256 or P-384 key")]
    Spki,
    /// A link subject without purpose `link`, or the reverse.
    #[error("link: the subject is given with purpose link, and only then")]
    Link,
    /// The SAD would be expired before the challenge was made, or never expire.
    #[error("expires: must be later than now and at most an hour away")]
    Expires,
    /// The evidence names no usable HPKE key, or sealing failed.
    #[error("seal: the instance's HPKE key is not a P-384 point")]
    Seal,
}
