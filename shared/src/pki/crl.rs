//! Place: none. Certificate revocation lists (RFC 5280 section 5): version 2, complete, of the issuer itself, exact DER.
//!
//! Partial lists (delta, issuing distribution point) and indirect ones are refused: what they leave out could be the one
//! entry that matters.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use const_oid::ObjectIdentifier;
use core::cmp::Ordering;
use der::asn1::Uint;
use der::{Decode, Encode};
use thiserror::Error;
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::time::Time;

use super::certificate::{Certificate, MAX_SERIAL, unix, unsigned};
use super::signature;

/// Most octets in one list.
pub const MAX_CRL: usize = 512 * 1024;

const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const DELTA_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const ISSUING_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const ENTRY_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
/// ENUMERATED certificateHold (6): may be taken back.
const ON_HOLD: &[u8] = &[0x0a, 0x01, 0x06];
/// ENUMERATED removeFromCRL (8): only in delta lists.
const REMOVED: &[u8] = &[0x0a, 0x01, 0x08];
/// Last year that is written as UTCTime (RFC 5280 section 5.1.2.4).
const LAST_UTC_YEAR: u16 = 2049;

/// Why a list was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CrlError {
    /// More than [`MAX_CRL`] octets.
    #[error("the list has {0} octets, more than {MAX_CRL}")]
    TooLong(usize),
    /// Not a list, or octets after it.
    #[error("not one certificate revocation list in DER: {0}")]
    Malformed(String),
    /// Another encoding than DER of the same list, or a date in the wrong form.
    #[error("the list is not in DER: let its issuer encode it again")]
    NotExact,
    /// Not version 2.
    #[error("the list is not of version 2")]
    NotVersion2,
    /// Inner and outer signature algorithm differ.
    #[error("the signature algorithms inside and outside the signed part differ")]
    AlgorithmMismatch,
    /// nextUpdate is missing, or before thisUpdate.
    #[error("the list has no nextUpdate, or one before thisUpdate")]
    BadTimes,
    /// No crlNumber, or not one of at most 20 octets.
    #[error("the list has no crlNumber of at most {MAX_SERIAL} octets")]
    NoNumber,
    /// A list of entries without entries: it must be left out then.
    #[error("the list of entries is there and empty")]
    NoEntries,
    /// A serial number that is negative or longer than 20 octets.
    #[error("a serial number is negative or longer than {MAX_SERIAL} octets")]
    BadSerial,
    /// The same extension twice.
    #[error("extension {0} occurs twice")]
    DuplicateExtension(ObjectIdentifier),
    /// A delta list, one of an issuing distribution point, or one with certificates of another issuer.
    #[error("the list is partial or indirect (extension {0}): a complete one is needed")]
    Partial(ObjectIdentifier),
    /// A critical extension that is not processed.
    #[error("the list has the critical extension {0}, which is not processed")]
    UnknownCritical(ObjectIdentifier),
    /// The signature is not a whole number of octets.
    #[error("the signature is not a whole number of octets")]
    BadSignatureBits,
    /// The issuer's certificate has another name.
    #[error("the list is by another issuer")]
    ForeignIssuer,
    /// The issuer's certificate is not for signing lists.
    #[error("the issuer's keyUsage lacks cRLSign")]
    NoCrlSign,
    /// The signature is of an unsupported algorithm, or does not verify.
    #[error("the issuer's signature over the list does not verify")]
    BadSignature,
    /// thisUpdate lies ahead.
    #[error("the list is not valid yet")]
    NotYetValid,
    /// nextUpdate is past.
    #[error("the list is past its nextUpdate")]
    Expired,
}

/// A list as read. Nothing in it is trusted before [`RevocationList::verify`].
#[derive(Debug, Clone)]
pub struct RevocationList {
    tbs: Vec<u8>,
    issuer: Vec<u8>,
    number: Vec<u8>,
    this_update: u64,
    next_update: u64,
    revoked: BTreeSet<Vec<u8>>,
    on_hold: BTreeSet<Vec<u8>>,
    x509: Outer,
}

#[derive(Debug, Clone)]
struct Outer {
    algorithm: spki::AlgorithmIdentifierOwned,
    signature: Vec<u8>,
}

