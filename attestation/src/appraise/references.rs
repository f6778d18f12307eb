//! Place: none. Reference values of registers.

use crate::document::{PCR_COUNT, PcrValue};
use alloc::collections::BTreeMap;
use fuin_shared::manifest::Measurement;

/// A reference value that would not check anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// An index above 31.
    #[error("there is no PCR{0}; registers are 0 to 31")]
    Index(u8),
    /// A value that is not 48 octets long.
    #[error("the value of PCR{0} must be 48 octets, 96 hexadecimal digits")]
    Length(u8),
    /// All zero: what every enclave in debug mode shows.
    #[error("the reference value of PCR{0} is all zero, which every enclave in debug mode shows")]
    Zero(u8),
    /// Two different values for one register.
    #[error("PCR{0} has two different reference values")]
    Conflict(u8),
}

/// Expected values of registers; none of them can be all zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    values: BTreeMap<u8, PcrValue>,
}

impl References {
    /// No reference values: nothing is known about the code.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// All three registers of an image; none if one of them would check nothing.
    #[must_use]
    pub fn of(image: &Measurement) -> Option<Self> {
        let mut references = Self::none();
        for (index, value) in (0u8..).zip([&image.pcr0, &image.pcr1, &image.pcr2]) {
            references.expect(index, value.as_ref()).ok()?;
        }
        Some(references)
    }

    /// Adds the value of one register.
    ///
    /// # Errors
    /// [`ReferenceError`]; the set is unchanged then.
    pub fn expect(&mut self, index: u8, value: &[u8]) -> Result<(), ReferenceError> {
        if usize::from(index) >= PCR_COUNT {
            return Err(ReferenceError::Index(index));
        }
        let value: PcrValue = value.try_into().map_err(|_| ReferenceError::Length(index))?;
        if value == [0; 48] {
            return Err(ReferenceError::Zero(index));
        }
        if self.values.get(&index).is_some_and(|other| *other != value) {
            return Err(ReferenceError::Conflict(index));
        }
        self.values.insert(index, value);
        Ok(())
    }

    /// The value of a register.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&PcrValue> {
        self.values.get(&index)
    }

    /// All values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &PcrValue)> + '_ {
        self.values.iter().map(|(index, value)| (*index, value))
    }

    /// Whether they name the code: the whole image (0), both of its parts (1 and 2), or who signed it (8).
    #[must_use]
    pub fn identify_code(&self) -> bool {
        let has = |index| self.values.contains_key(&index);
        has(0) || has(8) || (has(1) && has(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_check_nothing_are_refused() {
        let mut references = References::none();
        assert_eq!(references.expect(32, &[1; 48]), Err(ReferenceError::Index(32)));
        assert_eq!(references.expect(0, &[1; 47]), Err(ReferenceError::Length(0)));
        assert_eq!(references.expect(0, &[0; 48]), Err(ReferenceError::Zero(0)));
        assert_eq!(references.expect(0, &[1; 48]), Ok(()));
        assert_eq!(references.expect(0, &[1; 48]), Ok(()));
        assert_eq!(references.expect(0, &[2; 48]), Err(ReferenceError::Conflict(0)));
        assert_eq!(references.iter().collect::<Vec<_>>(), [(0, &[1; 48])]);
    }

    #[test]
    fn code_is_identified_by_the_image_its_parts_or_its_signer() {
        for (indexes, identified) in [
            (&[0][..], true),
            (&[8], true),
            (&[1, 2], true),
            (&[1], false),
            (&[2], false),
            (&[3, 4, 16], false),
            (&[], false),
        ] {
            let mut references = References::none();
            for index in indexes {
                references.expect(*index, &[1; 48]).unwrap();
            }
            assert_eq!(references.identify_code(), identified, "{indexes:?}");
        }
    }
}
