//! Place: none. Strict, bounded, borrowed CBOR reader: majors 0 to 5, the simple values false, true and null, and the break code.
//!
//! What it refuses everywhere: heads longer than necessary, strings in chunks, floats, undefined and other simple
//! values, lengths that reach past the input. Tags and indefinite containers pass only where the caller asks for them.
//! It allocates nothing and never recurses; depth is counted and capped.

mod error;
mod head;

pub use error::CborError;

use head::{Argument, Head};

/// Which container lengths a place accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// Definite only.
    Definite,
    /// Definite or indefinite.
    Any,
}

/// An open array or map; ask [`Reader::next`] whether another entry follows.
#[derive(Debug)]
#[must_use]
pub struct Container {
    /// Entries left when the length is definite.
    left: Option<u64>,
}

/// A CBOR integer of major 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integer {
    /// Major 0: the value itself.
    Unsigned(u64),
    /// Major 1: the value is `-1 - n`.
    Negative(u64),
}

/// A position in borrowed CBOR octets.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
    max_depth: usize,
}

impl<'a> Reader<'a> {
    /// A reader over `input` that refuses containers nested deeper than `max_depth`.
    #[must_use]
    pub fn new(input: &'a [u8], max_depth: usize) -> Self {
        Self { rest: input, depth: 0, max_depth }
    }

    /// The octets not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Succeeds when nothing is left.
    ///
    /// # Errors
    /// [`CborError::Trailing`] with the number of octets left.
    pub fn finish(self) -> Result<(), CborError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(CborError::Trailing(left)),
        }
    }

    /// Takes the tag `number` when one stands here; any other tag is refused.
    ///
    /// # Errors
    /// [`CborError::Tag`] for another tag; errors of the head.
    pub fn optional_tag(&mut self, number: u64) -> Result<bool, CborError> {
        let (head, rest) = Head::read(self.rest)?;
        if head.major != 6 {
            return Ok(false);
        }
        if head.argument != Argument::Value(number) {
            return Err(CborError::Tag);
        }
        self.rest = rest;
        Ok(true)
    }

    /// Takes a null when one stands here.
    ///
    /// # Errors
    /// [`CborError::Truncated`] at the end of the input.
    pub fn optional_null(&mut self) -> Result<bool, CborError> {
        match self.rest.split_first() {
            None => Err(CborError::Truncated),
            Some((0xf6, rest)) => {
                self.rest = rest;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// [`CborError::Type`] for anything else; errors of the head.
    pub fn unsigned(&mut self) -> Result<u64, CborError> {
        self.value(0)
    }

    /// An integer of either sign.
    ///
    /// # Errors
    /// [`CborError::Type`] for anything else; errors of the head.
    pub fn integer(&mut self) -> Result<Integer, CborError> {
        let (head, rest) = Head::read(self.rest)?;
        let value = match (head.major, head.argument) {
            (0, Argument::Value(n)) => Integer::Unsigned(n),
            (1, Argument::Value(n)) => Integer::Negative(n),
            _ => return Err(head.mismatch()),
        };
        self.rest = rest;
        Ok(value)
    }

    /// A boolean.
    ///
    /// # Errors
    /// [`CborError::Type`] for anything else; errors of the head.
    pub fn boolean(&mut self) -> Result<bool, CborError> {
        let (head, rest) = Head::read(self.rest)?;
        let value = match (head.major, head.argument) {
            (7, Argument::Value(20)) => false,
            (7, Argument::Value(21)) => true,
            _ => return Err(head.mismatch()),
        };
        self.rest = rest;
        Ok(value)
    }

    /// A byte string of definite length.
    ///
    /// # Errors
    /// [`CborError::Type`] for anything else, [`CborError::Truncated`] when the input ends first; errors of the head.
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        self.string(2)
    }

    /// A text string of definite length.
    ///
    /// # Errors
    /// As [`Self::bytes`]; [`CborError::Utf8`] when it is not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        core::str::from_utf8(self.string(3)?).map_err(|_| CborError::Utf8)
    }

    /// Opens an array.
    ///
    /// # Errors
    /// [`CborError::Type`] for anything else, [`CborError::Indefinite`] where only definite ones may stand,
    /// [`CborError::Depth`] beyond the cap; errors of the head.
    pub fn array(&mut self, lengths: Lengths) -> Result<Container, CborError> {
        self.open(4, lengths)
    }

    /// Opens a map; each entry is a key followed by a value.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn map(&mut self, lengths: Lengths) -> Result<Container, CborError> {
        self.open(5, lengths)
    }

    /// Whether another entry of `container` follows; takes the break code or closes the container when none does.
    ///
    /// # Errors
    /// [`CborError::Truncated`] at the end of the input.
    pub fn next(&mut self, container: &mut Container) -> Result<bool, CborError> {
        let more = match &mut container.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => match self.rest.split_first() {
                None => return Err(CborError::Truncated),
                Some((0xff, rest)) => {
                    self.rest = rest;
                    // A second call must not look for another break.
                    container.left = Some(0);
                    false
                }
                Some(_) => true,
            },
        };
        if !more {
            self.depth = self.depth.saturating_sub(1);
        }
        Ok(more)
    }

    fn value(&mut self, major: u8) -> Result<u64, CborError> {
        let (head, rest) = Head::read(self.rest)?;
        match head.argument {
            Argument::Value(n) if head.major == major => {
                self.rest = rest;
                Ok(n)
            }
            _ => Err(head.mismatch()),
        }
    }

    fn string(&mut self, major: u8) -> Result<&'a [u8], CborError> {
        let (head, rest) = Head::read(self.rest)?;
        if head.major != major {
            return Err(head.mismatch());
        }
        let Argument::Value(length) = head.argument else {
            return Err(CborError::Chunked);
        };
        let length = usize::try_from(length).map_err(|_| CborError::Truncated)?;
        let (string, rest) = rest.split_at_checked(length).ok_or(CborError::Truncated)?;
        self.rest = rest;
        Ok(string)
    }

    fn open(&mut self, major: u8, lengths: Lengths) -> Result<Container, CborError> {
        let (head, rest) = Head::read(self.rest)?;
        if head.major != major {
            return Err(head.mismatch());
        }
        if self.depth >= self.max_depth {
            return Err(CborError::Depth);
        }
        let left = match (head.argument, lengths) {
            (Argument::Value(n), _) => Some(n),
            (Argument::Indefinite, Lengths::Any) => None,
            (Argument::Indefinite, Lengths::Definite) => return Err(CborError::Indefinite),
        };
        self.rest = rest;
        self.depth += 1;
        Ok(Container { left })
    }
}

impl Container {
    /// The number of entries still to come, when the length is definite.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.left
    }
}

#[cfg(test)]
mod tests;
