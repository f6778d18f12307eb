//! Place: SIC. COSE key (RFC 9053 section 7.1) and attestation object (WebAuthn section 6.5), in the canonical CBOR of CTAP2.

use ciborium::Value;
use p256::ecdsa::VerifyingKey;

fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Invariant: a value of integers, octets and texts always encodes into memory.
    ciborium::into_writer(value, &mut out).expect("plain data into memory");
    out
}

/// ES256 key on P-256.
pub(super) fn public_key(key: &VerifyingKey) -> Vec<u8> {
    let point = key.to_sec1_point(false);
    let coordinate = |c: Option<&p256::FieldBytes>| Value::Bytes(c.map(|c| c.to_vec()).unwrap_or_default());
    let pair = |label: i64, value: Value| (Value::Integer(label.into()), value);
    encode(&Value::Map(vec![
        pair(1, Value::Integer(2.into())),
        pair(3, Value::Integer((-7).into())),
        pair(-1, Value::Integer(1.into())),
        pair(-2, coordinate(point.x())),
        pair(-3, coordinate(point.y())),
    ]))
}

/// Attestation object of format `none`.
pub(super) fn attestation_object(authenticator_data: &[u8]) -> Vec<u8> {
    let text = |t: &str| Value::Text(t.to_owned());
    encode(&Value::Map(vec![
        (text("fmt"), text("none")),
        (text("attStmt"), Value::Map(Vec::new())),
        (text("authData"), Value::Bytes(authenticator_data.to_vec())),
    ]))
}
