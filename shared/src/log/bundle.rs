//! Place: none. C2SP tlog-tiles entry bundles: entries one after the other, each as its length in two octets and its bytes.

use alloc::vec::Vec;
use thiserror::Error;

use super::tiles::TILE_WIDTH;

pub use super::event::MAX_ENTRY;

/// Why a bundle was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BundleError {
    /// An entry is longer than [`MAX_ENTRY`].
    #[error("a log entry has {0} octets, more than {MAX_ENTRY}")]
    EntryTooLong(usize),
    /// The bundle ends within an entry.
    #[error("the bundle ends within entry {0}")]
    Truncated(usize),
    /// More than 256 entries.
    #[error("the bundle has more than {TILE_WIDTH} entries")]
    TooManyEntries,
}

/// Appends one entry to a bundle.
///
/// # Errors
/// [`BundleError::EntryTooLong`]; the bundle is then unchanged.
pub fn append_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Splits a bundle into its entries.
///
/// # Errors
/// [`BundleError::Truncated`], [`BundleError::TooManyEntries`].
pub fn entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut found = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        if found.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let truncated = BundleError::Truncated(found.len());
        let (length, after) = rest.split_first_chunk::<2>().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(truncated)?;
        found.push(entry);
        rest = after;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds() {
        let mut bundle = Vec::new();
        assert_eq!(
            append_entry(&mut bundle, &[0; MAX_ENTRY + 1]),
            Err(BundleError::EntryTooLong(MAX_ENTRY + 1))
        );
        assert!(bundle.is_empty());
        append_entry(&mut bundle, &[7; MAX_ENTRY]).unwrap();
        assert_eq!(entries(&bundle).unwrap(), [[7; MAX_ENTRY]]);
        assert_eq!(entries(&bundle[..bundle.len() - 1]), Err(BundleError::Truncated(0)));
        assert_eq!(entries(&[0]), Err(BundleError::Truncated(0)));
        assert_eq!(entries(&[0; 512]).unwrap().len(), 256);
        assert_eq!(entries(&[0; 514]), Err(BundleError::TooManyEntries));
    }

    proptest! {
        #[test]
        fn entries_lead_back(list in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..=256)) {
            let mut bundle = Vec::new();
            for entry in &list {
                append_entry(&mut bundle, entry).unwrap();
            }
            prop_assert_eq!(entries(&bundle).unwrap(), list);
        }

        #[test]
        fn parser_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = entries(&bytes);
        }
    }
}
