//! Place: SAM. The credential's public key as COSE_Key (RFC 9053 section 7.1).
//!
//! WebAuthn section 6.5.1.1 demands CTAP2 canonical CBOR, `alg` and no optional member, and for ES256 (section 5.8.5)
//! an uncompressed point on P-256. That leaves one encoding, so the key is compared with it instead of being parsed.

use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;

/// Length of the one encoding in octets.
pub(super) const LEN: usize = 77;

/// `{1 (kty): 2 (EC2), 3 (alg): -7 (ES256), -1 (crv): 1 (P-256), -2 (x): 32 octets`
const BEFORE_X: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
/// `, -3 (y): 32 octets`
const BEFORE_Y: &[u8] = &[0x22, 0x58, 0x20];

/// Reads the key; a point that is not on the curve is refused too.
pub(super) fn parse(octets: &[u8; LEN]) -> Result<PublicKey, Fault> {
    let point = || {
        let (x, rest) = octets.strip_prefix(BEFORE_X)?.split_at_checked(32)?;
        let y = rest.strip_prefix(BEFORE_Y)?;
        let sec1 = [&[0x04], x, y].concat();
        p256::ecdsa::VerifyingKey::from_sec1_bytes(&sec1).ok()
    };
    point().map(PublicKey::P256).ok_or(Fault::AssertionMalformed)
}
