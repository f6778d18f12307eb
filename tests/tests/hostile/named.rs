//! Place: none. The attacks that have names, one by one. The campaign runs the same ones.

use fuin_tests::hostile::attacks::{NAMED, named};
use fuin_tests::hostile::world::World;

fn fails(name: &str) {
    let mut world = World::operational();
    let key = world.enrol();
    assert_eq!(named(name)(&mut world, &key), Ok(()), "{name}");
    world.enclave.assert_alive();
    world.works(&key);
    assert_eq!(world.panics(), Vec::<String>::new());
}

#[test]
fn hosts_own_passkey_at_link_eid() {
    fails("host's own passkey at linkEid");
}

#[test]
fn swapped_sad_purpose() {
    fails("swapped SAD purpose");
}

#[test]
fn extend_transaction_with_a_new_hash() {
    fails("extendTransaction with a new hash");
}

#[test]
fn ra_b_with_ra_as_user_and_key() {
    fails("RA B on RA A's signer and key");
}

#[test]
fn foreign_root_shares() {
    fails("foreign root shares");
}

#[test]
fn foreign_manifest() {
    fails("foreign manifest");
}

#[test]
fn old_manifest() {
    fails("old manifest");
}

#[test]
fn old_statement() {
    fails("old statement");
}

#[test]
fn truncated_tail() {
    fails("truncated tail");
}

#[test]
fn live_twin() {
    fails("live twin");
}

/// Names are not lost on the way.
#[test]
fn each_name_is_one_attack() {
    let names: std::collections::BTreeSet<_> = NAMED.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), NAMED.len());
}

/// What `durable` mode does not hold, said by a test: a state that the custodian has not seen surpassed is taken for the newest.
/// Witnesses are for this.
#[test]
fn a_tail_newer_than_what_the_custodian_saw_is_not_missed_in_durable_mode() {
    let mut world = World::operational();
    let key = world.enrol();
    world.observe();
    let seen = world.host.state().store.clone();
    world.works(&key);
    world.host.state().store = seen;
    world.recover();
    world.works(&key);
}
