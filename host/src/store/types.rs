//! Place: SSA. What the store keeps beside sealed octets.

use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::sad::MeansProfile;

/// Sole control assurance level, as credentials/info says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scal {
    /// `"1"`.
    One,
    /// `"2"`: bound to the hashes.
    Two,
}

impl Scal {
    /// The wire value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }

    /// From the wire value.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|s| s.as_str() == text)
    }
}

/// `key.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// `enabled`.
    Enabled,
    /// `disabled`.
    Disabled,
}

impl KeyStatus {
    /// The wire value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }

    /// From the wire value.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Enabled, Self::Disabled].into_iter().find(|s| s.as_str() == text)
    }
}

/// Who serves the signer's interaction component. The promise that nobody signs but the signer is for the first kind only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SicClass {
    /// A program or page that the host does not serve.
    Independent,
    /// A page of the host.
    Served,
}

impl SicClass {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::Served => "served",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Independent, Self::Served].into_iter().find(|s| s.as_str() == text)
    }
}

/// A credential as the host's catalogue has it, for listing and for `credentials/info`. Nothing here decides about a
/// signature: the enclave's sealed record does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// `credentialID`.
    pub id: CredentialId,
    /// Name of the user that it is listed for.
    pub owner: String,
    /// `description`, at most 255 characters.
    pub description: Option<String>,
    /// DER certificates, end entity first; empty before linkCert.
    pub certificates: Vec<Blob>,
    /// Key algorithm.
    pub key_algorithm: KeyAlgorithm,
    /// `multisign`, at least 1.
    pub multisign: u32,
    /// `SCAL`.
    pub scal: Scal,
    /// The eID means.
    pub means: MeansProfile,
    /// Class of the SIC through which it is used.
    pub sic: SicClass,
    /// `key.status`.
    pub status: KeyStatus,
}

/// First and current manifest, each a signed manifest in CBOR; the same octets while there is only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifests {
    /// Founded the service.
    pub first: Blob,
    /// In force.
    pub current: Blob,
}

/// What a bearer token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Service authorization.
    Service,
    /// To get a new service token.
    Refresh,
}

impl TokenKind {
    /// How it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Refresh => "refresh",
        }
    }

    /// From how it is stored.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Service, Self::Refresh].into_iter().find(|k| k.as_str() == text)
    }
}

/// A token as it is kept: only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// SHA-256 of its text.
    pub digest: Digest32,
    /// Whose it is.
    pub user: String,
    /// What it is for.
    pub kind: TokenKind,
    /// Tokens that fall together.
    pub grant: [u8; 16],
    /// Unix seconds after which it is refused.
    pub expires: u64,
    /// Whether it was revoked.
    pub revoked: bool,
}
