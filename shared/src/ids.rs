//! Place: none. Identifiers as newtypes, so that one cannot stand where another belongs.

use crate::bytes::fixed_octets;
use alloc::string::{String, ToString as _};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, de};

fixed_octets! {
    /// Hash of the first manifest (design section 3): names a service for ever, and is PCR16's input.
    ServiceId, 32
}
fixed_octets! {
    /// Digest of one boot's instance keys; dies with the process.
    InstanceId, 32
}
fixed_octets! {
    /// Hash of the octets of a manifest.
    ManifestHash, 32
}
fixed_octets! {
    /// SHA-256 of anything that is compared but not interpreted.
    Digest32, 32
}
fixed_octets! {
    /// Commitment to a root key: a hash under its own domain.
    RootCommitment, 32
}
fixed_octets! {
    /// Keyed pseudonym of a record's subject in the ledger.
    Subject, 32
}
fixed_octets! {
    /// Random identifier of a statement; spent by one ledger event.
    StatementId, 16
}
fixed_octets! {
    /// Random identifier of a ledger, made at genesis.
    LedgerId, 16
}

fixed_octets! {
    /// A mandate for seals: the first octets of a hash of its terms.
    MandateId, 16
}

/// A text is not acceptable as the identifier it was offered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be 1 to {max} characters from the set allowed for it")]
pub struct InvalidId {
    /// Which identifier.
    pub name: &'static str,
    /// Most characters.
    pub max: usize,
}

/// Defines a bounded text identifier with the predicate for its characters.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses the text.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, too long, or has another character.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    return Err(InvalidId { name: stringify!($name), max: $max });
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

fn token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn printable(c: char) -> bool {
    !c.is_control()
}

text_id! {
    /// A credential (CSC `credentialID`), which before linkCert is called `keyID` (SIP Japan extension).
    CredentialId, 64, token
}
text_id! {
    /// An RA/CA client named in the manifest.
    RaClientId, 64, token
}
text_id! {
    /// A certification authority (`caID`) named in the manifest.
    CaId, 64, token
}
text_id! {
    /// The signer's identifier, opaque, owned by an RA/CA client.
    UserId, 128, printable
}
text_id! {
    /// An issuer of eID means named in the manifest.
    MeansId, 64, token
}
text_id! {
    /// Officer or share custodian named in the manifest.
    PersonId, 64, token
}
text_id! {
    /// Whoever an auditor's detail names, in any role.
    ActorName, 128, printable
}

/// Names that are actors' names too: no longer, and of the same characters.
macro_rules! actors {
    ($($name:ident),*) => {$(
        impl From<&$name> for ActorName {
            fn from(name: &$name) -> Self {
                Self(name.0.clone())
            }
        }
    )*};
}
actors!(PersonId, RaClientId, UserId);

impl From<&Digest32> for ActorName {
    fn from(digest: &Digest32) -> Self {
        Self(hex::encode(digest))
    }
}

impl From<u32> for ActorName {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_refuse_empty_long_and_foreign_characters() {
        assert!(CredentialId::new("").is_err());
        assert!(CredentialId::new("a".repeat(65)).is_err());
        assert!(CredentialId::new("a/b").is_err());
        assert!(UserId::new("a\nb").is_err());
        assert!(CredentialId::new("k-1_A.b").is_ok());
    }

    #[test]
    fn fixed_octets_refuse_another_length() {
        assert!(ServiceId::from_slice(&[0; 31]).is_none());
        assert!("00".parse::<ServiceId>().is_err());
    }
}
