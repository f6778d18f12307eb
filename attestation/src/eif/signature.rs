//! Place: none. The signature section: one entry of certificate (PEM) and COSE_Sign1, both as arrays of integers.

use super::{EifError, PCR_LENGTH};
use crate::cbor::{CborError, Lengths, Reader};
use crate::chain::certificate::public_key;
use crate::document::Envelope;
use crate::verify::signed_digest;
use alloc::vec;
use alloc::vec::Vec;
use der::Decode;
use der::pem::PemLabel;
use p384::ecdsa::Signature;
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use x509_cert::Certificate;

/// Bounds what an array of integers may unpack to.
const MAX_CERTIFICATE: usize = 16 * 1024;
const MAX_SIGNATURE: usize = 4 * 1024;

impl From<CborError> for EifError {
    fn from(_: CborError) -> Self {
        Self::Signature("not the expected CBOR")
    }
}

/// What a signature section holds.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// DER of the certificate.
    pub(super) certificate: Vec<u8>,
    /// COSE_Sign1.
    cose: Vec<u8>,
}

impl Signed {
    /// Reads a section.
    pub(super) fn read(section: &[u8]) -> Result<Self, EifError> {
        read(section)
    }

    /// Verifies that the certificate's key signed this PCR0. The payload is built from it, never taken from the section.
    pub(super) fn verify(&self, pcr0: &[u8; PCR_LENGTH]) -> Result<(), EifError> {
        let refuse = EifError::BadSignature;
        let certificate = Certificate::from_der(&self.certificate)
            .map_err(|_| refuse("the certificate is not exact DER"))?;
        let key = public_key(certificate.tbs_certificate().subject_public_key_info())
            .ok_or(refuse("the certificate has no uncompressed P-384 key"))?;
        let envelope = Envelope::read(&self.cose)
            .map_err(|_| refuse("the signature is not one untagged COSE_Sign1 under ES384"))?;
        if envelope.payload != payload(pcr0) {
            return Err(refuse("it signs another PCR0 than that of this image"));
        }
        let signature =
            Signature::from_slice(envelope.signature).map_err(|_| refuse("r or s lies outside 1..n-1"))?;
        key.verify_prehash(&signed_digest(envelope.protected, envelope.payload), &signature)
            .map_err(|_| refuse("the certificate's key did not make it"))
    }
}

/// CBOR of {register_index: 0, register_value: PCR0 as an array of integers}, as the tools write it.
fn payload(pcr0: &[u8; PCR_LENGTH]) -> Vec<u8> {
    let mut out = vec![0xa2, 0x6e];
    out.extend_from_slice(b"register_index");
    out.extend_from_slice(&[0x00, 0x6e]);
    out.extend_from_slice(b"register_value");
    out.extend_from_slice(&[0x98, 48]);
    for octet in pcr0 {
        if *octet > 23 {
            out.push(0x18);
        }
        out.push(*octet);
    }
    out
}

fn read(section: &[u8]) -> Result<Signed, EifError> {
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
    let cose = signature.ok_or(EifError::Signature("no signature"))?;
    let pem = certificate.ok_or(EifError::Signature("no certificate"))?;
    let (label, der) =
        der::pem::decode_vec(&pem).map_err(|_| EifError::Signature("the certificate is not PEM"))?;
    if label != Certificate::PEM_LABEL {
        return Err(EifError::Signature("the PEM block is not a certificate"));
    }
    Ok(Signed { certificate: der, cose })
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
