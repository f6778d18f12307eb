//! Place: none. One X.509 certificate: bounded, version 3, exactly one encoding.

use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use thiserror::Error;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::time::Time;

use super::extension::Extensions;
use super::name;
use crate::algorithm::KeyAlgorithm;
use crate::key::PublicKey;

/// Most octets in one certificate.
pub const MAX_CERTIFICATE: usize = 16 * 1024;

/// Most octets in a serial number.
pub(super) const MAX_SERIAL: usize = 20;

/// Why a certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// More than [`MAX_CERTIFICATE`] octets.
    #[error("the certificate has {0} octets, more than {MAX_CERTIFICATE}")]
    TooLong(usize),
    /// Not a certificate, or octets after it.
    #[error("not one X.509 certificate in DER: {0}")]
    Malformed(String),
    /// Another encoding than DER of the same certificate, or a date in the wrong form (RFC 5280 section 4.1.2.5).
    #[error("the certificate is not in DER: let its issuer encode it again")]
    NotExact,
    /// Not version 3.
    #[error("the certificate is not X.509 version 3")]
    NotVersion3,
    /// Inner and outer signature algorithm differ.
    #[error("the signature algorithms inside and outside the signed part differ")]
    AlgorithmMismatch,
    /// The serial number is negative or longer than 20 octets.
    #[error("the serial number is negative or longer than {MAX_SERIAL} octets")]
    BadSerial,
    /// notBefore is after notAfter.
    #[error("the validity ends before it begins")]
    BadValidity,
    /// The issuer is the empty name.
    #[error("the issuer is empty")]
    EmptyIssuer,
    /// The signature is not a whole number of octets.
    #[error("the signature is not a whole number of octets")]
    BadSignatureBits,
    /// No extension in the list, or more than are accepted.
    #[error("{0} extensions in the list")]
    ExtensionCount(usize),
    /// The same extension twice.
    #[error("extension {0} occurs twice")]
    DuplicateExtension(ObjectIdentifier),
    /// A known extension that is malformed or not in DER.
    #[error("extension {0} is malformed or not in DER")]
    BadExtension(ObjectIdentifier),
}

