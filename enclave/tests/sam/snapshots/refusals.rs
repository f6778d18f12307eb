//! Place: SAM. What the host shows as a snapshot and is none: the whole ledger is read then, or the lie ends the boot. No boot goes on from
//! a state that the ledger does not have.

use super::super::world::hash;
use super::*;
use fuin_shared::fault::Fault;
use fuin_shared::log::snapshot::{Kept, MAX_PART, append_part};
use fuin_shared::phase::Phase;

/// A service that went on after its newest snapshot, and how many events that sums up.
fn summed_up() -> (Service, usize) {
    let mut service = service(0);
    let at = until_summed_up(&mut service);
    service.works();
    (service, at)
}

/// Boots on what the host shows.
fn shown(service: &mut Service, octets: Vec<u8>) -> Result<Option<u64>, Fault> {
    service.world.snapshot = Shown::Octets(octets);
    service.world.read_from = None;
    service.world.reboot();
    service.world.provide().map(|()| service.world.read_from)
}

fn marks(service: &Service) -> Vec<u64> {
    service.world.held.seen.iter().map(|note| note.lines().nth(1).unwrap().parse().unwrap()).collect()
}

/// A snapshot with this state and this many entries, and an event that says so.
fn forged(service: &Service, kept: &Kept, digest: fuin_shared::ids::Digest32) -> Vec<u8> {
    let size = usize::try_from(kept.size).unwrap();
    let mut event = events(&service.world)[size].clone();
    event.body = EventBody::Snapshot { size: kept.size, state: digest };
    let growth = service.world.store.growth(&marks(service), size);
    [kept.opening(&codec::encode(&event), growth).unwrap(), kept.parts.clone()].concat()
}

#[test]
fn a_forged_state_with_an_event_to_match_ends_the_boot() {
    let (mut service, at) = summed_up();
    // Another history of the same length, in which the last statement was never spent.
    let mut other = Summing::default();
    for (index, event) in events(&service.world)[..at].iter().enumerate() {
        let mut event = event.clone();
        if index + 1 == at {
            event.body = EventBody::ClockDoubted { kernel: 1, ahead: None };
        }
        other.push(&codec::encode(&event)).unwrap();
    }
    let (truth, lie) = (service.world.store.summing(at), other.keep().unwrap());
    assert_ne!(truth.digest(), other.digest());
    let kept = Kept { peaks: truth.keep().unwrap().peaks, ..lie };
    let octets = forged(&service, &kept, other.digest());
    assert_eq!(shown(&mut service, octets), Err(Fault::LedgerBroken));
    assert_eq!(service.world.phase(), Phase::Halted);
}

#[test]
fn a_true_state_without_an_event_that_says_so_ends_the_boot() {
    let (mut service, at) = summed_up();
    for size in [at - 1, at + 1] {
        let truth = service.world.store.summing(size);
        let octets = forged(&service, &truth.keep().unwrap(), truth.digest());
        assert_eq!(shown(&mut service, octets), Err(Fault::LedgerBroken), "{size}");
    }
}

#[test]
fn a_forged_event_in_the_ledger_ends_the_boot() {
    let (mut service, at) = summed_up();
    let mut event = events(&service.world)[at].clone();
    let truth = service.world.store.summing(at);
    event.body = EventBody::Snapshot { size: at as u64, state: fuin_shared::ids::Digest32([1; 32]) };
    service.world.store.entries[at] = codec::encode(&event);
    let octets = forged(&service, &truth.keep().unwrap(), truth.digest());
    assert_eq!(shown(&mut service, octets), Err(Fault::LedgerBroken));
    // The same when the whole ledger is read.
    service.world.snapshot = Shown::Nothing;
    service.world.reboot();
    assert_eq!(service.world.provide(), Err(Fault::LedgerBroken));
}

#[test]
fn a_state_that_is_not_what_its_event_says_is_none() {
    let (mut service, at) = summed_up();
    let truth = service.world.store.summing(at);
    let mut digest = truth.digest();
    digest.0[0] ^= 1;
    let octets = forged(&service, &truth.keep().unwrap(), digest);
    assert_eq!(shown(&mut service, octets), Ok(Some(0)));
    service.works();
}

