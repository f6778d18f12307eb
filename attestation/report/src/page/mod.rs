//! Place: none. The report for people and for programs.

mod human;
mod json;
mod text;

pub use human::human;
pub use json::{json, unusable};
