//! Place: none. Trust anchors. Production and development anchors are different types, and so are their results.

use crate::chain::certificate::Certificate;
use crate::error::Refusal;
use alloc::vec;
use alloc::vec::Vec;
use fuin_shared::manifest::Manifest;
use sha2::{Digest, Sha256};

/// Root of AWS Nitro Enclaves, commercial partitions ("root G1").
const AWS_NITRO_G1_PEM: &str = include_str!("aws_nitro_enclaves_g1.pem");
/// Why an anchor cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// Not one PEM block `CERTIFICATE`.
    #[error("not one PEM block of type CERTIFICATE")]
    Pem,
    /// Not a certificate this verifier could accept as a root.
    #[error("not a usable root certificate: {0}")]
    Certificate(Refusal),
}

/// A vendor's root that this library knows. Cannot be made from outside octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionAnchor {
    partition: &'static str,
    der: Vec<u8>,
}

impl ProductionAnchor {
    /// Root G1 of AWS Nitro Enclaves.
    #[must_use]
    pub fn aws_nitro_g1() -> Self {
        // Invariant, held by a test: the constant decodes and has the published fingerprint. Were it otherwise, an
        // empty anchor equals no bundle entry (entries are never empty) and everything would be refused.
        let der = pem(AWS_NITRO_G1_PEM.as_bytes()).unwrap_or_default();
        Self { partition: "aws", der }
    }

    /// The partition the root belongs to.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        self.partition
    }

    /// DER of the certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// A root that the caller names: of an emulation, or of a test. Evidence under it never counts as production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevelopmentAnchor {
    der: Vec<u8>,
}

impl DevelopmentAnchor {
    /// From one certificate in PEM.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn from_pem(text: &[u8]) -> Result<Self, AnchorError> {
        Self::from_der(&pem(text).ok_or(AnchorError::Pem)?)
    }

    /// From one certificate in DER.
    ///
    /// # Errors
    /// [`AnchorError::Certificate`] when it is no X.509 v3 certificate of a P-384 key under ecdsa-with-SHA384.
    pub fn from_der(der: &[u8]) -> Result<Self, AnchorError> {
        Certificate::parse(der, "the root").map_err(AnchorError::Certificate)?;
        Ok(Self { der: der.to_vec() })
    }

    /// DER of the certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Which kind of root a document ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorKind {
    /// A vendor's root, with its partition.
    Production {
        /// Partition such as `aws`.
        partition: &'static str,
    },
    /// A root the caller named.
    Development,
}

/// The roots a caller trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    production: Vec<ProductionAnchor>,
    development: Vec<DevelopmentAnchor>,
}

impl Anchors {
    /// The vendors' roots: what a relying party uses.
    #[must_use]
    pub fn production() -> Self {
        Self { production: vec![ProductionAnchor::aws_nitro_g1()], development: Vec::new() }
    }

    /// One development root and nothing else.
    #[must_use]
    pub fn development(anchor: DevelopmentAnchor) -> Self {
        Self { production: Vec::new(), development: vec![anchor] }
    }

    /// The vendors' roots; for a development service those besides that its manifest names for ever.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let named = manifest.evidence_anchors.iter().filter(|_| manifest.development);
        let read = named.filter_map(|der| DevelopmentAnchor::from_der(der.as_slice()).ok());
        read.fold(Self::production(), Self::with_development)
    }

    /// The one root that a person named in PEM. A vendor's root stays a production anchor when it is named this way.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn named(text: &[u8]) -> Result<Self, AnchorError> {
        let anchor = DevelopmentAnchor::from_pem(text)?;
        let production = Self::production();
        Ok(match production.find(anchor.der()) {
            Some(_) => production,
            None => Self::development(anchor),
        })
    }

    /// These roots and a development root besides.
    #[must_use]
    pub fn with_development(mut self, anchor: DevelopmentAnchor) -> Self {
        self.development.push(anchor);
        self
    }

    /// A root of a test in a vendor's place.
    #[cfg(test)]
    pub(crate) fn as_if_production(der: &[u8]) -> Self {
        let anchor = ProductionAnchor { partition: "test", der: der.to_vec() };
        Self { production: vec![anchor], development: Vec::new() }
    }

    /// The kind of the anchor whose octets are `der`.
    pub(crate) fn find(&self, der: &[u8]) -> Option<AnchorKind> {
        let production = self.production.iter().find(|anchor| anchor.der == der);
        let development = || self.development.iter().find(|anchor| anchor.der == der);
        match production {
            Some(anchor) => Some(AnchorKind::Production { partition: anchor.partition }),
            None => development().map(|_| AnchorKind::Development),
        }
    }
}

/// SHA-256 of a certificate, as people compare it.
#[must_use]
pub fn fingerprint(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

/// DER of the one certificate in a PEM text.
fn pem(text: &[u8]) -> Option<Vec<u8>> {
    let (label, der) = der::pem::decode_vec(text).ok()?;
    (label == "CERTIFICATE").then_some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of its DER, as AWS publishes it.
    const AWS_NITRO_G1_SHA256: [u8; 32] = [
        0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e,
        0xd7, 0xcd, 0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
    ];

    #[test]
    fn root_g1_has_the_published_fingerprint() {
        let anchor = ProductionAnchor::aws_nitro_g1();
        assert_eq!(fingerprint(anchor.der()), AWS_NITRO_G1_SHA256);
        assert_eq!(anchor.der().len(), 533);
        assert_eq!(anchor.partition(), "aws");
        assert!(DevelopmentAnchor::from_der(anchor.der()).is_ok());
    }

    #[test]
    fn naming_the_vendors_root_keeps_it_a_production_anchor() {
        let named = Anchors::named(AWS_NITRO_G1_PEM.as_bytes()).unwrap();
        assert_eq!(named, Anchors::production());
        let der = ProductionAnchor::aws_nitro_g1().der;
        assert_eq!(named.find(&der), Some(AnchorKind::Production { partition: "aws" }));
        assert_eq!(named.find(&[]), None);
    }

    #[test]
    fn other_pem_and_other_octets_are_no_anchor() {
        assert_eq!(DevelopmentAnchor::from_pem(b"text"), Err(AnchorError::Pem));
        let key = b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
        assert_eq!(DevelopmentAnchor::from_pem(key), Err(AnchorError::Pem));
        assert!(matches!(DevelopmentAnchor::from_der(&[0x30, 0x00]), Err(AnchorError::Certificate(_))));
    }
}
