//! Place: SAM. Durable batches that wait for the witnesses. The host is believed in nothing: what counts are cosignatures
//! over this enclave's own octets of the checkpoint, and a refusal means "not yet" (spec/ledger.md, gaps 1, 2 and 8).

use super::Released;
use crate::platform::clock::{Millis, QuorumTime};
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::WitnessKey;
use fuin_shared::log::note::SignatureLine;
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::message::{Commit, Cosign, Receipt, RecordChange};
use std::collections::VecDeque;
use std::time::Duration;

/// Pause after a first answer without a quorum, doubled with each one that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A batch that the host has made durable.
pub(super) struct Durable<T> {
    commit: Commit,
    items: Vec<(Vec<Blob>, T)>,
    /// Head of the ledger with this batch.
    head: Checkpoint,
    octets: usize,
    /// The kernel's clock when its checkpoint first left.
    sent: Millis,
}

impl<T> Durable<T> {
    pub(super) fn new(commit: Commit, items: Vec<(Vec<Blob>, T)>, head: Checkpoint, sent: Millis) -> Self {
        let records = commit.records.iter().map(RecordChange::octets);
        let octets = commit.entries.iter().map(|entry| entry.0.len()).chain(records).sum();
        Self { commit, items, head, octets, sent }
    }

    /// The results with their receipts, under `cosigned`, a later checkpoint or this one, or under the batch's own.
    pub(super) fn release(self, cosigned: Option<&str>) -> Vec<Released<T>> {
        let checkpoint = cosigned.map_or(self.commit.checkpoint, str::to_owned);
        let results = self.commit.entries.into_iter().zip(self.items).zip(self.commit.first..);
        results
            .map(|((event, (salts, outcome)), index)| Released {
                outcome,
                receipt: Receipt { index, event, salts, checkpoint: checkpoint.clone() },
            })
            .collect()
    }
}

/// The checkpoint that the witnesses were asked about: the enclave's own octets.
struct Asked {
    head: Checkpoint,
    note: String,
    sent: Millis,
}

/// The batches, in order, and the one question under way.
pub(super) struct Cosigning<T> {
    witnesses: WitnessSet,
    waiting: VecDeque<Durable<T>>,
    asked: Option<Asked>,
    resting: bool,
    pause: Duration,
    time: Option<QuorumTime>,
}

impl<T> Cosigning<T> {
    pub(super) const fn new(witnesses: WitnessSet) -> Self {
        Self {
            witnesses,
            waiting: VecDeque::new(),
            asked: None,
            resting: false,
            pause: FIRST_PAUSE,
            time: None,
        }
    }

    pub(super) fn push(&mut self, batch: Durable<T>) {
        self.waiting.push_back(batch);
    }

    /// Events and octets that wait.
    pub(super) fn held(&self) -> (usize, usize) {
        self.waiting
            .iter()
            .fold((0, 0), |(events, octets), batch| (events + batch.items.len(), octets + batch.octets))
    }

    /// Changes of records that wait.
    pub(super) fn records(&self) -> impl Iterator<Item = &RecordChange> {
        self.waiting.iter().flat_map(|batch| &batch.commit.records)
    }

    pub(super) fn ask(&mut self, ledger: &LedgerIdentity) -> Option<Cosign> {
        if self.asked.is_some() || self.resting {
            return None;
        }
        let newest = self.waiting.back()?;
        let note = newest.commit.checkpoint.clone();
        self.asked = Some(Asked { head: newest.head.clone(), note: note.clone(), sent: newest.sent });
        let quorum = u8::try_from(self.witnesses.threshold()).unwrap_or(u8::MAX);
        Some(Cosign { ledger: ledger.clone(), checkpoint: note, quorum })
    }

    /// What is released, or how long to rest; none if nothing was asked.
    pub(super) fn answered(&mut self, lines: &str) -> Option<Result<Vec<Released<T>>, Duration>> {
        let asked = self.asked.take()?;
        let Some((cosigned, times)) = self.quorum(&asked, lines) else {
            self.resting = true;
            let pause = self.pause;
            self.pause = (pause * 2).min(LONGEST_PAUSE);
            return Some(Err(pause));
        };
        self.pause = FIRST_PAUSE;
        self.time = QuorumTime::of(asked.sent, times, self.witnesses.faults());
        let covered = self.waiting.iter().take_while(|batch| batch.head.size <= asked.head.size).count();
        let released = self.waiting.drain(..covered).flat_map(|batch| batch.release(Some(&cosigned)));
        Some(Ok(released.collect()))
    }

    /// The checkpoint with the lines of the quorum, each witness once, and their times; none unless it is one.
    fn quorum(&self, asked: &Asked, lines: &str) -> Option<(String, Vec<u64>)> {
        let lines = SignatureLine::parse_all(lines).ok()?;
        let cosigned = self.witnesses.cosigned(asked.head.clone(), &lines).ok()?;
        if !self.witnesses.quorum(cosigned.cosignatures()) {
            return None;
        }
        let by = |key: &WitnessKey| lines.iter().find(|l| l.name() == key.name() && l.id() == key.id());
        let own = self.witnesses.keys().iter().filter_map(by).map(SignatureLine::to_text);
        let times = cosigned.cosignatures().iter().map(|cosignature| cosignature.time()).collect();
        Some((std::iter::once(asked.note.clone()).chain(own).collect(), times))
    }

