//! Place: none. What is put in and what comes out, apart from how a caller reaches it.

/// The most octets of evidence that are taken. More than any evidence has, so that too long ones are refused by their step.
pub const MAX_EVIDENCE: usize = 1 << 20;
/// The most octets of options: a root, a release.json, some registers.
pub const MAX_OPTIONS: usize = 1 << 20;

/// What a caller fills before it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The evidence.
    Evidence,
    /// The options, JSON.
    Options,
}

impl Slot {
    /// By its number in the module's interface.
    #[must_use]
    pub const fn of(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Evidence),
            1 => Some(Self::Options),
            _ => None,
        }
    }
}

/// One request and its answer.
#[derive(Debug, Default)]
pub struct Desk {
    evidence: Vec<u8>,
    options: Vec<u8>,
    answer: Vec<u8>,
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub const fn new() -> Self {
        Self { evidence: Vec::new(), options: Vec::new(), answer: Vec::new() }
    }

    /// Room for `length` octets, zero at first; `None` when that is more than the slot takes.
    pub fn room(&mut self, slot: Slot, length: usize) -> Option<&mut [u8]> {
        let (room, most) = match slot {
            Slot::Evidence => (&mut self.evidence, MAX_EVIDENCE),
            Slot::Options => (&mut self.options, MAX_OPTIONS),
        };
        *room = Vec::new();
        if length > most {
            return None;
        }
        room.resize(length, 0);
        Some(room)
    }

    /// Judges what lies here and keeps the report. Both slots are empty afterwards.
    pub fn judge(&mut self) -> &[u8] {
        let (evidence, options) = (std::mem::take(&mut self.evidence), std::mem::take(&mut self.options));
        self.answer = fuin_report::judge_json(&evidence, &options).into_bytes();
        &self.answer
    }

    /// The last report.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(desk: &mut Desk, slot: Slot, octets: &[u8]) {
        desk.room(slot, octets.len()).unwrap().copy_from_slice(octets);
    }

    #[test]
    fn a_question_is_answered_once_and_leaves_nothing_behind() {
        let mut desk = Desk::new();
        put(&mut desk, Slot::Evidence, b"no evidence");
        put(&mut desk, Slot::Options, br#"{"at": "archive", "authentic-only": true}"#);
        let first = String::from_utf8(desk.judge().to_vec()).unwrap();
        assert!(first.contains("\"accepted\": false") && first.contains("\"step\": 2"), "{first}");
        assert_eq!(desk.answer(), first.as_bytes());
        let second = String::from_utf8(desk.judge().to_vec()).unwrap();
        assert!(second.contains("options: must be a JSON object"), "{second}");
    }

    #[test]
    fn more_than_any_evidence_has_is_not_taken() {
        let mut desk = Desk::new();
        assert!(desk.room(Slot::Evidence, MAX_EVIDENCE).is_some());
        assert!(desk.room(Slot::Evidence, MAX_EVIDENCE + 1).is_none());
        assert!(desk.room(Slot::Options, usize::MAX).is_none());
        assert_eq!(
            (Slot::of(0), Slot::of(1), Slot::of(2)),
            (Some(Slot::Evidence), Some(Slot::Options), None)
        );
    }
}
