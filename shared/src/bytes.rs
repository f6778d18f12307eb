//! Place: none. Octet strings that are a byte string in CBOR and text in JSON.

use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64UrlUnpadded, Encoding};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// An octet string of any length. Its size is bounded by the frame or body that carried it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blob(pub Vec<u8>);

impl Blob {
    /// The octets.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Blob {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl From<&[u8]> for Blob {
    fn from(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Shows only the length: a blob may be large or sensitive.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} octets)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Base64UrlUnpadded::decode_vec(&text)
                .map(Self)
                .map_err(|_| de::Error::custom("not base64url without padding"))
        } else {
            serde_bytes::ByteBuf::deserialize(deserializer).map(|b| Self(b.into_vec()))
        }
    }
}

/// Secret octets: erased when dropped, as every copy of them is; compared in constant time; in JSON lower-case hex.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The octets.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl From<&[u8]> for Secret {
    fn from(octets: &[u8]) -> Self {
        octets.to_vec().into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

/// Shows nothing, not even the length.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&Zeroizing::new(hex::encode(self.as_slice())))
        } else {
            serializer.serialize_bytes(self.as_slice())
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = Zeroizing::new(String::deserialize(deserializer)?);
            // The text stays out of the message.
            hex::decode(text.as_str()).map(Self::from).map_err(|_| de::Error::custom("not hex"))
        } else {
            serde_bytes::ByteBuf::deserialize(deserializer).map(|octets| octets.into_vec().into())
        }
    }
}

/// Defines a newtype over `[u8; N]`: byte string in CBOR, lower-case hex in text.
macro_rules! fixed_octets {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in octets.
            pub const LEN: usize = $len;

            /// From a slice of exactly [`Self::LEN`] octets.
            #[must_use]
            pub fn from_slice(octets: &[u8]) -> Option<Self> {
                octets.try_into().ok().map(Self)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }

        impl core::str::FromStr for $name {
            type Err = hex::FromHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut octets = [0u8; $len];
                hex::decode_to_slice(text, &mut octets)?;
                Ok(Self(octets))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&hex::encode(self.0))
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let wrong = || serde::de::Error::custom(concat!("not a ", stringify!($name)));
                if deserializer.is_human_readable() {
                    let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                    text.parse().map_err(|_| wrong())
                } else {
                    let octets = <serde_bytes::ByteBuf as serde::Deserialize>::deserialize(deserializer)?;
                    Self::from_slice(&octets).ok_or_else(wrong)
                }
            }
        }
    };
}
pub(crate) use fixed_octets;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_secret_is_not_shown_and_equal_to_itself_alone() {
        let secret = Secret::from(&b"2580"[..]);
        assert_eq!(format!("{secret:?}"), "Secret");
        assert!(secret == secret.clone());
        assert!(secret != Secret::from(&b"2581"[..]) && secret != Secret::from(&b"25801"[..]));
    }

    #[test]
    fn a_secret_is_a_byte_string_in_cbor() {
        let secret = Secret::from(&b"2580"[..]);
        let octets = crate::codec::encode(&secret);
        assert_eq!(octets, crate::codec::encode(&Blob::from(&b"2580"[..])));
        assert_eq!(crate::codec::decode_secret::<Secret>(&octets), Ok(secret));
    }
}
