//! Place: none. The signature section: one entry of certificate (PEM) and COSE_Sign1, both as arrays of integers.

use super::EifError;
use crate::cbor::{CborError, Lengths, Reader};
use alloc::vec::Vec;
use der::pem::PemLabel;
use x509_cert::Certificate;

/// Bounds what an array of integers may unpack to.
const MAX_CERTIFICATE: usize = 16 * 1024;
const MAX_SIGNATURE: usize = 4 * 1024;

impl From<CborError> for EifError {
    fn from(_: CborError) -> Self {
        Self::Signature("not the expected CBOR")
    }
}

/// DER of the certificate in a signature section.
pub(super) fn certificate(section: &[u8]) -> Result<Vec<u8>, EifError> {
    let mut reader = Reader::new(section, 3);
    let mut entries = reader.array(Lengths::Definite)?;
    if !reader.next(&mut entries)? {
        return Err(EifError::Signature("no entry"));
    }
    let (mut certificate, mut signature) = (None, None);
    let mut entry = reader.map(Lengths::Definite)?;
    while reader.next(&mut entry)? {
        let (place, cap) = match reader.text()? {
            "signing_certificate" => (&mut certificate, MAX_CERTIFICATE),
            "signature" => (&mut signature, MAX_SIGNATURE),
            _ => return Err(EifError::Signature("unknown member")),
        };
        if place.replace(integers(&mut reader, cap)?).is_some() {
            return Err(EifError::Signature("a member stands twice"));
        }
    }
    // Only PCR0 is signed, so a second entry has no meaning.
    if reader.next(&mut entries)? {
        return Err(EifError::Signature("more than one entry"));
    }
    reader.finish()?;
    signature.ok_or(EifError::Signature("no signature"))?;
    let pem = certificate.ok_or(EifError::Signature("no certificate"))?;
    let (label, der) =
        der::pem::decode_vec(&pem).map_err(|_| EifError::Signature("the certificate is not PEM"))?;
    if label != Certificate::PEM_LABEL {
        return Err(EifError::Signature("the PEM block is not a certificate"));
    }
    Ok(der)
}

/// An array of integers 0 to 255, grown by what is read and never by what is claimed.
fn integers(reader: &mut Reader<'_>, cap: usize) -> Result<Vec<u8>, EifError> {
    let mut octets = Vec::new();
    let mut items = reader.array(Lengths::Definite)?;
    while reader.next(&mut items)? {
        let octet =
            u8::try_from(reader.unsigned()?).map_err(|_| EifError::Signature("an octet is above 255"))?;
        if octets.len() == cap {
            return Err(EifError::Signature("a member is too long"));
        }
        octets.push(octet);
    }
    Ok(octets)
}
