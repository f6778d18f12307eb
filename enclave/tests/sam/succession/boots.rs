//! Place: SAM. Manifests at a boot and at their end: the newest that the ledger adopted, or nothing.

use super::*;

#[test]
fn crash_before_the_release_boots_under_the_manifest_of_the_event() {
    for (sink, kept) in [(Sink::LosesAnswer, true), (Sink::Silent, false)] {
        let mut world = World::operational(5);
        let before = world.evident_manifest();
        let change = world.approved(|m| m.not_after += 1);
        let next = change.as_signed().hash();
        world.sink = sink;
        let _ = world.change(change);
        boot(&mut world).unwrap();
        assert_eq!(world.evident_manifest(), if kept { next } else { before });
    }
}

#[test]
fn yesterdays_manifest_is_refused_at_boot() {
    let mut world = World::operational(5);
    let change = world.approved(|m| m.not_after += 1);
    world.change(change).unwrap();
    let change = world.approved(|m| m.not_after += 1);
    world.change(change).unwrap();
    world.held.seen = world.store.checkpoint.clone();
    let kept = world.store.manifests.clone();
    // The custodian signs for whatever manifest the evidence shows; the host brings none, one, or all of them.
    for brought in 0..=2 {
        world.store.manifests.truncate(0);
        world.store.manifests.extend_from_slice(&kept[..brought]);
        world.reboot();
        let expected = if brought == 2 { Ok(()) } else { Err(Fault::ManifestOutdated) };
        assert_eq!(world.provide(), expected, "{brought} of 2");
        assert_eq!(world.phase(), if brought == 2 { Phase::Operational } else { Phase::Halted });
    }
}

#[test]
fn manifest_that_the_ledger_never_adopted_is_refused_at_boot() {
    let mut world = World::operational(5);
    let never = world.approved(|m| m.not_after += 7);
    let instead = world.approved(|m| m.not_after += 1);
    for adopts in [false, true] {
        if adopts {
            boot(&mut world).unwrap();
            world.change(instead.clone()).unwrap();
        }
        world.held.seen = world.store.checkpoint.clone();
        let kept = std::mem::replace(&mut world.store.manifests, vec![never.clone()]);
        world.reboot();
        assert_eq!(world.provide(), Err(Fault::ManifestNotAdopted));
        assert_eq!(world.phase(), Phase::Halted);
        world.store.manifests = kept;
    }
    assert_eq!(boot(&mut world), Ok(()));
}

#[test]
fn chain_at_boot_needs_every_link_and_every_quorum() {
    let mut world = World::operational(5);
    let change = world.approved(|m| m.not_after += 1);
    world.change(change.clone()).unwrap();
    let second = world.approved(|m| m.not_after += 1);
    world.change(second.clone()).unwrap();
    world.held.seen = world.store.checkpoint.clone();
    let kept = std::mem::take(&mut world.store.manifests);
    world.reboot();
    let follow = |world: &mut World, change: &ManifestChange| {
        world.call(Command::FollowManifest(change.clone())).map(drop)
    };
    assert_eq!(follow(&mut world, &second), Err(Fault::StatementForeign), "a link is missing");
    let unsigned = ManifestChange { approvals: Vec::new(), ..change.clone() };
    assert_eq!(follow(&mut world, &unsigned), Err(Fault::ManifestSignature));
    let forged = world.approved_by(&change.manifest, &[&Person::new("officer", 66)]);
    assert_eq!(follow(&mut world, &forged), Err(Fault::StatementSignature));
    assert_eq!(follow(&mut world, &change), Ok(()));
    assert_eq!(follow(&mut world, &change), Err(Fault::ManifestForeign), "once");
    assert_eq!(follow(&mut world, &second), Ok(()));
    world.store.manifests = kept;
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(follow(&mut world, &second), Err(Fault::WrongPhase));
}

#[test]
fn genesis_is_under_the_first_manifest() {
    let mut world = World::new(5);
    world.install().unwrap();
    let change = world.approved(|m| m.not_after += 1);
    world.begin_genesis().unwrap();
    let follow = Command::FollowManifest(change);
    assert_eq!(world.call(follow.clone()), Err(Fault::WrongPhase), "a genesis is under way");
    world.reboot();
    world.call(follow).unwrap();
    assert_eq!(world.begin_genesis(), Err(Fault::ManifestNotAdopted));
}

/// Everything that can be asked of an operational enclave but what `stays` says.
fn refused_after_the_end(world: &mut World) {
    let manage = world.manage(generate_action("hanako", P256), None);
    let generate = Command::GenerateKey(world.signed_manage(&manage, None));
    assert_eq!(world.call(generate), Err(Fault::ManifestExpired));
    let record = SealedRecord { id: "key".parse().unwrap(), version: 1, body: Blob::default() };
    let challenge = GetChallenge {
        credential: record.id.clone(),
        purpose: fuin_shared::sad::Purpose::Sign,
        record: record.clone(),
    };
    assert_eq!(world.call(Command::GetChallenge(challenge)), Err(Fault::ManifestExpired));
    let attest = AttestKey { key: record.id.clone(), record, nonce: None };
    assert_eq!(world.call(Command::AttestKey(attest)), Err(Fault::ManifestExpired));
    assert_eq!(world.phase(), Phase::Operational);
    world.evident_manifest();
}

#[test]
fn ended_manifest_stops_all_work_until_another_is_current() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![crate::world::hash(1)]).unwrap();
    let end = world.current().0.not_after;
    world.advance(end - world.seconds());
    assert_eq!(world.sign(&key, &token, vec![crate::world::hash(1)]), Err(Fault::ManifestExpired));
    refused_after_the_end(&mut world);
    // A boot changes nothing about that, and does not stand in the way of the next manifest.
    boot(&mut world).unwrap();
    refused_after_the_end(&mut world);
    let change = world.approved(|m| m.not_after += 1);
    assert!(world.change(change).is_ok());
    assert!(world.authorize(&key, vec![crate::world::hash(1)]).is_ok());
    world.advance(1);
    refused_after_the_end(&mut world);
}
