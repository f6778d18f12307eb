//! Place: none. The extensions of a certificate: each at most once, the known ones decoded as exact DER.

use alloc::vec::Vec;
use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, SubjectAltName,
};

use super::certificate::CertificateError;

/// subjectAltName.
pub const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// keyUsage.
pub const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
/// basicConstraints.
pub const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
/// nameConstraints.
pub const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
/// certificatePolicies.
pub const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
/// policyMappings.
pub const POLICY_MAPPINGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.33");
/// policyConstraints.
pub const POLICY_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.36");
/// extKeyUsage.
pub const EXT_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// inhibitAnyPolicy.
pub const INHIBIT_ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.54");

/// The extensions that are decoded; a critical one outside this list makes a path invalid.
pub const KNOWN: [ObjectIdentifier; 5] =
    [SUBJECT_ALT_NAME, KEY_USAGE, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, EXT_KEY_USAGE];

/// Most extensions in one certificate.
const MAX_EXTENSIONS: usize = 64;

/// What the extensions of one certificate say.
#[derive(Debug, Clone, Default)]
pub struct Extensions {
    all: Vec<(ObjectIdentifier, bool)>,
    key_usage: Option<KeyUsage>,
    basic_constraints: Option<BasicConstraints>,
    extended_key_usage: Vec<ObjectIdentifier>,
    policies: Vec<ObjectIdentifier>,
    alternative_names: Vec<GeneralName>,
}

impl Extensions {
    /// Decodes a certificate's list, `None` when it has none.
    pub(super) fn read(list: Option<&Vec<Extension>>) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let Some(list) = list else { return Ok(read) };
        if list.is_empty() || list.len() > MAX_EXTENSIONS {
            return Err(CertificateError::ExtensionCount(list.len()));
        }
        for extension in list {
            let oid = extension.extn_id;
            if read.criticality(oid).is_some() {
                return Err(CertificateError::DuplicateExtension(oid));
            }
            read.all.push((oid, extension.critical));
            let value = extension.extn_value.as_bytes();
            if oid == KEY_USAGE {
                let usage: KeyUsage = exact(oid, value)?;
                // RFC 5280 section 4.2.1.3: at least one bit is set.
                if usage.0.is_empty() {
                    return Err(CertificateError::BadExtension(oid));
                }
                read.key_usage = Some(usage);
            } else if oid == BASIC_CONSTRAINTS {
                let constraints: BasicConstraints = exact(oid, value)?;
                // RFC 5280 section 4.2.1.9: a path length belongs to CAs alone.
                if constraints.path_len_constraint.is_some() && !constraints.ca {
                    return Err(CertificateError::BadExtension(oid));
                }
                read.basic_constraints = Some(constraints);
            } else if oid == EXT_KEY_USAGE {
                read.extended_key_usage = some(oid, exact::<ExtendedKeyUsage>(oid, value)?.0)?;
            } else if oid == CERTIFICATE_POLICIES {
                let policies = some(oid, exact::<CertificatePolicies>(oid, value)?.0)?;
                read.policies = policies.iter().map(|p| p.policy_identifier).collect();
            } else if oid == SUBJECT_ALT_NAME {
                read.alternative_names = some(oid, exact::<SubjectAltName>(oid, value)?.0)?;
            }
        }
        Ok(read)
    }

    /// Object identifier and criticality of each extension, in the order of the certificate.
    #[must_use]
    pub fn all(&self) -> &[(ObjectIdentifier, bool)] {
        &self.all
    }

    /// Whether the extension is critical; `None` if the certificate lacks it.
    #[must_use]
    pub fn criticality(&self, oid: ObjectIdentifier) -> Option<bool> {
        self.all.iter().find(|(o, _)| *o == oid).map(|(_, critical)| *critical)
    }

    /// keyUsage.
    #[must_use]
    pub const fn key_usage(&self) -> Option<&KeyUsage> {
        self.key_usage.as_ref()
    }

    /// basicConstraints.
    #[must_use]
    pub const fn basic_constraints(&self) -> Option<&BasicConstraints> {
        self.basic_constraints.as_ref()
    }

    /// Purposes of extKeyUsage; empty if the certificate lacks it.
    #[must_use]
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        &self.extended_key_usage
    }

    /// Policy identifiers of certificatePolicies; empty if the certificate lacks it.
    #[must_use]
    pub fn policies(&self) -> &[ObjectIdentifier] {
        &self.policies
    }

    /// Names of subjectAltName; empty if the certificate lacks it.
    #[must_use]
    pub fn alternative_names(&self) -> &[GeneralName] {
        &self.alternative_names
    }
}

/// Decodes a value that has exactly one encoding.
fn exact<'a, T>(oid: ObjectIdentifier, value: &'a [u8]) -> Result<T, CertificateError>
where
    T: Decode<'a> + Encode,
{
    let decoded = T::from_der(value).map_err(|_| CertificateError::BadExtension(oid))?;
    match decoded.to_der() {
        Ok(again) if again == value => Ok(decoded),
        _ => Err(CertificateError::BadExtension(oid)),
    }
}

/// These lists have at least one element (SIZE (1..MAX)).
fn some<T>(oid: ObjectIdentifier, list: Vec<T>) -> Result<Vec<T>, CertificateError> {
    if list.is_empty() { Err(CertificateError::BadExtension(oid)) } else { Ok(list) }
}
