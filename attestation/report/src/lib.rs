#![forbid(unsafe_code)]
//! Place: none. From evidence and options to a report, for programs that verify: the command line, browsers, Node.
//!
//! No files, no clock, no terminal: octets and [`Options`] in, a [`Report`] out, whose JSON is the same everywhere.
//!
//! | module | what it holds |
//! |---|---|
//! | [`options`] | what the caller asks for, in the names of the command line's flags |
//! | [`request`] | the same, read into types |
//! | [`judge`] | the report's content: verification, appraisal, requirements by default |
//! | `requirements` | what must be given and shown unless a flag asks for less |
//! | [`eif`], [`card`] | reports on images and service cards |
//! | `page` | the report as JSON (schema `fuin-verify/1`), as text, in the shape of EAR |

pub mod card;
pub mod eif;
pub mod judge;
pub mod options;
mod page;
mod release;
pub mod request;
mod requirements;

pub use card::CardReport;
pub use eif::ImageReport;
pub use judge::{Report, judge};
pub use options::{Options, Unusable};
pub use page::unusable;
pub use request::Request;

/// Judges evidence by options in JSON and returns the report in JSON, as `fuin-verify --json` prints it.
///
/// Options that cannot be used give a report with `accepted: false`, no `step`, and the reason in `error`.
#[must_use]
pub fn judge_json(octets: &[u8], options: &[u8]) -> String {
    match Options::from_json(options).and_then(|options| Request::new(&options)) {
        Ok(request) => judge(octets, &request).json(),
        Err(error) => unusable(&error.to_string()),
    }
}
