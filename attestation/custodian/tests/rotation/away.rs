//! Place: none. Custodians who missed something of a rotation, or gave up a share too early: each of them comes back by evidence alone.

use super::*;
use ciborium::Value;

/// The rotation has ended, and another one from its root key offers a share.
fn goes_on(custodian: &Custodian, enclave: &mut TestEnclave) -> (RootCommitment, CustodianShare) {
    let from = enclave.rotation.map_or(enclave.commitment, |rotation| rotation.to);
    enclave.make_root(8, 1);
    let to = std::mem::replace(&mut enclave.commitment, from);
    enclave.rotation = Some(RootRotation { from, to, stage: RotationStage::Sharing });
    next_share(custodian, enclave)
}

fn takes(custodian: &mut Custodian, enclave: &mut TestEnclave) -> Result<RootCommitment, CustodianError> {
    let (to, share) = goes_on(custodian, enclave);
    custodian.accept_next_share(&operational(enclave), NONCE, NOW, &to, &share).map(|_| to)
}

/// As it is written and read again.
fn read(custodian: &Custodian) -> Custodian {
    let octets = custodian.to_bytes();
    let read = Custodian::from_bytes(&octets).unwrap();
    assert_eq!(read.to_bytes(), octets);
    read
}

fn follows(custodian: &mut Custodian, enclave: &TestEnclave) -> Result<bool, CustodianError> {
    custodian.learn_ledger(&operational(enclave), NONCE, NOW)
}

/// Holds the former share and the one that took over, or only learns of it by the next rotation; both take the next share.
#[test]
fn who_was_away_until_the_next_rotation_takes_its_share() {
    for looked in [false, true] {
        let (mut custodian, mut enclave) = taken();
        let first = enclave.rotation.unwrap();
        if looked {
            shows(&mut enclave, RotationStage::Rewrapping);
            follows(&mut custodian, &enclave).unwrap();
        }
        let to = takes(&mut custodian, &mut enclave).unwrap();
        let mut custodian = read(&custodian);
        assert_eq!((custodian.root_commitment(), custodian.next_commitment()), (Some(first.to), Some(to)));
        assert_eq!(custodian.set_aside().collect::<Vec<_>>(), [(first.from, true)]);
        // What is of no more use is deleted with a statement of the root key before.
        let deletion = deleted(&mut custodian, &enclave).unwrap();
        assert_eq!((deletion.commitment, deletion.successor), (first.from, first.to));
        assert_eq!((custodian.set_aside().count(), custodian.next_commitment()), (0, Some(to)));
    }
}

#[test]
fn a_former_share_is_deleted_while_the_next_rotation_waits_for_receipts() {
    let (mut custodian, mut enclave) = taken();
    let first = enclave.rotation.unwrap();
    goes_on(&custodian, &mut enclave);
    let deletion = deleted(&mut custodian, &enclave).unwrap();
    assert_eq!((deletion.commitment, deletion.successor), (first.from, first.to));
    assert_eq!((custodian.root_commitment(), custodian.former_commitment()), (Some(first.to), None));
}

/// The state comes from a copy that was made before a rotation.
#[test]
fn who_has_a_copy_of_before_a_rotation_is_told_so_and_takes_part_in_the_next() {
    let (custodian, mut enclave) = at_work();
    let from = offers(&mut enclave);
    for stage in [Some(RotationStage::Rewrapping), Some(RotationStage::Deleting), None] {
        let mut custodian = read(&custodian);
        match stage {
            Some(stage) => shows(&mut enclave, stage),
            None => enclave.rotation = None,
        }
        let current = enclave.commitment;
        assert_eq!(follows(&mut custodian, &enclave), Err(CustodianError::Behind(current)));
        let gone = deleted(&mut read(&custodian), &enclave);
        match stage {
            Some(RotationStage::Rewrapping) => assert_eq!(gone, Err(CustodianError::StillNeeded)),
            // Nothing in this evidence ties the two together.
            None => assert_eq!(gone, Err(CustodianError::Behind(current))),
            _ => assert!(gone.is_ok_and(|gone| (gone.commitment, gone.successor) == (from, current))),
        }
        assert!(custodian.has_share_of(&from));
    }
    let mut custodian = read(&custodian);
    let to = takes(&mut custodian, &mut enclave).unwrap();
    assert_eq!((custodian.root_commitment(), custodian.next_commitment()), (None, Some(to)));
    let mut custodian = read(&custodian);
    shows(&mut enclave, RotationStage::Rewrapping);
    assert_eq!(follows(&mut custodian, &enclave), Ok(false));
    assert_eq!((custodian.root_commitment(), custodian.former_commitment()), (Some(to), None));
    // Of the root key before there was no share: what is of no more use goes, and there is nothing to say.
    shows(&mut enclave, RotationStage::Deleting);
    assert_eq!(custodian.set_aside().collect::<Vec<_>>(), [(from, true)]);
    let said = custodian.delete_former_share(&operational(&enclave), NONCE, NOW, &mut rng());
    assert_eq!((said, custodian.set_aside().count()), (Ok(None), 0));
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::NoFormer));
    enclave.rotation = None;
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap();
    assert!(given.other.is_none());
}

