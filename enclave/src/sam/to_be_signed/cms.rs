//! Place: SAM. Signed attributes of a CMS signature (RFC 5652 section 5.4): exact DER, a closed list of attributes, each
//! once and with one value, every one of them checked. What the signer did not see is not signed: no policy, no place, no
//! role, no kind of commitment.

use super::{Signer, ess};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNING_TIME};
use der::asn1::OctetString;
use der::{Any, Decode, Encode, Sequence, Tag, Tagged};
use fuin_shared::fault::Fault;
use fuin_shared::message::MAX_SIGNED_ATTRIBUTES;
use spki::AlgorithmIdentifierOwned;
use std::collections::BTreeSet;
use x509_cert::attr::Attributes;
use x509_cert::time::Time;

/// id-aa-signingCertificateV2 (RFC 5035).
pub(super) const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-aa-CMSAlgorithmProtect (RFC 6211).
pub(super) const ALGORITHM_PROTECTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");

/// What no baseline signature lacks.
const REQUIRED: [ObjectIdentifier; 3] = [ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2];

/// `CMSAlgorithmProtection` of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct AlgorithmProtection {
    pub(super) digest_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT")]
    pub(super) signature_algorithm: AlgorithmIdentifierOwned,
}

/// Digest of the document that the attributes carry.
///
/// # Errors
/// As [`super::read`].
pub(super) fn document(der: &[u8], signer: &Signer<'_>) -> Result<Vec<u8>, Fault> {
    if der.len() > MAX_SIGNED_ATTRIBUTES {
        return Err(Fault::TooLarge);
    }
    let attributes: Attributes = exact(der)?;
    let mut seen = BTreeSet::new();
    let mut document = None;
    for attribute in attributes.iter() {
        let [value] = attribute.values.as_slice() else { return Err(Fault::ToBeSignedContent) };
        if !seen.insert(attribute.oid) {
            return Err(Fault::ToBeSignedContent);
        }
        match attribute.oid {
            ID_CONTENT_TYPE => content_type(value)?,
            ID_MESSAGE_DIGEST => document = Some(message_digest(value)?),
            SIGNING_CERTIFICATE_V2 => ess::check(&octets(value)?, signer)?,
            ID_SIGNING_TIME => {
                signer.check_time(exact::<Time>(&octets(value)?)?.to_unix_duration().as_secs())?
            }
            ALGORITHM_PROTECTION => algorithms(value, signer)?,
            _ => return Err(Fault::ToBeSignedContent),
        }
    }
    if !REQUIRED.iter().all(|oid| seen.contains(oid)) {
        return Err(Fault::ToBeSignedContent);
    }
    document.ok_or(Fault::ToBeSignedContent)
}

/// Reads a value whose one encoding these octets are.
///
/// # Errors
/// [`Fault::ToBeSignedMalformed`].
pub(super) fn exact<T: for<'a> Decode<'a> + Encode>(der: &[u8]) -> Result<T, Fault> {
    let value = T::from_der(der).map_err(|_| Fault::ToBeSignedMalformed)?;
    match value.to_der() {
        Ok(again) if again == der => Ok(value),
        _ => Err(Fault::ToBeSignedMalformed),
    }
}

fn octets(value: &Any) -> Result<Vec<u8>, Fault> {
    value.to_der().map_err(|_| Fault::ToBeSignedMalformed)
}

/// Plain data: no structure that has a meaning of its own, such as a time-stamp or a receipt.
fn content_type(value: &Any) -> Result<(), Fault> {
    let named: ObjectIdentifier = exact(&octets(value)?)?;
    if named == ID_DATA { Ok(()) } else { Err(Fault::ToBeSignedContent) }
}

fn message_digest(value: &Any) -> Result<Vec<u8>, Fault> {
    Ok(exact::<OctetString>(&octets(value)?)?.into_bytes().into())
}

/// Whether a digest algorithm carries nothing but its name (RFC 5754 section 2): anything else would be signed unread.
pub(super) fn is_bare(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.parameters.as_ref().is_none_or(|any| any.tag() == Tag::Null && any.value().is_empty())
}

/// The algorithms that will stand beside the signature are those of this call (RFC 6211).
fn algorithms(value: &Any, signer: &Signer<'_>) -> Result<(), Fault> {
    let named: AlgorithmProtection = exact(&octets(value)?)?;
    let fits = named.digest_algorithm.oid == signer.hash().oid()
        && is_bare(&named.digest_algorithm)
        && named.signature_algorithm.oid == signer.algorithm.oid()
        && named.signature_algorithm.parameters.is_none();
    if fits { Ok(()) } else { Err(Fault::AlgorithmNotAllowed) }
}
