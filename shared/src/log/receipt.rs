//! Place: none. A signer's receipt: a C2SP tlog-proof whose `extra` holds the event and the salts that open it. One text shows,
//! offline, that the event is in the ledger and what it was about.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::checkpoint::Checkpoint;
use super::event::{Event, EventBody, VERSION, salted};
use super::note::VerifierKey;
use super::tlog_proof::{TlogProof, TlogProofError};
use super::tree::{leaf_hash, root_of};
use crate::bytes::Blob;
use crate::codec;
use crate::ids::Digest32;
use crate::key_statement::LedgerProof;

/// What `extra` holds, in CBOR. The proof authenticates the event, and the event's hashes the salts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptOpening {
    /// [`Event`] in CBOR: the leaf of the tree.
    pub event: Blob,
    /// Salts that open hashes in the event, in their order.
    pub salts: Vec<Blob>,
}

/// Why a receipt was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// The proof.
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    /// `extra` is missing or is no opening.
    #[error("the proof carries no event: it is no receipt of this service")]
    Opening,
    /// The event is not one in its one encoding.
    #[error("the receipt's event is not an event in its one encoding")]
    Event,
}

/// A receipt, *not yet verified*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerReceipt {
    proof: TlogProof,
    opening: ReceiptOpening,
    event: Event,
}

