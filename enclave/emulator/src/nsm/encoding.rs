//! Place: none. Writes the CBOR of attestation documents: minimal heads, and the indefinite outer map that today's devices use.

pub(super) struct Encoder(Vec<u8>);

impl Encoder {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let major = major << 5;
        let octets = value.to_be_bytes();
        // The additional information and the number of octets that follow.
        let (info, keep) = match value {
            0..=23 => {
                self.0.push(major | octets[7]);
                return self;
            }
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.0.push(major | info);
        self.0.extend(octets.into_iter().skip(8 - keep));
        self
    }

    pub(super) fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(0, value)
    }

    pub(super) fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.head(2, octets.len() as u64).0.extend_from_slice(octets);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64).0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn array(&mut self, length: usize) -> &mut Self {
        self.head(4, length as u64)
    }

    pub(super) fn map(&mut self, length: usize) -> &mut Self {
        self.head(5, length as u64)
    }

    pub(super) fn open_map(&mut self) -> &mut Self {
        self.0.push(0xbf);
        self
    }

    pub(super) fn close(&mut self) -> &mut Self {
        self.0.push(0xff);
        self
    }

    pub(super) fn octets_or_null(&mut self, octets: Option<&[u8]>) -> &mut Self {
        match octets {
            Some(octets) => self.octets(octets),
            None => {
                self.0.push(0xf6);
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ciborium::Value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn another_decoder_reads_the_same(number: u64, octets: Vec<u8>, text: String) {
            let mut encoder = Encoder::new();
            encoder.array(5).unsigned(number).octets(&octets).text(&text).octets_or_null(None).open_map().unsigned(1).map(0).close();
            let value: Value = ciborium::from_reader(encoder.finish().as_slice()).unwrap();
            let inner = Value::Map(vec![(1.into(), Value::Map(Vec::new()))]);
            prop_assert_eq!(value, Value::Array(vec![number.into(), Value::Bytes(octets), text.into(), Value::Null, inner]));
        }

        #[test]
        fn heads_are_minimal(number: u64) {
            let mut encoder = Encoder::new();
            encoder.unsigned(number);
            let mut expected = Vec::new();
            ciborium::into_writer(&number, &mut expected).unwrap();
            prop_assert_eq!(encoder.finish(), expected);
        }
    }
}
