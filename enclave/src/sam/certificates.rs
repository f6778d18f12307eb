//! Place: SAM. The checks of linkCert that need nothing but the certificates, the key and the configured anchors:
//! form, key, path, usage, time, subject. Key state, identity and duplicates are the caller's.

use super::pkcs10::Subject;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH, ID_KP_TIME_STAMPING};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::pki::path::Place;
use fuin_shared::pki::{Certificate, PathError, validate};

/// Most certificates of one request.
pub const MAX_CERTIFICATES: usize = 10;

/// Purposes of other keys: whoever signs documents must not also stamp times, answer for revocation or be a server.
const FOREIGN_PURPOSES: [ObjectIdentifier; 3] = [ID_KP_TIME_STAMPING, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH];

/// Of an organization, in words.
pub const ORGANIZATION_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// Of a legal person (EN 319 412-1 section 5.1.4).
pub const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");
/// Surname, given name, pseudonym.
const PERSON: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("2.5.4.4"),
    ObjectIdentifier::new_unwrap("2.5.4.42"),
    ObjectIdentifier::new_unwrap("2.5.4.65"),
];

/// An end entity's certificate that may be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedCertificate {
    /// The certificate in DER.
    pub leaf: Blob,
    /// SHA-256 of it.
    pub fingerprint: Digest32,
    /// Its issuer's name in DER.
    pub issuer: Blob,
    /// Its serial number, big-endian without leading zero.
    pub serial: Blob,
    /// First second of its validity, Unix time.
    pub not_before: u64,
    /// Last second of its validity, Unix time.
    pub not_after: u64,
}

/// Checks `certificates`, end entity first, each followed by its issuer's, the anchor itself given or left out.
///
/// `spki` is the key's SubjectPublicKeyInfo, `anchors` are the certificates configured for the key's CA, `subject` is
/// the RFC 4514 name agreed on at generateKey if there was one, `now` is Unix seconds.
///
/// # Errors
/// In the order of the checks: [`Fault::CertificatesMalformed`] for the form and number; [`Fault::KeyMismatch`];
/// [`Fault::UntrustedIssuer`] for the path (RFC 5280 section 6), [`Fault::CertificateExpired`] when the end entity's
/// certificate is not valid yet or no more, [`Fault::CertificateNotAcceptable`] for its usage, its subject, or an
/// extension of it that is not understood.
pub fn check(
    certificates: &[Blob],
    spki: &[u8],
    anchors: &[Blob],
    subject: Option<&str>,
    now: u64,
) -> Result<CheckedCertificate, Fault> {
    if certificates.len() > MAX_CERTIFICATES {
        return Err(Fault::CertificatesMalformed);
    }
    let chain = parse(certificates).ok_or(Fault::CertificatesMalformed)?;
    let leaf = chain.first().ok_or(Fault::CertificatesMalformed)?;
    if leaf.spki_der() != spki {
        return Err(Fault::KeyMismatch);
    }
    // Anchors come from the manifest; one that cannot be read makes no path, nor do the others beside it.
    let anchors = parse(anchors).ok_or(Fault::UntrustedIssuer)?;
    validate(&chain, &anchors, now).map_err(fault)?;
    if !usage_acceptable(leaf) || !subject_acceptable(leaf, subject) {
        return Err(Fault::CertificateNotAcceptable);
    }
    Ok(CheckedCertificate {
        leaf: leaf.der().into(),
        fingerprint: Digest32(leaf.sha256()),
        issuer: leaf.issuer_der().into(),
        serial: leaf.serial().into(),
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
    })
}

/// Whether a certificate is for seals of a legal person or for signatures of a natural one (SEAL-01; the subjects of
/// EN 319 412-3 and -2): the one names organization and organizationIdentifier and no person, the other no
/// organizationIdentifier unless it names a person too.
///
/// # Errors
/// [`Fault::CertificateNotAcceptable`].
pub fn check_purpose(leaf: &Blob, purpose: KeyPurpose) -> Result<(), Fault> {
    let leaf = Certificate::from_der(leaf.as_slice()).map_err(|_| Fault::CertificatesMalformed)?;
    let subject = leaf.x509().tbs_certificate().subject();
    let person = subject.iter().any(|attribute| PERSON.contains(&attribute.oid));
    let names = |oid: ObjectIdentifier| subject.iter().any(|attribute| attribute.oid == oid);
    let fits = match purpose {
        KeyPurpose::Seal => {
            let identifier = leaf.subject_attribute(&ORGANIZATION_IDENTIFIER.to_string());
            names(ORGANIZATION_NAME) && identifier.is_some_and(|text| !text.is_empty()) && !person
        }
        KeyPurpose::Signature => person || !names(ORGANIZATION_IDENTIFIER),
    };
    if fits { Ok(()) } else { Err(Fault::CertificateNotAcceptable) }
}

fn parse(list: &[Blob]) -> Option<Vec<Certificate>> {
    list.iter().map(|der| Certificate::from_der(der.as_slice()).ok()).collect()
}

/// What a broken path means: the end entity's own fault, or that nobody trusted stands behind it.
const fn fault(error: PathError) -> Fault {
    const LEAF: usize = 0;
    match error {
        PathError::Empty | PathError::TooLong(_) | PathError::Repeated(_) => Fault::CertificatesMalformed,
        PathError::NotYetValid(Place::Chain(LEAF)) | PathError::Expired(Place::Chain(LEAF)) => {
            Fault::CertificateExpired
        }
        PathError::UnknownCritical(Place::Chain(LEAF), _)
        | PathError::NameConstraints(Place::Chain(LEAF))
        | PathError::PolicyConstraints(Place::Chain(LEAF), _) => Fault::CertificateNotAcceptable,
        _ => Fault::UntrustedIssuer,
    }
}

/// Not a CA's; for signatures or content commitment; for nothing that another key should do.
fn usage_acceptable(leaf: &Certificate) -> bool {
    let signs = leaf.key_usage().is_some_and(|usage| {
        (usage.non_repudiation() || usage.digital_signature()) && !usage.key_cert_sign()
    });
    signs && !leaf.is_ca() && !leaf.extended_key_usage().iter().any(|p| FOREIGN_PURPOSES.contains(p))
}

fn subject_acceptable(leaf: &Certificate, agreed: Option<&str>) -> bool {
    agreed.is_none_or(|text| {
        Subject::parse(text).is_some_and(|subject| subject.is(leaf.x509().tbs_certificate().subject()))
    })
}

#[cfg(test)]
mod tests;
