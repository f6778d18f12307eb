//! Place: SCA. A PAdES baseline B-B seal of one PDF under a mandate: no person, no means, an order signed by the SCA's key.

use super::{ScaKey, check_receipt};
use crate::csc::CscClient;
use crate::sign::{Credential, SignError};
use fuin_ades::cades::{SignedAttributes, assemble};
use fuin_ades::pades::{SignatureOptions, prepare};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::ids::ServiceId;
use fuin_shared::message::Receipt;
use fuin_shared::seal::{MandateTerms, SealOrder, VERSION, mandate_id};

/// Life of an order, seconds.
const ORDER: u64 = 60;

/// A mandate in use.
#[derive(Clone, Copy)]
pub struct UnderMandate<'a> {
    /// Its terms.
    pub terms: &'a MandateTerms,
    /// The SCA's key.
    pub key: &'a ScaKey,
    /// Running number of the order.
    pub number: u64,
}

/// A sealed PDF and what is known about its seal.
#[derive(Debug)]
pub struct SealedPdf {
    /// The PDF.
    pub octets: Vec<u8>,
    /// Name of the signature field.
    pub field: String,
    /// Signature algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The DTBS/R that was sealed.
    pub hash: Vec<u8>,
    /// Running number of the order.
    pub number: u64,
    /// Receipt of its event, checked against the order.
    pub receipt: Receipt,
}

/// Seals `pdf`. The seal's value is verified under the certificate before it is put into the PDF.
///
/// # Errors
/// [`SignError`]. No PDF is given then; the number may be spent.
pub async fn seal_pdf(
    client: &CscClient,
    service: ServiceId,
    credential: &Credential,
    under: UnderMandate<'_>,
    pdf: &[u8],
    options: &SignatureOptions,
    now: u64,
) -> Result<SealedPdf, SignError> {
    let wrong = |reason| SignError::Credential { credential: credential.id.to_string(), reason };
    let algorithm = under.terms.signature_algorithm;
    let certificate = credential.chain.first().ok_or_else(|| wrong("it has no certificate"))?;
    let prepared = prepare(pdf, options)?;
    let digest = prepared.document_digest(algorithm.hash());
    let attributes = SignedAttributes::build(algorithm.hash(), &digest, certificate)?;
    let order = SealOrder {
        version: VERSION,
        service,
        mandate: mandate_id(&under.terms.to_bytes()),
        number: under.number,
        expires: now + ORDER,
        hashes: vec![attributes.digest().into()],
        hash_algorithm: algorithm.hash(),
        signature_algorithm: algorithm,
    };
    let signed = under.key.sign(&order);
    let (seals, receipt) = client.seal(&credential.id, &signed, &order).await?;
    check_receipt(&receipt, &order)?;
    let seal = seals.first().ok_or_else(|| wrong("the service gave no seal"))?;
    let cms = assemble(&attributes, seal, &credential.chain, algorithm)?;
    Ok(SealedPdf {
        octets: prepared.embed(&cms)?,
        field: prepared.field_name().to_owned(),
        algorithm,
        hash: attributes.digest(),
        number: under.number,
        receipt,
    })
}
