//! Place: none. The signed attributes of a baseline signature: what the signer's key really signs.

use super::ess::{ID_AA_SIGNING_CERTIFICATE_V2, SigningCertificateV2};
use super::{CadesError, certificate};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use der::asn1::{OctetStringRef, SetOfVec};
use der::{Any, Encode};
use fuin_shared::algorithm::HashAlgorithm;
use x509_cert::attr::{Attribute, Attributes};

/// Signed attributes over one document digest and one signer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAttributes {
    hash: HashAlgorithm,
    attributes: Attributes,
    der: Vec<u8>,
    certificate: Vec<u8>,
}

impl SignedAttributes {
    /// Builds content-type (id-data), message-digest and signing-certificate-v2.
    ///
    /// `document_digest` is the digest under `hash` of what is signed (for PAdES, of the byte ranges), `certificate` the
    /// signer's certificate in DER.
    ///
    /// # Errors
    /// [`CadesError::DigestLength`], [`CadesError::Certificate`].
    pub fn build(
        hash: HashAlgorithm,
        document_digest: &[u8],
        certificate: &[u8],
    ) -> Result<Self, CadesError> {
        if document_digest.len() != hash.octets() {
            return Err(CadesError::DigestLength { expected: hash.octets(), found: document_digest.len() });
        }
        let parsed = certificate::parse(0, certificate)?;
        let named = SigningCertificateV2::naming(hash, certificate, &parsed)?;
        // SetOfVec keeps the DER order of a SET OF, whatever order it is given.
        let attributes: Attributes = SetOfVec::try_from(vec![
            attribute(ID_CONTENT_TYPE, Any::from(ID_DATA))?,
            attribute(ID_MESSAGE_DIGEST, Any::from(OctetStringRef::new(document_digest)?))?,
            attribute(ID_AA_SIGNING_CERTIFICATE_V2, named.to_any()?)?,
        ])?;
        let der = attributes.to_der()?;
        Ok(Self { hash, attributes, der, certificate: certificate.to_vec() })
    }

    /// DER of the attributes with the tag SET OF: the octets to be signed (RFC 5652 section 5.4).
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Digest of [`Self::as_der`]: the DTBS/R.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        self.hash.digest(&self.der)
    }

    /// The digest algorithm of the document, the attributes and the signature.
    #[must_use]
    pub const fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// DER of the signer's certificate that the attributes name.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, CadesError> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}
