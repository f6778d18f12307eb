//! Place: none. The caller's nonce (step 20).

use super::Appraisal;
use crate::error::{Refusal, Step};
use subtle::ConstantTimeEq;

/// Whether the caller sent a nonce. Sending each only once, and forgetting it in time, is the caller's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce<'a> {
    /// This one must be answered.
    Expected(&'a [u8]),
    /// None was sent: the evidence may be a replay.
    NotIssued,
}

impl<'a> Nonce<'a> {
    /// Compares `found` in constant time.
    pub(crate) fn check(self, found: Option<&[u8]>, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        let Some(expected) = self.expected(appraisal)? else {
            return Ok(());
        };
        match found {
            None => Err(Refusal::new(Step::Nonce, "the document has no nonce")),
            Some(found) if !same(expected, found) => {
                Err(Refusal::new(Step::Nonce, "the document has another nonce"))
            }
            Some(_) => {
                appraisal.check(Step::Nonce, "the document carries the caller's nonce");
                Ok(())
            }
        }
    }

    /// The nonce to look for; `None`, noted as not checked, when none was sent.
    pub(crate) fn expected(self, appraisal: &mut Appraisal) -> Result<Option<&'a [u8]>, Refusal> {
        match self {
            Self::Expected([]) => Err(Refusal::new(Step::Nonce, "an empty nonce was asked for")),
            Self::Expected(nonce) => Ok(Some(nonce)),
            Self::NotIssued => {
                appraisal.omit("nonce", "none was asked for: this may be a replay");
                Ok(None)
            }
        }
    }
}

/// Equality in constant time for equal lengths.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
