//! Place: none. The options, read into types.

use crate::options::{Kind, Options, Time, Unusable};
use crate::release;
use fuin_attestation::{Anchors, At, Nonce, Profile, References, Window};
use fuin_shared::ids::{Digest32, ServiceId};
use fuin_shared::manifest::ReleaseMode;
use sha2::{Digest, Sha256};

/// What is asked of evidence.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) kind: Kind,
    pub(crate) anchors: Anchors,
    pub(crate) at: At,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) profile: Profile,
    pub(crate) references: References,
    pub(crate) window: Option<Window>,
    pub(crate) service: Option<ServiceId>,
    pub(crate) minimum_release: Option<ReleaseMode>,
    pub(crate) spki: Option<Digest32>,
    pub(crate) allow_debug: bool,
    pub(crate) allow_development: bool,
    pub(crate) authentic_only: bool,
}

impl Request {
    /// Reads options.
    ///
    /// # Errors
    /// [`Unusable`] names the first option that makes no sense.
    pub fn new(options: &Options) -> Result<Self, Unusable> {
        let anchors = match &options.root {
            None => Anchors::production(),
            Some(pem) => Anchors::named(pem.as_bytes()).map_err(|error| Unusable::new("--root", error))?,
        };
        let window = match options.max_age {
            Some(max_age) => Some(Window { max_age, ..Window::default() }),
            None if options.authentic_only => None,
            None => Some(Window::default()),
        };
        Ok(Self {
            kind: options.kind,
            anchors,
            at: at(options.at.as_ref())?,
            nonce: options.nonce.as_deref().map(|text| octets("--nonce", text)).transpose()?,
            profile: profile(options.profile.as_deref())?,
            references: release::references(&options.pcr, options.release.as_ref())?,
            window,
            service: options.service.as_deref().map(service).transpose()?,
            minimum_release: options.min_release.as_deref().map(release_mode).transpose()?,
            spki: options.spki.as_deref().map(spki).transpose()?,
            allow_debug: options.allow_debug,
            allow_development: options.allow_development,
            authentic_only: options.authentic_only,
        })
    }

    pub(crate) fn nonce(&self) -> Nonce<'_> {
        self.nonce.as_deref().map_or(Nonce::NotIssued, Nonce::Expected)
    }
}

fn at(time: Option<&Time>) -> Result<At, Unusable> {
    let refuse = |why| Unusable::new("--at", why);
    match time {
        Some(Time::Seconds(seconds)) => Ok(At::Unix(*seconds)),
        Some(Time::Text(text)) if text == "archive" => Ok(At::Archive),
        Some(Time::Text(text)) if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) => {
            text.parse().map(At::Unix).map_err(|_| refuse("must be Unix seconds below 2^64"))
        }
        _ => Err(refuse("must be `archive` or Unix seconds")),
    }
}

fn profile(text: Option<&str>) -> Result<Profile, Unusable> {
    match text {
        None | Some("text") => Ok(Profile::AwsText),
        Some("observed") => Ok(Profile::Observed),
        Some(_) => Err(Unusable::new("--profile", "must be `text` or `observed`")),
    }
}

fn service(text: &str) -> Result<ServiceId, Unusable> {
    text.parse().map_err(|_| Unusable::new("--service", "must be 64 hexadecimal digits"))
}

fn release_mode(text: &str) -> Result<ReleaseMode, Unusable> {
    match text {
        "durable" => Ok(ReleaseMode::Durable),
        "cosigned" => Ok(ReleaseMode::Cosigned),
        _ => Err(Unusable::new("--min-release", "must be `durable` or `cosigned`")),
    }
}

/// A public key by its digest, or whole: then the digest is taken.
fn spki(text: &str) -> Result<Digest32, Unusable> {
    let octets = octets("--spki", text)?;
    match <[u8; 32]>::try_from(octets.as_slice()) {
        Ok(digest) => Ok(Digest32(digest)),
        Err(_) if octets.len() > 32 && octets.first() == Some(&0x30) => {
            Ok(Digest32(Sha256::digest(&octets).into()))
        }
        Err(_) => Err(Unusable::new(
            "--spki",
            "must be a SubjectPublicKeyInfo in DER, or its SHA-256 (64 hexadecimal digits)",
        )),
    }
}

/// Octets in hexadecimal, never none.
pub(crate) fn octets(flag: &'static str, text: &str) -> Result<Vec<u8>, Unusable> {
    if text.is_empty() {
        return Err(Unusable::new(flag, "must not be empty"));
    }
    hex::decode(text).map_err(|error| Unusable::new(flag, format!("must be hexadecimal: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Options)) -> &'static str {
        let mut options = Options { at: Some(Time::Seconds(1)), ..Options::default() };
        change(&mut options);
        Request::new(&options).unwrap_err().flag
    }

    #[test]
    fn each_option_that_makes_no_sense_is_named() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(refused(|o| o.at = None), "--at");
        assert_eq!(refused(|o| o.at = Some(Time::Text("now".into()))), "--at");
        assert_eq!(refused(|o| o.at = Some(Time::Text("18446744073709551616".into()))), "--at");
        assert_eq!(refused(|o| o.root = text("")), "--root");
        assert_eq!(refused(|o| o.nonce = text("")), "--nonce");
        assert_eq!(refused(|o| o.nonce = text("0")), "--nonce");
        assert_eq!(refused(|o| o.profile = text("strict")), "--profile");
        assert_eq!(refused(|o| o.service = text("00")), "--service");
        assert_eq!(refused(|o| o.min_release = text("weak")), "--min-release");
        for bad in ["", "00", "zz", &"00".repeat(33)] {
            assert_eq!(refused(|o| o.spki = text(bad)), "--spki", "{bad}");
        }
        assert_eq!(refused(|o| o.pcr = vec!["0".into()]), "--pcr");
        assert_eq!(refused(|o| o.release = Some(serde_json::json!({}))), "--release");
    }

    #[test]
    fn a_public_key_counts_by_its_digest() {
        let der = [&[0x30][..], &[7; 90]].concat();
        let digest = Sha256::digest(&der);
        assert_eq!(spki(&hex::encode(&der)), spki(&hex::encode(digest)));
    }

    #[test]
    fn time_as_number_or_digits() {
        assert_eq!(at(Some(&Time::Text("12".into()))), Ok(At::Unix(12)));
        assert_eq!(at(Some(&Time::Seconds(12))), Ok(At::Unix(12)));
        assert_eq!(at(Some(&Time::Text("archive".into()))), Ok(At::Archive));
    }
}
