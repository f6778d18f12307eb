//! Place: SAM. SEAL-05: each order is an event with its number.

use super::*;

#[test]
fn seal_05_each_seal_is_an_event_with_mandate_and_running_number() {
    let (mut world, organization, mandate) = granted();
    let hashes = vec![hash(1), hash(2)];
    let order = world.order(mandate, 1, hashes.clone());
    let (_, receipt) = world.seal_order(&organization, &order).unwrap();
    let EventBody::Sealed { mandate: named, number, count, hashes: root, .. } = event(&receipt) else {
        panic!()
    };
    assert_eq!((named, number, count), (mandate, 1, 2));
    let leaves: Vec<_> = hashes
        .iter()
        .zip(&receipt.salts[1..])
        .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
        .collect();
    assert_eq!(root.0, root_of(&leaves));
    assert_eq!(world.store.entries[receipt.index as usize], receipt.event.0);
    // Refused orders leave no number behind.
    world.seal(&organization, mandate, 9, vec![hash(3)]).unwrap_err();
    world.advance(60);
    world.seal(&organization, mandate, 2, vec![hash(3)]).unwrap();
    let numbers: Vec<_> = world
        .store
        .entries
        .iter()
        .filter_map(|entry| match codec::decode::<Event>(entry).unwrap().body {
            EventBody::Sealed { number, .. } => Some(number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [1, 2]);
}
