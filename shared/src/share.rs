//! Place: SAM. A custodian's share of the root key, and what the root commitment commits to: the root key, the threshold
//! and every single share, so that each share can be held against the commitment by itself, before any other is there.

use crate::fault::Fault;
use crate::ids::{Digest32, RootCommitment, ServiceId};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Most shares of one root key.
pub const MAX_SHARES: usize = 64;
/// Version of a share's octets.
const VERSION: u8 = 1;
/// Version, threshold, x, number of shares; then the octets of the share, and the digest of the root key.
const HEAD: usize = 4 + 32 + 32;

/// What a root commitment commits to. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOpening {
    /// How many shares give the root key.
    pub threshold: u8,
    /// [`root_digest`].
    pub root: Digest32,
    /// [`share_digest`] of each share; that of x = 1 first.
    pub shares: Vec<Digest32>,
}

impl RootOpening {
    /// The commitment.
    #[must_use]
    pub fn commitment(&self, service: &ServiceId) -> RootCommitment {
        let mut hash = Sha256::new()
            .chain_update(b"fuin/root-commitment/v2\0")
            .chain_update(service)
            .chain_update([self.threshold])
            .chain_update((self.shares.len() as u64).to_be_bytes())
            .chain_update(self.root);
        for share in &self.shares {
            hash.update(share);
        }
        RootCommitment(hash.finalize().into())
    }
}

/// Digest of a root key under its own domain.
#[must_use]
pub fn root_digest(service: &ServiceId, root: &[u8; 32]) -> Digest32 {
    let hash = Sha256::new().chain_update(b"fuin/root-key/v1\0").chain_update(service).chain_update(root);
    Digest32(hash.finalize().into())
}

/// Digest of a share under its own domain.
#[must_use]
pub fn share_digest(service: &ServiceId, x: u8, y: &[u8; 32]) -> Digest32 {
    let hash = Sha256::new()
        .chain_update(b"fuin/root-share/v1\0")
        .chain_update(service)
        .chain_update([x])
        .chain_update(y);
    Digest32(hash.finalize().into())
}

/// A share: a point (x, y) for each of the root key's 32 octets, x the same for all. Erased on drop, never shown.
pub struct Share {
    x: u8,
    y: Zeroizing<[u8; 32]>,
    opening: RootOpening,
}

impl Share {
    /// The share `(x, y)` of what `opening` describes.
    #[must_use]
    pub const fn new(x: u8, y: Zeroizing<[u8; 32]>, opening: RootOpening) -> Self {
        Self { x, y, opening }
    }

