//! Place: none. The CMS `SignedData` around a signature value that was made elsewhere.

use super::{CadesError, MAX_CHAIN, SignedAttributes, certificate, verify};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use fuin_shared::algorithm::SignatureAlgorithm;
use spki::AlgorithmIdentifierOwned;

/// Builds the detached CMS signature, a DER `ContentInfo`.
///
/// `signature` is the DER `ECDSA-Sig-Value` over [`SignedAttributes::digest`]; `chain` holds certificates in DER, the signer's
/// first, then any of its issuers. The value is verified under the signer's certificate first, so that a service that
/// answered with something else is noticed here and not by whoever receives the document.
///
/// # Errors
/// [`CadesError`]: the chain, the algorithm or the value does not fit the attributes.
pub fn assemble(
    attributes: &SignedAttributes,
    signature: &[u8],
    chain: &[Vec<u8>],
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, CadesError> {
    if algorithm.hash() != attributes.hash() {
        return Err(CadesError::AlgorithmMismatch);
    }
    if chain.len() > MAX_CHAIN {
        return Err(CadesError::Chain("more certificates than a signature may carry"));
    }
    match chain.first() {
        None => return Err(CadesError::Chain("empty; the signer's certificate is needed")),
        Some(first) if first != attributes.certificate() => {
            return Err(CadesError::Chain(
                "the first certificate is not the one that the signed attributes name",
            ));
        }
        Some(_) => {}
    }
    let signer = certificate::parse(0, attributes.certificate())?;
    verify::verify(&signer, &attributes.digest(), signature)?;

    let mut certificates: Vec<CertificateChoices> = Vec::with_capacity(chain.len());
    for (position, octets) in chain.iter().enumerate() {
        let choice = CertificateChoices::Certificate(certificate::parse(position, octets)?);
        // A SET OF has no duplicates in DER; a chain that repeats itself is a slip that harms nobody.
        if !certificates.contains(&choice) {
            certificates.push(choice);
        }
    }

    // RFC 5754 (2) and RFC 5758 (3.2): parameters are absent for these digests and signatures.
    let digest_alg = AlgorithmIdentifierOwned { oid: attributes.hash().oid(), parameters: None };
    let signature_algorithm = AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None };
    let tbs = signer.tbs_certificate();
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        }),
        digest_alg: digest_alg.clone(),
        signed_attrs: Some(attributes.attributes().clone()),
        signature_algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
    };
    let content = Any::from_der(&signed_data.to_der()?)?;
    Ok(ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der()?)
}
