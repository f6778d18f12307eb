//! Place: SIC, SCA. One signature from the signer's side: evidence, challenge, SAD, means, activation, signature value.

mod authorize;
mod credential;
mod error;
mod pdf;
mod receipts;

pub use authorize::{Authorization, ToAuthorize, authorize, suspend};
pub(crate) use authorize::{Word, word};
pub use credential::Credential;
pub use error::SignError;
pub use pdf::{PdfToSign, SignedPdf, sign_pdf};
pub use receipts::Receipts;
