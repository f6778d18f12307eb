//! Place: none. Why a file is not an enclave image that may be measured.

/// A refusal of the image reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EifError {
    /// Shorter than header or section claim.
    #[error("the image ends inside its {0}")]
    Truncated(&'static str),
    /// Another magic.
    #[error("the file does not start with the magic \".eif\"")]
    Magic,
    /// Another version than 4.
    #[error("the image has format version {0}; only version 4 is read")]
    Version(u16),
    /// Flags other than bit 0.
    #[error("the header has unknown flags {0:#06x}")]
    Flags(u16),
    /// No section, or more than 32.
    #[error("the header counts {0} sections; 1 to 32 are possible")]
    SectionCount(u16),
    /// The table disagrees with the sequence.
    #[error("the offset table disagrees with the sequence of sections at entry {0}")]
    Table(usize),
    /// An entry beyond the section count is not zero.
    #[error("the offset table has an entry {0} beyond the number of sections")]
    UnusedEntry(usize),
    /// A section type that does not exist.
    #[error("section type {0} is unknown")]
    SectionType(u16),
    /// A section flag.
    #[error("section {0} has flags that are not known")]
    SectionFlags(usize),
    /// A section out of order or twice.
    #[error(
        "a section of type {0} stands out of order or twice (kernel, cmdline, metadata, ramdisks, signature)"
    )]
    Order(u16),
    /// A mandatory section is absent.
    #[error("the image has no {0} section")]
    Missing(&'static str),
    /// Octets after the last section.
    #[error("{0} octets follow the last section")]
    Trailing(usize),
    /// The checksum differs.
    #[error("the checksum is {computed:#010x}, the header says {stated:#010x}")]
    Crc {
        /// Value in the header.
        stated: u32,
        /// Value of the file.
        computed: u32,
    },
    /// The signature section is not one certificate with one signature.
    #[error("the signature section is malformed: {0}")]
    Signature(&'static str),
    /// The signature does not verify over the registers of this image.
    #[error("the image's signature does not hold: {0}")]
    BadSignature(&'static str),
    /// A section that is kept whole is longer than it can sensibly be.
    #[error("a section of type {0} has {1} octets, more than are read")]
    SectionSize(u16, u64),
}
