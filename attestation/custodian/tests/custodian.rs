//! Place: none. A custodian against real evidence: what it accepts, and every refusal by name.
#![allow(missing_docs, reason = "a test")]

mod device;
mod enclave;
mod rotation;

use enclave::{NOW, PCRS, TestEnclave, rng};
use fuin_attestation::Step;
use fuin_custodian::{Custodian, CustodianError, Pins};
use fuin_shared::codec;
use fuin_shared::evidence::{LedgerEpoch, Pcr, Purpose};
use fuin_shared::ids::{Digest32, PersonId, RootCommitment};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::NoteSigner;
use fuin_shared::phase::Phase;
use fuin_shared::share::{RootOpening, Share, root_digest, share_digest};
use fuin_shared::statement::{
    CustodianShare, HpkeSealed, SHARE_TO_CUSTODIAN, SHARE_TO_INSTANCE, ShareReceipt, ShareStatement,
    share_aad,
};
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, OpModeS, Serializable};
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

const NONCE: &[u8] = b"sixteen octets!!";

fn pins(enclave: &TestEnclave) -> Pins {
    Pins {
        service: enclave.service(),
        measurement: PCRS,
        development_anchor: Some(enclave.root_der().into()),
    }
}

fn joined() -> (Custodian, TestEnclave) {
    let mut custodian = Custodian::new(PersonId::new("custodian").unwrap(), &mut rng());
    let enclave = TestEnclave::of(custodian.manifest_entry());
    custodian.join(pins(&enclave)).unwrap();
    (custodian, enclave)
}

fn share_for(custodian: &Custodian, enclave: &TestEnclave) -> CustodianShare {
    let entry = custodian.manifest_entry();
    let key = <Kem as hpke::Kem>::PublicKey::from_bytes(entry.sealing.as_slice()).unwrap();
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal_with_rng::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha384, Kem>(
            &OpModeS::Base,
            &key,
            SHARE_TO_CUSTODIAN,
            &enclave.share,
            &share_aad(&enclave.service(), &enclave.commitment, &entry.id),
            &mut rng(),
        )
        .unwrap();
    let encapsulated = encapsulated.to_bytes().to_vec().into();
    CustodianShare { custodian: entry.id, sealed: HpkeSealed { encapsulated, ciphertext: ciphertext.into() } }
}

fn genesis(enclave: &TestEnclave) -> Vec<u8> {
    enclave.bundle(Phase::Uninitialized, Purpose::Genesis, NONCE)
}

fn before_root(enclave: &TestEnclave) -> Vec<u8> {
    enclave.bundle(Phase::Uninitialized, Purpose::Service, NONCE)
}

fn operational(enclave: &TestEnclave) -> Vec<u8> {
    enclave.bundle(Phase::Operational, Purpose::Service, NONCE)
}

/// A custodian that has the share and follows the ledger.
fn at_work() -> (Custodian, TestEnclave) {
    let (mut custodian, enclave) = joined();
    let share = share_for(&custodian, &enclave);
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    (custodian, enclave)
}

fn checkpoint(signer: &NoteSigner, size: u64, root: u8) -> String {
    let origin = signer.verifier().name().to_owned();
    Checkpoint { origin, size, root: [root; 32] }.sign(signer).unwrap()
}

