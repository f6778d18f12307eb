//! Place: none. How a command ends.

use std::process::ExitCode;

/// A command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// What it was given cannot be used: exit status 2.
    Usage(String),
    /// Refused or failed: exit status 1.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Tells the failure on standard error; standard output stays what the command promised.
pub fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Usage(text) => {
            eprintln!("fuin: {text}");
            ExitCode::from(2)
        }
        Failure::Failed(error) => {
            eprintln!("fuin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
