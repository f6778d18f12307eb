//! Place: none. The result of an appraisal: what was checked, what was not, and what deserves a look.

use crate::error::Step;
use alloc::string::String;
use alloc::vec::Vec;

/// A check that was made and passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The step.
    pub step: Step,
    /// What was found.
    pub found: String,
}

/// Something that was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// What.
    pub what: String,
    /// Why not, or what that means.
    pub why: String,
}

/// The result of an appraisal that refused nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appraisal {
    checked: Vec<Check>,
    not_checked: Vec<Omission>,
    warnings: Vec<String>,
}

impl Appraisal {
    /// The checks that passed.
    #[must_use]
    pub fn checked(&self) -> &[Check] {
        &self.checked
    }

    /// What nobody looked at.
    #[must_use]
    pub fn not_checked(&self) -> &[Omission] {
        &self.not_checked
    }

    /// What a person should know although it refuses nothing.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn check(&mut self, step: Step, found: impl Into<String>) {
        self.checked.push(Check { step, found: found.into() });
    }

    pub(crate) fn omit(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.not_checked.push(Omission { what: what.into(), why: why.into() });
    }

    pub(crate) fn warn(&mut self, what: impl Into<String>) {
        self.warnings.push(what.into());
    }
}
