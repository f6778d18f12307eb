//! Place: none. What a validator takes out of a signed PDF.

/// The newest signature.
#[derive(Debug)]
pub struct Signed {
    /// CMS in DER.
    pub cms: Vec<u8>,
    /// The octets that it covers.
    pub covered: Vec<u8>,
}

/// Finds `/ByteRange` and `/Contents` of the last signature, as the file itself has them.
#[must_use]
pub fn signature(pdf: &[u8]) -> Signed {
    let at = pdf.windows(10).rposition(|w| w == b"/ByteRange").expect("a /ByteRange");
    let rest = &pdf[at + 10..];
    let open = rest.iter().position(|b| *b == b'[').expect("an array");
    let close = rest.iter().position(|b| *b == b']').expect("an array");
    let text = std::str::from_utf8(&rest[open + 1..close]).expect("numbers");
    let numbers: Vec<usize> = text.split_whitespace().map(|n| n.parse().expect("a number")).collect();
    let [0, first, second, length] = numbers[..] else { panic!("/ByteRange {numbers:?}") };
    assert_eq!(second + length, pdf.len(), "the signature covers the file to its end");
    let hole = &pdf[first..second];
    assert!(hole.starts_with(b"<") && hole.ends_with(b">"), "the hole is /Contents and nothing else");
    let padded = hex::decode(&hole[1..hole.len() - 1]).expect("hexadecimal");
    let cms = padded[..der_length(&padded)].to_vec();
    assert!(padded[cms.len()..].iter().all(|b| *b == 0), "nothing hides after the CMS");
    Signed { cms, covered: [&pdf[..first], &pdf[second..]].concat() }
}

/// Length of the first element, with its head.
fn der_length(der: &[u8]) -> usize {
    match der[1] {
        short @ 0..0x80 => 2 + usize::from(short),
        long => {
            let octets = usize::from(long & 0x7f);
            2 + octets + der[2..2 + octets].iter().fold(0, |sum, b| sum << 8 | usize::from(*b))
        }
    }
}
