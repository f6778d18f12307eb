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
    /// Witnesses that take over with an event of this batch.
    pub(super) successors: Option<WitnessSet>,
}

impl<T> Durable<T> {
    pub(super) fn new(
        mut commit: Commit,
        items: Vec<(Vec<Blob>, T)>,
        head: Checkpoint,
        sent: Millis,
    ) -> Self {
        // They are durable, and nobody asks for them here.
        commit.records.retain(|change| change.detail().is_none());
        let records = commit.records.iter().map(RecordChange::octets);
        let octets = commit.entries.iter().map(|entry| entry.0.len()).chain(records).sum();
        Self { commit, items, head, octets, sent, successors: None }
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
    /// It has a change of the witnesses in it, which counts under both quorums only.
    joint: bool,
}

/// The batches, in order, and the one question under way.
pub(super) struct Cosigning<T> {
    witnesses: WitnessSet,
    /// Witnesses that take over: until a head with the change in it has the quorum of both sets, nothing is released
    /// (spec/ledger.md, gap 6). Retired witnesses alone can then extend no history in which they are not retired.
    successors: Option<WitnessSet>,
    /// The checkpoint by which the last change came into force, until an event shows it.
    changed: Option<String>,
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
            successors: None,
            changed: None,
            waiting: VecDeque::new(),
            asked: None,
            resting: false,
            pause: FIRST_PAUSE,
            time: None,
        }
    }

    /// From now on these must cosign too.
    pub(super) fn join(&mut self, successors: WitnessSet) {
        self.successors = Some(successors);
    }

    /// See [`super::Journal::joining`].
    pub(super) const fn joining(&self) -> bool {
        self.successors.is_some() || self.changed.is_some()
    }

    /// See [`super::Journal::changed`].
    pub(super) fn changed(&self) -> Option<&str> {
        self.changed.as_deref()
    }

    /// See [`super::Journal::change_noted`].
    pub(super) fn change_noted(&mut self) {
        self.changed = None;
    }

    pub(super) fn push(&mut self, mut batch: Durable<T>) {
        if let Some(successors) = batch.successors.take() {
            self.join(successors);
        }
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
        let joint = self.successors.is_some();
        self.asked = Some(Asked { head: newest.head.clone(), note: note.clone(), sent: newest.sent, joint });
        // Which lines make both quorums the host cannot know: then it gives all.
        let enough = match &self.successors {
            None => self.witnesses.threshold(),
            Some(successors) => {
                let new = successors.keys().iter().filter(|key| !self.witnesses.keys().contains(key));
                self.witnesses.keys().len() + new.count()
            }
        };
        let quorum = u8::try_from(enough).unwrap_or(u8::MAX);
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
        if let Some(successors) = self.successors.take_if(|_| asked.joint) {
            self.witnesses = successors;
            self.changed = Some(cosigned.clone());
        }
        let covered = self.waiting.iter().take_while(|batch| batch.head.size <= asked.head.size).count();
        let released = self.waiting.drain(..covered).flat_map(|batch| batch.release(Some(&cosigned)));
        Some(Ok(released.collect()))
    }

    /// The checkpoint with the lines of the quorum, each witness once, and their times; none unless it is one.
    fn quorum(&self, asked: &Asked, lines: &str) -> Option<(String, Vec<u64>)> {
        let lines = SignatureLine::parse_all(lines).ok()?;
        let (mut keys, mut times): (Vec<&WitnessKey>, _) = (Vec::new(), None);
        let successors = self.successors.as_ref().filter(|_| asked.joint);
        for set in std::iter::once(&self.witnesses).chain(successors) {
            let cosigned = set.cosigned(asked.head.clone(), &lines).ok()?;
            if !set.quorum(cosigned.cosignatures()) {
                return None;
            }
            keys.extend(set.keys());
            // Those in office tell the time.
            times.get_or_insert_with(|| cosigned.cosignatures().iter().map(|one| one.time()).collect());
        }
        keys.sort_unstable_by_key(|key| key.public_key());
        keys.dedup();
        let own = keys.into_iter().filter_map(|key| key.line_in(&lines)).map(SignatureLine::to_text);
        Some((std::iter::once(asked.note.clone()).chain(own).collect(), times?))
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
    use crate::ledger::keys::{LedgerKeys, RootKey};
    use crate::platform::clock::Millis;
    use fuin_shared::fault::Fault;
    use fuin_shared::ids::{Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId};
    use fuin_shared::log::checkpoint::Checkpoint;
    use fuin_shared::log::cosignature::Cosigner;
    use fuin_shared::log::detail::Detail;
    use fuin_shared::log::event::EventBody;
    use fuin_shared::log::note::Note;
    use fuin_shared::log::state::LedgerName;
    use fuin_shared::log::state::State;
    use fuin_shared::log::tree::Frontier;
    use fuin_shared::log::witness_policy::{WitnessPolicy, WitnessSet};
    use fuin_shared::message::Cosign;

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

    fn boot(size: u64) -> EventBody {
        EventBody::Boot {
            nonce: Digest32([6; 32]),
            instance: InstanceId([7; 32]),
            manifest: ManifestHash([2; 32]),
            size,
            root: Digest32([8; 32]),
        }
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
            size => boot(size),
        };
        journal.append(Entry::new(body, Detail::default()), Millis(1), number)
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

    fn cosigner(n: u8) -> Cosigner {
        Cosigner::from_seed(&format!("witness.example/{n}"), &[n; 32]).unwrap()
    }

    fn set(numbers: &[u8], threshold: u8) -> WitnessSet {
        let witnesses = numbers.iter().map(|n| cosigner(*n).witness().to_string()).collect();
        WitnessPolicy { witnesses, threshold, faults: 0 }.check().unwrap()
    }

    /// What these say to a question.
    fn lines(asked: &Cosign, numbers: &[u8]) -> String {
        let note = Note::parse(asked.checkpoint.as_bytes()).unwrap();
        let head = Checkpoint::parse(note.text()).unwrap();
        numbers.iter().map(|n| cosigner(*n).cosign(&head, 9).unwrap().to_text()).collect()
    }

    /// A change of the witnesses counts, and anything after it is released, under both quorums over one head.
    #[test]
    fn set_change_needs_both_quorums_over_one_head() {
        let keys = LedgerKeys::derive(RootKey::new([3; 32]), "ledger.example/fuin", NAME).unwrap();
        let mut journal = Journal::new(keys, State::default(), Frontier::new(), None);
        journal.wait_for(set(&[1, 2, 3], 2));
        append(&mut journal, 0).unwrap();
        commit(&mut journal);
        // Asked before the change: the old set alone is enough, for what is in that head.
        let before = journal.next_cosign().unwrap();
        let entry = Entry::new(boot(1), Detail::default());
        journal.append_change(entry, set(&[3, 4, 5], 2), Millis(1), 1).unwrap();
        let again = Entry::new(boot(2), Detail::default());
        assert_eq!(
            journal.append_change(again, set(&[6], 1), Millis(1), 2),
            Err(Fault::LedgerBusy),
            "one at a time"
        );
        commit(&mut journal);
        append(&mut journal, 2).unwrap();
        commit(&mut journal);
        let Some(Progress::Released(first)) = journal.cosigned(Ok(lines(&before, &[1, 2]))) else { panic!() };
        assert_eq!((first.len(), journal.changed()), (1, None));
        let asked = journal.next_cosign().unwrap();
        assert_eq!(asked.quorum, 5, "every line that there is");
        for few in [&[1, 2][..], &[4, 5], &[1, 2, 3], &[3, 4, 5], &[1, 4], &[1, 3, 6], &[2, 4, 5]] {
            assert!(matches!(journal.cosigned(Ok(lines(&asked, few))), Some(Progress::Rest(_))), "{few:?}");
            assert!(journal.changed().is_none());
            journal.rested();
            assert_eq!(journal.next_cosign().as_ref(), Some(&asked));
        }
        // One witness of both sets counts in each.
        let Some(Progress::Released(rest)) = journal.cosigned(Ok(lines(&asked, &[2, 3, 5]))) else {
            panic!()
        };
        assert_eq!(rest.len(), 2);
        let note = journal.changed().unwrap().to_owned();
        assert!(journal.joining(), "until an event shows it");
        journal.change_noted();
        assert!(!journal.joining() && journal.changed().is_none());
        assert_eq!(Note::parse(note.as_bytes()).unwrap().signatures().len(), 4, "the ledger's and three");
        // From now on the new set alone, and the old one no longer.
        append(&mut journal, 3).unwrap();
        commit(&mut journal);
        let asked = journal.next_cosign().unwrap();
        assert_eq!(asked.quorum, 2);
        assert!(matches!(journal.cosigned(Ok(lines(&asked, &[1, 2, 3]))), Some(Progress::Rest(_))));
        journal.rested();
        let asked = journal.next_cosign().unwrap();
        assert!(matches!(journal.cosigned(Ok(lines(&asked, &[4, 5]))), Some(Progress::Released(_))));
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
