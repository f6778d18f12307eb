//! Place: none. Why a PDF cannot be signed.

/// Why a PDF cannot be prepared for a signature, or a signature not be embedded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PadesError {
    /// The file is larger than what is taken.
    #[error("PDF: {size} octets, at most {limit} are taken")]
    TooLarge {
        /// Octets of the file.
        size: usize,
        /// Most octets taken.
        limit: usize,
    },
    /// The file does not start as a PDF.
    #[error(
        "PDF: the file does not start with %PDF-; if there is something before it, save the document anew"
    )]
    NotAPdf,
    /// The file is encrypted.
    #[error("PDF: encrypted (/Encrypt); remove the password or the permissions before signing")]
    Encrypted,
    /// The cross-reference data cannot be read as written.
    #[error(
        "PDF: its cross-reference data is damaged, so an update after it would be read differently by different programs; save the document anew"
    )]
    DamagedXref,
    /// The file breaks the format.
    #[error("PDF: {0}")]
    Malformed(String),
    /// The file uses something that is not supported.
    #[error("PDF: {0}")]
    Unsupported(&'static str),
    /// An earlier signature forbids this one.
    #[error("PDF: {0}")]
    Forbidden(String),
    /// The page does not exist.
    #[error("page: there is no page {page}, the document has {pages}")]
    NoSuchPage {
        /// Page that was asked for, counted from 1.
        page: u32,
        /// Pages of the document.
        pages: usize,
    },
    /// An option is out of its bounds.
    #[error("{option}: {reason}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The field exists and cannot take a signature.
    #[error("field_name: the document's field {name:?} {reason}; choose another name")]
    Field {
        /// Name of the field.
        name: String,
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// The signing time has no written form.
    #[error("signing_time: {0} is outside the years 0 to 9999")]
    SigningTime(i64),
    /// The CMS signature is larger than the room left for it.
    #[error(
        "CMS signature: {needed} octets do not fit into the {reserved} reserved; prepare again with a larger `reserved`"
    )]
    DoesNotFit {
        /// Octets of the CMS signature.
        needed: usize,
        /// Octets reserved.
        reserved: usize,
    },
    /// What was given is no DER CMS structure.
    #[error("CMS signature: not one complete DER SEQUENCE")]
    NotCms,
}

impl PadesError {
    pub(crate) fn malformed(reason: &str) -> Self {
        Self::Malformed(reason.to_owned())
    }
}
