//! Place: none. Distinguished names as RFC 4514 text.
//!
//! Only the nine keywords of RFC 4514 section 3 are written; every other type is a dotted object identifier with `#hex` of
//! the value's DER, because readers refuse keywords that they do not know.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Write;

use der::asn1::{Any, BmpString, Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Encode, Tag, Tagged};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

/// RFC 4514 section 3: the keywords that every implementation knows.
const KEYWORDS: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];

/// The name as text, last component first, such as `CN=Taro Yamada,O=Example,C=JP`.
#[must_use]
pub fn to_text(name: &Name) -> String {
    let mut text = String::new();
    for (i, rdn) in name.iter_rdn().collect::<Vec<_>>().into_iter().rev().enumerate() {
        if i > 0 {
            text.push(',');
        }
        for (j, attribute) in rdn.iter().enumerate() {
            if j > 0 {
                text.push('+');
            }
            write_attribute(&mut text, attribute);
        }
    }
    text
}

/// The first value of this attribute type (dotted text), if it is a character string.
#[must_use]
pub fn attribute(name: &Name, oid: &str) -> Option<String> {
    name.iter().find(|a| a.oid.to_string() == oid).and_then(|a| characters(&a.value))
}

fn write_attribute(text: &mut String, attribute: &AttributeTypeAndValue) {
    let oid = attribute.oid.to_string();
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == oid);
    match (keyword, characters(&attribute.value)) {
        (Some((_, keyword)), Some(value)) => {
            text.push_str(keyword);
            text.push('=');
            escape(text, &value);
        }
        _ => {
            text.push_str(&oid);
            text.push_str("=#");
            // Invariant: a value that was decoded encodes again.
            text.push_str(&hex::encode(attribute.value.to_der().unwrap_or_default()));
        }
    }
}

/// The value as characters, if its string type has one clear reading.
fn characters(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => Utf8StringRef::try_from(value).ok().map(|s| s.as_str().to_owned()),
        Tag::PrintableString => PrintableStringRef::try_from(value).ok().map(|s| s.as_str().to_owned()),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok().map(|s| s.as_str().to_owned()),
        Tag::BmpString => BmpString::from_ucs2(value.value()).ok().map(|s| s.to_string()),
        _ => None,
    }
}

/// RFC 4514 section 2.4; control characters are written as hex pairs too.
fn escape(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (i, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            '#' if i == 0 => text.push_str("\\#"),
            ' ' if i == 0 || i == last => text.push_str("\\ "),
            c if c < ' ' || c == '\u{7f}' => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\{:02X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use der::Decode;
    use proptest::prelude::*;

    use super::super::forge::{name_der, tlv};
    use super::*;

    fn text(rdns: &[&[(&str, u8, &[u8])]]) -> String {
        to_text(&Name::from_der(&name_der(rdns)).unwrap())
    }

    /// RFC 4514 section 3 read strictly; `None` if a character that must be escaped stands alone.
    fn unescape(text: &str) -> Option<String> {
        let mut value = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let alone = match c {
                '\\' => {
                    let escaped = rest.next()?;
                    match escaped.to_digit(16) {
                        Some(high) => {
                            value.push(char::from_u32(high * 16 + rest.next()?.to_digit(16)?)?);
                        }
                        None => value.push(escaped),
                    }
                    continue;
                }
                '"' | '+' | ',' | ';' | '<' | '>' | '\0' => true,
                '#' => value.is_empty(),
                ' ' => value.is_empty() || rest.as_str().is_empty(),
                _ => false,
            };
            if alone {
                return None;
            }
            value.push(c);
        }
        Some(value)
    }

    #[test]
    fn order_is_reversed_and_keywords_are_written() {
        let dn = text(&[
            &[("2.5.4.6", 0x13, b"JP")],
            &[("2.5.4.10", 0x0c, "株式会社 封印".as_bytes())],
            &[("2.5.4.3", 0x0c, b"Taro")],
        ]);
        assert_eq!(dn, "CN=Taro,O=株式会社 封印,C=JP");
        assert_eq!(text(&[]), "");
        let dc = text(&[
            &[("0.9.2342.19200300.100.1.25", 0x16, b"example")],
            &[("0.9.2342.19200300.100.1.1", 0x0c, b"u")],
        ]);
        assert_eq!(dc, "UID=u,DC=example");
    }

    #[test]
    fn several_values_are_joined_by_plus() {
        assert_eq!(text(&[&[("2.5.4.3", 0x0c, b"a"), ("2.5.4.11", 0x0c, b"b")]]), "CN=a+OU=b");
    }

    #[test]
    fn unknown_types_are_dotted_with_hex() {
        assert_eq!(text(&[&[("2.5.4.97", 0x0c, b"NTRJP-1")]]), "2.5.4.97=#0c074e54524a502d31");
        // serialNumber has a short name in some products but not in RFC 4514.
        assert_eq!(text(&[&[("2.5.4.5", 0x13, b"1")]]), "2.5.4.5=#130131");
        // A known type whose string has no clear reading.
        assert_eq!(text(&[&[("2.5.4.3", 0x14, b"T")]]), "2.5.4.3=#140154");
    }

    #[test]
    fn special_characters_are_escaped() {
        let dn = |v: &str| text(&[&[("2.5.4.3", 0x0c, v.as_bytes())]]);
        assert_eq!(dn(r#"James "Jim" Smith, III"#), r#"CN=James \"Jim\" Smith\, III"#);
        assert_eq!(dn(r"a+b;c<d>e\f=g"), r"CN=a\+b\;c\<d\>e\\f=g");
        assert_eq!(dn(" a b "), r"CN=\ a b\ ");
        assert_eq!(dn("#a#"), r"CN=\#a#");
        assert_eq!(dn("Before\rAfter\u{0}"), r"CN=Before\0DAfter\00");
        assert_eq!(dn(" "), r"CN=\ ");
    }

    #[test]
    fn bmp_strings_are_read() {
        assert_eq!(text(&[&[("2.5.4.3", 0x1e, &[0x5c, 0x01, 0x53, 0x70])]]), "CN=封印");
    }

    #[test]
    fn attribute_gives_the_first_value() {
        let name =
            Name::from_der(&name_der(&[&[("2.5.4.10", 0x0c, b"A")], &[("2.5.4.10", 0x0c, b"B")]])).unwrap();
        assert_eq!(attribute(&name, "2.5.4.10").as_deref(), Some("A"));
        assert_eq!(attribute(&name, "2.5.4.3"), None);
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back(value in "\\PC{1,30}|[ #+,;<>\\\\\"a\r]{1,8}") {
            let dn = text(&[&[("2.5.4.3", 0x0c, value.as_bytes())]]);
            prop_assert_eq!(unescape(dn.strip_prefix("CN=").unwrap()), Some(value));
        }

        #[test]
        fn hostile_names_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(name) = Name::from_der(&tlv(0x30, &bytes)) {
                let _ = to_text(&name);
            }
        }
    }
}
