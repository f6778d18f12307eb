//! Place: SAM. The subject that was agreed on for a key: RFC 4514 text, read strictly and compared by its characters.

use der::asn1::{Any, BmpString, Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Encode, Tag, Tagged};
use std::fmt::Write as _;
use std::str::FromStr;
use x509_cert::name::Name;

/// Longest text in octets.
const MAX_TEXT: usize = 1024;

/// A subject name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Name);

impl Subject {
    /// Reads RFC 4514 text such as `CN=Taro Yamada,O=Example,C=JP`, of at most 1024 octets.
    ///
    /// `None` if it is empty, if something in it is not as RFC 4514 writes it, or if a value is empty or not a
    /// character string that its attribute allows.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let name = Name::from_str(&with_hex_escapes(text)?).ok()?;
        let readable = name.iter().all(|a| characters(&a.value).is_some_and(|text| !text.is_empty()));
        (readable && !name.is_empty()).then_some(Self(name))
    }

    /// Whether `name` is this subject: the same attributes with the same characters in the same order. The kind of
    /// string may differ, as CAs choose it themselves; letter case and spaces may not.
    #[must_use]
    pub fn is(&self, name: &Name) -> bool {
        comparable(&self.0) == comparable(name)
    }

    /// Whether it has an attribute of this type.
    #[must_use]
    pub fn has(&self, oid: const_oid::ObjectIdentifier) -> bool {
        self.0.iter().any(|attribute| attribute.oid == oid)
    }

    /// The name.
    #[must_use]
    pub fn into_name(self) -> Name {
        self.0
    }
}

/// What is compared of a value: its characters, or its DER if it has no clear reading.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Comparable {
    Characters(String),
    Octets(Vec<u8>),
}

