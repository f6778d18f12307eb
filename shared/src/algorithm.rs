//! Place: none. The closed set of algorithms, with the object identifiers of CSC API section 8.1.

use alloc::string::ToString;
use alloc::vec::Vec;
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        })
    }

    /// The algorithm with this object identifier in dotted text.
    #[must_use]
    pub fn from_oid(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.oid().to_string() == text)
    }

    /// Length of the digest in octets.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Digest of `message`.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// Key algorithm of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::EcdsaP256, Self::EcdsaP384];

    /// Object identifier of the named curve (CSC `key.curve`).
    #[must_use]
    pub const fn curve_oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::EcdsaP256 => "1.2.840.10045.3.1.7",
            Self::EcdsaP384 => "1.3.132.0.34",
        })
    }

    /// Length of the key in bits (CSC `key.len`).
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::EcdsaP256 => 256,
            Self::EcdsaP384 => 384,
        }
    }

    /// Signature algorithms that a key of this kind offers, the natural one first (CSC `key.algo`).
    #[must_use]
    pub const fn signature_algorithms(self) -> &'static [SignatureAlgorithm] {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
        match self {
            Self::EcdsaP256 => &[EcdsaSha256, EcdsaSha384, EcdsaSha512],
            Self::EcdsaP384 => &[EcdsaSha384, EcdsaSha256, EcdsaSha512],
        }
    }
}

/// Signature algorithm with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256.
    EcdsaSha256,
    /// ecdsa-with-SHA384.
    EcdsaSha384,
    /// ecdsa-with-SHA512.
    EcdsaSha512,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EcdsaSha256, Self::EcdsaSha384, Self::EcdsaSha512];

    /// Object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::EcdsaSha256 => "1.2.840.10045.4.3.2",
            Self::EcdsaSha384 => "1.2.840.10045.4.3.3",
            Self::EcdsaSha512 => "1.2.840.10045.4.3.4",
        })
    }

    /// The algorithm with this object identifier in dotted text.
    #[must_use]
    pub fn from_oid(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.oid().to_string() == text)
    }

    /// Its digest algorithm.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::EcdsaSha256 => HashAlgorithm::Sha256,
            Self::EcdsaSha384 => HashAlgorithm::Sha384,
            Self::EcdsaSha512 => HashAlgorithm::Sha512,
        }
    }

    /// ECDSA with this digest.
    #[must_use]
    pub const fn ecdsa_with(hash: HashAlgorithm) -> Self {
        match hash {
            HashAlgorithm::Sha256 => Self::EcdsaSha256,
            HashAlgorithm::Sha384 => Self::EcdsaSha384,
            HashAlgorithm::Sha512 => Self::EcdsaSha512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_lead_back() {
        for a in SignatureAlgorithm::ALL {
            assert_eq!(SignatureAlgorithm::from_oid(&a.oid().to_string()), Some(a));
            assert_eq!(SignatureAlgorithm::ecdsa_with(a.hash()), a);
        }
        for h in HashAlgorithm::ALL {
            assert_eq!(HashAlgorithm::from_oid(&h.oid().to_string()), Some(h));
            assert_eq!(h.digest(b"").len(), h.octets());
        }
        assert_eq!(SignatureAlgorithm::from_oid("1.2.840.113549.1.1.11"), None);
    }
}
