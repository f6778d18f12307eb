//! Place: none. The order in which sections may stand: kernel, command line, metadata, ramdisks, signature.

use super::{EifError, section};

/// The section that was last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Start,
    Kernel,
    Cmdline,
    Metadata,
    Ramdisk,
    Signature,
}

impl Order {
    /// What stands after a section of type `kind`.
    pub(super) fn next(self, kind: u16) -> Result<Self, EifError> {
        match (self, kind) {
            (Self::Start, section::KERNEL) => Ok(Self::Kernel),
            (Self::Kernel, section::CMDLINE) => Ok(Self::Cmdline),
            (Self::Cmdline, section::METADATA) => Ok(Self::Metadata),
            (Self::Cmdline | Self::Metadata | Self::Ramdisk, section::RAMDISK) => Ok(Self::Ramdisk),
            (Self::Ramdisk, section::SIGNATURE) => Ok(Self::Signature),
            (_, section::KERNEL..=section::METADATA) => Err(EifError::Order(kind)),
            _ => Err(EifError::SectionType(kind)),
        }
    }

    /// Whether an image may end here.
    pub(super) fn end(self) -> Result<(), EifError> {
        match self {
            Self::Ramdisk | Self::Signature => Ok(()),
            Self::Start | Self::Kernel | Self::Cmdline | Self::Metadata => Err(EifError::Missing("ramdisk")),
        }
    }
}