fn step(error: CustodianError) -> Step {
    match error {
        CustodianError::Evidence(refusal) => refusal.step(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_share_is_received_kept_and_given_to_the_next_boot() {
    let (mut custodian, mut enclave) = joined();
    let share = share_for(&custodian, &enclave);
    let receipt =
        custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    let key = custodian.manifest_entry().signing.key().unwrap();
    let body: ShareReceipt = receipt.open(&key).unwrap();
    assert_eq!(body.instance, enclave.keys().id());
    assert_eq!(body.commitment, enclave.commitment);
    assert_eq!(body.share, Digest32(Sha256::digest(codec::encode(&share)).into()));

    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    let note = checkpoint(&enclave.ledger, 3, 1);
    assert_eq!(custodian.observe_checkpoint(&note), Ok(true));

    let custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    enclave.restart();
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap();
    let body: ShareStatement = given.statement.open(&key).unwrap();
    assert_eq!(body.instance, enclave.keys().id());
    assert_eq!(body.newest_checkpoint, Some(note));
    assert_eq!(body.sealed, Digest32(Sha256::digest(codec::encode(&given.sealed)).into()));
    let aad = share_aad(&enclave.service(), &enclave.commitment, custodian.id());
    assert_eq!(enclave.open(&given.sealed, SHARE_TO_INSTANCE, &aad).unwrap(), enclave.share);
    let other = share_aad(&enclave.service(), &RootCommitment([6; 32]), custodian.id());
    assert!(enclave.open(&given.sealed, SHARE_TO_INSTANCE, &other).is_none());
    enclave.restart();
    assert!(enclave.open(&given.sealed, SHARE_TO_INSTANCE, &aad).is_none());
}

#[test]
fn evidence_of_another_service_is_refused() {
    let (custodian, _) = at_work();
    let foreign = TestEnclave::of(custodian.manifest_entry());
    let refused = custodian.provide_share(&before_root(&foreign), NONCE, NOW, &mut rng()).unwrap_err();
    assert_eq!(step(refused), Step::Anchor);
    let (mut custodian, enclave) = joined();
    let mut elsewhere = pins(&enclave);
    elsewhere.service.0[0] ^= 1;
    assert_eq!(custodian.join(elsewhere.clone()), Err(CustodianError::OtherService));
    let mut custodian = Custodian::new(PersonId::new("custodian").unwrap(), &mut rng());
    custodian.join(elsewhere).unwrap();
    let share = share_for(&custodian, &enclave);
    let refused =
        custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap_err();
    assert_eq!(step(refused), Step::Service);
}

/// The enclave takes nothing but another manifest then, and for that it must be brought up. A root key is not made.
#[test]
fn a_manifest_that_has_ended_gets_a_share_at_a_boot_and_at_no_genesis() {
    let (mut custodian, mut enclave) = at_work();
    let share = share_for(&custodian, &enclave);
    enclave.change_manifest(2, NOW - 1);
    assert!(custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).is_ok());
    let commitment = enclave.commitment;
    let refused = custodian.accept_share(&genesis(&enclave), NONCE, NOW, &commitment, &share).unwrap_err();
    assert_eq!(step(refused), Step::ManifestPeriod);
    let refused = custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap_err();
    assert_eq!(step(refused), Step::ManifestPeriod);
}

#[test]
fn no_manifest_older_than_the_one_seen_at_work_gets_a_share() {
    let (mut custodian, mut enclave) = at_work();
    let end = NOW + 1_000_000;
    enclave.change_manifest(3, end);
    // A boot under a newer one gets the share, but what is only shown at a boot is not remembered.
    assert!(custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).is_ok());
    enclave.change_manifest(2, end);
    assert!(custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).is_ok());
    enclave.change_manifest(3, end);
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();

    let mut custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    enclave.change_manifest(2, end);
    let older = CustodianError::OlderManifest { version: 2, seen: 3 };
    let refused = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng());
    assert_eq!(refused, Err(older.clone()));
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Err(older));
    enclave.change_manifest(4, end);
    assert!(custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).is_ok());
}

#[test]
fn another_manifest_of_the_version_seen_at_work_gets_no_share() {
    let (mut custodian, mut enclave) = at_work();
    enclave.change_manifest(2, NOW + 1_000_000);
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    enclave.change_manifest(2, NOW + 1_000_001);
    let other = CustodianError::OtherManifest { version: 2 };
    let refused = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng());
    assert_eq!(refused, Err(other.clone()));
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Err(other));
}

#[test]
fn another_image_is_refused() {
    let (mut custodian, enclave) = at_work();
    custodian.join(Pins { measurement: [PCRS[0], PCRS[1], Pcr([4; 48])], ..pins(&enclave) }).unwrap();
    let refused = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap_err();
    assert_eq!(step(refused), Step::Measurement);
    let zero = Pins { measurement: [Pcr([0; 48]); 3], ..pins(&enclave) };
    assert_eq!(step(custodian.join(zero).unwrap_err()), Step::Measurement);
}