impl SignerReceipt {
    /// The text of a receipt, from the ledger's proof and the enclave's salts.
    #[must_use]
    pub fn text_of(proof: LedgerProof, salts: Vec<Blob>) -> String {
        let opening = ReceiptOpening { event: proof.event, salts };
        let path = proof.path.iter().map(|hash| hash.0).collect();
        let extra = Some(codec::encode(&opening));
        TlogProof { extra, index: proof.index, path, checkpoint: proof.checkpoint }.to_text()
    }

    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let proof = TlogProof::parse(text)?;
        let extra = proof.extra.as_deref().ok_or(ReceiptError::Opening)?;
        let opening: ReceiptOpening = codec::decode(extra).map_err(|_| ReceiptError::Opening)?;
        let event: Event = codec::decode(opening.event.as_slice()).map_err(|_| ReceiptError::Event)?;
        if event.version != VERSION {
            return Err(ReceiptError::Event);
        }
        Ok(Self { proof, opening, event })
    }

    /// Verifies that the event is in the ledger whose key this is; gives the checkpoint. Who cosigned it is for the caller to
    /// see, in [`SignerReceipt::proof`].
    ///
    /// # Errors
    /// [`ReceiptError::Proof`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ReceiptError> {
        Ok(self.proof.verify(self.opening.event.as_slice(), key)?)
    }

    /// The proof.
    #[must_use]
    pub const fn proof(&self) -> &TlogProof {
        &self.proof
    }

    /// The event; a fact only after [`SignerReceipt::verify`].
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// Whether the event is a signing call over exactly these hashes in this order, and, where it is given, under this
    /// certificate in DER.
    #[must_use]
    pub fn signs<H: AsRef<[u8]>>(&self, hashes: &[H], certificate: Option<&[u8]>) -> bool {
        match &self.event.body {
            EventBody::Signed { certificate: marked, hashes: root, .. }
            | EventBody::DocumentsSigned { certificate: marked, hashes: root, .. } => {
                self.opens(*marked, *root, hashes, certificate)
            }
            _ => false,
        }
    }

    /// The same for the digests of documents that were authorized.
    #[must_use]
    pub fn signs_documents<H: AsRef<[u8]>>(&self, digests: &[H], certificate: Option<&[u8]>) -> bool {
        match &self.event.body {
            EventBody::DocumentsSigned { certificate: marked, documents: root, .. } => {
                self.opens(*marked, *root, digests, certificate)
            }
            _ => false,
        }
    }

    fn opens<H: AsRef<[u8]>>(
        &self,
        marked: Digest32,
        root: Digest32,
        values: &[H],
        certificate: Option<&[u8]>,
    ) -> bool {
        let Some((for_certificate, for_hashes)) = self.opening.salts.split_first() else { return false };
        let leaves: Vec<_> = values
            .iter()
            .zip(for_hashes)
            .map(|(value, salt)| leaf_hash(salted(salt.as_slice(), value.as_ref()).as_ref()))
            .collect();
        let count = usize::try_from(self.event.body.signatures());
        let as_many = for_hashes.len() == values.len() && count == Ok(values.len());
        let of = |der: &[u8]| salted(for_certificate.as_slice(), der) == marked;
        as_many && root_of(&leaves) == root.0 && certificate.is_none_or(of)
    }

    /// Whether the event is the acceptance of the SAD of this digest.
    #[must_use]
    pub fn authorizes(&self, sad: &[u8]) -> bool {
        let EventBody::Authorized { sad: marked, .. } = &self.event.body else { return false };
        let [salt] = self.opening.salts.as_slice() else { return false };
        salted(salt.as_slice(), sad) == *marked
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::event::CredentialMark;
    use super::super::nodes::Nodes;
    use super::super::note::NoteSigner;
    use super::*;
    use crate::ids::Subject;

    const ORIGIN: &str = "fuin.example/ledger/00";

    fn signer() -> NoteSigner {
        NoteSigner::from_seed(ORIGIN, &[3; 32]).unwrap()
    }

    fn salt(n: u8) -> Blob {
        vec![n; 16].into()
    }

    /// A receipt of this event, the second of three entries.
    fn receipt(body: EventBody, salts: Vec<Blob>) -> String {
        let event = codec::encode(&Event { version: VERSION, time: 1, body, detail: None });
        let mut tree = Nodes::new();
        for leaf in [&b"a"[..], &event, b"c"] {
            tree.push(leaf_hash(leaf));
        }
        let head = Checkpoint { origin: ORIGIN.into(), size: 3, root: tree.root_at(3).unwrap() };
        let path = tree.inclusion_proof(1, 3).unwrap().into_iter().map(Digest32).collect();
        let checkpoint = head.sign(&signer()).unwrap();
        SignerReceipt::text_of(LedgerProof { index: 1, event: event.into(), path, checkpoint }, salts)
    }

    fn mark() -> CredentialMark {
        CredentialMark { subject: Subject([1; 32]), sequence: 4 }
    }

    fn signed() -> String {
        let leaves = [(2, b"h1"), (3, b"h2")].map(|(n, hash)| leaf_hash(salted(&[n; 16], hash).as_ref()));
        let body = EventBody::Signed {
            credential: mark(),
            certificate: salted(&[1; 16], b"certificate"),
            count: 2,
            hashes: Digest32(root_of(&leaves)),
        };
        receipt(body, vec![salt(1), salt(2), salt(3)])
    }

    #[test]
    fn a_receipt_opens_its_signing_event_and_no_other() {
        let receipt = SignerReceipt::parse(&signed()).unwrap();
        assert_eq!(receipt.verify(signer().verifier()).unwrap().size, 3);
        assert_eq!(receipt.event().body.credential(), Some(&mark()));
        assert!(receipt.signs(&[b"h1", b"h2"], Some(b"certificate")) && receipt.signs(&[b"h1", b"h2"], None));
        assert!(!receipt.signs(&[b"h2", b"h1"], None), "another order");
        assert!(!receipt.signs(&[b"h1"], None), "fewer");
        assert!(!receipt.signs(&[b"h1", b"h3"], None), "another hash");
        assert!(!receipt.signs(&[b"h1", b"h2"], Some(b"another")), "another certificate");
        assert!(!receipt.authorizes(b"sad"));
    }

    #[test]
    fn a_receipt_of_documents_opens_to_their_digests_and_to_what_was_signed() {
        let root = |value: &[u8]| Digest32(root_of(&[leaf_hash(salted(&[2; 16], value).as_ref())]));
        let body = EventBody::DocumentsSigned {
            credential: mark(),
            certificate: salted(&[1; 16], b"certificate"),
            count: 1,
            documents: root(b"document"),
            hashes: root(b"h1"),
        };
        let receipt = SignerReceipt::parse(&receipt(body, vec![salt(1), salt(2)])).unwrap();
        assert!(receipt.signs_documents(&[b"document"], Some(b"certificate")));
        assert!(receipt.signs(&[b"h1"], None) && !receipt.signs(&[b"document"], None));
        assert!(!receipt.signs_documents(&[b"h1"], None));
        assert!(!SignerReceipt::parse(&signed()).unwrap().signs_documents(&[b"h1", b"h2"], None));
    }

    #[test]
    fn a_receipt_opens_its_authorization() {
        let body = EventBody::Authorized {
            credential: mark(),
            sad: salted(&[9; 16], b"sad"),
            count: 1,
            means_counter: 0,
        };
        let receipt = SignerReceipt::parse(&receipt(body, vec![salt(9)])).unwrap();
        assert!(receipt.verify(signer().verifier()).is_ok());
        assert!(receipt.authorizes(b"sad") && !receipt.authorizes(b"another"));
        assert!(!receipt.signs::<&[u8]>(&[], None));
    }

    #[test]
    fn what_is_no_receipt_is_named() {
        let text = signed();
        let proof = TlogProof::parse(&text).unwrap();
        let with =
            |extra: Option<Vec<u8>>| SignerReceipt::parse(&TlogProof { extra, ..proof.clone() }.to_text());
        assert_eq!(with(None), Err(ReceiptError::Opening));
        assert_eq!(with(Some(b"x".to_vec())), Err(ReceiptError::Opening));
        let no_event = ReceiptOpening { event: b"x".to_vec().into(), salts: Vec::new() };
        assert_eq!(with(Some(codec::encode(&no_event))), Err(ReceiptError::Event));
        assert!(matches!(SignerReceipt::parse("x"), Err(ReceiptError::Proof(_))));
        // Another event is not in the tree, and another key has not signed it.
        let mut other = SignerReceipt::parse(&text).unwrap();
        let last = other.opening.event.0.len() - 1;
        other.opening.event.0[last] ^= 1;
        assert!(other.verify(signer().verifier()).is_err());
        let stranger = NoteSigner::from_seed(ORIGIN, &[4; 32]).unwrap();
        assert!(SignerReceipt::parse(&text).unwrap().verify(stranger.verifier()).is_err());
    }
}
