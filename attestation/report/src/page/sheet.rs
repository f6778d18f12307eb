//! Place: none. Lines under headings, labels aligned, a verdict at the end.

use std::fmt::Write;

/// A report that grows from its top.
pub(crate) struct Page(String);

impl Page {
    /// A page with its title.
    pub(crate) fn new(title: impl AsRef<str>) -> Self {
        Self(format!("{}\n", title.as_ref()))
    }

    pub(crate) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "\n{text}");
    }

    pub(crate) fn row(&mut self, label: &str, value: impl AsRef<str>) {
        let _ = writeln!(self.0, "  {label:<16} {}", value.as_ref());
    }

    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.0, "  {}", text.as_ref());
    }

    pub(crate) fn point(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.0, "  - {}", text.as_ref());
    }

    /// The last line: accepted, or refused and why.
    pub(crate) fn verdict(&mut self, what: &str, refusal: Option<&str>) {
        let _ = match refusal {
            None => writeln!(self.0, "\n{what}: ACCEPTED"),
            Some(refusal) => writeln!(self.0, "\n{what}: REFUSED ({refusal})"),
        };
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}
