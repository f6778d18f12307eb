//! Place: SAM. The attribute signing-certificate-v2 (RFC 5035 section 3), as much of it as a baseline signature has.

use super::Signer;
use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::fault::Fault;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;

/// `SigningCertificateV2` without policies (EN 319 122-1 clause 5.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certs: Vec<EssCertIdV2>,
}

/// `ESSCertIDv2`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct EssCertIdV2 {
    /// Absent for SHA-256, which is the DEFAULT.
    #[asn1(optional = "true")]
    pub(super) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) cert_hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer_serial: Option<IssuerSerial>,
}

/// `IssuerSerial` (RFC 5035 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct IssuerSerial {
    pub(super) issuer: Vec<GeneralName>,
    pub(super) serial_number: SerialNumber,
}

/// Whether `value`, exact DER, names the signer's certificate and no other.
///
/// # Errors
/// [`Fault::ToBeSignedMalformed`], [`Fault::ToBeSignedCertificate`].
pub(super) fn check(value: &[u8], signer: &Signer<'_>) -> Result<(), Fault> {
    let named: SigningCertificateV2 = super::cms::exact(value)?;
    let [id] = named.certs.as_slice() else { return Err(Fault::ToBeSignedCertificate) };
    let certificate = signer.certificate()?;
    let hash = match &id.hash_algorithm {
        None => HashAlgorithm::Sha256,
        // In DER a DEFAULT is left out. Parameters of SHA-2 are absent, or NULL (RFC 5754 section 2).
        Some(named) if named.oid == HashAlgorithm::Sha256.oid() => return Err(Fault::ToBeSignedMalformed),
        Some(named) if !super::cms::is_bare(named) => return Err(Fault::ToBeSignedMalformed),
        Some(named) => {
            let known = HashAlgorithm::ALL.into_iter().find(|hash| hash.oid() == named.oid);
            known.ok_or(Fault::ToBeSignedCertificate)?
        }
    };
    let same_hash = id.cert_hash.as_bytes() == hash.digest(certificate);
    let same_name = match &id.issuer_serial {
        None => true,
        Some(named) => is_issued_so(named, certificate)?,
    };
    if same_hash && same_name { Ok(()) } else { Err(Fault::ToBeSignedCertificate) }
}

fn is_issued_so(named: &IssuerSerial, certificate: &[u8]) -> Result<bool, Fault> {
    let certificate = Certificate::from_der(certificate).map_err(|_| Fault::CredentialDisabled)?;
    let tbs = certificate.tbs_certificate();
    let [GeneralName::DirectoryName(issuer)] = named.issuer.as_slice() else { return Ok(false) };
    let encoded = |name: &x509_cert::name::Name| name.to_der().map_err(|_| Fault::ToBeSignedMalformed);
    Ok(encoded(issuer)? == encoded(tbs.issuer())? && &named.serial_number == tbs.serial_number())
}
