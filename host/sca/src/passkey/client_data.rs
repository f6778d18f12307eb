//! Place: SIC. `clientDataJSON` in the exact form of WebAuthn section 5.8.1.1.

use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::ids::Digest32;

/// The client data of one ceremony, `kind` being `webauthn.create` or `webauthn.get`.
pub(super) fn encode(kind: &str, challenge: &Digest32, origin: &str) -> Vec<u8> {
    format!(
        r#"{{"type":{},"challenge":"{}","origin":{},"crossOrigin":false}}"#,
        json_string(kind),
        Base64UrlUnpadded::encode_string(&challenge.0),
        json_string(origin),
    )
    .into_bytes()
}

fn json_string(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_standard_form() {
        let text = encode("webauthn.get", &Digest32([0xff; 32]), "https://a.example");
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"{"type":"webauthn.get","challenge":"__________________________________________8","origin":"https://a.example","crossOrigin":false}"#
        );
    }
}
