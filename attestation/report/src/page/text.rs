//! Place: none. Words from evidence as they may stand on a terminal.

use fuin_attestation::time::utc;

/// The most characters that are shown of a text from evidence.
const MAX_SHOWN: usize = 128;

/// Text with everything escaped that could move a cursor, hide or reorder.
pub fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_SHOWN)
        .flat_map(|c| {
            let plain = c == ' ' || c.is_alphanumeric() || c.is_ascii_graphic();
            let escaped = (!plain).then(|| c.escape_unicode());
            escaped.into_iter().flatten().chain(plain.then_some(c))
        })
        .collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push_str("...");
    }
    out
}

/// Octets in hexadecimal, long ones shortened, with their length.
pub fn octets(octets: &[u8]) -> String {
    if octets.is_empty() {
        return "empty".to_owned();
    }
    match octets.get(..32) {
        Some(first) if octets.len() > 32 => format!("{}... ({} octets)", hex::encode(first), octets.len()),
        _ => format!("{} ({} octets)", hex::encode(octets), octets.len()),
    }
}

/// A time in milliseconds.
pub fn moment(milliseconds: u64) -> String {
    utc(milliseconds / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_evidence_can_steer_a_terminal() {
        assert_eq!(shown("i-0ab-enc01"), "i-0ab-enc01");
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(shown(&"x".repeat(500)).len(), MAX_SHOWN + 3);
    }

    #[test]
    fn long_octets_are_shortened() {
        assert_eq!(octets(&[1, 2]), "0102 (2 octets)");
        assert!(octets(&[0; 33]).ends_with("... (33 octets)"));
    }
}
