//! Place: none. What answers and proofs hold.

use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::codec;
use fuin_shared::log::event::Event;
use fuin_shared::message::{Answer, Receipt};
use fuin_shared::statement::ManageStatement;

/// The receipt in an answer.
pub(in super::super) fn receipt(answer: &Answer) -> Option<&Receipt> {
    match answer {
        Answer::KeyGenerated(made) => Some(&made.receipt),
        Answer::Linked(linked) => Some(&linked.receipt),
        Answer::Request { receipt, .. } | Answer::Deleted(receipt) | Answer::Restored(receipt) => {
            Some(receipt)
        }
        Answer::ManifestChanged(changed) => Some(&changed.receipt),
        Answer::Activation { receipt, .. } | Answer::Signatures { receipt, .. } => Some(receipt),
        Answer::MandateGranted { receipt, .. }
        | Answer::MandateEnded(receipt)
        | Answer::HandedOver { receipt, .. }
        | Answer::RootRotated { receipt, .. }
        | Answer::RootErased(receipt) => Some(receipt),
        _ => None,
    }
}

/// The event in a receipt.
pub(super) fn event(receipt: &Receipt) -> Result<Event, String> {
    codec::decode(receipt.event.as_slice()).map_err(|_| "a receipt of no event".to_owned())
}

/// What a `manageProof` says, whatever its signature.
pub(super) fn stated(proof: &str) -> Option<ManageStatement> {
    serde_json::from_str(&payload(proof)).ok()
}

/// The octets of that.
pub(super) fn payload(proof: &str) -> String {
    let part = proof.split('.').nth(1).unwrap_or_default();
    String::from_utf8(Base64UrlUnpadded::decode_vec(part).unwrap_or_default()).unwrap_or_default()
}