/// Nothing is held after that, but the ledger is known: the next rotation gives a share.
#[test]
fn who_has_deleted_the_only_share_takes_the_next_one_and_none_of_a_genesis() {
    let (mut custodian, mut enclave) = at_work();
    offers(&mut enclave);
    shows(&mut enclave, RotationStage::Deleting);
    let deletion = deleted(&mut custodian, &enclave).unwrap();
    assert!(!custodian.holds_share());
    let mut custodian = read(&custodian);
    assert_eq!(deleted(&mut custodian, &enclave), Ok(deletion), "the same again");
    let current = enclave.commitment;
    assert_eq!(follows(&mut custodian, &enclave), Err(CustodianError::Behind(current)));
    let share = share_for(&custodian, &enclave);
    let genesis = custodian.accept_share(&genesis(&enclave), NONCE, NOW, &current, &share);
    assert_eq!(genesis, Err(CustodianError::OtherLedger));
    let to = takes(&mut custodian, &mut enclave).unwrap();
    shows(&mut enclave, RotationStage::Rewrapping);
    follows(&mut custodian, &enclave).unwrap();
    assert_eq!(custodian.root_commitment(), Some(to));
}

/// The host has kept an enclave alive of before two rotations: service, image, ledger and evidence are good.
#[test]
fn an_enclave_of_before_takes_no_share_away() {
    let (mut custodian, mut enclave) = taken();
    let before = enclave.rotation.unwrap().from;
    for again in [true, false] {
        shows(&mut enclave, RotationStage::Rewrapping);
        follows(&mut custodian, &enclave).unwrap();
        shows(&mut enclave, RotationStage::Deleting);
        deleted(&mut custodian, &enclave).unwrap();
        enclave.rotation = None;
        if again {
            takes(&mut custodian, &mut enclave).unwrap();
        }
    }
    let newest = enclave.commitment;
    enclave.commitment = before;
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::Behind(before)));
    assert_eq!(custodian.root_commitment(), Some(newest));
    // Not even where it rotates on its own.
    enclave.make_root(9, 1);
    let astray = std::mem::replace(&mut enclave.commitment, before);
    enclave.rotation = Some(RootRotation { from: before, to: astray, stage: RotationStage::Sharing });
    let (to, share) = next_share(&custodian, &mut enclave);
    custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).unwrap();
    assert!(custodian.has_share_of(&newest) && custodian.has_share_of(&astray));
    (enclave.commitment, enclave.rotation) = (newest, None);
    follows(&mut custodian, &enclave).unwrap();
    assert_eq!(custodian.root_commitment(), Some(newest));
}

#[test]
fn who_was_taken_out_of_the_manifest_deletes_all_the_same_and_does_nothing_else() {
    let (mut custodian, mut enclave) = at_work();
    let from = offers(&mut enclave);
    let stranger = Custodian::new(PersonId::new("stranger").unwrap(), &mut rng());
    enclave.change_custodians(2, vec![stranger.manifest_entry()]);
    shows(&mut enclave, RotationStage::Rewrapping);
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::StillNeeded));
    shows(&mut enclave, RotationStage::Deleting);
    assert_eq!(follows(&mut custodian, &enclave), Err(CustodianError::NotNamed));
    let rotation = enclave.rotation.take();
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng());
    assert_eq!(given, Err(CustodianError::NotNamed));
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::Behind(enclave.commitment)));
    enclave.rotation = rotation;
    let deletion = deleted(&mut custodian, &enclave).unwrap();
    assert_eq!((deletion.commitment, deletion.successor), (from, enclave.commitment));
    assert!(!read(&custodian).holds_share());
}

