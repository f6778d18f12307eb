//! Place: none. Sealed details as they are served: one after the other, each as the index of its entry (eight octets), its
//! length (four octets) and its bytes, by rising index.

use super::MAX_SEALED;
use alloc::vec::Vec;
use thiserror::Error;

/// Octets of details up to which a bundle is filled.
pub const BUNDLE_OCTETS: usize = 1024 * 1024;
/// Most details in a bundle.
pub const BUNDLE_WIDTH: usize = 256;
/// Largest bundle.
pub const MAX_BUNDLE: usize = BUNDLE_OCTETS + BUNDLE_WIDTH * HEAD;
const HEAD: usize = 12;

/// Why a bundle was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bundle of details is cut off, out of order or too large")]
pub struct BundleBroken;

/// Appends one detail.
pub fn append_detail(bundle: &mut Vec<u8>, index: u64, sealed: &[u8]) {
    bundle.extend_from_slice(&index.to_be_bytes());
    // Invariant: the store refuses details beyond MAX_SEALED.
    bundle.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    bundle.extend_from_slice(sealed);
}

/// Splits a bundle.
///
/// # Errors
/// [`BundleBroken`].
pub fn details(bundle: &[u8]) -> Result<Vec<(u64, &[u8])>, BundleBroken> {
    let mut found: Vec<(u64, &[u8])> = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let (index, after) = rest.split_first_chunk::<8>().ok_or(BundleBroken)?;
        let (length, after) = after.split_first_chunk::<4>().ok_or(BundleBroken)?;
        let (index, length) = (u64::from_be_bytes(*index), u32::from_be_bytes(*length) as usize);
        let (sealed, after) = after.split_at_checked(length).ok_or(BundleBroken)?;
        let follows = found.last().is_none_or(|(last, _)| *last < index);
        if !follows || found.len() == BUNDLE_WIDTH || length > MAX_SEALED {
            return Err(BundleBroken);
        }
        found.push((index, sealed));
        rest = after;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn bundle(list: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut bundle = Vec::new();
        list.iter().for_each(|(index, sealed)| append_detail(&mut bundle, *index, sealed));
        bundle
    }

    #[test]
    fn details_out_of_order_cut_off_or_too_large_are_refused() {
        let good = bundle(&[(3, vec![1; 9]), (5, vec![2])]);
        assert_eq!(details(&good).unwrap(), [(3, &[1; 9][..]), (5, &[2][..])]);
        assert_eq!(details(&[]), Ok(Vec::new()));
        for cut in 1..good.len() {
            assert_eq!(details(&good[..cut]).is_ok(), cut == 21, "{cut}");
        }
        for indices in [[5, 3], [4, 4]] {
            assert_eq!(details(&bundle(&indices.map(|index| (index, vec![1])))), Err(BundleBroken));
        }
        assert_eq!(details(&bundle(&[(1, vec![0; MAX_SEALED + 1])])), Err(BundleBroken));
        let many: Vec<_> = (0..=BUNDLE_WIDTH as u64).map(|index| (index, vec![1])).collect();
        assert_eq!(details(&bundle(&many)), Err(BundleBroken));
    }

    proptest! {
        #[test]
        fn parser_never_panics(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = details(&octets);
        }
    }
}
