//! Place: none. The report for people and for programs.

mod ear;
mod human;
mod json;
mod sheet;
mod text;

pub use ear::ear;
pub use human::human;
pub use json::{json, unusable, value};
pub(crate) use sheet::Page;
pub(crate) use text::shown;

/// A JSON object as it is printed.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
