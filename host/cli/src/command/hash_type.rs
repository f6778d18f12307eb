//! Place: SIC. What hashes are of, as the command line names it.

use fuin_shared::sad::HashType;

/// A hash type by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Named {
    /// The hash that is signed itself.
    Dtbs,
    /// The document: the enclave checks and hashes what is signed around its digest.
    Document,
}

impl Named {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dtbs => "dtbs",
            Self::Document => "document",
        }
    }
}

impl From<Named> for HashType {
    fn from(named: Named) -> Self {
        match named {
            Named::Dtbs => Self::Dtbs,
            Named::Document => Self::Document,
        }
    }
}
