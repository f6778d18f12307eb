//! Place: SCA. A PAdES baseline B-B signature of one PDF with a remote key.

use super::receipts::Authorized;
use super::{Credential, Receipts, SignError, ToAuthorize, authorize};
use crate::csc::CscClient;
use fuin_ades::cades::{SignedAttributes, assemble};
use fuin_ades::pades::{SignatureOptions, prepare};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::ids::Digest32;
use fuin_shared::message::ToBeSigned;
use fuin_shared::sad::HashType;
use fuin_sic::{Sic, SignerMeans, TrustedInstance};
use sha2::{Digest, Sha256};

/// A PDF to be signed.
#[derive(Debug, Clone, Copy)]
pub struct PdfToSign<'a> {
    /// The PDF.
    pub pdf: &'a [u8],
    /// Where and how.
    pub options: &'a SignatureOptions,
    /// What is authorized: the DTBS/R, or the document's digest, and then the SAM reads the signed attributes itself.
    pub hash_type: HashType,
}

/// A signed PDF and what is known about its signature.
#[derive(Debug)]
pub struct SignedPdf {
    /// The PDF.
    pub octets: Vec<u8>,
    /// Name of the signature field.
    pub field: String,
    /// Signature algorithm.
    pub algorithm: SignatureAlgorithm,
    /// What was authorized: the DTBS/R, or the document's digest.
    pub hash: Vec<u8>,
    /// The instance that signed, with all that was verified of it.
    pub instance: TrustedInstance,
    /// That the ledger says so.
    pub receipts: Receipts,
}

/// Signs a PDF with `credential` in the key's natural algorithm.
///
/// The evidence is checked before anything is authorized; the signature value is verified under the certificate before
/// it is put into the PDF; and the ledger that the evidence names must hold both events.
///
/// # Errors
/// [`SignError`]. No PDF is given then.
pub async fn sign_pdf<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    credential: &Credential,
    wanted: PdfToSign<'_>,
    now: impl Fn() -> u64,
) -> Result<SignedPdf, SignError> {
    let wrong = |reason| SignError::Credential { credential: credential.id.to_string(), reason };
    let algorithm =
        *credential.algorithms.first().ok_or_else(|| wrong("it offers no signature algorithm"))?;
    let certificate = credential.chain.first().ok_or_else(|| wrong("it has no certificate"))?;
    let PdfToSign { pdf, options, hash_type } = wanted;
    let prepared = prepare(pdf, options)?;
    let digest = prepared.document_digest(algorithm.hash());
    let attributes = SignedAttributes::build(algorithm.hash(), &digest, certificate)?;
    let hashes = [match hash_type {
        HashType::Dtbs => attributes.digest().into(),
        HashType::Document => digest.into(),
    }];

    let wanted = ToAuthorize {
        credential,
        hash_type,
        hashes: &hashes,
        algorithm,
        display: Some(Digest32(Sha256::digest(pdf).into())),
    };
    let authorization = authorize(client, sic, means, wanted, now).await?;
    let activation = client
        .authorize(
            &credential.id,
            &credential.auth_object,
            &hashes,
            algorithm.hash(),
            &authorization.evidence,
            true,
        )
        .await?;
    let token = &activation.token;
    let signed = match hash_type {
        HashType::Dtbs => client.sign_hash(&credential.id, token, &hashes, algorithm, true).await?,
        HashType::Document => {
            let to_be_signed = [ToBeSigned::Cms(attributes.as_der().into())];
            client.sign_document(&credential.id, token, &to_be_signed, algorithm, true).await?
        }
    };
    let signature = signed.signatures.first().ok_or_else(|| wrong("the service gave no signature"))?;
    let wanted = Authorized { hash_type, hashes: &hashes, certificate };
    let receipts = Receipts::check(&authorization, wanted, activation.receipt, signed.receipt.clone())?;
    let cms = assemble(&attributes, signature, &credential.chain, algorithm)?;
    let [hash] = hashes;
    Ok(SignedPdf {
        octets: prepared.embed(&cms)?,
        field: prepared.field_name().to_owned(),
        algorithm,
        hash: hash.0,
        instance: authorization.instance,
        receipts,
    })
}
