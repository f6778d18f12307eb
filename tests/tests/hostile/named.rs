//! Place: none. The attacks that have names, one by one. The campaign runs the same ones.

use fuin_tests::hostile::attacks::{attacks, named};
use fuin_tests::hostile::world::{Release, World};

fn fails(name: &str) {
    fails_on(World::operational(), name);
}

fn fails_on(mut world: World, name: &str) {
    let key = world.enrol();
    let attack = named(name, world.kind().release);
    assert_eq!(attack(&mut world, &key), Ok(()), "{name}");
    world.enclave.assert_alive();
    world.works(&key);
    world.judge_strays();
    assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new());
    let entries = world.host.state().store.entries.clone();
    world.oracle.borrow_mut().look_for_lost(&entries);
    assert_eq!(world.oracle.borrow().lost, Vec::<String>::new());
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

#[test]
fn live_twin_of_a_cosigned_service() {
    fails_on(World::cosigned(), "live twin");
}

#[test]
fn truncated_tail_of_a_cosigned_service() {
    fails_on(World::cosigned(), "truncated tail that no custodian has seen");
}

#[test]
fn amnesiac_witness() {
    fails_on(World::cosigned(), "amnesiac witness");
}

#[test]
fn witnesses_out_of_reach() {
    fails_on(World::cosigned(), "witnesses out of reach");
}

#[test]
fn false_time() {
    fails("false time");
}

#[test]
fn hand_over_to_others() {
    fails("hand-over to others");
}

#[test]
fn hand_over_to_others_of_a_cosigned_service() {
    fails_on(World::cosigned(), "hand-over to others");
}

#[test]
fn guesses_over_boots_and_older_stores() {
    fails("guesses over boots and older stores");
}

#[test]
fn guesses_over_boots_and_older_stores_of_a_cosigned_service() {
    fails_on(World::cosigned(), "guesses over boots and older stores");
}

#[test]
fn orders_over_boots_and_older_stores() {
    fails("orders over boots and older stores");
}

#[test]
fn orders_over_boots_and_older_stores_of_a_cosigned_service() {
    fails_on(World::cosigned(), "orders over boots and older stores");
}

#[test]
fn old_share_after_a_rotation() {
    fails("old share after a rotation");
}

#[test]
fn old_share_after_a_rotation_of_a_cosigned_service() {
    fails_on(World::cosigned(), "old share after a rotation");
}

/// Names are not lost on the way.
#[test]
fn each_name_is_one_attack() {
    for release in [Release::Durable, Release::Cosigned] {
        let all = attacks(release);
        let names: std::collections::BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), all.len());
    }
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