#[test]
fn a_development_enclave_is_refused_without_its_anchor() {
    let (mut custodian, enclave) = at_work();
    custodian.join(Pins { development_anchor: None, ..pins(&enclave) }).unwrap();
    let refused = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap_err();
    assert_eq!(step(refused), Step::Anchor);
}

#[test]
fn another_nonce_an_old_document_and_another_phase_are_refused() {
    let (custodian, enclave) = at_work();
    let give = |bundle: &[u8], nonce: &[u8], now| {
        step(custodian.provide_share(bundle, nonce, now, &mut rng()).unwrap_err())
    };
    assert_eq!(give(&before_root(&enclave), b"another nonce...", NOW), Step::Nonce);
    assert_eq!(give(&before_root(&enclave), NONCE, NOW + 700), Step::Freshness);
    assert_eq!(give(&before_root(&enclave), NONCE, NOW + 2000), Step::Validity);
    assert_eq!(give(&operational(&enclave), NONCE, NOW), Step::Phase);
    assert_eq!(give(&genesis(&enclave), NONCE, NOW), Step::Phase);
    let (mut custodian, enclave) = joined();
    let share = share_for(&custodian, &enclave);
    let refused =
        custodian.accept_share(&before_root(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap_err();
    assert_eq!(step(refused), Step::Phase);
}

#[test]
fn a_changed_bundle_is_refused() {
    let (custodian, enclave) = at_work();
    let bundle = before_root(&enclave);
    for position in (0..bundle.len()).step_by(61) {
        let mut changed = bundle.clone();
        changed[position] ^= 1;
        assert!(custodian.provide_share(&changed, NONCE, NOW, &mut rng()).is_err(), "{position}");
    }
}

#[test]
fn a_share_for_another_root_custodian_or_key_is_refused() {
    let (mut custodian, enclave) = joined();
    let share = share_for(&custodian, &enclave);
    let bundle = genesis(&enclave);
    let mut accept = |commitment: &RootCommitment, share: &CustodianShare| {
        custodian.accept_share(&bundle, NONCE, NOW, commitment, share).unwrap_err()
    };
    assert_eq!(accept(&RootCommitment([6; 32]), &share), CustodianError::OtherRoot);
    let other = CustodianShare { custodian: PersonId::new("other").unwrap(), ..share.clone() };
    assert_eq!(accept(&enclave.commitment, &other), CustodianError::OtherCustodian("other".into()));
    let mut altered = share.clone();
    altered.sealed.ciphertext.0[0] ^= 1;
    assert_eq!(accept(&enclave.commitment, &altered), CustodianError::ShareOpen);
    assert!(!custodian.holds_share());
    let nobody = Custodian::new(PersonId::new("custodian").unwrap(), &mut rng());
    assert!(matches!(nobody.provide_share(&bundle, NONCE, NOW, &mut rng()), Err(CustodianError::NoShare)));
}

#[test]
fn a_share_that_does_not_fit_the_commitment_or_the_manifest_gets_no_receipt() {
    let (mut custodian, mut enclave) = joined();
    let mut refused = |enclave: &TestEnclave| {
        let share = share_for(&custodian, enclave);
        let refused =
            custodian.accept_share(&genesis(enclave), NONCE, NOW, &enclave.commitment, &share).unwrap_err();
        assert_eq!(refused, CustodianError::ShareWrong);
        assert!(!custodian.holds_share());
    };
    // An octet of the share itself.
    enclave.share[10] ^= 1;
    refused(&enclave);
    // No share at all.
    enclave.share = b"a share of the root key".to_vec();
    refused(&enclave);
    // More shares needed, and of fewer custodians, than the manifest says.
    let service = enclave.service();
    let digest = share_digest(&service, 1, &[5; 32]);
    for (threshold, shares) in [(2, vec![digest; 2]), (1, vec![digest; 2])] {
        let opening = RootOpening { threshold, root: root_digest(&service, &[5; 32]), shares };
        enclave.commitment = opening.commitment(&service);
        enclave.share = Share::new(1, [5; 32].into(), opening).to_octets().to_vec();
        refused(&enclave);
    }
}

#[test]
fn a_manifest_that_does_not_name_the_custodian_is_refused() {
    let (custodian, _) = joined();
    let enclave = TestEnclave::of(custodian.manifest_entry());
    let mut stranger = Custodian::new(PersonId::new("custodian").unwrap(), &mut rng());
    stranger.join(pins(&enclave)).unwrap();
    let share = share_for(&stranger, &enclave);
    let refused = stranger.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share);
    assert_eq!(refused, Err(CustodianError::NotNamed));
}

#[test]
fn a_second_root_is_refused_until_an_unfinished_one_is_abandoned() {
    let (mut custodian, mut enclave) = joined();
    let share = share_for(&custodian, &enclave);
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    enclave.make_root(6, 1);
    let share = share_for(&custodian, &enclave);
    let again =
        |c: &mut Custodian, e: &TestEnclave| c.accept_share(&genesis(e), NONCE, NOW, &e.commitment, &share);
    assert_eq!(again(&mut custodian, &enclave), Err(CustodianError::ShareHeld));
    custodian.abandon_share().unwrap();
    again(&mut custodian, &enclave).unwrap();
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    assert_eq!(custodian.abandon_share(), Err(CustodianError::ShareHeld));
    assert!(custodian.holds_share());
}

/// Whoever knows the custodian's public key can seal octets of its own under the right commitment.
#[test]
fn a_share_with_a_receipt_is_not_replaced_under_its_own_commitment() {
    let (mut custodian, enclave) = joined();
    let share = share_for(&custodian, &enclave);
    let accept = |c: &mut Custodian, share: &CustodianShare| {
        c.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, share)
    };
    let receipt = accept(&mut custodian, &share).unwrap();
    let hosts = share_for(&custodian, &enclave);
    assert_ne!(hosts, share);
    assert_eq!(accept(&mut custodian, &hosts), Err(CustodianError::ShareHeld));
    assert_eq!(accept(&mut custodian, &share).unwrap().body, receipt.body);
}

