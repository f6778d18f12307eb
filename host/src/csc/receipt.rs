//! Place: SSA. Receipts for signers: an extension that the standard's clients do not ask for and never see.
//!
//! `"withReceipt": true` in authorize, extendTransaction, signHash and `/signatures/document` adds `"receipt"` to the answer:
//! the C2SP tlog-proof of the call's event, whose `extra` opens it ([`SignerReceipt`]). Nothing in it is believed: signers
//! verify it.

use crate::http::{Params, Refusal};
use crate::server::App;
use fuin_shared::log::receipt::SignerReceipt;
use fuin_shared::message::Receipt;
use serde_json::{Map, Value};

/// Whether a request asks for one.
pub(super) fn wanted(params: &Params) -> Result<bool, Refusal> {
    params.flag("withReceipt")
}

/// Adds it to an answer, where it was asked for. By now the signature is made: an answer without receipt is better than none.
pub(super) async fn add(app: &App, wanted: bool, receipt: Receipt, answer: &mut Map<String, Value>) {
    if !wanted {
        return;
    }
    match app.store.earliest_proof(receipt.index).await {
        Ok(Some(proof)) if proof.event == receipt.event => {
            answer.insert("receipt".into(), SignerReceipt::text_of(proof, receipt.salts).into());
        }
        Ok(_) => {
            tracing::error!(index = receipt.index, "the store has no proof of an event that was released")
        }
        Err(error) => tracing::error!(%error, index = receipt.index, "cannot prove an event"),
    }
}
