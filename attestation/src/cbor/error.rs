//! Place: none. Why octets are not the CBOR that was expected.

/// A refusal of the reader; carries no data of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The input ends inside an item, or a length reaches past it.
    #[error("the input ends inside an item")]
    Truncated,
    /// A head is longer than its value needs.
    #[error("a head is not in its shortest form")]
    NotMinimal,
    /// Additional information that has no meaning.
    #[error("a head uses a reserved value")]
    Reserved,
    /// A string made of chunks.
    #[error("a string is sent in chunks")]
    Chunked,
    /// An indefinite container where only definite ones may stand.
    #[error("an indefinite length is not allowed here")]
    Indefinite,
    /// A break code where an item is expected.
    #[error("a break code stands where an item is expected")]
    Break,
    /// A float, undefined or another simple value.
    #[error("floats, undefined and unassigned simple values are not allowed")]
    Simple,
    /// A tag where none, or another one, may stand.
    #[error("a tag is not allowed here")]
    Tag,
    /// An item of another type than expected.
    #[error("an item has another type than this place requires")]
    Type,
    /// A text string that is not UTF-8.
    #[error("a text string is not UTF-8")]
    Utf8,
    /// Containers nested deeper than the cap.
    #[error("containers are nested too deeply")]
    Depth,
    /// Octets after the end.
    #[error("{0} octets follow after the end")]
    Trailing(usize),
}
