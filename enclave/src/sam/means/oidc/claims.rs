//! Place: SAM. Claims of an ID token (OpenID Connect Core 1.0 section 2): the ones that are checked. Others may be there.

use super::AHEAD;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::manifest::means::IdentityProvider;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::fmt;

/// Longest `sub` in octets (OpenID Connect Core 1.0 section 2).
const MAX_SUBJECT: usize = 255;

/// The claims. Not for `Debug`: they are personal data.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    auth_time: u64,
    nonce: String,
    acr: String,
    #[serde(default)]
    amr: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Reads one JSON object in which no member comes twice, at any depth.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, Fault> {
        // A struct could also be read from a JSON array, hence the look at the first octet.
        if octets.first() != Some(&b'{') {
            return Err(Fault::AssertionMalformed);
        }
        serde_json::from_slice::<Unique>(octets).map_err(|_| Fault::AssertionMalformed)?;
        let claims: Self = serde_json::from_slice(octets).map_err(|_| Fault::TokenClaims)?;
        if claims.sub.is_empty() || claims.sub.len() > MAX_SUBJECT {
            return Err(Fault::TokenClaims);
        }
        Ok(claims)
    }

    pub(super) fn check_nonce(&self, challenge: &Digest32) -> Result<(), Fault> {
        if self.nonce == Base64UrlUnpadded::encode_string(challenge.as_ref()) {
            Ok(())
        } else {
            Err(Fault::AssertionChallenge)
        }
    }

    /// Issuer, the one audience, who asked, how the signer was authenticated.
    pub(super) fn check_provider(&self, provider: &IdentityProvider) -> Result<(), Fault> {
        let audience = match &self.aud {
            Audience::One(one) => one == &provider.audience,
            Audience::Several(list) => list.as_slice() == [provider.audience.as_str()],
        };
        let holds = self.iss == provider.issuer
            && audience
            && self.azp.as_ref().is_none_or(|azp| azp == &provider.audience)
            && provider.acr.contains(&self.acr)
            && provider.amr.iter().all(|wanted| self.amr.contains(wanted));
        if holds { Ok(()) } else { Err(Fault::TokenClaims) }
    }

    /// Not expired, not from ahead, not longer than `life`, and both token and authentication younger than the challenge.
    pub(super) fn check_times(&self, life: u64, challenged: u64, now: u64) -> Result<(), Fault> {
        let ahead = now.saturating_add(AHEAD);
        let holds = now < self.exp
            && self.iat <= self.exp
            && self.exp - self.iat <= life
            && (challenged..=ahead).contains(&self.iat)
            && (challenged..=ahead).contains(&self.auth_time)
            && self.nbf.is_none_or(|nbf| nbf <= ahead);
        if holds { Ok(()) } else { Err(Fault::TokenTime) }
    }
}

/// Any JSON in which no object has a member twice. The reader bounds the depth.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no member comes twice")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unique, A::Error> {
        while list.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !seen.insert(name) {
                return Err(de::Error::custom("a member comes twice"));
            }
            map.next_value::<Unique>()?;
        }
        Ok(Unique)
    }
}
