//! Place: SAM. PKCS#10 certification requests (RFC 2986), parsed and built inside: the one thing that a key signs
//! before it has a certificate is never taken as a bare hash.

mod subject;

use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, PrintableStringRef, Utf8StringRef};
use der::{Decode, Encode, Tag, Tagged};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;
use fuin_shared::pki::name;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::attr::Attribute;
use x509_cert::ext::Extensions;
use x509_cert::request::{CertReqInfo, Version};

pub use subject::Subject;

/// Longest certification request information in octets.
pub const MAX_REQUEST_INFO: usize = 8 * 1024;
/// Most characters of a challengePassword (RFC 2985, pkcs-9-ub-challengePassword).
const MAX_PASSWORD: usize = 255;
/// Attribute extensionRequest (RFC 2985 section 5.4.2).
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
/// Attribute challengePassword (RFC 2985 section 5.4.1).
const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");

/// A certification request information that was read strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    info: CertReqInfo,
    spki: Vec<u8>,
    subject: Vec<u8>,
}

impl RequestInfo {
    /// Reads exact DER of at most [`MAX_REQUEST_INFO`] octets: version 0, a P-256 or P-384 key, and no attribute but
    /// one extensionRequest and one challengePassword.
    ///
    /// # Errors
    /// [`Fault::RequestInfoMalformed`].
    pub fn parse(der: &[u8]) -> Result<Self, Fault> {
        if der.len() > MAX_REQUEST_INFO {
            return Err(Fault::RequestInfoMalformed);
        }
        Self::read(der).ok_or(Fault::RequestInfoMalformed)
    }

    fn read(der: &[u8]) -> Option<Self> {
        let info = CertReqInfo::from_der(der).ok()?;
        if info.to_der().ok()? != der || !attributes_allowed(info.attributes.as_slice()) {
            return None;
        }
        let spki = info.public_key.to_der().ok()?;
        PublicKey::from_spki(&spki).ok()?;
        let subject = info.subject.to_der().ok()?;
        Some(Self { info, spki, subject })
    }

    /// DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The subject in DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The subject as RFC 4514 text, last component first. One name has many texts: to compare with a name that
    /// somebody wrote, use [`Self::has_subject`].
    #[must_use]
    pub fn subject_rfc4514(&self) -> String {
        name::to_text(&self.info.subject)
    }

    /// Whether the subject is the name that this RFC 4514 text writes; false if it writes none.
    #[must_use]
    pub fn has_subject(&self, text: &str) -> bool {
        Subject::parse(text).is_some_and(|subject| subject.is(&self.info.subject))
    }
}

/// Builds the information for a key and a subject in RFC 4514 text, without attributes.
///
/// # Errors
/// [`Fault::RequestInfoMalformed`] when the text is no RFC 4514 name, or the key is outside the closed set.
pub fn build(spki: &[u8], subject: &str) -> Result<Vec<u8>, Fault> {
    let build = || {
        let info = CertReqInfo {
            version: Version::V1,
            subject: Subject::parse(subject)?.into_name(),
            public_key: SubjectPublicKeyInfoOwned::from_der(spki).ok()?,
            attributes: Default::default(),
        };
        info.to_der().ok()
    };
    let der = build().ok_or(Fault::RequestInfoMalformed)?;
    // What is built passes what is demanded of others.
    RequestInfo::parse(&der)?;
    Ok(der)
}

/// The certification request: the information as it was signed, the algorithm, and the signature (ECDSA in DER).
#[must_use]
pub fn assemble(info: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    let assemble = || -> der::Result<Vec<u8>> {
        // RFC 5758 section 3.2: parameters are absent.
        let algorithm = AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None };
        let mut content = info.to_vec();
        algorithm.encode_to_vec(&mut content)?;
        BitString::from_bytes(signature)?.encode_to_vec(&mut content)?;
        Any::new(Tag::Sequence, content)?.to_der()
    };
    // Invariant: DER encodes any content far below its limit of 256 MiB; this one is bounded by MAX_REQUEST_INFO.
    assemble().expect("a request of bounded size encodes")
}

/// Whether only known attributes are there, each once and with one value of its syntax.
fn attributes_allowed(attributes: &[Attribute]) -> bool {
    let mut seen = Vec::new();
    attributes.iter().all(|attribute| {
        let new = !seen.contains(&attribute.oid);
        seen.push(attribute.oid);
        let [value] = attribute.values.as_slice() else {
            return false;
        };
        new && match attribute.oid {
            EXTENSION_REQUEST => is_extension_request(value),
            CHALLENGE_PASSWORD => is_password(value),
            _ => false,
        }
    })
}

/// One extension at least, in exact DER, each once.
fn is_extension_request(value: &Any) -> bool {
    let read = || {
        let der = value.to_der().ok()?;
        let extensions = Extensions::from_der(&der).ok()?;
        (extensions.to_der().ok()? == der).then_some(extensions)
    };
    read().is_some_and(|extensions| {
        let once = |(at, e): (usize, &x509_cert::ext::Extension)| {
            extensions.iter().take(at).all(|before| before.extn_id != e.extn_id)
        };
        !extensions.is_empty() && extensions.iter().enumerate().all(once)
    })
}

fn is_password(value: &Any) -> bool {
    let text = match value.tag() {
        Tag::PrintableString => PrintableStringRef::try_from(value).map(|s| s.as_str().chars().count()),
        Tag::Utf8String => Utf8StringRef::try_from(value).map(|s| s.as_str().chars().count()),
        _ => return false,
    };
    text.is_ok_and(|length| (1..=MAX_PASSWORD).contains(&length))
}

#[cfg(test)]
mod tests;