#[test]
fn an_enclave_under_another_root_key_teaches_no_ledger() {
    let (mut custodian, mut enclave) = joined();
    let share = share_for(&custodian, &enclave);
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    enclave.commitment = RootCommitment([6; 32]);
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Err(CustodianError::OtherRoot));
}

#[test]
fn another_ledger_than_the_known_one_is_refused() {
    let (mut custodian, mut enclave) = at_work();
    enclave.ledger = NoteSigner::from_seed("test.invalid/ledger", &[8; 32]).unwrap();
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Err(CustodianError::OtherLedger));
}

/// A quorum of witnesses was lost: the ledger goes on under another key, of which the enclave's evidence says that it is later.
#[test]
fn a_later_epoch_is_learnt_and_an_earlier_one_never_again() {
    let (mut custodian, mut enclave) = at_work();
    let first = custodian.ledger().unwrap().clone();
    custodian.observe_checkpoint(&checkpoint(&enclave.ledger, 5, 1)).unwrap();
    enclave.ledger = NoteSigner::from_seed("test.invalid/ledger", &[8; 32]).unwrap();
    let said = |number| Some(LedgerEpoch { number, predecessor: first.origin.clone(), index: 7 });
    enclave.epoch = said(1);
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Ok(true));
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Ok(false), "known by now");
    assert_eq!(custodian.observe_checkpoint(&checkpoint(&enclave.ledger, 8, 1)), Ok(true));
    // It is kept, and neither the first epoch nor another ledger of the same number takes its place.
    let mut custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    enclave.ledger = NoteSigner::from_seed("test.invalid/ledger", &[7; 32]).unwrap();
    for epoch in [None, said(1)] {
        enclave.epoch = epoch;
        let refused = custodian.learn_ledger(&operational(&enclave), NONCE, NOW);
        assert_eq!(refused, Err(CustodianError::OtherLedger));
    }
    enclave.epoch = said(2);
    assert_eq!(custodian.learn_ledger(&operational(&enclave), NONCE, NOW), Ok(true));
}

