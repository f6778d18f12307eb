//! Place: none.
//!
//! The certificates of the emulated platform, in the shape that real documents show: root, region, zone, instance, leaf; all P-384 with
//! ecdsa-with-SHA384. Names say plainly what this is.

pub mod profile;

use std::time::Duration;

use der::Encode;
use der::asn1::GeneralizedTime;
use p384::ecdsa::{DerSignature, SigningKey};
use p384::elliptic_curve::Generate;
use x509_cert::Certificate;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use self::profile::{Level, Profile};
use crate::root::DevelopmentRoot;

/// Common name of every development root.
pub const ROOT_NAME: &str = "development.emulated-enclaves.invalid";

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Certificates start a little in the past, so that a verifier whose clock is slightly behind takes them.
const BACKDATED: u64 = 60;
/// A chain whose leaf has less left than this is not used for a new document.
const RENEW_BEFORE: u64 = 40 * 60;

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// DER.
    #[error("certificate: {0}")]
    Der(#[from] der::Error),
    /// The certificate builder.
    #[error("certificate: {0}")]
    Builder(#[from] x509_cert::builder::Error),
    /// A key cannot be encoded.
    #[error("key: {0}")]
    Key(String),
    /// No random numbers.
    #[error("the system's random number generator failed: {0}")]
    Random(#[from] getrandom::Error),
}

/// Leaf key, leaf and bundle (root first) for the documents of one module.
pub(crate) struct Chain {
    pub(crate) key: SigningKey,
    pub(crate) leaf: Vec<u8>,
    pub(crate) bundle: Vec<Vec<u8>>,
    from: u64,
    until: u64,
}

impl Chain {
    /// A chain from `root` to a leaf for `module_id`, as of `now` (seconds since 1970).
    pub(crate) fn issue(root: &DevelopmentRoot, module_id: &str, now: u64) -> Result<Self, PkiError> {
        let from = now.saturating_sub(BACKDATED);
        let instance_id = module_id.split_once("-enc").map_or(module_id, |(instance, _)| instance);
        let (region_tag, zone_tag) = (random_hex::<8>()?, random_hex::<8>()?);
        let levels = [
            (Level::Region, format!("{region_tag}.region.{ROOT_NAME}"), 20 * DAY),
            (Level::Zone, format!("{zone_tag}.zonal.region.{ROOT_NAME}"), 6 * DAY),
            (Level::Instance, format!("{instance_id}.region.{ROOT_NAME}"), DAY),
            (Level::Leaf, format!("{module_id}.invalid"), 3 * HOUR),
        ];
        let mut bundle = vec![root.certificate_der().to_vec()];
        let mut issuer_name = root.certificate().tbs_certificate().subject().clone();
        let mut issuer_key = root.key().clone();
        for (level, name, life) in levels {
            let key = SigningKey::try_generate()?;
            let profile = Profile::new(level, &name, Some(issuer_name))?;
            let certificate = sign(profile, &key, &issuer_key, from, from + life)?;
            bundle.push(certificate.to_der()?);
            issuer_name = certificate.tbs_certificate().subject().clone();
            issuer_key = key;
        }
        // Five entries were pushed above; the last is the leaf.
        let leaf = bundle.pop().unwrap_or_default();
        Ok(Self { key: issuer_key, leaf, bundle, from, until: from + 3 * HOUR })
    }

    /// Whether a document made at `now` may still use it.
    pub(crate) const fn serves(&self, now: u64) -> bool {
        now >= self.from && now + RENEW_BEFORE <= self.until
    }
}

/// The self-signed certificate of a root, valid for 30 years from `now`.
pub(crate) fn root_certificate(key: &SigningKey, now: u64) -> Result<Certificate, PkiError> {
    let from = now.saturating_sub(BACKDATED);
    sign(Profile::new(Level::Root, ROOT_NAME, None)?, key, key, from, from + 30 * 365 * DAY)
}

fn sign(
    profile: Profile,
    key: &SigningKey,
    issuer: &SigningKey,
    from: u64,
    until: u64,
) -> Result<Certificate, PkiError> {
    let mut serial = random::<16>()?;
    // Positive, and of full length.
    serial[0] = serial[0] & 0x7f | 0x40;
    let validity = Validity::new(time(from)?, time(until)?);
    let builder =
        CertificateBuilder::new(profile, SerialNumber::new(&serial)?, validity, profile::public_key(key)?)?;
    Ok(builder.build::<_, DerSignature>(issuer)?)
}

fn time(seconds: u64) -> Result<Time, PkiError> {
    // The builder turns it into UTCTime where RFC 5280 asks for that.
    Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(Duration::from_secs(seconds))?))
}

/// Octets from the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets)?;
    Ok(octets)
}

pub(crate) fn random_hex<const N: usize>() -> Result<String, getrandom::Error> {
    Ok(hex::encode(random::<N>()?))
}

#[cfg(test)]
mod tests;