    /// Reads the octets of a share.
    ///
    /// # Errors
    /// [`Fault::ShareMalformed`] unless they are of this version and length, with x and threshold from 1 to the number
    /// of shares, at most [`MAX_SHARES`].
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let (head, digests) = octets.split_at_checked(HEAD).ok_or(Fault::ShareMalformed)?;
        let (numbers, values) = head.split_first_chunk::<4>().ok_or(Fault::ShareMalformed)?;
        let [version, threshold, x, count] = *numbers;
        let (y, root) = values.split_first_chunk::<32>().ok_or(Fault::ShareMalformed)?;
        let root = Digest32::from_slice(root).ok_or(Fault::ShareMalformed)?;
        let within = |number: u8| (1..=count).contains(&number);
        let length = usize::from(count) * Digest32::LEN;
        if version != VERSION
            || usize::from(count) > MAX_SHARES
            || !within(x)
            || !within(threshold)
            || digests.len() != length
        {
            return Err(Fault::ShareMalformed);
        }
        let shares = digests.chunks_exact(Digest32::LEN).filter_map(Digest32::from_slice).collect();
        Ok(Self { x, y: Zeroizing::new(*y), opening: RootOpening { threshold, root, shares } })
    }

    /// Its octets, which [`Share::parse`] reads.
    #[must_use]
    pub fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let opening = &self.opening;
        // Never grown, so that nothing secret is left behind.
        let mut out = Zeroizing::new(Vec::with_capacity(HEAD + opening.shares.len() * Digest32::LEN));
        // Invariant: there are at most 64 shares.
        let count = u8::try_from(opening.shares.len()).unwrap_or(u8::MAX);
        out.extend_from_slice(&[VERSION, opening.threshold, self.x, count]);
        out.extend_from_slice(&*self.y);
        out.extend_from_slice(opening.root.as_ref());
        for share in &opening.shares {
            out.extend_from_slice(share.as_ref());
        }
        out
    }

    /// Holds the share against the commitment.
    ///
    /// # Errors
    /// [`Fault::RootMismatch`] when it is not the share that the commitment was made over.
    pub fn check(&self, service: &ServiceId, commitment: &RootCommitment) -> Result<(), Fault> {
        let place = usize::from(self.x).checked_sub(1).and_then(|place| self.opening.shares.get(place));
        let right = place == Some(&share_digest(service, self.x, &self.y))
            && self.opening.commitment(service) == *commitment;
        if right { Ok(()) } else { Err(Fault::RootMismatch) }
    }

    /// Which share it is.
    #[must_use]
    pub const fn x(&self) -> u8 {
        self.x
    }

    /// Its secret octets, for who joins shares.
    #[must_use]
    pub fn y(&self) -> &[u8; 32] {
        &self.y
    }

    /// What it says of the commitment; true once checked.
    #[must_use]
    pub const fn opening(&self) -> &RootOpening {
        &self.opening
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SERVICE: ServiceId = ServiceId([1; 32]);

    fn share() -> (Share, RootCommitment) {
        let shares = (1..=3).map(|x| share_digest(&SERVICE, x, &[x; 32])).collect();
        let opening = RootOpening { threshold: 2, root: root_digest(&SERVICE, &[9; 32]), shares };
        let commitment = opening.commitment(&SERVICE);
        (Share::new(2, Zeroizing::new([2; 32]), opening), commitment)
    }

    #[test]
    fn a_share_reads_back_and_fits_its_commitment_only() {
        let (share, commitment) = share();
        let octets = share.to_octets();
        let again = Share::parse(&octets).unwrap();
        assert_eq!((again.x(), again.y(), again.opening()), (2, &[2; 32], share.opening()));
        assert_eq!(again.check(&SERVICE, &commitment), Ok(()));
        assert_eq!(again.check(&ServiceId([2; 32]), &commitment), Err(Fault::RootMismatch));
        assert_eq!(again.check(&SERVICE, &RootCommitment([0; 32])), Err(Fault::RootMismatch));
    }

    #[test]
    fn every_flipped_bit_of_a_share_is_refused() {
        let (share, commitment) = share();
        let octets = share.to_octets();
        for position in 0..octets.len() * 8 {
            let mut changed = octets.to_vec();
            changed[position / 8] ^= 1 << (position % 8);
            let read = Share::parse(&changed).and_then(|share| share.check(&SERVICE, &commitment));
            assert!(
                matches!(read, Err(Fault::ShareMalformed | Fault::RootMismatch)),
                "bit {position}: {read:?}"
            );
        }
    }

    #[test]
    fn a_share_of_another_version_length_x_or_threshold_is_malformed() {
        let octets = share().0.to_octets();
        for (place, value) in [(0, 0), (0, 2), (1, 0), (1, 4), (2, 0), (2, 4), (3, 2), (3, 65)] {
            let mut changed = octets.to_vec();
            changed[place] = value;
            assert_eq!(Share::parse(&changed).err(), Some(Fault::ShareMalformed), "{place} {value}");
        }
        assert_eq!(Share::parse(&octets[..octets.len() - 1]).err(), Some(Fault::ShareMalformed));
        assert_eq!(Share::parse(&[&octets[..], &[0]].concat()).err(), Some(Fault::ShareMalformed));
        assert_eq!(Share::parse(&[66; 32]).err(), Some(Fault::ShareMalformed));
    }

    proptest! {
        #[test]
        fn hostile_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(share) = Share::parse(&octets) {
                prop_assert_eq!(&share.to_octets()[..], &octets[..]);
            }
        }
    }
}
