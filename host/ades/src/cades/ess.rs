//! Place: none. The signing-certificate-v2 attribute of RFC 5035 (section 3), which ties a signature to one certificate.

use super::CadesError;
use const_oid::ObjectIdentifier;
use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};
use fuin_shared::algorithm::HashAlgorithm;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;

/// id-aa-signingCertificateV2.
pub(super) const ID_AA_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// `SigningCertificateV2` without policies, which EN 319 122-1 (5.2.2.3) does not use.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// `ESSCertIDv2`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct EssCertIdV2 {
    /// Absent for SHA-256, which is the DEFAULT.
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<IssuerSerial>,
}

/// `IssuerSerial` of RFC 5035 section 5.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial_number: SerialNumber,
}

/// The digest algorithm, or nothing for the DEFAULT.
fn identifier(hash: HashAlgorithm) -> Option<AlgorithmIdentifierOwned> {
    let named = AlgorithmIdentifierOwned { oid: hash.oid(), parameters: None };
    (hash != HashAlgorithm::Sha256).then_some(named)
}

impl SigningCertificateV2 {
    /// Names `certificate`, whose DER is `octets`, by its digest, issuer and serial number.
    pub(super) fn naming(
        hash: HashAlgorithm,
        octets: &[u8],
        certificate: &Certificate,
    ) -> Result<Self, CadesError> {
        let tbs = certificate.tbs_certificate();
        let issuer_serial = IssuerSerial {
            issuer: vec![GeneralName::DirectoryName(tbs.issuer().clone())],
            serial_number: tbs.serial_number().clone(),
        };
        let id = EssCertIdV2 {
            hash_algorithm: identifier(hash),
            cert_hash: OctetString::new(hash.digest(octets))?,
            issuer_serial: Some(issuer_serial),
        };
        Ok(Self { certs: vec![id] })
    }

    /// As an attribute value.
    pub(super) fn to_any(&self) -> Result<der::Any, CadesError> {
        Ok(der::Any::from_der(&self.to_der()?)?)
    }
}
