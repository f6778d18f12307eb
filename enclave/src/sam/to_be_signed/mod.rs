//! Place: SAM. What a key is asked to sign for a document (hash type `document`, design section 4). The signer authorized
//! the document's digest; the bytes to be signed around it come from the SCA through the host. They are read here before
//! they are hashed: they must hold that digest and the credential's certificate, and nothing that is not checked.
//!
//! | module | what it reads |
//! |---|---|
//! | [`cms`] | signed attributes (RFC 5652, RFC 5035, RFC 6211; EN 319 122-1) |
//! | [`jws`] | a JWS signing input (RFC 7515, RFC 7797; TS 119 182-1) |

mod cms;
mod ess;
mod jws;

use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::ToBeSigned;

/// How far a claimed time of signing may lie ahead of SAM time, and behind the beginning of the longest activation,
/// seconds.
const TOLERANCE: u64 = 120;

/// Against what bytes to be signed are checked.
pub struct Signer<'a> {
    /// The credential's certificates in DER, end entity first.
    pub chain: &'a [Blob],
    /// Its key's algorithm.
    pub key: KeyAlgorithm,
    /// The signature algorithm, which names the digest.
    pub algorithm: SignatureAlgorithm,
    /// SAM time, Unix seconds.
    pub now: u64,
    /// How long an activation may live, seconds: a time of signing that is claimed lies within.
    pub window: u64,
}

/// Bytes to be signed that hold what they must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Digest of the document that they carry: whether it was authorized is for the activation to say.
    pub document: Blob,
    /// Digest of the bytes: the DTBS/R.
    pub hash: Blob,
}

impl Signer<'_> {
    const fn hash(&self) -> HashAlgorithm {
        self.algorithm.hash()
    }

    /// The signer's certificate in DER.
    fn certificate(&self) -> Result<&[u8], Fault> {
        self.chain.first().map(Blob::as_slice).ok_or(Fault::CredentialDisabled)
    }

    /// A claimed time of signing is near the time at which it is signed.
    fn check_time(&self, claimed: u64) -> Result<(), Fault> {
        let earliest = self.now.saturating_sub(self.window.saturating_add(TOLERANCE));
        if (earliest..=self.now.saturating_add(TOLERANCE)).contains(&claimed) {
            Ok(())
        } else {
            Err(Fault::ToBeSignedContent)
        }
    }
}

/// Reads the bytes to be signed for one document.
///
/// # Errors
/// [`Fault::TooLarge`], [`Fault::ToBeSignedMalformed`], [`Fault::ToBeSignedContent`],
/// [`Fault::ToBeSignedCertificate`]; [`Fault::AlgorithmNotAllowed`] when they name another one.
pub fn read(to_be_signed: &ToBeSigned, signer: &Signer<'_>) -> Result<Read, Fault> {
    let (octets, document) = match to_be_signed {
        ToBeSigned::Cms(octets) => (octets, cms::document(octets.as_slice(), signer)?),
        ToBeSigned::Jws(octets) => (octets, jws::document(octets.as_slice(), signer)?),
    };
    if document.len() != signer.hash().octets() {
        return Err(Fault::HashLength);
    }
    Ok(Read { document: document.into(), hash: signer.hash().digest(octets.as_slice()).into() })
}
