//! Place: none. One certificate, taken only in its exact DER and with the algorithms of this platform (step 11).

use super::extensions::Extensions;
use crate::error::{Refusal, Step};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use p384::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha384};
use x509_cert::certificate::Version;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// `04 || x || y` on P-384.
const UNCOMPRESSED_POINT: usize = 97;

/// A parsed certificate of the chain.
pub(crate) struct Certificate {
    place: String,
    tbs: Vec<u8>,
    signature: Signature,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) key: VerifyingKey,
    period: (u64, u64),
    common_name: Option<String>,
    extensions: Extensions,
}

impl Certificate {
    /// Parses `der`; `place` names it in refusals.
    pub(crate) fn parse(der: &[u8], place: &str) -> Result<Self, Refusal> {
        let refuse = |what: &str| Refusal::new(Step::Certificate, format!("{place}: {what}"));
        let inexact = |_: der::Error| refuse("not an exact DER certificate");
        let certificate = x509_cert::Certificate::from_der(der).map_err(inexact)?;
        // Octets that come back the same have one reading only; so the parts below are the received ones.
        if certificate.to_der().map_err(inexact)? != der {
            return Err(refuse("not an exact DER certificate"));
        }
        let tbs = certificate.tbs_certificate();
        if tbs.version() != Version::V3 {
            return Err(refuse("not version 3"));
        }
        if !is_ecdsa_sha384(certificate.signature_algorithm()) || !is_ecdsa_sha384(tbs.signature()) {
            return Err(refuse("not signed with ecdsa-with-SHA384"));
        }
        let signature = certificate
            .signature()
            .as_bytes()
            .and_then(|octets| Signature::from_der(octets).ok())
            .ok_or_else(|| refuse("the signature is no pair of numbers below the group order"))?;
        let key = public_key(tbs.subject_public_key_info())
            .ok_or_else(|| refuse("not an uncompressed P-384 key"))?;
        let extensions =
            Extensions::read(tbs.extensions().map_or(&[], |list| list.as_slice())).map_err(refuse)?;
        let validity = tbs.validity();
        Ok(Self {
            tbs: tbs.to_der().map_err(inexact)?,
            signature,
            issuer: tbs.issuer().to_der().map_err(inexact)?,
            subject: tbs.subject().to_der().map_err(inexact)?,
            key,
            period: (
                validity.not_before.to_unix_duration().as_secs(),
                validity.not_after.to_unix_duration().as_secs(),
            ),
            common_name: common_name(tbs.subject()),
            extensions,
            place: place.to_owned(),
        })
    }

    /// How refusals name this certificate.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// First and last second of validity.
    pub(super) fn period(&self) -> (u64, u64) {
        self.period
    }

    /// The subject's common name, when there is exactly one and it is text.
    pub(super) fn common_name(&self) -> Option<String> {
        self.common_name.clone()
    }

    /// Step 12, signature under the key of `issuer`.
    pub(super) fn signed_by(&self, issuer: &Self) -> Result<(), Refusal> {
        issuer.key.verify_prehash(&Sha384::digest(&self.tbs), &self.signature).map_err(|_| {
            let detail = format!("{}: not signed by {}", self.place, issuer.place);
            Refusal::new(Step::Chain, detail)
        })
    }

    /// Step 13.
    pub(super) fn valid_at(&self, time: u64) -> Result<(), Refusal> {
        let (from, to) = self.period;
        if time < from || time > to {
            let detail = format!(
                "{}: valid from {} to {}, judged at {}",
                self.place,
                crate::time::utc(from),
                crate::time::utc(to),
                crate::time::utc(time)
            );
            return Err(Refusal::new(Step::Validity, detail));
        }
        Ok(())
    }
}

fn is_ecdsa_sha384(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.oid == ECDSA_WITH_SHA384 && algorithm.parameters.is_none()
}

/// The key in a SubjectPublicKeyInfo, when it is an uncompressed point on P-384.
pub(crate) fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<VerifyingKey> {
    let curve = info.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?;
    let point = info.subject_public_key.as_bytes()?;
    // `from_sec1_bytes` would take compressed points too.
    let exact = info.algorithm.oid == EC_PUBLIC_KEY
        && curve == SECP384R1
        && point.len() == UNCOMPRESSED_POINT
        && point.first() == Some(&0x04);
    exact.then(|| VerifyingKey::from_sec1_bytes(point).ok()).flatten()
}

fn common_name(name: &x509_cert::name::Name) -> Option<String> {
    let mut found = name.iter().filter(|attribute| attribute.oid == COMMON_NAME);
    let value = &found.next()?.value;
    if found.next().is_some() {
        return None;
    }
    // UTF8String and PrintableString share their octets for what these names contain.
    core::str::from_utf8(value.value()).ok().map(str::to_owned)
}
