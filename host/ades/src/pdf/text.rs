//! Place: none. Text strings and dates (ISO 32000-2, 7.9.2.2 and 7.9.4).

use crate::pades::PadesError;
use time::OffsetDateTime;

/// A text string: ASCII as it is, all else as UTF-16BE with its mark.
pub(crate) fn text_string(text: &str) -> Vec<u8> {
    // Control characters have other meanings in PDFDocEncoding, so they too go the UTF-16 way.
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.as_bytes().to_vec();
    }
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

/// A moment, seconds since 1970 in UTC.
///
/// # Errors
/// [`PadesError::SigningTime`] outside the years 0 to 9999.
pub(crate) fn moment(unix: i64) -> Result<OffsetDateTime, PadesError> {
    let moment = OffsetDateTime::from_unix_timestamp(unix).map_err(|_| PadesError::SigningTime(unix))?;
    if (0..=9999).contains(&moment.year()) { Ok(moment) } else { Err(PadesError::SigningTime(unix)) }
}

/// A date string in UTC.
pub(crate) fn date(moment: OffsetDateTime) -> String {
    format!(
        "D:{:04}{:02}{:02}{:02}{:02}{:02}+00'00'",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_stays_and_the_rest_is_utf16() {
        assert_eq!(text_string("Tokyo (JP)"), b"Tokyo (JP)");
        assert_eq!(text_string("東"), [0xFE, 0xFF, 0x67, 0x71]);
        assert_eq!(text_string("\n"), [0xFE, 0xFF, 0x00, 0x0A]);
    }

    #[test]
    fn dates_are_utc() {
        assert_eq!(date(moment(1_700_000_000).expect("in range")), "D:20231114221320+00'00'");
        assert_eq!(date(moment(0).expect("in range")), "D:19700101000000+00'00'");
        assert!(moment(i64::MAX).is_err());
        assert!(moment(i64::MIN).is_err());
    }
}
