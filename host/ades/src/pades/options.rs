//! Place: none. What the caller may choose about a PDF signature.

use super::PadesError;

/// Octets reserved for the CMS signature unless told otherwise: a chain of four and a later time-stamp token fit.
pub const DEFAULT_RESERVED: usize = 16 * 1024;
/// Fewest octets that can be reserved.
pub const MIN_RESERVED: usize = 1024;
/// Most octets that can be reserved.
pub const MAX_RESERVED: usize = 1024 * 1024;
/// Longest text option, in characters.
pub const MAX_TEXT: usize = 512;
/// Largest coordinate of a rectangle (ISO 32000-1, Annex C: 14,400 units a side).
const MAX_COORDINATE: f32 = 14_400.0;

/// Choices for one signature.
#[derive(Debug, Clone, PartialEq)]
pub struct SignatureOptions {
    /// Name of the field. `None` takes the first free of `Signature1`, `Signature2`, ... The name of an empty signature
    /// field of the document fills that field; a field inside another is named with dots.
    pub field_name: Option<String>,
    /// Name of the signer (`/Name`).
    pub signer_name: Option<String>,
    /// Reason (`/Reason`).
    pub reason: Option<String>,
    /// Place (`/Location`).
    pub location: Option<String>,
    /// How to reach the signer (`/ContactInfo`).
    pub contact: Option<String>,
    /// Claimed time of signing (`/M`), seconds since 1970 in UTC.
    pub signing_time: i64,
    /// Octets reserved for the CMS signature.
    pub reserved: usize,
    /// Page that a new field is put on, counted from 1.
    pub page: u32,
    /// What is seen of a new field.
    pub appearance: Appearance,
}

/// What is seen of a new signature field. A field that was in the document already keeps its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Appearance {
    /// Nothing.
    Invisible,
    /// A frame with the signer's name, the reason and the time.
    Visible {
        /// Left, bottom, right, top in points from the page's lower left corner, before any rotation of the page.
        rect: [f32; 4],
    },
}

impl SignatureOptions {
    /// An invisible signature on page 1 at this time, seconds since 1970 in UTC.
    #[must_use]
    pub const fn new(signing_time: i64) -> Self {
        Self {
            field_name: None,
            signer_name: None,
            reason: None,
            location: None,
            contact: None,
            signing_time,
            reserved: DEFAULT_RESERVED,
            page: 1,
            appearance: Appearance::Invisible,
        }
    }

    /// Checks every bound.
    pub(super) fn check(&self) -> Result<(), PadesError> {
        let refuse = |option, reason: String| Err(PadesError::Option { option, reason });
        let texts = [
            ("field_name", &self.field_name),
            ("signer_name", &self.signer_name),
            ("reason", &self.reason),
            ("location", &self.location),
            ("contact", &self.contact),
        ];
        for (option, text) in texts {
            let Some(text) = text else { continue };
            if text.is_empty() || text.chars().count() > MAX_TEXT {
                return refuse(
                    option,
                    format!("1 to {MAX_TEXT} characters are taken; leave it out for none"),
                );
            }
            if text.chars().any(char::is_control) {
                return refuse(option, "control characters are not taken".to_owned());
            }
        }
        if !(MIN_RESERVED..=MAX_RESERVED).contains(&self.reserved) {
            return refuse("reserved", format!("{MIN_RESERVED} to {MAX_RESERVED} octets can be reserved"));
        }
        if let Appearance::Visible { rect: [left, bottom, right, top] } = self.appearance {
            let within =
                [left, bottom, right, top].iter().all(|c| c.is_finite() && c.abs() <= MAX_COORDINATE);
            if !within || right - left < 1.0 || top - bottom < 1.0 {
                let bounds = format!(
                    "left, bottom, right, top within {MAX_COORDINATE} points and at least 1 point wide and high"
                );
                return refuse("appearance", bounds);
            }
        }
        Ok(())
    }
}
