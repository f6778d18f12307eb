//! Place: none. Opens details, each against the event that it must be of.

use crate::key::AuditorKey;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use fuin_shared::codec;
use fuin_shared::ids::{LedgerId, PersonId};
use fuin_shared::log::detail::{
    Detail, MAX_SEALED, SealedDetail, VERSION, detail_aad, detail_hash, event_digest, key_aad, key_info,
};
use fuin_shared::log::event::{Event, EventBody};
use hkdf::Hkdf;
use sha2::Sha384;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Why a detail is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetailError {
    /// The event has no detail.
    #[error("a detail lies beside an event that has none")]
    Unasked,
    /// Not the octets whose hash the event has.
    #[error("the sealed detail is altered, or is that of another event")]
    Altered,
    /// Not a sealed detail of a version that is known.
    #[error("the sealed detail is malformed")]
    Malformed,
    /// The detail with its content key was not shown before.
    #[error("the content key of the detail lies beside event {0}, which was not read")]
    KeyNotRead(u64),
    /// Nobody said which ledger it is.
    #[error("the first event of the ledger was not read")]
    NoBeginning,
    /// A content key was wrapped to this key, and does not open.
    #[error("the content key of the detail does not open in this place of this ledger")]
    ContentKey,
    /// It does not open for this event.
    #[error("the detail does not open as that of this event")]
    Foreign,
}

/// What came of a detail that is the event's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// What it says.
    Detail(Box<Detail>),
    /// It is sealed to other auditors.
    ToOthers,
}

/// A key and what it opened so far.
pub struct Opener {
    key: AuditorKey,
    /// As the first event says.
    ledger: Option<LedgerId>,
    /// By the index of the event whose detail carries them; none where it is wrapped to others only.
    content: BTreeMap<u64, Option<Zeroizing<[u8; 32]>>>,
    others: BTreeSet<PersonId>,
}

impl Opener {
    /// Before the first event.
    #[must_use]
    pub const fn new(key: AuditorKey) -> Self {
        Self { key, ledger: None, content: BTreeMap::new(), others: BTreeSet::new() }
    }

    /// Takes the first event of the ledger, which says which one it is.
    pub const fn begin(&mut self, first: &Event) {
        if let EventBody::Genesis { ledger, .. } = &first.body {
            self.ledger = Some(*ledger);
        }
    }

    /// Auditors to whom content keys were wrapped that are not for this key.
    pub fn others(&self) -> impl Iterator<Item = &PersonId> {
        self.others.iter()
    }

    /// Index of the event whose detail has the content key of this one, if that was not read yet.
    #[must_use]
    pub fn wants(&self, sealed: &[u8]) -> Option<u64> {
        let sealed = parse(sealed).ok()?;
        let known = !sealed.keys.is_empty() || self.content.contains_key(&sealed.keys_at);
        (!known).then_some(sealed.keys_at)
    }

    /// Takes the content key out of the detail of the event of index `index`, if it carries one.
    ///
    /// # Errors
    /// [`DetailError::Malformed`], [`DetailError::ContentKey`].
    pub fn learn(&mut self, index: u64, sealed: &[u8]) -> Result<(), DetailError> {
        self.take_key(index, &parse(sealed)?)
    }

    fn take_key(&mut self, index: u64, sealed: &SealedDetail) -> Result<(), DetailError> {
        if sealed.keys.is_empty() {
            return Ok(());
        }
        if sealed.keys_at != index {
            return Err(DetailError::Malformed);
        }
        let own = self.key.hash();
        let Some(wrapped) = sealed.keys.iter().find(|wrapped| wrapped.key == own) else {
            self.others.extend(sealed.keys.iter().map(|wrapped| wrapped.auditor.clone()));
            self.content.insert(index, None);
            return Ok(());
        };
        let content = self.key.unwrap(
            wrapped,
            &key_aad(&self.ledger.ok_or(DetailError::NoBeginning)?, index, &wrapped.auditor),
        )?;
        self.content.insert(index, Some(content));
        Ok(())
    }

    /// Opens the detail of the event of index `index`.
    ///
    /// # Errors
    /// [`DetailError`].
    pub fn open(&mut self, index: u64, event: &Event, octets: &[u8]) -> Result<Opened, DetailError> {
        check(event, octets)?;
        let sealed = parse(octets)?;
        if sealed.keys_at > index || (sealed.keys_at == index) == sealed.keys.is_empty() {
            return Err(DetailError::Malformed);
        }
        self.take_key(index, &sealed)?;
        let content = self.content.get(&sealed.keys_at).ok_or(DetailError::KeyNotRead(sealed.keys_at))?;
        let Some(content) = content else { return Ok(Opened::ToOthers) };
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha384>::new(None, &**content)
            .expand(&key_info(sealed.number), &mut *key)
            .map_err(|_| DetailError::Foreign)?;
        let cipher = Aes256Gcm::new_from_slice(&*key).map_err(|_| DetailError::Foreign)?;
        let ledger = self.ledger.ok_or(DetailError::NoBeginning)?;
        let aad = detail_aad(&ledger, index, &event_digest(event), &sealed);
        let payload = Payload { msg: sealed.ciphertext.as_slice(), aad: &aad };
        let opened = cipher.decrypt(&Default::default(), payload).map_err(|_| DetailError::Foreign)?;
        let detail: Detail = codec::decode(&opened).map_err(|_| DetailError::Malformed)?;
        if detail.version == VERSION {
            Ok(Opened::Detail(Box::new(detail)))
        } else {
            Err(DetailError::Malformed)
        }
    }
}

/// Holds the octets beside an event against it, as anybody can.
///
/// # Errors
/// [`DetailError::Unasked`], [`DetailError::Altered`].
pub fn check(event: &Event, octets: &[u8]) -> Result<(), DetailError> {
    let hash = event.detail.ok_or(DetailError::Unasked)?;
    if detail_hash(octets) == hash { Ok(()) } else { Err(DetailError::Altered) }
}

fn parse(octets: &[u8]) -> Result<SealedDetail, DetailError> {
    if octets.len() > MAX_SEALED {
        return Err(DetailError::Malformed);
    }
    let sealed: SealedDetail = codec::decode(octets).map_err(|_| DetailError::Malformed)?;
    if sealed.version == VERSION { Ok(sealed) } else { Err(DetailError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::log::event::AlarmKind;
    use proptest::prelude::*;

    fn opener() -> Opener {
        Opener::new(AuditorKey::from_scalar(&[7; 48]).unwrap())
    }

    #[test]
    fn scalars_that_are_none_of_the_curve_are_no_key() {
        for wrong in [&[0; 48][..], &[0xff; 48], &[7; 47], &[7; 49], &[]] {
            assert!(AuditorKey::from_scalar(wrong).is_none());
        }
    }

    proptest! {
        /// Whatever lies beside an event, even where the hash fits.
        #[test]
        fn hostile_octets_are_refused_without_a_panic(
            octets in proptest::collection::vec(any::<u8>(), 0..300),
            keys_at in any::<u64>(),
            index in any::<u64>(),
        ) {
            let body = EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 };
            let sealed = SealedDetail {
                version: VERSION,
                keys_at,
                keys: Vec::new(),
                number: index,
                ciphertext: octets.clone().into(),
            };
            for octets in [octets, codec::encode(&sealed)] {
                let detail = Some(detail_hash(&octets));
                let event = Event { version: 1, time: 1, body: body.clone(), detail };
                prop_assert!(opener().open(index, &event, &octets).is_err());
                prop_assert!(opener().wants(&octets).is_none_or(|at| at == keys_at));
            }
        }
    }
}
