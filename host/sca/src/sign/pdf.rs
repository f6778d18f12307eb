//! Place: SCA. A PAdES baseline B-B signature of one PDF with a remote key.

use super::{Credential, SignError, ToAuthorize, authorize};
use crate::csc::CscClient;
use fuin_ades::cades::{SignedAttributes, assemble};
use fuin_ades::pades::{SignatureOptions, prepare};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::ids::Digest32;
use fuin_sic::{Sic, SignerMeans, TrustedInstance};
use sha2::{Digest, Sha256};

/// A signed PDF and what is known about its signature.
#[derive(Debug)]
pub struct SignedPdf {
    /// The PDF.
    pub octets: Vec<u8>,
    /// Name of the signature field.
    pub field: String,
    /// Signature algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The DTBS/R that was authorized and signed.
    pub hash: Vec<u8>,
    /// The instance that signed, with all that was verified of it.
    pub instance: TrustedInstance,
}

/// Signs `pdf` with `credential` in the key's natural algorithm.
///
/// The evidence is checked before anything is authorized; the signature value is verified under the certificate before
/// it is put into the PDF.
///
/// # Errors
/// [`SignError`]. No PDF is given then.
pub async fn sign_pdf<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    credential: &Credential,
    pdf: &[u8],
    options: &SignatureOptions,
    now: impl Fn() -> u64,
) -> Result<SignedPdf, SignError> {
    let wrong = |reason| SignError::Credential { credential: credential.id.to_string(), reason };
    let algorithm =
        *credential.algorithms.first().ok_or_else(|| wrong("it offers no signature algorithm"))?;
    let certificate = credential.chain.first().ok_or_else(|| wrong("it has no certificate"))?;
    let prepared = prepare(pdf, options)?;
    let digest = prepared.document_digest(algorithm.hash());
    let attributes = SignedAttributes::build(algorithm.hash(), &digest, certificate)?;
    let hashes = [attributes.digest().into()];

    let wanted = ToAuthorize {
        credential,
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
        )
        .await?;
    let signatures = client.sign_hash(&credential.id, &activation, &hashes, algorithm).await?;
    let signature = signatures.first().ok_or_else(|| wrong("the service gave no signature"))?;
    let cms = assemble(&attributes, signature, &credential.chain, algorithm)?;
    Ok(SignedPdf {
        octets: prepared.embed(&cms)?,
        field: prepared.field_name().to_owned(),
        algorithm,
        hash: attributes.digest(),
        instance: authorization.instance,
    })
}