    /// What the newest quorum says of the time; once.
    pub(super) const fn take_time(&mut self) -> Option<QuorumTime> {
        self.time.take()
    }

    pub(super) const fn rested(&mut self) {
        self.resting = false;
    }

    /// Gives up what waits.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = T> {
        self.waiting.drain(..).flat_map(|batch| batch.items).map(|(_, outcome)| outcome)
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::journal::{Entry, Journal, MAX_QUEUE, Progress};
    use crate::ledger::keys::{LedgerKeys, LedgerName, RootKey};
    use crate::ledger::state::State;
    use crate::platform::clock::Millis;
    use fuin_shared::fault::Fault;
    use fuin_shared::ids::{Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId};
    use fuin_shared::log::checkpoint::Checkpoint;
    use fuin_shared::log::cosignature::Cosigner;
    use fuin_shared::log::event::EventBody;
    use fuin_shared::log::note::Note;
    use fuin_shared::log::tree::Frontier;
    use fuin_shared::log::witness_policy::WitnessPolicy;

    const NAME: LedgerName = LedgerName { ledger: LedgerId([1; 16]), shard: 0, epoch: 0 };

    fn witness() -> Cosigner {
        Cosigner::from_seed("witness.example/1", &[5; 32]).unwrap()
    }

    fn journal() -> Journal<u64> {
        let keys = LedgerKeys::derive(RootKey::new([3; 32]), "ledger.example/fuin", NAME).unwrap();
        let mut journal = Journal::new(keys, State::default(), Frontier::new(), None);
        let witnesses = vec![witness().witness().to_string()];
        journal.wait_for(WitnessPolicy { witnesses, threshold: 1, faults: 0 }.check().unwrap());
        journal
    }

    fn append(journal: &mut Journal<u64>, number: u64) -> Result<(), Fault> {
        let body = match number {
            0 => EventBody::Genesis {
                service: ServiceId([2; 32]),
                manifest: ManifestHash([2; 32]),
                ledger: NAME.ledger,
                shard: NAME.shard,
                epoch: NAME.epoch,
                commitment: RootCommitment([4; 32]),
                approvals: Vec::new(),
            },
            size => EventBody::Boot {
                nonce: Digest32([6; 32]),
                instance: InstanceId([7; 32]),
                manifest: ManifestHash([2; 32]),
                size,
                root: Digest32([8; 32]),
            },
        };
        journal.append(Entry { body, records: Vec::new(), salts: Vec::new() }, Millis(1), number)
    }

    fn commit(journal: &mut Journal<u64>) {
        while journal.next_commit(Millis(1)).unwrap().is_some() {
            assert!(matches!(journal.committed(Ok(())), Progress::Durable));
        }
    }

    #[test]
    fn what_waits_for_the_witnesses_is_bounded() {
        let mut journal = journal();
        let mut count = 0;
        while append(&mut journal, count).is_ok() {
            count += 1;
            if count % 100 == 0 {
                commit(&mut journal);
            }
        }
        assert_eq!(count, MAX_QUEUE as u64);
        commit(&mut journal);
        assert_eq!(append(&mut journal, count), Err(Fault::LedgerBusy));
        assert_eq!(journal.size(), count, "all is durable, nothing is released");
        let asked = journal.next_cosign().unwrap();
        assert!(journal.next_cosign().is_none(), "one question at a time");
        assert!(matches!(journal.cosigned(Err(Fault::Deadline)), Some(Progress::Rest(_))));
        assert!(journal.next_cosign().is_none(), "it rests");
        journal.rested();
        assert_eq!(journal.next_cosign().as_ref(), Some(&asked));
        let note = Note::parse(asked.checkpoint.as_bytes()).unwrap();
        let line = witness().cosign(&Checkpoint::parse(note.text()).unwrap(), 9).unwrap().to_text();
        let Some(Progress::Released(released)) = journal.cosigned(Ok(line)) else { panic!("not released") };
        let released: Vec<_> = released.into_iter().map(super::Released::into_parts).collect();
        assert!(released.iter().map(|(number, _)| *number).eq(0..count), "in order");
        assert!(released.iter().all(|(_, receipt)| receipt.checkpoint.contains("witness.example/1")));
        assert_eq!(append(&mut journal, count), Ok(()));
    }

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew_after_success() {
        let mut journal = journal();
        append(&mut journal, 0).unwrap();
        commit(&mut journal);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            journal.next_cosign().unwrap();
            let Some(Progress::Rest(pause)) = journal.cosigned(Ok(String::new())) else { panic!("no rest") };
            pauses.push(pause);
            journal.rested();
        }
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[9]), (super::FIRST_PAUSE, super::LONGEST_PAUSE));
    }

    #[test]
    fn what_waits_is_given_up_with_the_rest() {
        let mut journal = journal();
        append(&mut journal, 0).unwrap();
        commit(&mut journal);
        append(&mut journal, 1).unwrap();
        assert_eq!(journal.abandon(), [0, 1]);
    }
}