impl RevocationList {
    /// Reads a list in DER.
    ///
    /// # Errors
    /// [`CrlError`], one variant for each rule of the form.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CrlError> {
        if bytes.len() > MAX_CRL {
            return Err(CrlError::TooLong(bytes.len()));
        }
        let malformed = |e: der::Error| CrlError::Malformed(e.to_string());
        let x509 = <CertificateList>::from_der(bytes).map_err(malformed)?;
        if x509.to_der().map_err(malformed)? != bytes {
            return Err(CrlError::NotExact);
        }
        let part = x509.tbs_cert_list;
        if part.version != Version::V2 {
            return Err(CrlError::NotVersion2);
        }
        if part.signature != x509.signature_algorithm {
            return Err(CrlError::AlgorithmMismatch);
        }
        let next_update = part.next_update.ok_or(CrlError::BadTimes)?;
        for time in [part.this_update, next_update] {
            exact_time(time)?;
        }
        if unix(next_update) < unix(part.this_update) {
            return Err(CrlError::BadTimes);
        }
        let signature = x509.signature.as_bytes().ok_or(CrlError::BadSignatureBits)?.to_vec();
        let number = number(part.crl_extensions.as_deref())?;
        let revoked = match &part.revoked_certificates {
            None => BTreeSet::new(),
            Some(list) if list.is_empty() => return Err(CrlError::NoEntries),
            Some(list) => list.iter().map(entry).collect::<Result<_, _>>()?,
        };
        let entries = part.revoked_certificates.iter().flatten();
        let on_hold = entries.filter(|revoked| is_on_hold(revoked)).map(entry).collect::<Result<_, _>>()?;
        Ok(Self {
            // The whole re-encodes to the octets read, so each part does.
            tbs: part.to_der().map_err(malformed)?,
            issuer: part.issuer.to_der().map_err(malformed)?,
            number,
            this_update: unix(part.this_update),
            next_update: unix(next_update),
            revoked,
            on_hold,
            x509: Outer { algorithm: x509.signature_algorithm, signature },
        })
    }

    /// Checks that the owner of `issuer` signed the list. That `issuer` is trusted is for the caller to check.
    ///
    /// # Errors
    /// [`CrlError::ForeignIssuer`], [`CrlError::NoCrlSign`], [`CrlError::BadSignature`].
    pub fn verify(&self, issuer: &Certificate) -> Result<(), CrlError> {
        if issuer.subject_der() != self.issuer {
            return Err(CrlError::ForeignIssuer);
        }
        if !issuer.key_usage().is_some_and(x509_cert::ext::pkix::KeyUsage::crl_sign) {
            return Err(CrlError::NoCrlSign);
        }
        let algorithm = signature::algorithm(&self.x509.algorithm).map_err(|_| CrlError::BadSignature)?;
        signature::verify(issuer.spki_der(), algorithm, &self.tbs, &self.x509.signature)
            .map_err(|_| CrlError::BadSignature)
    }

    /// Checks that `at` (Unix seconds) lies between thisUpdate and nextUpdate, both included.
    ///
    /// # Errors
    /// [`CrlError::NotYetValid`], [`CrlError::Expired`].
    pub const fn check_time(&self, at: u64) -> Result<(), CrlError> {
        if at < self.this_update {
            Err(CrlError::NotYetValid)
        } else if at > self.next_update {
            Err(CrlError::Expired)
        } else {
            Ok(())
        }
    }

    /// Its number against another's of the same issuer.
    #[must_use]
    pub fn compare_number(&self, other: &Self) -> Ordering {
        let key = |list: &Self| (list.number.len(), list.number.clone());
        key(self).cmp(&key(other))
    }

    /// Whether it lists this serial number (big-endian, without leading zero octet), for whatever reason.
    #[must_use]
    pub fn lists(&self, serial: &[u8]) -> bool {
        self.revoked.contains(serial)
    }

    /// Whether it lists this serial number for good: not on hold, which may be taken back.
    #[must_use]
    pub fn revokes(&self, serial: &[u8]) -> bool {
        self.lists(serial) && !self.on_hold.contains(serial)
    }

    /// How many certificates it lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it lists none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// Issuer as DER Name.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// crlNumber, big-endian without leading zero octet.
    #[must_use]
    pub fn number(&self) -> &[u8] {
        &self.number
    }

    /// thisUpdate, Unix seconds.
    #[must_use]
    pub const fn this_update(&self) -> u64 {
        self.this_update
    }

    /// nextUpdate, Unix seconds.
    #[must_use]
    pub const fn next_update(&self) -> u64 {
        self.next_update
    }
}

/// Reads crlNumber, and refuses what changes the meaning of the list.
fn number(list: Option<&[Extension]>) -> Result<Vec<u8>, CrlError> {
    let list = list.unwrap_or_default();
    check_extensions(list, &[DELTA_INDICATOR, ISSUING_POINT])?;
    let found = list.iter().find(|extension| extension.extn_id == CRL_NUMBER).ok_or(CrlError::NoNumber)?;
    let value = found.extn_value.as_bytes();
    let number = Uint::from_der(value).map_err(|_| CrlError::NoNumber)?;
    let exact = number.to_der().is_ok_and(|again| again == value);
    if !exact || number.as_bytes().len() > MAX_SERIAL {
        return Err(CrlError::NoNumber);
    }
    Ok(number.as_bytes().to_vec())
}

fn is_on_hold(revoked: &RevokedCert) -> bool {
    let extensions = revoked.crl_entry_extensions.as_deref().unwrap_or_default();
    extensions.iter().any(|e| e.extn_id == REASON && e.extn_value.as_bytes() == ON_HOLD)
}

/// The serial number of an entry.
fn entry(revoked: &RevokedCert) -> Result<Vec<u8>, CrlError> {
    exact_time(revoked.revocation_date)?;
    let serial = revoked.serial_number.as_bytes();
    let negative = serial.first().is_none_or(|first| first & 0x80 != 0);
    let serial = unsigned(serial);
    if negative || serial.len() > MAX_SERIAL {
        return Err(CrlError::BadSerial);
    }
    let extensions = revoked.crl_entry_extensions.as_deref().unwrap_or_default();
    check_extensions(extensions, &[ENTRY_ISSUER])?;
    if extensions.iter().any(|e| e.extn_id == REASON && e.extn_value.as_bytes() == REMOVED) {
        return Err(CrlError::Partial(REASON));
    }
    Ok(serial.to_vec())
}

/// Each at most once, none of `partial`, none critical: no list that is taken has one that must be.
fn check_extensions(list: &[Extension], partial: &[ObjectIdentifier]) -> Result<(), CrlError> {
    for (position, extension) in list.iter().enumerate() {
        let oid = extension.extn_id;
        if list.iter().take(position).any(|earlier| earlier.extn_id == oid) {
            return Err(CrlError::DuplicateExtension(oid));
        }
        if partial.contains(&oid) {
            return Err(CrlError::Partial(oid));
        }
        if extension.critical {
            return Err(CrlError::UnknownCritical(oid));
        }
    }
    Ok(())
}

fn exact_time(time: Time) -> Result<(), CrlError> {
    match time {
        Time::GeneralTime(general) if general.to_date_time().year() <= LAST_UTC_YEAR => {
            Err(CrlError::NotExact)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
