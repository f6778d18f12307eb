//! Place: none. From octets to claims: every cryptographic step (1 to 17), no policy.

use crate::anchor::{AnchorKind, Anchors, fingerprint};
use crate::chain;
use crate::document::{Document, PCR_COUNT, PcrValue, Profile};
use crate::error::{Refusal, Step};
use crate::time::At;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use p384::ecdsa::Signature;
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha384};

/// What a document was made by; follows from the anchor, never from the document's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// An AWS Nitro enclave.
    NitroEnclave,
    /// An emulation, or anything else under a root the caller named.
    Emulation,
}

/// What an authentic document says. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct Claims {
    anchor: AnchorKind,
    root: [u8; 32],
    root_der: Vec<u8>,
    at: At,
    module_id: String,
    timestamp: u64,
    pcrs: [Option<PcrValue>; PCR_COUNT],
    public_key: Option<Vec<u8>>,
    user_data: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    leaf_common_name: Option<String>,
    leaf_period: (u64, u64),
}

/// Verifies a document against `anchors` at the time `at`.
///
/// # Errors
/// The [`Refusal`] of the first step that fails, steps 1 to 17.
pub fn verify(octets: &[u8], anchors: &Anchors, at: At, profile: Profile) -> Result<Claims, Refusal> {
    let document = Document::parse(octets, profile)?;
    let chain = chain::check(&document, anchors, at.seconds(document.timestamp))?;
    check_signature(&document, &chain)?;
    let root_der = document.cabundle().first().copied().unwrap_or_default();
    let mut pcrs = [None; PCR_COUNT];
    for (slot, index) in pcrs.iter_mut().zip(0_u8..) {
        *slot = document.pcrs.get(index).copied();
    }
    Ok(Claims {
        anchor: chain.anchor,
        root: fingerprint(root_der),
        root_der: root_der.to_vec(),
        at,
        module_id: document.module_id.to_owned(),
        timestamp: document.timestamp,
        pcrs,
        public_key: document.public_key.map(<[u8]>::to_vec),
        user_data: document.user_data.map(<[u8]>::to_vec),
        nonce: document.nonce.map(<[u8]>::to_vec),
        leaf_common_name: chain.leaf_common_name,
        leaf_period: chain.leaf_period,
    })
}

/// Step 17: the signature covers the received octets of protected header and payload, never a re-encoding.
fn check_signature(document: &Document<'_>, chain: &chain::Chain) -> Result<(), Refusal> {
    // `from_slice` refuses numbers outside 1..n-1 and takes a high s, which real devices produce.
    let signature = Signature::from_slice(document.signature)
        .map_err(|_| Refusal::new(Step::Signature, "r or s lies outside 1..n-1"))?;
    chain
        .leaf_key
        .verify_prehash(&signed_digest(document.protected, document.payload), &signature)
        .map_err(|_| Refusal::new(Step::Signature, ""))
}

/// SHA-384 of the structure that COSE_Sign1 signs, around the received octets.
pub(crate) fn signed_digest(protected: &[u8], payload: &[u8]) -> [u8; 48] {
    let mut hasher = Sha384::new();
    hasher.update([0x84, 0x6a]);
    hasher.update(b"Signature1");
    hasher.update(string_head(protected.len()));
    hasher.update(protected);
    hasher.update([0x40]);
    hasher.update(string_head(payload.len()));
    hasher.update(payload);
    hasher.finalize().into()
}

/// The shortest head of a byte string; lengths are at most 16 KiB here.
fn string_head(length: usize) -> Vec<u8> {
    match u16::try_from(length) {
        Ok(short @ 0..=23) => vec![0x40 | short.to_be_bytes()[1]],
        Ok(short @ 24..=0xff) => vec![0x58, short.to_be_bytes()[1]],
        Ok(long) => [&[0x59][..], &long.to_be_bytes()].concat(),
        // Invariant: step 5 capped the payload, so this head is never made; it would fail the signature.
        Err(_) => Vec::new(),
    }
}

impl Claims {
    /// The kind of root the document ends in.
    #[must_use]
    pub fn anchor(&self) -> AnchorKind {
        self.anchor
    }

    /// SHA-256 of the root certificate.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.root
    }

    /// DER of the root certificate.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root_der
    }

    /// What made the document.
    #[must_use]
    pub fn platform(&self) -> Platform {
        match self.anchor {
            AnchorKind::Production { .. } => Platform::NitroEnclave,
            AnchorKind::Development => Platform::Emulation,
        }
    }

    /// The time that was asked for.
    #[must_use]
    pub fn at(&self) -> At {
        self.at
    }

    /// The second at which certificates were judged.
    #[must_use]
    pub fn judged_at(&self) -> u64 {
        self.at.seconds(self.timestamp)
    }

    /// The enclave's name: instance and enclave.
    #[must_use]
    pub fn module_id(&self) -> &str {
        &self.module_id
    }

    /// When the document was signed, milliseconds since the epoch.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// A register; `None` when the document does not have it, which is not the same as zero.
    #[must_use]
    pub fn pcr(&self, index: u8) -> Option<&PcrValue> {
        self.pcrs.get(usize::from(index))?.as_ref()
    }

    /// All registers of the document, in order.
    pub fn pcrs(&self) -> impl Iterator<Item = (u8, &PcrValue)> + '_ {
        (0_u8..).zip(&self.pcrs).filter_map(|(index, value)| Some((index, value.as_ref()?)))
    }

    /// Public key the enclave put in.
    #[must_use]
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }

    /// Data the enclave put in.
    #[must_use]
    pub fn user_data(&self) -> Option<&[u8]> {
        self.user_data.as_deref()
    }

    /// Nonce the enclave put in.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Common name of the leaf certificate.
    #[must_use]
    pub fn leaf_common_name(&self) -> Option<&str> {
        self.leaf_common_name.as_deref()
    }

    /// First and last Unix second of the leaf certificate, which is reused for about three hours.
    #[must_use]
    pub fn leaf_period(&self) -> (u64, u64) {
        self.leaf_period
    }
}

#[cfg(test)]
mod tests;