#[test]
fn a_share_given_up_too_early_is_found_again_when_its_root_key_is_seen_at_work() {
    for (also, stage) in [
        (false, Some(RotationStage::Rewrapping)),
        (true, Some(RotationStage::Rewrapping)),
        (false, Some(RotationStage::Deleting)),
        (true, None),
    ] {
        let (mut custodian, mut enclave) = taken();
        let first = enclave.rotation.unwrap();
        custodian.abandon_next_share().unwrap();
        assert_eq!((custodian.next_commitment(), custodian.has_share_of(&first.to)), (None, true));
        let mut custodian = read(&custodian);
        if also {
            // Even after another one was taken, by the word of a boot of the same ledger that knew nothing of the first.
            (enclave.rotation, enclave.commitment) = (None, first.from);
            takes(&mut custodian, &mut enclave).unwrap();
            enclave.rotation = Some(first);
        }
        match stage {
            Some(stage) => shows(&mut enclave, stage),
            None => (enclave.rotation, enclave.commitment) = (None, first.to),
        }
        assert_eq!(follows(&mut custodian, &enclave), Ok(false));
        let custodian = read(&custodian);
        assert_eq!(
            (custodian.root_commitment(), custodian.former_commitment(), custodian.next_commitment()),
            (Some(first.to), Some(first.from), None)
        );
        assert!(custodian.set_aside().all(|(_, passed)| passed));
    }
}

/// Everybody gave it up, it took over all the same, and nobody has seen that: the boot says which root key it lacks.
#[test]
fn a_boot_that_lacks_a_root_key_gets_the_share_that_was_set_aside() {
    let (mut custodian, mut enclave) = taken();
    let first = enclave.rotation.unwrap();
    custodian.abandon_next_share().unwrap();
    enclave.rotation = None;
    enclave.restart();
    let bundle = before_root(&enclave);
    let gives = |needed: &[RootCommitment]| {
        let given = custodian.provide_needed_share(&bundle, NONCE, NOW, needed, &mut rng()).unwrap();
        let key = custodian.manifest_entry().signing.key().unwrap();
        let commitment = |statement: &fuin_shared::statement::SignedStatement| {
            statement.open::<ShareStatement>(&key).unwrap().commitment
        };
        (commitment(&given.statement), given.other.map(|other| commitment(&other.statement)))
    };
    assert_eq!(gives(&[]), (first.from, None));
    assert_eq!(gives(&[first.to]), (first.to, Some(first.from)));
    assert_eq!(gives(&[first.to, first.from]), (first.to, Some(first.from)));
    assert_eq!(gives(&[RootCommitment([9; 32])]), (first.from, None), "of which there is none");
}

/// A genesis that was thought to have come to nothing.
#[test]
fn a_share_of_a_genesis_that_ended_after_all_is_found_again() {
    let (mut custodian, mut enclave) = joined();
    let first = (enclave.commitment, share_for(&custodian, &enclave));
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &first.0, &first.1).unwrap();
    custodian.abandon_share().unwrap();
    enclave.make_root(6, 1);
    let share = share_for(&custodian, &enclave);
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    let mut custodian = read(&custodian);
    let second = std::mem::replace(&mut enclave.commitment, first.0);
    follows(&mut custodian, &enclave).unwrap();
    assert_eq!((custodian.root_commitment(), custodian.former_commitment()), (Some(first.0), None));
    assert_eq!(custodian.set_aside().collect::<Vec<_>>(), [(second, true)]);
}

/// What a state of before says of its second share.
fn without_from(state: &[u8]) -> Vec<u8> {
    let mut value: Value = ciborium::from_reader(state).unwrap();
    fn entry<'a>(value: &'a mut Value, name: &str) -> &'a mut Vec<(Value, Value)> {
        let map = value.as_map_mut().unwrap();
        let found = map.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap();
        found.1.as_map_mut().unwrap()
    }
    let mut beside = Value::Map(entry(&mut value, "beside").clone());
    entry(&mut beside, "next").retain(|(key, _)| key.as_text() != Some("from"));
    *entry(&mut value, "beside") = beside.into_map().unwrap();
    let mut octets = Vec::new();
    ciborium::into_writer(&value, &mut octets).unwrap();
    octets
}

#[test]
fn a_state_from_before_shares_were_set_aside_is_read_and_goes_on() {
    let (custodian, mut enclave) = taken();
    let first = enclave.rotation.unwrap();
    let old = without_from(&custodian.to_bytes());
    assert!(old.len() < custodian.to_bytes().len());
    let mut custodian = Custodian::from_bytes(&old).unwrap();
    assert_eq!(*custodian.to_bytes(), old);
    assert_eq!(custodian.next_commitment(), Some(first.to));
    custodian.abandon_next_share().unwrap();
    shows(&mut enclave, RotationStage::Rewrapping);
    follows(&mut custodian, &enclave).unwrap();
    assert_eq!(
        (custodian.root_commitment(), custodian.former_commitment()),
        (Some(first.to), Some(first.from))
    );
}
