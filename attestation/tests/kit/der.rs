//! Place: none. Test kit: certificates written octet by octet, so that each rule can be broken.

use super::{NOW, key};
use p384::ecdsa::Signature;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha384};

/// Key numbers.
pub const ROOT: u8 = 1;
/// Key of the last authority.
pub const INSTANCE: u8 = 4;
/// Key of the leaf.
pub const LEAF: u8 = 5;

/// ecdsa-with-SHA384.
pub const ECDSA_SHA384: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
/// ecdsa-with-SHA256.
pub const ECDSA_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// keyUsage bits.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
/// keyUsage bits.
pub const KEY_CERT_SIGN: u8 = 0x04;

/// A certificate before it is written.
#[derive(Clone)]
pub struct Cert {
    pub issuer: String,
    pub subject: String,
    /// Key number of the subject.
    pub key: u8,
    /// Key number that signs.
    pub signer: u8,
    pub from: u64,
    pub to: u64,
    /// 2 is version 3.
    pub version: u8,
    pub inner_algorithm: &'static [u8],
    pub outer_algorithm: &'static [u8],
    /// (critical, CA, path length).
    pub constraints: Option<(bool, bool, Option<u8>)>,
    pub usage: Option<u8>,
    /// Further extensions: (last arc under 1.2, critical).
    pub extra: Vec<(u8, bool)>,
    /// Instead of the key's own SubjectPublicKeyInfo.
    pub spki: Option<Vec<u8>>,
}

impl Cert {
    /// A chain in the platform's profile, root first, leaf last.
    pub fn chain() -> Vec<Self> {
        let names = ["test.nitro-enclaves", "region", "zone", "i-0abc", "i-0abc-enc01.region.aws"];
        (0..5_u8)
            .map(|level| {
                let index = usize::from(level);
                Self {
                    issuer: names[index.saturating_sub(1)].to_owned(),
                    subject: names[index].to_owned(),
                    key: ROOT + level,
                    signer: ROOT + level.saturating_sub(1),
                    from: NOW - 3600,
                    to: NOW + 7200,
                    version: 2,
                    inner_algorithm: ECDSA_SHA384,
                    outer_algorithm: ECDSA_SHA384,
                    constraints: match level {
                        0 => Some((true, true, None)),
                        4 => Some((true, false, None)),
                        _ => Some((true, true, Some(3 - level))),
                    },
                    usage: Some(if level == 4 { DIGITAL_SIGNATURE } else { KEY_CERT_SIGN }),
                    extra: Vec::new(),
                    spki: None,
                }
            })
            .collect()
    }

    /// Signed DER.
    pub fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature: Signature = key(self.signer).sign_prehash(&Sha384::digest(&tbs)).unwrap();
        let bits = [&[0], signature.to_der().as_bytes()].concat();
        tlv(0x30, &[tbs, tlv(0x30, self.outer_algorithm), tlv(0x03, &bits)].concat())
    }

    fn tbs(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        if self.version > 0 {
            parts.push(tlv(0xa0, &[0x02, 1, self.version]));
        }
        parts.push(vec![0x02, 1, self.key]);
        parts.push(tlv(0x30, self.inner_algorithm));
        parts.push(name(&self.issuer));
        parts.push(tlv(0x30, &[time(self.from), time(self.to)].concat()));
        parts.push(name(&self.subject));
        parts.push(self.spki.clone().unwrap_or_else(|| spki(self.key)));
        let extensions = self.extensions();
        if !extensions.is_empty() {
            parts.push(tlv(0xa3, &tlv(0x30, &extensions)));
        }
        tlv(0x30, &parts.concat())
    }

    fn extensions(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some((critical, ca, path_length)) = self.constraints {
            let ca = if ca { vec![0x01, 1, 0xff] } else { Vec::new() };
            let length = path_length.map_or(Vec::new(), |length| vec![0x02, 1, length]);
            out.extend(extension(&[0x55, 0x1d, 0x13], critical, &tlv(0x30, &[ca, length].concat())));
        }
        if let Some(usage) = self.usage {
            let unused = u8::try_from(usage.trailing_zeros()).unwrap();
            out.extend(extension(&[0x55, 0x1d, 0x0f], true, &[0x03, 2, unused, usage]));
        }
        for (arc, critical) in &self.extra {
            out.extend(extension(&[0x2a, *arc], *critical, &[0x05, 0]));
        }
        out
    }
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { vec![0x01, 1, 0xff] } else { Vec::new() };
    tlv(0x30, &[tlv(0x06, oid), critical, tlv(0x04, value)].concat())
}

fn name(common: &str) -> Vec<u8> {
    let attribute = [vec![0x06, 3, 0x55, 4, 3], tlv(0x0c, common.as_bytes())].concat();
    tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)))
}

fn time(seconds: u64) -> Vec<u8> {
    let time = ::der::DateTime::from_unix_duration(std::time::Duration::from_secs(seconds)).unwrap();
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        time.year() % 100,
        time.month(),
        time.day(),
        time.hour(),
        time.minutes(),
        time.seconds()
    );
    tlv(0x17, text.as_bytes())
}

/// SubjectPublicKeyInfo of key number `seed`.
pub fn spki(seed: u8) -> Vec<u8> {
    spki_of(&[0x06, 5, 0x2b, 0x81, 4, 0, 0x22], key(seed).verifying_key().to_sec1_point(false).as_bytes())
}

/// SubjectPublicKeyInfo of a point on a named curve (its whole OBJECT IDENTIFIER).
pub fn spki_of(curve: &[u8], point: &[u8]) -> Vec<u8> {
    let ec_public_key = [0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let algorithm = tlv(0x30, &[&ec_public_key, curve].concat());
    tlv(0x30, &[algorithm, tlv(0x03, &[&[0], point].concat())].concat())
}

/// One DER element.
pub fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let head = match value.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [&head[..], value].concat()
}
