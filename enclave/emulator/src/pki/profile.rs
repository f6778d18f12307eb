//! Place: none.
//!
//! What each level of the chain carries.

use std::str::FromStr;

use der::Encode;
use der::asn1::{Ia5String, OctetString};
use der::oid::AssociatedOid;
use p384::ecdsa::SigningKey;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::PkiError;

/// A level of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Self-signed, 30 years, no path length.
    Root,
    /// 20 days, path length 2.
    Region,
    /// 6 days, path length 1.
    Zone,
    /// 24 hours, path length 0, certSign only.
    Instance,
    /// 3 hours, no CA; key usage not critical, no key identifiers.
    Leaf,
}

/// Names and extensions of one certificate.
pub struct Profile {
    level: Level,
    subject: Name,
    issuer: Option<Name>,
}

impl Profile {
    /// A profile for the common name `name`; without `issuer` it is self-issued.
    ///
    /// # Errors
    /// [`PkiError::Der`] if the name cannot be encoded.
    pub fn new(level: Level, name: &str, issuer: Option<Name>) -> Result<Self, PkiError> {
        // The text form lists the most specific part first, the encoding last. Zones have another order, as in real chains.
        let text = match level {
            Level::Zone => format!("O=Fuin,OU=Development only,CN={name}"),
            _ => format!("CN={name},OU=Development only,O=Fuin"),
        };
        Ok(Self { level, subject: Name::from_str(&text)?, issuer })
    }

    fn basic_constraints(&self) -> BasicConstraints {
        let (ca, path_len_constraint) = match self.level {
            Level::Root => (true, None),
            Level::Region => (true, Some(2)),
            Level::Zone => (true, Some(1)),
            Level::Instance => (true, Some(0)),
            Level::Leaf => (false, None),
        };
        BasicConstraints { ca, path_len_constraint }
    }

    fn key_usage(&self) -> KeyUsage {
        KeyUsage(match self.level {
            Level::Root | Level::Region | Level::Zone => {
                KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign
            }
            Level::Instance => KeyUsages::KeyCertSign.into(),
            Level::Leaf => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
        })
    }
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        self.issuer.clone().unwrap_or_else(|| subject.clone())
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        issuer_spk: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let mut extensions = vec![extension(true, &self.basic_constraints())?];
        if self.level != Level::Leaf {
            extensions.push(extension(false, &SubjectKeyIdentifier::try_from(spk)?)?);
        }
        if !matches!(self.level, Level::Root | Level::Leaf) {
            extensions.push(extension(false, &AuthorityKeyIdentifier::try_from(issuer_spk)?)?);
        }
        extensions.push(extension(self.level != Level::Leaf, &self.key_usage())?);
        if matches!(self.level, Level::Region | Level::Zone) {
            extensions.push(extension(false, &revocation_list()?)?);
        }
        Ok(extensions)
    }
}

/// A place that does not exist, as the name says: revocation is not part of checking documents.
fn revocation_list() -> der::Result<CrlDistributionPoints> {
    let uri = Ia5String::new(&format!("http://crl.{}/none.crl", super::ROOT_NAME))?;
    let name = DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(uri)]);
    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(name),
        reasons: None,
        crl_issuer: None,
    }]))
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

/// The public half of `key` as certificates carry it.
///
/// # Errors
/// [`PkiError::Key`].
pub fn public_key(key: &SigningKey) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
    SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).map_err(|error| PkiError::Key(error.to_string()))
}
