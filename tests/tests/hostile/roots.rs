//! Place: none. The oracle would notice: a root key that takes over, is shared out or is erased without the word of those who must say so.

use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::message::{Answer, Command, GenesisShares};
use fuin_shared::rotation::{EraseRoot, RotateRoot};
use fuin_tests::hostile::world::World;
use fuin_tests::signer::now;
use getrandom::SysRng;
use rand_core::UnwrapErr;

fn unauthorized(world: &World) -> usize {
    world.oracle.borrow().unauthorized.len()
}

fn read(world: &World) -> usize {
    let entries = world.host.state().store.entries.clone();
    world.oracle.borrow_mut().look_for_lost(&entries);
    unauthorized(world)
}

fn begun(world: &World, order: Command) -> GenesisShares {
    match world.call(order) {
        Ok(Answer::RotationShares(shares)) => shares,
        other => panic!("no rotation: {other:?}"),
    }
}

#[test]
fn the_oracle_counts_a_root_key_that_took_over_without_the_officers_order() {
    let mut world = World::operational();
    let approval = world.rotation_approval();
    // The enclave believes the officer's key; the officer has not meant it.
    let approvals = vec![world.officer.state(&approval)];
    let shares = begun(&world, Command::RotateRoot(RotateRoot { approvals }));
    assert_eq!(unauthorized(&world), 1, "shared out");
    let confirm = world.accept_next(&shares).unwrap();
    assert!(matches!(world.call(confirm), Ok(Answer::RootRotated { .. })));
    assert_eq!(unauthorized(&world), 2, "took over");
    assert_eq!(read(&world), 3, "and the ledger says so, even if the answer were lost");
    assert_eq!(read(&world), 3, "once");
}

#[test]
fn the_oracle_counts_an_order_to_another_boot() {
    let mut world = World::operational();
    let order = world.order_rotation();
    let shares = begun(&world, order.clone());
    assert_eq!(unauthorized(&world), 0);
    world.observe();
    world.recover();
    assert!(world.call(order.clone()).is_err());
    world.oracle.borrow_mut().judge(Some(&order), &Answer::RotationShares(shares));
    assert_eq!(unauthorized(&world), 1);
}

#[test]
fn the_oracle_counts_shares_for_others_than_the_custodians() {
    let mut world = World::operational();
    let order = world.order_rotation();
    let shares = begun(&world, order.clone());
    assert_eq!(world.would_accept(&shares), Ok(()));
    let judge = |shares: &GenesisShares| {
        world.oracle.borrow_mut().judge(Some(&order), &Answer::RotationShares(shares.clone()));
    };
    let mut more = shares.clone();
    more.shares.push(shares.shares[0].clone());
    judge(&more);
    let mut other = shares.clone();
    other.shares[0].custodian = PersonId::new("stranger").unwrap();
    judge(&other);
    assert_eq!(unauthorized(&world), 2);
    // Under the custodian's name, and not for the custodian's key.
    let mut sealed = shares;
    sealed.shares[0].sealed.ciphertext.0[0] ^= 1;
    assert!(world.would_accept(&sealed).is_err());
}

#[test]
fn the_oracle_counts_a_root_key_erased_without_the_custodians_word() {
    let mut world = World::operational();
    let key = world.enrol();
    world.rotate().unwrap();
    world.rewrap().unwrap();
    world.works(&key);
    assert_eq!(read(&world), 0);
    let (bundle, nonce) = world.evidence();
    let said = world.custodian.delete_former_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng)).unwrap();
    let deletions = vec![codec::encode(&said.unwrap()).into()];
    let erased = world.call(Command::EraseRoot(EraseRoot { deletions }));
    assert!(matches!(erased, Ok(Answer::RootErased(_))), "{erased:?}");
    assert_eq!(unauthorized(&world), 1);
    assert_eq!(read(&world), 2);
}