#[test]
fn checkpoints_only_move_forward() {
    let (mut custodian, enclave) = at_work();
    let mut observe = |size, root| custodian.observe_checkpoint(&checkpoint(&enclave.ledger, size, root));
    assert_eq!(observe(5, 1), Ok(true));
    assert_eq!(observe(5, 1), Ok(false));
    assert_eq!(observe(4, 1), Err(CustodianError::Older { size: 4, seen: 5 }));
    assert_eq!(observe(5, 2), Err(CustodianError::Forked { size: 5 }));
    assert_eq!(observe(6, 2), Ok(true));
    assert_eq!(custodian.newest_checkpoint().unwrap().size, 6);
}

/// A state and the ledger it follows, made once.
fn following() -> &'static (Vec<u8>, TestEnclave) {
    static STATE: OnceLock<(Vec<u8>, TestEnclave)> = OnceLock::new();
    STATE.get_or_init(|| {
        let (custodian, enclave) = at_work();
        (custodian.to_bytes().to_vec(), enclave)
    })
}

proptest! {
    #[test]
    fn whatever_is_shown_the_newest_never_goes_back_or_aside(shown in vec((1u64..20, 0u8..3), 1..40)) {
        let (state, enclave) = following();
        let mut custodian = Custodian::from_bytes(state).unwrap();
        let mut newest = None;
        for (size, root) in shown {
            let result = custodian.observe_checkpoint(&checkpoint(&enclave.ledger, size, root));
            match newest {
                Some((seen, _)) if size < seen => prop_assert_eq!(result, Err(CustodianError::Older { size, seen })),
                Some((seen, other)) if size == seen && root != other => {
                    prop_assert_eq!(result, Err(CustodianError::Forked { size }));
                }
                Some((seen, _)) if size == seen => prop_assert_eq!(result, Ok(false)),
                _ => {
                    prop_assert_eq!(result, Ok(true));
                    newest = Some((size, root));
                }
            }
            let seen = custodian.newest_checkpoint().map(|s| (s.size, s.root));
            prop_assert_eq!(seen, newest.map(|(size, root)| (size, Digest32([root; 32]))));
        }
    }

    #[test]
    fn a_state_of_hostile_octets_is_refused(octets in vec(any::<u8>(), 0..200), position in 0usize..4000, bit in 0u8..8) {
        prop_assert!(Custodian::from_bytes(&octets).is_err());
        let (state, _) = following();
        let mut changed = state.clone();
        let position = position % changed.len();
        changed[position] ^= 1 << bit;
        // Either refused, or a state that writes itself in the same octets.
        if let Ok(read) = Custodian::from_bytes(&changed) {
            prop_assert!(*read.to_bytes() == changed);
        }
    }
}

#[test]
fn checkpoints_of_strangers_are_refused() {
    let (mut custodian, enclave) = at_work();
    let stranger = NoteSigner::from_seed("test.invalid/ledger", &[8; 32]).unwrap();
    assert!(matches!(
        custodian.observe_checkpoint(&checkpoint(&stranger, 5, 1)),
        Err(CustodianError::Checkpoint(_))
    ));
    let changed = checkpoint(&enclave.ledger, 5, 1).replace("\n5\n", "\n6\n");
    assert!(matches!(custodian.observe_checkpoint(&changed), Err(CustodianError::Checkpoint(_))));
    assert_eq!(custodian.newest_checkpoint(), None);
    let (mut early, enclave) = joined();
    assert_eq!(
        early.observe_checkpoint(&checkpoint(&enclave.ledger, 5, 1)),
        Err(CustodianError::LedgerUnknown)
    );
}

#[test]
fn a_damaged_state_is_refused() {
    let (custodian, _) = at_work();
    let octets = custodian.to_bytes();
    assert!(Custodian::from_bytes(&octets).is_ok());
    assert!(matches!(Custodian::from_bytes(&octets[..octets.len() - 1]), Err(CustodianError::State)));
    assert!(matches!(Custodian::from_bytes(b""), Err(CustodianError::State)));
    let mut other = octets.to_vec();
    let version = other.windows(8).position(|w| w == b"version\x01").unwrap() + 7;
    other[version] = 2;
    assert!(matches!(Custodian::from_bytes(&other), Err(CustodianError::State)));
}
