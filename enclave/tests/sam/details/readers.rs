//! Place: SAM. Who opens details: the auditors of the manifest in force, and nobody else.

use super::*;
use fuin_shared::fault::Fault;

#[test]
fn two_auditors_open_and_a_stranger_does_not() {
    let (one, two, stranger) = (auditor(), TestAuditor::new("mio", 72), TestAuditor::new("rin", 73));
    let mut world = World::audited(2, &[&one, &two]);
    let key = world.enrol(P256, 21);
    world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(world.opened(&one), world.opened(&two));
    let looked = world.looked_at(&stranger);
    assert!(looked.iter().all(is_for_others), "{looked:?}");
}

#[test]
fn a_former_auditor_opens_nothing_that_comes_after() {
    let (former, next) = (auditor(), TestAuditor::new("mio", 72));
    let mut world = World::audited(3, &[&former]);
    let key = world.enrol(P256, 21);
    let change = world.approved(|manifest| manifest.auditors = vec![next.entry()]);
    world.change(change).unwrap();
    let adopted = world.store.entries.len();
    world.authorize(&key, vec![hash(1)]).unwrap();
    world.reboot();
    world.provide().unwrap();
    world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.store.entries.len() > adopted + 2);
    for (at, (first, second)) in world.looked_at(&former).iter().zip(&world.looked_at(&next)).enumerate() {
        let before = at < adopted;
        assert_eq!((is_opened(first), is_opened(second)), (before, !before), "{at}");
        assert_eq!((is_for_others(first), is_for_others(second)), (!before, before), "{at}");
    }
    // Where nobody is left who could open them, none are made.
    let change = world.approved(|manifest| manifest.auditors.clear());
    world.change(change).unwrap();
    world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(world.events().last().unwrap().detail, None);
}

#[test]
fn each_boot_seals_under_another_key() {
    use fuin_shared::codec;
    use fuin_shared::log::detail::SealedDetail;
    let (mut world, ..) = signed();
    let first: SealedDetail = codec::decode(&world.store.details[&0]).unwrap();
    world.reboot();
    world.provide().unwrap();
    let boot = world.store.entries.len() as u64 - 1;
    let second: SealedDetail = codec::decode(&world.store.details[&boot]).unwrap();
    assert_eq!((first.keys_at, second.keys_at, second.keys.len()), (0, boot, 1));
    assert_ne!(first.keys[0].sealed, second.keys[0].sealed);
}

#[test]
fn sealing_keys_that_are_no_points_or_somebodys_other_key_are_refused() {
    let refused = |change: &dyn Fn(&mut fuin_shared::manifest::Manifest)| {
        let mut world = World::audited(4, &[&auditor()]);
        let change = world.approved(|manifest| {
            manifest.auditors = vec![auditor().entry(), TestAuditor::new("mio", 72).entry()];
            change(manifest);
        });
        assert_eq!(world.change(change), Err(Fault::ManifestMalformed));
    };
    let point = auditor().key().public().clone();
    for wrong in [vec![4; 97], point.0[..96].to_vec(), [&point.0[..], &[0]].concat(), vec![0], Vec::new()] {
        refused(&|manifest| manifest.auditors[1].sealing = Some(wrong.clone().into()));
    }
    // The other auditor's, and a custodian's.
    refused(&|manifest| manifest.auditors[1].sealing = Some(point.clone()));
    refused(&|manifest| manifest.auditors[1].sealing = Some(manifest.custodians[0].sealing.clone()));
    // The point of the auditor's own signing key.
    refused(&|manifest| {
        let signing = p384::ecdsa::SigningKey::from_slice(&[72; 48]).unwrap();
        let spki = fuin_shared::key::PublicKey::P384(*signing.verifying_key());
        manifest.auditors[1].key = fuin_shared::key::Spki::from(&spki);
    });
}
