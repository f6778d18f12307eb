//! Place: none. Tests of snapshots as octets; those over real ledgers are the enclave's.

use super::*;
use crate::ids::{InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId, StatementId, Subject};
use crate::log::event::{CredentialMark, RecordMark, VERSION};
use alloc::vec;
use proptest::prelude::*;

fn entry(time: u64, body: EventBody) -> Vec<u8> {
    codec::encode(&Event { version: VERSION, time, body, detail: None })
}

/// A ledger with so many keys, each signed with once.
fn ledger(keys: u16) -> Vec<Vec<u8>> {
    let genesis = EventBody::Genesis {
        service: ServiceId([1; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: LedgerId([3; 16]),
        shard: 0,
        epoch: 0,
        commitment: RootCommitment([4; 32]),
        approvals: vec![StatementId([0xff; 16])],
    };
    let mut entries = vec![entry(0, genesis)];
    for number in 0..keys {
        let mut name = [7; 32];
        name[..2].copy_from_slice(&number.to_be_bytes());
        let mut statement = [0; 16];
        statement[..2].copy_from_slice(&number.to_be_bytes());
        let mark = |sequence| CredentialMark { subject: Subject(name), sequence };
        let digest = Digest32([8; 32]);
        entries.push(entry(
            1,
            EventBody::KeyGenerated {
                credential: mark(0),
                signer: Subject([9; 32]),
                record: RecordMark { version: 1, hash: digest },
                attests: digest,
                statement: StatementId(statement),
            },
        ));
        entries.push(entry(
            1,
            EventBody::Signed { credential: mark(1), certificate: digest, count: 1, hashes: digest },
        ));
    }
    entries
}

/// Octets of a snapshot of this ledger.
fn octets(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut summing = Summing::default();
    entries.iter().for_each(|entry| summing.push(entry).unwrap());
    let event = entry(2, EventBody::Snapshot { size: summing.size(), state: summing.digest() });
    let kept = summing.keep().unwrap();
    [kept.opening(&event, Vec::new()).unwrap(), kept.parts].concat()
}

fn read(octets: &[u8], cut: usize) -> Result<Snapshot, RuleBroken> {
    let mut reading = Reading::default();
    octets.chunks(cut).try_for_each(|piece| reading.push(piece))?;
    reading.finish()
}

#[test]
fn many_identifiers_come_in_several_pieces_and_come_back() {
    // More than 1024 statements.
    let entries = ledger(2600);
    let octets = octets(&entries);
    let snapshot = read(&octets, 4096).unwrap();
    assert_eq!((snapshot.frontier.size(), snapshot.state.credentials_of(&Subject([9; 32]))), (5201, 2600));
    assert!(snapshot.state.is_spent(&StatementId([0xff; 16])));
    assert_eq!(snapshot.state.digest(), snapshot.digest);
}

#[test]
fn a_ledger_without_events_has_no_state_in_pieces() {
    let nothing = Summing::default().keep().unwrap();
    assert_eq!((nothing.size, nothing.parts.len()), (0, 0));
}

#[test]
fn pieces_in_another_order_or_twice_are_another_state() {
    let octets = octets(&ledger(3));
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    Parts::default()
        .push(&octets, |piece| {
            pieces.push(piece.to_vec());
            Ok(())
        })
        .unwrap();
    let written = |pieces: &[Vec<u8>]| {
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| append_part(&mut out, piece).unwrap());
        out
    };
    assert!(read(&written(&pieces), 99).is_ok());
    for (one, other) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        let mut swapped = pieces.clone();
        swapped.swap(one, other);
        assert!(read(&written(&swapped), 99).is_err(), "{one} and {other}");
    }
    for at in 0..pieces.len() {
        let mut twice = pieces.clone();
        twice.insert(at, pieces[at].clone());
        assert!(read(&written(&twice), 99).is_err(), "{at} twice");
        let mut without = pieces.clone();
        without.remove(at);
        assert!(read(&written(&without), 99).is_err(), "without {at}");
    }
}

#[test]
fn too_many_proofs_and_an_event_of_another_kind_are_no_opening() {
    let mut summing = Summing::default();
    ledger(1).iter().for_each(|entry| summing.push(entry).unwrap());
    let kept = summing.keep().unwrap();
    let event = entry(2, EventBody::Snapshot { size: 3, state: summing.digest() });
    let boot = EventBody::Boot {
        nonce: summing.digest(),
        instance: InstanceId([5; 32]),
        manifest: ManifestHash([2; 32]),
        size: 3,
        root: summing.digest(),
    };
    let with = |event: &[u8], growth| [kept.opening(event, growth).unwrap(), kept.parts.clone()].concat();
    assert!(read(&with(&event, vec![None; MAX_MARKS]), 64).is_ok());
    assert!(read(&with(&event, vec![None; MAX_MARKS + 1]), 64).is_err());
    assert!(read(&with(&entry(2, boot), Vec::new()), 64).is_err());
    assert!(read(&with(b"no event", Vec::new()), 64).is_err());
    // Of another size than there are peaks for.
    let larger = entry(2, EventBody::Snapshot { size: 4, state: summing.digest() });
    assert!(read(&with(&larger, Vec::new()), 64).is_err());
}

proptest! {
    #[test]
    fn however_it_is_cut_it_is_read(keys in 0u16..40, cut in 1usize..3000) {
        let octets = octets(&ledger(keys));
        let read = read(&octets, cut).unwrap();
        prop_assert_eq!(read.frontier.size(), 1 + 2 * u64::from(keys));
    }

    #[test]
    fn any_octets_are_refused_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read(&octets, 7).is_err());
    }

    #[test]
    fn changed_octets_are_refused_or_change_no_state(place in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let good = octets(&ledger(4));
        let mut bad = good.clone();
        let place = place.index(bad.len());
        bad[place] ^= 1 << bit;
        if let Ok(snapshot) = read(&bad, 128) {
            prop_assert_eq!(snapshot.state, read(&good, 128).unwrap().state);
        }
    }
}
