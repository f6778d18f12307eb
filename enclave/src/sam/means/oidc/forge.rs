//! Place: none. An OpenID provider in a few lines.

use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use fuin_shared::ids::{Digest32, MeansId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::{IdentityProvider, ProviderKey};
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://idp.example";
pub const AUDIENCE: &str = "fuin-signing";
pub const SUBJECT: &str = "hanako-0001";
pub const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"idp-1"}"#;
const KEY: u8 = 111;

pub fn p384() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[KEY; 48]).unwrap()
}

/// The manifest's entry.
pub fn entry(id: &str, client: &str) -> IdentityProvider {
    let key = SigningKey::from_slice(&[KEY; 32]).unwrap();
    let keys = [
        ("idp-1", PublicKey::P256(*key.verifying_key())),
        ("idp-2", PublicKey::P384(*p384().verifying_key())),
    ];
    IdentityProvider {
        id: MeansId::new(id).unwrap(),
        clients: vec![RaClientId::new(client).unwrap()],
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        keys: keys.map(|(id, key)| ProviderKey { id: id.to_owned(), key: Spki::from(&key) }).to_vec(),
        acr: vec!["substantial".to_owned(), "high".to_owned()],
        amr: vec!["hwk".to_owned()],
        shows_transaction: false,
        token_seconds: 600,
    }
}

/// Claims of a good token, authenticated and issued at `at`.
pub fn claims(challenge: &Digest32, at: u64) -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": at + 300, "iat": at, "auth_time": at,
        "nonce": Base64UrlUnpadded::encode_string(challenge.as_ref()),
        "acr": "high", "amr": ["pin", "hwk"],
        "name": "Hanako Yamada", "address": { "country": "JP" }
    })
}

/// A token of these octets, signed by the key with this seed.
pub fn signed(header: &str, payload: &str, seed: u8) -> String {
    let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    let signature: Signature = SigningKey::from_slice(&[seed; 32]).unwrap().sign(signed.as_bytes());
    format!("{signed}.{}", encode(&signature.to_bytes()))
}

/// A token with these claims.
pub fn token(claims: &Value) -> String {
    signed(HEADER, &claims.to_string(), KEY)
}
