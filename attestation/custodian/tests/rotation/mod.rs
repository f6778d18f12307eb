//! Place: none. A custodian in a rotation of the root key: takes the new share beside the old one, gives both, and deletes the old
//! one only when nothing needs it.

mod away;

use super::*;
use fuin_shared::rotation::{RootRotation, RotationStage, ShareDeletion};

/// An enclave that offers another root key; answers the commitment before.
pub fn offers(enclave: &mut TestEnclave) -> RootCommitment {
    let from = enclave.commitment;
    enclave.make_root(6, 1);
    let to = enclave.commitment;
    enclave.rotation = Some(RootRotation { from, to, stage: RotationStage::Sharing });
    enclave.commitment = from;
    from
}

/// It shows this stage.
pub fn shows(enclave: &mut TestEnclave, stage: RotationStage) {
    let rotation = enclave.rotation.as_mut().unwrap();
    (rotation.stage, enclave.commitment) = (stage, rotation.to);
}

/// The share of the root key that is offered.
pub fn next_share(custodian: &Custodian, enclave: &mut TestEnclave) -> (RootCommitment, CustodianShare) {
    let to = enclave.rotation.unwrap().to;
    let from = std::mem::replace(&mut enclave.commitment, to);
    let share = share_for(custodian, enclave);
    enclave.commitment = from;
    (to, share)
}

/// Has taken the next share.
fn taken() -> (Custodian, TestEnclave) {
    let (mut custodian, mut enclave) = at_work();
    offers(&mut enclave);
    let (to, share) = next_share(&custodian, &mut enclave);
    custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).unwrap();
    (custodian, enclave)
}

fn deleted(custodian: &mut Custodian, enclave: &TestEnclave) -> Result<ShareDeletion, CustodianError> {
    let signed = custodian.delete_former_share(&operational(enclave), NONCE, NOW, &mut rng())?;
    Ok(signed.unwrap().open(&custodian.manifest_entry().signing.key().unwrap()).unwrap())
}

#[test]
fn a_next_share_is_kept_beside_the_other_and_both_are_given() {
    let (mut custodian, mut enclave) = at_work();
    let from = offers(&mut enclave);
    let (to, share) = next_share(&custodian, &mut enclave);
    let receipt = custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).unwrap();
    let key = custodian.manifest_entry().signing.key().unwrap();
    let body: ShareReceipt = receipt.open(&key).unwrap();
    assert_eq!((body.commitment, body.instance), (to, enclave.keys().id()));
    // Once more is the same.
    assert!(custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).is_ok());
    assert_eq!((custodian.root_commitment(), custodian.next_commitment()), (Some(from), Some(to)));
    let custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    enclave.rotation = None;
    enclave.restart();
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap();
    let other = given.other.clone().unwrap();
    let first: ShareStatement = given.statement.open(&key).unwrap();
    let second: ShareStatement = other.statement.open(&key).unwrap();
    assert_eq!((first.commitment, second.commitment), (from, to));
    let aad = share_aad(&enclave.service(), &to, custodian.id());
    assert_eq!(enclave.open(&other.sealed, SHARE_TO_INSTANCE, &aad).unwrap(), enclave.share);
    assert!(given.message().other.is_some());
}

#[test]
fn the_former_share_is_deleted_only_when_no_record_needs_it() {
    let (mut custodian, mut enclave) = taken();
    let rotation = enclave.rotation.unwrap();
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::NoFormer), "it was not seen at work");
    shows(&mut enclave, RotationStage::Rewrapping);
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    assert_eq!(
        (custodian.root_commitment(), custodian.former_commitment()),
        (Some(rotation.to), Some(rotation.from))
    );
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::StillNeeded));
    assert_eq!(custodian.abandon_next_share(), Err(CustodianError::ShareHeld));
    shows(&mut enclave, RotationStage::Deleting);
    let deletion = deleted(&mut custodian, &enclave).unwrap();
    assert_eq!((deletion.commitment, deletion.successor), (rotation.from, rotation.to));
    assert_eq!(deletion.service, enclave.service());
    let mut custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    assert_eq!(custodian.former_commitment(), None);
    // The statement may have been lost on its way: the same again.
    assert_eq!(deleted(&mut custodian, &enclave), Ok(deletion.clone()));
    enclave.rotation = None;
    assert_eq!(deleted(&mut custodian, &enclave), Ok(deletion));
    enclave.restart();
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap();
    assert!(given.other.is_none());
}

