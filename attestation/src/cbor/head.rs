//! Place: none. The head of one CBOR item: major type and argument in their shortest form.

use super::CborError;

/// The argument of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// A number in its shortest form.
    Value(u64),
    /// Additional information 31 on a string, an array or a map.
    Indefinite,
}

/// One head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) major: u8,
    pub(super) argument: Argument,
}

impl Head {
    /// Reads the head at the start of `input` and returns what follows it.
    pub(super) fn read(input: &[u8]) -> Result<(Self, &[u8]), CborError> {
        let (&first, rest) = input.split_first().ok_or(CborError::Truncated)?;
        let major = first >> 5;
        let info = first & 0x1f;
        if major == 7 {
            return Self::simple(info, rest);
        }
        let (argument, rest) = match info {
            0..=23 => (Argument::Value(u64::from(info)), rest),
            24 => number::<1>(rest, 24)?,
            25 => number::<2>(rest, 0x100)?,
            26 => number::<4>(rest, 0x1_0000)?,
            27 => number::<8>(rest, 0x1_0000_0000)?,
            31 if (2..=5).contains(&major) => (Argument::Indefinite, rest),
            _ => return Err(CborError::Reserved),
        };
        Ok((Self { major, argument }, rest))
    }

    /// Major 7: only false, true and null; the break code has no place where an item is expected.
    fn simple(info: u8, rest: &[u8]) -> Result<(Self, &[u8]), CborError> {
        match info {
            20..=22 => Ok((Self { major: 7, argument: Argument::Value(u64::from(info)) }, rest)),
            31 => Err(CborError::Break),
            _ => Err(CborError::Simple),
        }
    }

    /// Why this head is not the expected one: a tag is its own fault, anything else is a wrong type.
    pub(super) fn mismatch(&self) -> CborError {
        if self.major == 6 { CborError::Tag } else { CborError::Type }
    }
}

/// A big-endian argument of `N` octets that must not be smaller than `least` (else a shorter head would do).
fn number<const N: usize>(rest: &[u8], least: u64) -> Result<(Argument, &[u8]), CborError> {
    let (octets, rest) = rest.split_first_chunk::<N>().ok_or(CborError::Truncated)?;
    let value = octets.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
    if value < least {
        return Err(CborError::NotMinimal);
    }
    Ok((Argument::Value(value), rest))
}
