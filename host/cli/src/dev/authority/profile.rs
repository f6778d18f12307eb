//! Place: none. What the certificates of the development CA carry (RFC 5280; for signers EN 319 412-2 section 4.3.2:
//! nonRepudiation alone).

use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// Whose certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Root CA.
    Root,
    /// Issuing CA.
    Issuing,
    /// Signer.
    Signer,
}

/// Names and extensions of one certificate.
pub struct Profile {
    kind: Kind,
    subject: Name,
    issuer: Name,
}

impl Profile {
    /// Of this kind, with these names.
    pub const fn new(kind: Kind, subject: Name, issuer: Name) -> Self {
        Self { kind, subject, issuer }
    }
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = match self.kind {
            Kind::Root | Kind::Issuing => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            Kind::Signer => KeyUsages::NonRepudiation.into(),
        };
        let mut extensions = Vec::new();
        if self.kind != Kind::Signer {
            let path_len_constraint = (self.kind == Kind::Issuing).then_some(0);
            let constraints = BasicConstraints { ca: true, path_len_constraint };
            extensions.push(constraints.to_extension(tbs.subject(), &extensions)?);
        }
        extensions.push(KeyUsage(usage).to_extension(tbs.subject(), &extensions)?);
        extensions.push(SubjectKeyIdentifier::try_from(spk)?.to_extension(tbs.subject(), &extensions)?);
        if self.kind != Kind::Root {
            let identifier = AuthorityKeyIdentifier::try_from(issuer_spk)?;
            extensions.push(identifier.to_extension(tbs.subject(), &extensions)?);
        }
        Ok(extensions)
    }
}
