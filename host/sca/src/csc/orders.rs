//! Place: none. The client's part of officers' orders about a credential, an extension of ours to CSC API v2.

use super::client::CscClient;
use super::error::CscClientError;
use super::types::{OrderRequest, Released, Standing};
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;

const METHOD: &str = "manages/order";

impl CscClient {
    /// `manages/order`: suspends on the word of one officer. The order is a
    /// [`fuin_shared::statement::SignedStatement`] in CBOR.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn order_suspension(
        &self,
        id: &CredentialId,
        order: &Blob,
    ) -> Result<Standing, CscClientError> {
        self.call(METHOD, &request(id, std::slice::from_ref(order))).await
    }

    /// `manages/order`: ends the officers' suspension on the word of their quorum; gives the index of the ledger's entry.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn order_release(&self, id: &CredentialId, orders: &[Blob]) -> Result<u64, CscClientError> {
        let released: Released = self.call(METHOD, &request(id, orders)).await?;
        Ok(released.ledger_index)
    }
}

fn request<'a>(id: &'a CredentialId, orders: &[Blob]) -> OrderRequest<'a> {
    let orders = orders.iter().map(|order| Base64UrlUnpadded::encode_string(order.as_slice())).collect();
    OrderRequest { credential_id: id.as_str(), orders }
}
