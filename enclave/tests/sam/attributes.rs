//! Place: SCA. Bytes to be signed, made by hand, so that tests can also make wrong ones.

use super::people::Authority;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use der::{Decode, Encode};
use fuin_shared::bytes::Blob;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
pub const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
pub const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
pub const ALGORITHM_PROTECTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34];
pub const COMMITMENT: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x10];
pub const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
pub const ID_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
pub const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
pub const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
pub const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
pub const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];

pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

pub fn oid(content: &[u8]) -> Vec<u8> {
    tlv(0x06, content)
}

pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// In this order.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &parts.concat())
}

/// In the order of DER.
pub fn set_of(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort();
    set(&parts)
}

pub fn attribute(name: &[u8], value: Vec<u8>) -> Vec<u8> {
    sequence(&[oid(name), set(&[value])])
}

pub fn content_type() -> Vec<u8> {
    attribute(CONTENT_TYPE, oid(ID_DATA))
}

pub fn message_digest(document: &[u8]) -> Vec<u8> {
    attribute(MESSAGE_DIGEST, octet_string(document))
}

/// `ESSCertIDv2` under SHA-256, with issuer and serial number.
pub fn certificate_id(certificate: &[u8]) -> Vec<u8> {
    sequence(&[octet_string(&Sha256::digest(certificate)), issuer_serial(certificate)])
}

pub fn issuer_serial(certificate: &[u8]) -> Vec<u8> {
    let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
    let tbs = certificate.tbs_certificate();
    let name = tlv(0xa4, &tbs.issuer().to_der().unwrap());
    sequence(&[sequence(&[name]), tbs.serial_number().to_der().unwrap()])
}

pub fn signing_certificate(ids: &[Vec<u8>]) -> Vec<u8> {
    attribute(SIGNING_CERTIFICATE, sequence(&[sequence(ids)]))
}

/// The three that a baseline signature has, in no order.
pub fn baseline(document: &[u8], certificate: &[u8]) -> Vec<Vec<u8>> {
    vec![content_type(), message_digest(document), signing_certificate(&[certificate_id(certificate)])]
}

pub fn signed_attributes(document: &[u8], certificate: &[u8]) -> Vec<u8> {
    set_of(&baseline(document, certificate))
}

pub fn base64url(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

pub fn base64(octets: &[u8]) -> String {
    Base64::encode_string(octets)
}

/// A header that names the certificate by its SHA-256.
pub fn header(certificate: &[u8]) -> Value {
    json!({ "alg": "ES256", "x5t#S256": base64url(&Sha256::digest(certificate)) })
}

/// A header whose `sigD` names a document by its digest.
pub fn detached(document: &[u8], certificate: &[u8]) -> Value {
    let mut header = header(certificate);
    header["b64"] = json!(false);
    header["crit"] = json!(["b64", "sigD"]);
    header["sigD"] = json!({
        "mId": "http://uri.etsi.org/19182/ObjectIdByURIHash",
        "pars": ["contract.pdf"],
        "hashM": "S256",
        "hashV": [base64url(document)],
    });
    header
}

pub fn signing_input(header: &Value, payload: &[u8]) -> Blob {
    let header = base64url(header.to_string().as_bytes());
    [header.as_bytes(), b".", payload].concat().into()
}

/// A CA's list of these serial numbers below 128, each with its reason if it has one.
pub fn revocation_list(ca: &Authority, revoked: &[(u8, Option<u8>)]) -> Vec<u8> {
    let root = x509_cert::Certificate::from_der(&ca.root).unwrap();
    let algorithm = sequence(&[oid(ECDSA_SHA256)]);
    let time = |text: &str| tlv(0x17, text.as_bytes());
    let extension = |name: u8, value: Vec<u8>| sequence(&[oid(&[0x55, 0x1d, name]), octet_string(&value)]);
    let entry = |(serial, reason): &(u8, Option<u8>)| {
        let mut parts = vec![tlv(0x02, &[*serial]), time("270115080000Z")];
        parts.extend(reason.map(|reason| sequence(&[extension(0x15, vec![0x0a, 1, reason])])));
        sequence(&parts)
    };
    let mut parts = vec![
        tlv(0x02, &[1]),
        algorithm.clone(),
        root.tbs_certificate().subject().to_der().unwrap(),
        time("270115080000Z"),
        time("270214080000Z"),
    ];
    if !revoked.is_empty() {
        parts.push(sequence(&revoked.iter().map(entry).collect::<Vec<_>>()));
    }
    parts.push(tlv(0xa0, &sequence(&[extension(0x14, tlv(0x02, &[1]))])));
    let part = sequence(&parts);
    let signature = [&[0], &ca.sign(&part)[..]].concat();
    sequence(&[part, algorithm, tlv(0x03, &signature)])
}
