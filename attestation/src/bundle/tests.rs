//! Place: none.
