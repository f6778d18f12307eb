use super::*;
use crate::channel::InstanceKeyPairs;
use crate::ledger::journal::{Entry, Journal, Progress};
use crate::ledger::keys::{LedgerKeys, RootKey};
use crate::platform::clock::Millis;
use crate::platform::entropy::testing::rng;
use fuin_shared::ids::{LedgerId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::key::Spki;
use fuin_shared::log::detail::detail_hash;
use fuin_shared::log::event::{AlarmKind, EventBody};
use fuin_shared::log::state::LedgerName;
use fuin_shared::log::state::State;
use fuin_shared::log::tree::Frontier;
use fuin_shared::log::witness_policy::{WitnessPolicy, WitnessSet};
use fuin_shared::manifest::{Auditor, Limits, ReleaseMode};
use fuin_shared::message::{Commit, RecordChange, SealedRecord};

const NAME: LedgerName = LedgerName { ledger: LedgerId([1; 16]), shard: 0, epoch: 0 };

/// A manifest of which only the auditor is looked at.
fn manifest(sealing: Blob) -> Manifest {
    let id = PersonId::new("rin").unwrap();
    Manifest {
        version: 1,
        name: String::new(),
        development: true,
        not_after: 0,
        evidence_anchors: Vec::new(),
        measurements: Vec::new(),
        officers: Vec::new(),
        officer_quorum: 1,
        custodians: Vec::new(),
        share_threshold: 1,
        ra_clients: Vec::new(),
        authorities: Vec::new(),
        release: ReleaseMode::Durable,
        algorithms: Vec::new(),
        limits: Limits::default(),
        ledger_prefix: String::new(),
        witnesses: None,
        means: None,
        operators: Vec::new(),
        auditors: vec![Auditor { id, key: Spki(Blob::default()), sealing: Some(sealing) }],
        seals: None,
    }
}

/// A journal whose details somebody reads, after its first event.
fn journal(witnesses: Option<WitnessSet>) -> (Journal<()>, Commit) {
    let mut rng = rng(1);
    let keys = LedgerKeys::derive(RootKey::new([3; 32]), "ledger.example/fuin", NAME).unwrap();
    let mut journal = Journal::new(keys, State::default(), Frontier::new(), None);
    if let Some(witnesses) = witnesses {
        journal.wait_for(witnesses);
    }
    let reader = InstanceKeyPairs::generate(&mut rng).public().hpke;
    journal.seal_details_to(&manifest(reader), &mut rng).unwrap();
    let genesis = EventBody::Genesis {
        service: ServiceId([2; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: NAME.ledger,
        shard: NAME.shard,
        epoch: NAME.epoch,
        commitment: RootCommitment([4; 32]),
        approvals: Vec::new(),
    };
    // It comes to nothing: too large for any commit.
    let body = vec![0; 1024 * 1024].into();
    let id = fuin_shared::ids::CredentialId::new("key").unwrap();
    let records = vec![RecordChange::Put(SealedRecord { id, version: 1, body })];
    let too_large = Entry { records, ..Entry::new(genesis.clone(), Detail::default()) };
    assert_eq!(journal.append(too_large, Millis(1), ()), Err(Fault::TooLarge));
    journal.append(Entry::new(genesis, Detail::default()), Millis(1), ()).unwrap();
    let commit = journal.next_commit(Millis(1)).unwrap().unwrap();
    (journal, commit)
}

fn alarm(journal: &mut Journal<()>) {
    let body = EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 };
    journal.append(Entry::new(body, Detail::default()), Millis(1), ()).unwrap();
}

/// Index and what is sealed, of each detail in a commit; each is that of its entry.
fn sealed(commit: &Commit) -> Vec<(u64, SealedDetail)> {
    let kept: Vec<_> = commit.records.iter().filter_map(RecordChange::detail).collect();
    assert_eq!(kept.len(), commit.entries.len());
    let each = (commit.first..).zip(&commit.entries).zip(kept).map(|((index, entry), kept)| {
        let event: Event = codec::decode(entry.as_slice()).unwrap();
        assert_eq!((kept.index, event.detail), (index, Some(detail_hash(kept.sealed.as_slice()))));
        (index, codec::decode(kept.sealed.as_slice()).unwrap())
    });
    each.collect()
}

/// The content key goes with the first event that is, and the number of one that is not comes never again.
#[test]
fn an_event_that_came_to_nothing_takes_neither_the_content_key_nor_a_number_along() {
    let (mut journal, first) = journal(None);
    let [(0, carrier)] = &sealed(&first)[..] else { panic!() };
    assert_eq!((carrier.keys_at, carrier.keys.len(), carrier.number), (0, 1, 1));
    // Also while that one is under way, and while others wait.
    alarm(&mut journal);
    alarm(&mut journal);
    assert!(matches!(journal.committed(Ok(())), Progress::Released(_)));
    let next = journal.next_commit(Millis(1)).unwrap().unwrap();
    let told: Vec<_> =
        sealed(&next).into_iter().map(|(at, s)| (at, s.keys_at, s.keys.len(), s.number)).collect();
    assert_eq!(told, [(1, 0, 0, 2), (2, 0, 0, 3)]);
}

#[test]
fn each_detail_has_a_key_of_its_own() {
    let mut rng = rng(2);
    let reader = InstanceKeyPairs::generate(&mut rng).public().hpke;
    let mut details = Details::to_auditors(&manifest(reader), &NAME.ledger, 0, &mut rng).unwrap().unwrap();
    let body = EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 };
    let event = Event { version: 1, time: 1, body, detail: None };
    // The same detail of the same event, again and again: nothing of it repeats.
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let octets = details.seal(&NAME.ledger, 7, &event, &Detail::default()).unwrap();
        let sealed: SealedDetail = codec::decode(octets.as_slice()).unwrap();
        assert!(seen.insert(sealed.ciphertext.0[..8].to_vec()));
    }
    assert_eq!(
        Details::to_auditors(&manifest(vec![4; 97].into()), &NAME.ledger, 0, &mut rng).err(),
        Some(Fault::Malformed)
    );
}

/// What is durable is not held in memory until the witnesses answer.
#[test]
fn details_that_wait_for_witnesses_are_not_held() {
    let witness = fuin_shared::log::cosignature::Cosigner::from_seed("witness.example/1", &[5; 32]).unwrap();
    let witnesses = vec![witness.witness().to_string()];
    let policy = WitnessPolicy { witnesses, threshold: 1, faults: 0 }.check().unwrap();
    let (mut journal, first) = journal(Some(policy));
    assert_eq!(sealed(&first).len(), 1);
    assert!(matches!(journal.committed(Ok(())), Progress::Durable));
    assert_eq!(journal.held_octets(), first.entries.iter().map(|entry| entry.0.len()).sum::<usize>());
}
