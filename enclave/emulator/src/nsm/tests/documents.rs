//! Place: none. The documents, octet by octet.

use super::*;
use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{Signature, VerifyingKey};

pub(super) fn document(response: Response) -> Vec<u8> {
    match response {
        Response::Attestation { document } => document,
        other => panic!("{other:?}"),
    }
}

/// The payload's members, in their order.
fn payload(document: &[u8]) -> Vec<(String, Value)> {
    let parts: Vec<Value> = ciborium::from_reader::<Value, _>(document).unwrap().into_array().unwrap();
    let payload: Value = ciborium::from_reader(parts[2].as_bytes().unwrap().as_slice()).unwrap();
    payload.into_map().unwrap().into_iter().map(|(key, value)| (key.into_text().unwrap(), value)).collect()
}

fn member(document: &[u8], name: &str) -> Value {
    payload(document).into_iter().find(|(key, _)| key == name).unwrap().1
}

#[test]
fn a_document_has_the_octets_real_ones_begin_and_end_with() {
    let nsm = nsm();
    let document = document(attest(&nsm, None, None, None));
    assert_eq!(document[..7], [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0]);
    assert_eq!(document[7], 0x59);
    let length = usize::from(u16::from_be_bytes([document[8], document[9]]));
    let payload = &document[10..10 + length];
    assert_eq!((payload[0], payload[length - 1]), (0xbf, 0xff));
    assert!(payload.ends_with(b"\x6apublic_key\xf6\x69user_data\xf6\x65nonce\xf6\xff"));
    assert_eq!(document[10 + length..][..2], [0x58, 96]);
    assert_eq!(document.len(), 10 + length + 2 + 96);
}

#[test]
fn members_come_in_the_order_of_real_documents() {
    let nsm = nsm();
    let document = document(attest(&nsm, Some(vec![1]), Some(vec![2]), Some(vec![3])));
    let names: Vec<_> = payload(&document).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "module_id",
        "digest",
        "timestamp",
        "pcrs",
        "certificate",
        "cabundle",
        "public_key",
        "user_data",
        "nonce",
    ];
    assert_eq!(names, expected);
    assert_eq!(member(&document, "module_id"), Value::Text(nsm.module_id().into()));
    assert_eq!(member(&document, "digest"), Value::Text("SHA384".into()));
    assert_eq!(member(&document, "timestamp"), Value::from(NOW_MS));
    assert_eq!(member(&document, "user_data"), Value::Bytes(vec![1]));
    assert_eq!(member(&document, "nonce"), Value::Bytes(vec![2]));
    assert_eq!(member(&document, "public_key"), Value::Bytes(vec![3]));
}

#[test]
fn only_locked_registers_are_listed() {
    let nsm = nsm();
    let numbers = |document: &[u8]| -> Vec<u64> {
        let pcrs = member(document, "pcrs").into_map().unwrap();
        pcrs.into_iter().map(|(index, _)| index.as_integer().unwrap().try_into().unwrap()).collect()
    };
    nsm.process(Request::ExtendPCR { index: 16, data: vec![1] });
    assert!(numbers(&document(attest(&nsm, None, None, None))).into_iter().eq(0..16));
    nsm.process(Request::LockPCR { index: 16 });
    assert!(numbers(&document(attest(&nsm, None, None, None))).into_iter().eq(0..17));
}

#[test]
fn the_signature_holds_under_the_leaf() {
    use der::{Decode, Encode};
    let nsm = nsm();
    let document = document(attest(&nsm, None, Some(vec![7; 20]), None));
    let parts: Vec<Value> =
        ciborium::from_reader::<Value, _>(document.as_slice()).unwrap().into_array().unwrap();
    let signed =
        Value::Array(vec!["Signature1".into(), parts[0].clone(), Value::Bytes(Vec::new()), parts[2].clone()]);
    let mut octets = Vec::new();
    ciborium::into_writer(&signed, &mut octets).unwrap();
    let leaf = member(&document, "certificate").into_bytes().unwrap();
    let leaf = x509_cert::Certificate::from_der(&leaf).unwrap();
    let spki = leaf.tbs_certificate().subject_public_key_info().to_der().unwrap();
    let key = <VerifyingKey as p384::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let signature = Signature::from_slice(parts[3].as_bytes().unwrap()).unwrap();
    key.verify(&octets, &signature).unwrap();
    octets[30] ^= 1;
    assert!(key.verify(&octets, &signature).is_err());
}

#[test]
fn the_leaf_is_reused_and_renewed_in_time() {
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let nsm = EmulatedNsm::new(&ROOT, &measured(), Arc::clone(&clock)).unwrap();
    let leaf = || member(&document(attest(&nsm, None, None, None)), "certificate");
    let first = leaf();
    clock.set(NOW_MS + 2 * 3_600_000);
    assert_eq!(leaf(), first);
    clock.set(NOW_MS + 150 * 60_000);
    assert_ne!(leaf(), first);
}