/// Each RDN as a sorted list, for it is a set.
fn comparable(name: &Name) -> Vec<Vec<(const_oid::ObjectIdentifier, Comparable)>> {
    let value = |value: &Any| match characters(value) {
        Some(text) => Comparable::Characters(text),
        // Invariant: a value that was decoded encodes again.
        None => Comparable::Octets(value.to_der().unwrap_or_default()),
    };
    name.iter_rdn()
        .map(|rdn| {
            let mut set: Vec<_> = rdn.iter().map(|a| (a.oid, value(&a.value))).collect();
            set.sort();
            set
        })
        .collect()
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

/// The text with each escape as a pair of hex digits; `None` where RFC 4514 section 3 is not kept.
///
/// The library that makes the name looks for separators without regard to what escapes a backslash, takes an escape
/// that is cut off, and lets pass what must be escaped. After this nothing of that can occur.
fn with_hex_escapes(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    // Inside a value; whether it has begun; whether it ends, so far, with a bare space.
    let (mut in_value, mut begun, mut space) = (false, false, false);
    while let Some(c) = rest.next() {
        match c {
            '\\' if in_value => {
                let octet = escaped(&mut rest)?;
                // Writing to a String cannot fail.
                let _ = write!(out, "\\{octet:02x}");
                (begun, space) = (true, false);
                continue;
            }
            '=' if !in_value => (in_value, begun, space) = (true, false, false),
            ',' | '+' if in_value && begun && !space => in_value = false,
            ',' | '+' | '"' | ';' | '<' | '>' | '\\' => return None,
            ' ' if in_value && begun => space = true,
            ' ' => return None,
            c if c.is_control() => return None,
            _ => (begun, space) = (in_value, false),
        }
        out.push(c);
    }
    (in_value && begun && !space).then_some(out)
}

/// What follows a backslash: a special character, or two hex digits for an octet.
fn escaped(rest: &mut std::str::Chars<'_>) -> Option<u8> {
    match rest.next()? {
        c @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\') => u8::try_from(c).ok(),
        high => {
            let (high, low) = (high.to_digit(16)?, rest.next()?.to_digit(16)?);
            u8::try_from(high * 16 + low).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;
    use fuin_shared::pki::name::to_text;
    use proptest::prelude::*;

    fn text(written: &str) -> Option<String> {
        Subject::parse(written).map(|subject| to_text(&subject.0))
    }

    #[test]
    fn names_are_read_as_rfc_4514_writes_them() {
        for same in [
            "CN=Taro Yamada,O=Example,C=JP",
            "UID=jsmith,DC=example,DC=net",
            r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#,
            r"CN=Before\0DAfter,DC=example,DC=net",
            r"CN=\#a\+b\ ,OU=\ x",
            r"CN=back\\slash\\,O=a\\\,b",
            "CN=封印,O=株式会社",
            "CN=a=b",
        ] {
            assert_eq!(text(same).as_deref(), Some(same));
        }
        assert_eq!(text("OU=Sales+CN=J.  Smith,DC=net").as_deref(), Some("OU=Sales+CN=J.  Smith,DC=net"));
        assert_eq!(text(r"CN=Lu\C4\8Di\C4\87").as_deref(), Some("CN=Lučić"));
        assert_eq!(text("serialNumber=1,CN=a").as_deref(), Some("2.5.4.5=#130131,CN=a"));
        assert_eq!(text("2.5.4.5=#130131,cn=a").as_deref(), Some("2.5.4.5=#130131,CN=a"));
        assert_eq!(text("givenName=T,surname=Y").as_deref(), Some("2.5.4.42=#0c0154,2.5.4.4=#0c0159"));
        assert_eq!(text("2.5.4.97=NTRJP-1").as_deref(), Some("2.5.4.97=#0c074e54524a502d31"));
    }

    #[test]
    fn names_that_rfc_4514_does_not_write_are_refused() {
        for bad in [
            "",
            "CN",
            "CN=",
            "=a",
            ",",
            "CN=a,",
            ",CN=a",
            "CN=a,,O=b",
            "CN=a+",
            "CN=a, O=b",
            "CN= a",
            "CN=a ",
            " CN=a",
            "CN=a ,O=b",
            "CN=a;O=b",
            "CN=a\"b",
            "CN=<a>",
            "CN=a\nb",
            "CN=a\0",
            "Foo=a",
            "1.=a",
            "2.5.4.3=#",
            "CN=#zz",
            "CN=#0c0",
            "CN=#0c02",
            "CN=#3000",
            r"CN=a\",
            r"CN=a\4",
            r"CN=a\4,O=b",
            r"CN=a\x",
            r"CN=a\ff",
            r"C\4e=a",
            "C=日本",
            "DC=日本",
            "CN=a/O=\\",
        ] {
            assert_eq!(text(bad), None, "{bad:?}");
        }
        assert_eq!(text(&format!("CN={}", "a".repeat(1024))), None);
    }

    #[test]
    fn the_kind_of_string_does_not_matter_and_all_else_does() {
        let subject = Subject::parse("CN=Taro+UID=1,O=Example").unwrap();
        let is = |other: &str| subject.is(&Subject::parse(other).unwrap().0);
        assert!(is("UID=1+CN=Taro,O=Example"));
        assert!(is("UID=1+2.5.4.3=#13045461726f,O=Example"));
        assert!(is("UID=1+2.5.4.3=#1e08005400610072006f,O=Example"));
        // As a BMPString the common name is longer, so that it changes places with the unit in the DER set.
        let pair = Subject::parse("CN=Taro+OU=Sales").unwrap();
        assert!(pair.is(&Subject::parse("2.5.4.3=#1e08005400610072006f+OU=Sales").unwrap().0));
        for other in [
            "CN=taro+UID=1,O=Example",
            "CN=Taro,UID=1,O=Example",
            "O=Example,CN=Taro+UID=1",
            "CN=Taro+UID=1",
            "CN=Taro+UID=2,O=Example",
            "CN=Taro+UID=1,OU=Example",
            "CN=Taro +UID=1,O=Example".replace("Taro ", "Taro\\ ").as_str(),
            "CN=Taro+UID=1,O=Example,O=Example",
        ] {
            assert!(!is(other), "{other}");
        }
        assert!(!subject.is(&Name::default()));
    }

    #[test]
    fn a_value_without_clear_reading_is_compared_by_its_octets() {
        // CN as TeletexString "T" is not the UTF8String "T".
        let teletex = Name::from_der(b"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x14\x01T").unwrap();
        assert!(!Subject::parse("CN=T").unwrap().is(&teletex));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*|[CNO=,+\\\\# a0-9f\"]{0,40}") {
            let _ = Subject::parse(&text);
        }

        #[test]
        fn what_is_written_reads_back(values in proptest::collection::vec("\\PC{1,20}|[ #+,;<>=\\\\\"a\r]{1,8}", 1..4)) {
            // The name made octet by octet, written by the other implementation, read by this one.
            let mut rdns = Vec::new();
            for value in &values {
                let value = Any::new(Tag::Utf8String, value.as_bytes()).unwrap();
                let attribute = x509_cert::attr::AttributeTypeAndValue { oid: const_oid::db::rfc4519::CN, value };
                rdns.push(x509_cert::name::RelativeDistinguishedName::try_from(vec![attribute]).unwrap());
            }
            let name = Name::from_der(&x509_cert::name::RdnSequence::from(rdns).to_der().unwrap()).unwrap();
            let subject = Subject::parse(&to_text(&name));
            // A C1 control character is let through by the writer alone.
            prop_assume!(!values.iter().any(|v| v.chars().any(|c| c.is_control() && c > '\u{7f}')));
            prop_assert_eq!(subject.map(Subject::into_name), Some(name));
        }
    }
}
