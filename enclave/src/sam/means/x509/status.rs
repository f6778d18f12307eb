//! Place: SAM. Revocation status: the newest list of each issuer that the host brought. The host can hold a list back, but
//! not for longer than the manifest's greatest age; it can neither make one nor bring an older one in this boot.

use super::parse;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::manifest::means::{MeansPolicy, X509Issuer};
use fuin_shared::pki::path::MAX_CHAIN;
use fuin_shared::pki::{Certificate, RevocationList, validate};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Most issuers whose list is kept.
const MAX_LISTS: usize = 32;

/// Name and key of an issuer.
type IssuerKey = [u8; 32];

/// The lists, by issuer.
#[derive(Default)]
pub struct StatusBook {
    lists: HashMap<IssuerKey, RevocationList>,
}

impl StatusBook {
    /// Takes a list in DER, with the certificate of its issuer first in `issuer`, and those above it up to an anchor of the
    /// policy; an anchor may stand alone.
    ///
    /// # Errors
    /// [`Fault::MeansUntrusted`] when the issuer is not under an anchor; [`Fault::RevocationList`] for a list that is
    /// malformed, partial, not the issuer's, not current, or older than the one that is known; [`Fault::LimitReached`].
    pub fn take(
        &mut self,
        list: &[u8],
        issuer: &[Blob],
        policy: &MeansPolicy,
        now: u64,
    ) -> Result<(), Fault> {
        if issuer.len() > MAX_CHAIN {
            return Err(Fault::RevocationList);
        }
        let chain = parse(issuer).ok_or(Fault::RevocationList)?;
        let by = chain.first().ok_or(Fault::RevocationList)?;
        if !policy.x509.iter().any(|entry| is_under(&chain, entry, now)) {
            return Err(Fault::MeansUntrusted);
        }
        let list = RevocationList::from_der(list).map_err(|_| Fault::RevocationList)?;
        list.verify(by).map_err(|_| Fault::RevocationList)?;
        list.check_time(now).map_err(|_| Fault::RevocationList)?;
        let key = key(by);
        match self.lists.get(&key) {
            // The same again.
            Some(known) if list.compare_number(known) == Ordering::Equal => {
                let same = list.this_update() == known.this_update();
                return if same { Ok(()) } else { Err(Fault::RevocationList) };
            }
            Some(known) => {
                let newer = list.compare_number(known) == Ordering::Greater
                    && list.this_update() >= known.this_update();
                if !newer {
                    return Err(Fault::RevocationList);
                }
            }
            None => {
                self.lists.retain(|_, known| known.check_time(now).is_ok());
                if self.lists.len() >= MAX_LISTS {
                    return Err(Fault::LimitReached);
                }
            }
        }
        self.lists.insert(key, list);
        Ok(())
    }

    /// Whether a certificate issued by `by` stands unrevoked in a list not older than `oldest` seconds.
    ///
    /// # Errors
    /// [`Fault::MeansStatus`], [`Fault::MeansRevoked`].
    pub fn check(
        &self,
        certificate: &Certificate,
        by: &Certificate,
        oldest: u32,
        now: u64,
    ) -> Result<(), Fault> {
        let list = self.lists.get(&key(by)).ok_or(Fault::MeansStatus)?;
        // What was revoked once is so in an old list too.
        if list.lists(certificate.serial()) {
            return Err(Fault::MeansRevoked);
        }
        let fresh = list.check_time(now).is_ok() && now - list.this_update() <= u64::from(oldest);
        if fresh { Ok(()) } else { Err(Fault::MeansStatus) }
    }
}

/// Whether the first of `chain` is a CA's certificate under the entry's anchors, at `now`.
fn is_under(chain: &[Certificate], entry: &X509Issuer, now: u64) -> bool {
    let (Some(first), Some(anchors)) = (chain.first(), parse(&entry.anchors)) else { return false };
    let anchor = chain.len() == 1 && anchors.contains(first) && first.is_valid_at(now);
    first.is_ca() && (anchor || validate(chain, &anchors, now).is_ok())
}

fn key(issuer: &Certificate) -> IssuerKey {
    let name = issuer.subject_der();
    Sha256::new()
        .chain_update((name.len() as u64).to_be_bytes())
        .chain_update(name)
        .chain_update(issuer.spki_der())
        .finalize()
        .into()
}
