//! Place: none. Auditors, to whom details are sealed.

use super::*;
use fuin_auditor::{AuditorKey, DetailError, Opened, Opener};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::Event;
use fuin_shared::manifest::Auditor;

/// An auditor with a sealing key.
pub struct TestAuditor {
    person: Person,
    scalar: [u8; 48],
}

impl TestAuditor {
    pub fn new(name: &str, seed: u8) -> Self {
        Self { person: Person::new(name, seed), scalar: [seed; 48] }
    }

    pub fn key(&self) -> AuditorKey {
        AuditorKey::from_scalar(&self.scalar).unwrap()
    }

    /// As a manifest names the auditor.
    pub fn entry(&self) -> Auditor {
        let sealing = Some(self.key().public().clone());
        Auditor { id: self.person.id.clone(), key: self.person.spki(), sealing }
    }
}

impl World {
    /// The same, nothing installed, with these auditors.
    pub fn read_by(mut self, auditors: &[&TestAuditor]) -> Self {
        self.found_by(|manifest| manifest.auditors = auditors.iter().map(|one| one.entry()).collect());
        self
    }

    /// Operational, with these auditors.
    pub fn audited(seed: u64, auditors: &[&TestAuditor]) -> Self {
        let mut world = Self::new(seed).read_by(auditors);
        world.install().unwrap();
        world.genesis().unwrap();
        world
    }

    pub fn opener(&self, auditor: &TestAuditor) -> Opener {
        let mut opener = Opener::new(auditor.key());
        opener.begin(&self.events()[0]);
        opener
    }

    pub fn events(&self) -> Vec<Event> {
        self.store.entries.iter().map(|entry| codec::decode(entry).unwrap()).collect()
    }

    /// What an auditor gets of a store, event by event, as one who has all details: none where there is none.
    pub fn looked_at(&self, auditor: &TestAuditor) -> Vec<Result<Option<Opened>, DetailError>> {
        let mut opener = self.opener(auditor);
        let look = |(index, event): (u64, Event)| match self.store.details.get(&index) {
            Some(sealed) => opener.open(index, &event, sealed).map(Some),
            None => Ok(None),
        };
        (0..).zip(self.events()).map(look).collect()
    }

    /// Every event with its detail, all of which must open.
    pub fn opened(&self, auditor: &TestAuditor) -> Vec<(Event, Detail)> {
        let details = self.looked_at(auditor).into_iter().map(|looked| match looked {
            Ok(Some(Opened::Detail(detail))) => *detail,
            other => panic!("{other:?}"),
        });
        self.events().into_iter().zip(details).collect()
    }
}
