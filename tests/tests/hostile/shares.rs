//! Place: none. Shares that the host brings from elsewhere: refused by the enclave, or by the custodian before.

use fuin_shared::bytes::Blob;
use fuin_shared::message::{Command, ProvideShare};
use fuin_tests::hostile::people::Traitor;
use fuin_tests::hostile::world::World;
use getrandom::SysRng;
use rand_core::UnwrapErr;

fn refused(world: &World, share: ProvideShare, number: u16) {
    let refusal = world.host.call(Command::ProvideShare(share)).expect_err("the share was taken");
    assert_eq!(refusal.number(), number);
}

#[test]
fn shares_that_the_host_alters_or_repeats_are_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    world.observe();
    world.reboot();
    world.install().unwrap();
    let good = world.share().unwrap();
    for part in [0.2, 0.5, 0.9] {
        let at = |blob: &Blob| (blob.0.len() as f64 * part) as usize;
        let mut altered = good.clone();
        let place = at(&altered.sealed);
        altered.sealed.0[place] ^= 1;
        refused(&world, altered, 352);
    }
    let mut altered = good.clone();
    let last = altered.statement.0.len() - 1;
    altered.statement.0[last] ^= 1;
    let number = world.host.call(Command::ProvideShare(altered)).unwrap_err().number();
    assert!(matches!(number, 350 | 351), "{number}");
    // Given to this boot, it is of no use to another.
    world.reboot();
    world.install().unwrap();
    refused(&world, good, 352);
    world.provide().unwrap();
    // And never twice.
    let again =
        world.share().map(|share| world.host.call(Command::ProvideShare(share)).unwrap_err().number());
    assert!(!matches!(again, Ok(number) if number != 200), "{again:?}");
    world.works(&key);
}

/// Shares of two services with equal people: neither works for the other.
#[test]
fn a_share_of_another_service_is_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    let other = World::operational();
    let foreign = other.custodian.root_commitment().unwrap();
    world.observe();
    world.reboot();
    world.install().unwrap();
    // The honest custodian of the other service does not take this evidence.
    let (bundle, nonce) = world.evidence();
    let refused_by_custodian =
        other.custodian.provide_share(&bundle, &nonce, fuin_tests::signer::now(), &mut UnwrapErr(SysRng));
    assert!(refused_by_custodian.is_err());
    // One who has gone bad is not named in this manifest with these keys.
    let share = Traitor::new(&other).provide(&world, &[1; 32], foreign);
    refused(&world, share, 351);
    world.provide().unwrap();
    world.works(&key);
}