/// A certificate as read. Nothing in it is trusted before [`super::path::validate`].
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    spki: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    x509: x509_cert::Certificate,
    extensions: Extensions,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`], one variant for each rule.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(CertificateError::TooLong(bytes.len()));
        }
        let malformed = |e: der::Error| CertificateError::Malformed(e.to_string());
        let x509 = x509_cert::Certificate::from_der(bytes).map_err(malformed)?;
        if x509.to_der().map_err(malformed)? != bytes {
            return Err(CertificateError::NotExact);
        }
        let part = x509.tbs_certificate();
        if part.version() != Version::V3 {
            return Err(CertificateError::NotVersion3);
        }
        if part.signature() != x509.signature_algorithm() {
            return Err(CertificateError::AlgorithmMismatch);
        }
        let serial = part.serial_number().as_bytes();
        let negative = serial.first().is_none_or(|first| first & 0x80 != 0);
        if negative || unsigned(serial).len() > MAX_SERIAL {
            return Err(CertificateError::BadSerial);
        }
        if unix(part.validity().not_before) > unix(part.validity().not_after) {
            return Err(CertificateError::BadValidity);
        }
        if part.issuer().is_empty() {
            return Err(CertificateError::EmptyIssuer);
        }
        if x509.signature().as_bytes().is_none() {
            return Err(CertificateError::BadSignatureBits);
        }
        Ok(Self {
            der: bytes.to_vec(),
            // The whole re-encodes to the octets read, so each part does.
            tbs: part.to_der().map_err(malformed)?,
            spki: part.subject_public_key_info().to_der().map_err(malformed)?,
            issuer: part.issuer().to_der().map_err(malformed)?,
            subject: part.subject().to_der().map_err(malformed)?,
            extensions: Extensions::read(part.extensions())?,
            x509,
        })
    }

    /// The certificate as read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// SHA-256 of the certificate.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// The decoded structure, for libraries that want it.
    #[must_use]
    pub const fn x509(&self) -> &x509_cert::Certificate {
        &self.x509
    }

    /// SubjectPublicKeyInfo, algorithm identifier and parameters included.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Algorithm identifier of the public key.
    #[must_use]
    pub fn public_key_algorithm(&self) -> &AlgorithmIdentifierOwned {
        &self.x509.tbs_certificate().subject_public_key_info().algorithm
    }

    /// The public key if its algorithm is in the closed set, else `None`.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_spki(&self.spki).ok()
    }

    /// Algorithm of the public key if it is in the closed set.
    #[must_use]
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        self.public_key().map(|key| key.algorithm())
    }

    /// Algorithm identifier of the signature.
    #[must_use]
    pub fn signature_algorithm(&self) -> &AlgorithmIdentifierOwned {
        self.x509.signature_algorithm()
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        // Checked in `from_der` to be whole octets.
        self.x509.signature().raw_bytes()
    }

    /// Subject as DER Name.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// Issuer as DER Name.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// Subject as RFC 4514 text.
    #[must_use]
    pub fn subject(&self) -> String {
        name::to_text(self.x509.tbs_certificate().subject())
    }

    /// Issuer as RFC 4514 text.
    #[must_use]
    pub fn issuer(&self) -> String {
        name::to_text(self.x509.tbs_certificate().issuer())
    }

    /// First value of an attribute of the subject, by dotted object identifier, if it is a character string.
    #[must_use]
    pub fn subject_attribute(&self, oid: &str) -> Option<String> {
        name::attribute(self.x509.tbs_certificate().subject(), oid)
    }

    /// Serial number, big-endian, without a leading zero octet (one zero octet for 0).
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        unsigned(self.x509.tbs_certificate().serial_number().as_bytes())
    }

    /// Serial number as upper-case hexadecimal octets.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex::encode_upper(self.serial())
    }

    /// First second of validity, Unix seconds.
    #[must_use]
    pub fn not_before(&self) -> u64 {
        unix(self.x509.tbs_certificate().validity().not_before)
    }

    /// Last second of validity, Unix seconds.
    #[must_use]
    pub fn not_after(&self) -> u64 {
        unix(self.x509.tbs_certificate().validity().not_after)
    }

    /// notBefore as `YYYYMMDDHHMMSSZ`.
    #[must_use]
    pub fn not_before_text(&self) -> String {
        generalized(self.x509.tbs_certificate().validity().not_before)
    }

    /// notAfter as `YYYYMMDDHHMMSSZ`.
    #[must_use]
    pub fn not_after_text(&self) -> String {
        generalized(self.x509.tbs_certificate().validity().not_after)
    }

    /// Whether `at` (Unix seconds) lies within the validity, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, at: u64) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// What the extensions say.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// keyUsage.
    #[must_use]
    pub const fn key_usage(&self) -> Option<&KeyUsage> {
        self.extensions.key_usage()
    }

    /// basicConstraints.
    #[must_use]
    pub const fn basic_constraints(&self) -> Option<&BasicConstraints> {
        self.extensions.basic_constraints()
    }

    /// Purposes of extKeyUsage; empty if the certificate lacks it.
    #[must_use]
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        self.extensions.extended_key_usage()
    }

    /// Whether basicConstraints makes it a CA's.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// Whether issuer and subject are the same name (RFC 5280: self-issued).
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Subject and serial number.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject(), self.serial_hex())
    }
}

/// Without the octet that only keeps the sign positive.
pub(super) fn unsigned(integer: &[u8]) -> &[u8] {
    match integer {
        [0, rest @ ..] if !rest.is_empty() => rest,
        other => other,
    }
}

pub(super) fn unix(time: Time) -> u64 {
    time.to_unix_duration().as_secs()
}

fn generalized(time: Time) -> String {
    let t = time.to_date_time();
    let (year, month, day) = (t.year(), t.month(), t.day());
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}Z", t.hour(), t.minutes(), t.seconds())
}

#[cfg(test)]
mod tests;
