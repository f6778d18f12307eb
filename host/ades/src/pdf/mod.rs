//! Place: none. What is needed of PDF (ISO 32000-2): reading an existing file, and writing an update after it.
//!
//! Reading is `lopdf`'s; every octet that is written, and so signed, is written here.

pub(crate) mod source;
pub(crate) mod syntax;
pub(crate) mod text;
pub(crate) mod update;