#[test]
fn the_snapshot_of_another_service_is_none() {
    let (mut service, _) = summed_up();
    let mut other = World::summing_up(77, 0, FEW);
    other.found_by(|manifest| manifest.name = "another".to_owned());
    other.install().unwrap();
    other.genesis().unwrap();
    let mut other = Service::of(other);
    until_summed_up(&mut other);
    let octets = other.world.store.snapshot(&marks(&service)).unwrap();
    assert_eq!(shown(&mut service, octets), Ok(Some(0)));
    service.works();
}

#[test]
fn without_proof_of_growth_from_what_custodians_have_seen_it_is_none() {
    let (mut service, at) = summed_up();
    let seen = Some(service.world.notes[&5].clone());
    let kept = service.world.store.summing(at).keep().unwrap();
    let event = service.world.store.entries[at].clone();
    let good = service.world.store.growth(&[5], at);
    let mut flipped = good.clone();
    flipped[0].as_mut().unwrap()[0][0] ^= 1;
    let other = service.world.store.growth(&[6], at);
    for growth in [Vec::new(), vec![None], flipped, other] {
        let octets = [kept.opening(&event, growth).unwrap(), kept.parts.clone()].concat();
        service.world.held.seen = seen.clone();
        assert_eq!(shown(&mut service, octets), Ok(Some(0)));
    }
    let octets = [kept.opening(&event, good).unwrap(), kept.parts].concat();
    service.world.held.seen = seen;
    assert_eq!(shown(&mut service, octets), Ok(Some(at as u64)));
}

#[test]
fn a_fork_of_what_custodians_have_seen_is_refused_with_a_snapshot_as_without() {
    let (mut service, _) = summed_up();
    // The same ledger as far as five events, and then another one.
    let mut other = World::summing_up(71, 0, FEW);
    other.install().unwrap();
    other.genesis().unwrap();
    other.advance(1);
    let mut other = Service::of(other);
    until_summed_up(&mut other);
    let seen = other.world.notes[&8].clone();
    assert_ne!(seen, service.world.notes[&8]);
    service.world.held.seen = Some(seen);
    for snapshot in [Shown::Newest, Shown::Nothing] {
        service.world.snapshot = snapshot;
        service.world.reboot();
        assert_eq!(service.world.provide(), Err(Fault::LedgerShortened));
    }
}

#[test]
fn cut_off_or_swollen_octets_are_none() {
    let (mut service, at) = summed_up();
    let good = service.world.store.snapshot(&marks(&service)).unwrap();
    let mut swollen = good.clone();
    swollen.push(0);
    let mut large = Vec::from(u32::try_from(MAX_PART + 1).unwrap().to_be_bytes());
    large.extend_from_slice(&good);
    assert!(append_part(&mut Vec::new(), &vec![0; MAX_PART + 1]).is_err());
    let twice = [good.clone(), good.clone()].concat();
    for octets in [Vec::new(), good[..good.len() - 1].to_vec(), good[..40].to_vec(), swollen, large, twice] {
        assert_eq!(shown(&mut service, octets), Ok(Some(0)));
        service.works();
    }
    assert_eq!(shown(&mut service, good), Ok(Some(at as u64)));
}

#[test]
fn a_connection_that_is_lost_on_the_way_leads_to_the_whole_ledger() {
    let (mut service, _) = summed_up();
    service.world.snapshot = Shown::Lost;
    service.reboots();
    assert_eq!(service.world.read_from, Some(0));
    service.works();
}

#[test]
fn one_changed_octet_never_makes_another_state() {
    let (mut service, at) = summed_up();
    let good = service.world.store.snapshot(&marks(&service)).unwrap();
    let store = service.world.store.clone();
    for place in (0..good.len()).step_by(37) {
        let mut octets = good.clone();
        octets[place] ^= 1 << (place % 8);
        match shown(&mut service, octets) {
            Ok(from) => {
                assert!([Some(0), Some(at as u64)].contains(&from), "{place}");
                let token = service.world.authorize(&service.key, vec![hash(9)]).unwrap();
                assert!(service.world.sign(&service.key, &token, vec![hash(9)]).is_ok());
                service.audited();
            }
            Err(fault) => assert!([Fault::LedgerBroken, Fault::LedgerShortened].contains(&fault), "{place}"),
        }
        service.world.store = store.clone();
    }
}