#[test]
fn who_was_away_during_the_rotation_follows_it_all_the_same() {
    let (mut custodian, mut enclave) = taken();
    shows(&mut enclave, RotationStage::Deleting);
    enclave.rotation = None;
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    assert!(custodian.former_commitment().is_some());
    assert!(deleted(&mut custodian, &enclave).is_ok());
}

#[test]
fn nobody_leads_back_to_the_former_root_key() {
    let (mut custodian, mut enclave) = taken();
    let from = enclave.rotation.unwrap().from;
    shows(&mut enclave, RotationStage::Rewrapping);
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    (enclave.rotation, enclave.commitment) = (None, from);
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Err(CustodianError::OtherRoot));
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::OtherRoot));
}

#[test]
fn a_share_of_a_rotation_that_evidence_does_not_show_is_refused() {
    let (mut custodian, mut enclave) = at_work();
    let from = offers(&mut enclave);
    let (to, share) = next_share(&custodian, &mut enclave);
    let before = custodian.to_bytes();
    let mut takes = |enclave: &TestEnclave, commitment: &RootCommitment, share: &CustodianShare| {
        let taken = custodian.accept_next_share(&operational(enclave), NONCE, NOW, commitment, share);
        assert_eq!(custodian.to_bytes(), before);
        taken.map(drop)
    };
    let other = RootCommitment([9; 32]);
    assert_eq!(takes(&enclave, &other, &share), Err(CustodianError::NoRotation));
    let offered = enclave.rotation;
    enclave.rotation = None;
    assert_eq!(takes(&enclave, &to, &share), Err(CustodianError::NoRotation));
    // One that goes on from another root key, in another ledger.
    enclave.rotation = offered.map(|offered| RootRotation { from: other, ..offered });
    enclave.commitment = other;
    let ledger = NoteSigner::from_seed("test.invalid/ledger", &[8; 32]).unwrap();
    let ledger = std::mem::replace(&mut enclave.ledger, ledger);
    assert_eq!(takes(&enclave, &to, &share), Err(CustodianError::OtherRoot));
    (enclave.rotation, enclave.commitment, enclave.ledger) = (offered, from, ledger);
    // One whose receipts are all there.
    shows(&mut enclave, RotationStage::Rewrapping);
    assert_eq!(takes(&enclave, &to, &share), Err(CustodianError::NoRotation));
    (enclave.rotation, enclave.commitment) = (offered, from);
    let strange = CustodianShare { custodian: PersonId::new("other").unwrap(), sealed: share.sealed.clone() };
    assert_eq!(takes(&enclave, &to, &strange), Err(CustodianError::OtherCustodian("other".to_owned())));
    let mut spoilt = share.clone();
    spoilt.sealed.ciphertext.0[0] ^= 1;
    assert_eq!(takes(&enclave, &to, &spoilt), Err(CustodianError::ShareOpen));
}

#[test]
fn another_next_share_needs_the_one_before_to_be_given_up() {
    let (mut custodian, mut enclave) = taken();
    enclave.commitment = enclave.rotation.unwrap().from;
    enclave.make_root(8, 1);
    let to = enclave.commitment;
    let rotation = enclave.rotation.as_mut().unwrap();
    (rotation.to, enclave.commitment) = (to, rotation.from);
    let (to, share) = next_share(&custodian, &mut enclave);
    let bundle = operational(&enclave);
    let taken = custodian.accept_next_share(&bundle, NONCE, NOW, &to, &share).map(drop);
    assert_eq!(taken, Err(CustodianError::ShareHeld));
    custodian.abandon_next_share().unwrap();
    assert!(custodian.accept_next_share(&bundle, NONCE, NOW, &to, &share).is_ok());
    assert_eq!(custodian.next_commitment(), Some(to));
}

#[test]
fn who_holds_no_share_takes_no_next_one() {
    let (mut custodian, mut enclave) = joined();
    offers(&mut enclave);
    let (to, share) = next_share(&custodian, &mut enclave);
    let taken = custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).map(drop);
    assert_eq!(taken, Err(CustodianError::NoShare));
    assert_eq!(deleted(&mut custodian, &enclave), Err(CustodianError::NoShare));
}
