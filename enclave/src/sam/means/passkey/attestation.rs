//! Place: SAM. The attestation object (WebAuthn section 6.5), formats `none` and `packed` without certificates.

use ciborium::Value;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;
use serde::{Deserialize, Serialize};

/// Longest attestation object in octets.
const MAX_OBJECT: usize = 8192;
/// Deepest nesting in it.
const DEPTH: usize = 8;
/// COSE algorithm ES256.
const ES256: i128 = -7;

/// What a registration carried; neither says which model of authenticator made the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationFormat {
    /// `none`: nothing.
    None,
    /// `packed`, signed by the passkey itself: possession of its private key.
    PackedSelf,
}

/// The statement.
#[derive(Debug)]
enum Statement {
    None,
    PackedSelf { signature: Vec<u8> },
}

/// The parsed object.
#[derive(Debug)]
pub(super) struct AttestationObject {
    pub(super) authenticator_data: Vec<u8>,
    statement: Statement,
}

impl AttestationObject {
    /// Reads the map {fmt, attStmt, authData}, in any order, each member once and no other.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, Fault> {
        if octets.len() > MAX_OBJECT {
            return Err(Fault::AssertionMalformed);
        }
        let [format, statement, data] = members(decode_value(octets)?, ["fmt", "attStmt", "authData"])?;
        let (Value::Text(format), Value::Bytes(authenticator_data)) = (format, data) else {
            return Err(Fault::AssertionMalformed);
        };
        Ok(Self { authenticator_data, statement: Statement::parse(&format, statement)? })
    }

    /// Which format.
    pub(super) const fn format(&self) -> AttestationFormat {
        match self.statement {
            Statement::None => AttestationFormat::None,
            Statement::PackedSelf { .. } => AttestationFormat::PackedSelf,
        }
    }

    /// Verifies the statement (sections 8.2, 8.7) over `message`, which is what the authenticator signs.
    pub(super) fn verify(&self, key: &PublicKey, message: &[u8]) -> Result<(), Fault> {
        match &self.statement {
            Statement::None => Ok(()),
            Statement::PackedSelf { signature } => {
                key.verify(HashAlgorithm::Sha256, message, signature).map_err(|_| Fault::AssertionSignature)
            }
        }
    }
}

impl Statement {
    fn parse(format: &str, statement: Value) -> Result<Self, Fault> {
        match format {
            "none" => members(statement, []).map(|[]| Self::None),
            "packed" => {
                let [algorithm, signature] = members(statement, ["alg", "sig"])?;
                match (algorithm, signature) {
                    (Value::Integer(alg), Value::Bytes(signature)) if i128::from(alg) == ES256 => {
                        Ok(Self::PackedSelf { signature })
                    }
                    _ => Err(Fault::AssertionMalformed),
                }
            }
            _ => Err(Fault::AssertionMalformed),
        }
    }
}

/// The values of a map that has exactly these text keys.
fn members<const N: usize>(value: Value, names: [&str; N]) -> Result<[Value; N], Fault> {
    let Value::Map(mut entries) = value else {
        return Err(Fault::AssertionMalformed);
    };
    // As many entries as names, and each name found and taken out: so no duplicate and no foreign key.
    if entries.len() != N {
        return Err(Fault::AssertionMalformed);
    }
    let mut values = Vec::with_capacity(N);
    for name in names {
        let at = entries
            .iter()
            .position(|(key, _)| key.as_text() == Some(name))
            .ok_or(Fault::AssertionMalformed)?;
        values.push(entries.swap_remove(at).1);
    }
    values.try_into().map_err(|_| Fault::AssertionMalformed)
}

/// Reads one CBOR value from all of `octets`. Re-encoding refuses longer heads, indefinite lengths and what follows;
/// the order of a map stays as it came.
pub(super) fn decode_value(octets: &[u8]) -> Result<Value, Fault> {
    let value: Value = ciborium::de::from_reader_with_recursion_limit(octets, DEPTH)
        .map_err(|_| Fault::AssertionMalformed)?;
    if fuin_shared::codec::encode(&value) == octets { Ok(value) } else { Err(Fault::AssertionMalformed) }
}
