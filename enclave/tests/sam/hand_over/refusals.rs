//! Place: SAM. Every check of a hand-over refuses what it is there for.

use super::*;
use crate::people::Person;
use crate::world::Witnessing;
use fuin_enclave::channel::{InstanceKeyPairs, seal_to};
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement, Pcr};
use fuin_shared::ids::{Digest32, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::statement::{HandOverStatement, HpkeSealed, ROOT_TO_INSTANCE, SignedStatement, root_aad};
use sha2::{Digest, Sha256};

/// What a host does to something on its way.
type Change<T> = fn(&mut T);

#[test]
fn an_image_that_is_not_listed_gets_nothing() {
    for register in 0..3 {
        let mut pair = pair(0);
        pair.taker.pcrs[register] = Pcr([9; 48]);
        pair.refuses_to_give(Fault::PeerRefused);
    }
}

#[test]
fn an_image_in_debug_mode_gets_nothing() {
    let mut pair = pair(0);
    pair.taker.pcrs = [Pcr([0; 48]); 3];
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn another_service_gets_nothing() {
    let mut pair = pair(0);
    pair.taker = another(99, &pair.platform, 0, "two");
    assert_ne!(pair.taker.service, pair.giver.service);
    let evidence = evidence(&mut pair.taker, pair.giver.machine.instance());
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
    assert_eq!(pair.giver.phase(), Phase::Operational);
}

#[test]
fn another_current_manifest_gets_nothing() {
    let mut pair = pair(0);
    let change = pair.giver.approved(|manifest| manifest.not_after -= 1);
    pair.giver.change(change.clone()).unwrap();
    pair.refuses_to_give(Fault::PeerManifest);
    pair.taker.call(Command::FollowManifest(change)).unwrap();
    let take = pair.give().unwrap();
    assert!(pair.take(take).is_ok());
    // And the other way: one that is ahead of the ledger.
    let mut pair = self::pair(0);
    let ahead = pair.giver.approved(|manifest| manifest.not_after -= 1);
    pair.taker.call(Command::FollowManifest(ahead)).unwrap();
    pair.refuses_to_give(Fault::PeerManifest);
}

#[test]
fn another_platform_gets_nothing() {
    let mut pair = pair(0);
    pair.taker.platform = Some(Rc::new(Platform::new(START)));
    pair.refuses_to_give(Fault::PeerRefused);
}

/// That its manifest names the root of an emulated platform makes no vendor of it.
#[test]
fn a_production_service_believes_no_platform_but_the_vendors() {
    let platform = Rc::new(Platform::new(START));
    let production = |seed| another_with(seed, &platform, 3, |manifest| manifest.development = false);
    let (mut giver, taker) = (production(GIVER), production(99));
    giver.genesis().unwrap();
    let mut pair = Pair { giver, taker, platform: Rc::clone(&platform) };
    pair.refuses_to_give(Fault::PeerRefused);
}

#[test]
fn stale_evidence_gets_nothing() {
    let mut pair = pair(0);
    let offer = pair.offer();
    pair.giver.advance(361);
    assert_eq!(pair.giver.call(Command::HandOver(offer)), Err(Fault::PeerRefused));
    pair.taker.now = pair.giver.now;
    assert!(pair.give().is_ok());
}

#[test]
fn evidence_for_another_reader_gets_nothing() {
    let mut pair = pair(0);
    let evidence = evidence(&mut pair.taker, InstanceId([7; 32]));
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
    let Ok(Answer::Evidence(evidence)) = pair.taker.call(Command::GetEvidence(GetEvidence { nonce: None }))
    else {
        panic!()
    };
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
}

/// A true document of a true enclave, with the host's own key in its statement.
#[test]
fn evidence_with_another_key_gets_nothing() {
    let mut pair = pair(0);
    let mut bundle: EvidenceBundle = codec::decode(pair.offer().evidence.as_slice()).unwrap();
    let mut statement: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
    let own = InstanceKeyPairs::generate(&mut TestRng::new(5)).public();
    let (true_keys, mut half) = (statement.instance.clone(), statement.instance.clone());
    half.hpke = own.hpke.clone();
    for instance in [half, own] {
        assert_ne!(instance, true_keys);
        statement.instance = instance;
        bundle.statement = codec::encode(&statement).into();
        let evidence = codec::encode(&bundle).into();
        assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
    }
}

#[test]
fn altered_evidence_gets_nothing() {
    let mut pair = pair(0);
    let offer = pair.offer();
    let count = offer.evidence.0.len();
    for place in (0..count).step_by(97) {
        let mut altered = offer.clone();
        altered.evidence.0[place] ^= 1;
        let refused = pair.giver.call(Command::HandOver(altered));
        assert_eq!(refused, Err(Fault::PeerRefused), "octet {place} of {count}");
    }
    assert_eq!(
        pair.giver.call(Command::HandOver(HandOver { evidence: Blob::default() })),
        Err(Fault::PeerRefused)
    );
}

/// The giver's own evidence, also that of before it had a root key; that of one in genesis; that of one that works.
#[test]
fn an_enclave_in_the_wrong_phase_gets_nothing() {
    let mut pair = pair(0);
    let me = pair.giver.machine.instance();
    let evidence = evidence(&mut pair.giver, me);
    assert_eq!(pair.giver.call(Command::HandOver(HandOver { evidence })), Err(Fault::PeerRefused));
    pair.taker.store = Default::default();
    pair.taker.begin_genesis().unwrap();
    pair.refuses_to_give(Fault::PeerRefused);
    pair.taker.reboot();
    pair.share_store();
    pair.taker.provide().unwrap();
    pair.refuses_to_give(Fault::PeerRefused);

    let platform = Rc::clone(&pair.platform);
    let mut alone = another(33, &platform, 0, "one");
    let me = alone.machine.instance();
    let before = self::evidence(&mut alone, me);
    alone.genesis().unwrap();
    let refused = alone.call(Command::HandOver(HandOver { evidence: before }));
    assert_eq!(refused, Err(Fault::StatementForeign));
    assert_eq!(alone.phase(), Phase::Operational);
}

#[test]
fn only_an_operational_enclave_gives_and_only_one_without_a_root_key_takes() {
    let mut pair = pair(0);
    let offer = pair.offer();
    assert_eq!(pair.taker.call(Command::HandOver(offer)), Err(Fault::WrongPhase));
    let take = pair.give().unwrap();
    assert_eq!(pair.giver.call(Command::TakeOver(take.clone())), Err(Fault::Halted));
    pair.take(take.clone()).unwrap();
    assert_eq!(pair.taker.call(Command::TakeOver(take)), Err(Fault::WrongPhase));
    assert_eq!(pair.taker.phase(), Phase::Operational);
}

#[test]
fn nothing_is_handed_over_while_a_manifest_is_on_its_way() {
    let mut pair = pair(3);
    pair.giver.witnessing = Witnessing::Holds;
    let change = pair.giver.approved(|manifest| manifest.not_after -= 1);
    assert_eq!(pair.giver.change(change), Err(Fault::Busy));
    pair.refuses_to_give(Fault::ManifestOutdated);
}

#[test]
fn nothing_is_handed_over_under_a_manifest_that_has_ended() {
    let mut pair = pair(0);
    let end = pair.giver.seconds() + 100;
    let change = pair.giver.approved(|manifest| manifest.not_after = end);
    pair.giver.change(change.clone()).unwrap();
    pair.taker.call(Command::FollowManifest(change)).unwrap();
    pair.giver.advance(100);
    pair.taker.now = pair.giver.now;
    pair.refuses_to_give(Fault::ManifestExpired);
}

#[test]
fn nothing_is_handed_over_or_taken_while_the_time_is_in_doubt() {
    let mut pair = pair(0);
    let take = pair.give().unwrap();
    pair.taker.documents_ahead = Err(Fault::Nsm);
    assert_eq!(pair.take(take.clone()), Err(Fault::ClockDoubt));
    pair.taker.documents_ahead = Ok(0);
    assert!(pair.take(take).is_ok());
    let third = another(77, &pair.platform, 0, "one");
    let mut next = Pair { giver: pair.taker, taker: third, platform: pair.platform };
    next.giver.step(3_600_000);
    let size = next.giver.store.entries.len();
    assert_eq!(next.give(), Err(Fault::ClockDoubt));
    assert!(matches!(events(&next.giver)[size..], [EventBody::ClockDoubted { .. }]));
}

/// A statement, signature or sealed key changed on the way; the true one is taken afterwards.
#[test]
fn what_was_handed_over_is_taken_whole_or_not() {
    let mut pair = pair(0);
    let take = pair.give().unwrap();
    let changes: [(Change<TakeOver>, Fault); 6] = [
        (|t| t.handed.statement.0[40] ^= 1, Fault::StatementSignature),
        (|t| t.handed.signature.0[20] ^= 1, Fault::StatementSignature),
        (|t| t.handed.sealed.0[20] ^= 1, Fault::StatementForeign),
        (|t| t.handed.sealed = Blob::default(), Fault::StatementForeign),
        (|t| t.evidence.0[100] ^= 1, Fault::PeerRefused),
        (|t| t.evidence = Blob::default(), Fault::PeerRefused),
    ];
    for (change, fault) in changes {
        let mut altered = take.clone();
        change(&mut altered);
        assert_eq!(pair.take(altered), Err(fault));
        assert_eq!(pair.taker.phase(), Phase::Uninitialized);
    }
    assert!(pair.take(take).is_ok());
}

/// A root key of the host's own, sealed as it should be, under a statement that only an enclave could sign.
#[test]
fn a_root_key_that_no_enclave_handed_over_is_refused() {
    let mut pair = pair(0);
    let take = pair.give().unwrap();
    let real: HandOverStatement = codec::decode(take.handed.statement.as_slice()).unwrap();
    let changes: [Change<HandOverStatement>; 6] = [
        |s| s.service = ServiceId([0; 32]),
        |s| s.giver = InstanceId([0; 32]),
        |s| s.taker = InstanceId([0; 32]),
        |s| s.manifest = ManifestHash([0; 32]),
        |s| s.commitment = RootCommitment([0; 32]),
        |s| s.checkpoint.clear(),
    ];
    for change in changes {
        let mut statement = real.clone();
        change(&mut statement);
        let mut forged = take.clone();
        forged.handed.statement = codec::encode(&statement).into();
        let message = SignedStatement::message::<HandOverStatement>(forged.handed.statement.as_slice());
        forged.handed.signature = Person::new("officer", 11).sign(&message);
        assert_eq!(pair.take(forged), Err(Fault::StatementSignature));
    }
    let (taker, hpke) = (pair.taker.machine.instance(), pair.taker.instance_keys().hpke);
    let aad = root_aad(&real.service, &real.commitment, &taker);
    let sealed: HpkeSealed =
        seal_to(hpke.as_slice(), ROOT_TO_INSTANCE, &aad, &[66; 32], &mut TestRng::new(5)).unwrap();
    let mut forged = take.clone();
    forged.handed.sealed = codec::encode(&sealed).into();
    assert_eq!(pair.take(forged), Err(Fault::StatementForeign));
    // And evidence of an enclave that is not operational backs nothing.
    let evidence = evidence(&mut another(55, &pair.platform.clone(), 0, "one"), taker);
    let forged = TakeOver { evidence, handed: take.handed.clone() };
    assert_eq!(pair.take(forged), Err(Fault::PeerRefused));
    assert!(pair.take(take).is_ok());
}

/// As a giver gone wrong could sign it: the true instance key, over something else.
#[test]
fn a_statement_that_is_not_for_this_hand_over_is_refused() {
    let mut pair = pair(0);
    let take = pair.give().unwrap();
    let keys = InstanceKeyPairs::generate(&mut TestRng::new(GIVER));
    assert_eq!(keys.public().id(), pair.giver.machine.instance());
    let real: HandOverStatement = codec::decode(take.handed.statement.as_slice()).unwrap();
    let signed = |statement: &HandOverStatement| {
        let mut forged = take.clone();
        forged.handed.statement = codec::encode(statement).into();
        let message = SignedStatement::message::<HandOverStatement>(forged.handed.statement.as_slice());
        forged.handed.signature = keys.sign(&message).unwrap().into();
        forged
    };
    let changes: [Change<HandOverStatement>; 6] = [
        |s| s.service = ServiceId([0; 32]),
        |s| s.giver = InstanceId([0; 32]),
        |s| s.taker = InstanceId([0; 32]),
        |s| s.manifest = ManifestHash([0; 32]),
        |s| s.commitment = RootCommitment([0; 32]),
        |s| s.sealed = Digest32([0; 32]),
    ];
    for change in changes {
        let mut statement = real.clone();
        change(&mut statement);
        assert_eq!(pair.take(signed(&statement)), Err(Fault::StatementForeign));
    }
    let sealed = |pair: &mut Pair, root: &[u8]| {
        let hpke = pair.taker.instance_keys().hpke;
        let aad = root_aad(&real.service, &real.commitment, &pair.taker.machine.instance());
        let sealed = seal_to(hpke.as_slice(), ROOT_TO_INSTANCE, &aad, root, &mut TestRng::new(5)).unwrap();
        let octets = codec::encode(&sealed);
        let mut forged =
            signed(&HandOverStatement { sealed: Digest32(Sha256::digest(&octets).into()), ..real.clone() });
        forged.handed.sealed = octets.into();
        forged
    };
    for root in [&[66; 31][..], &[66; 33], &[]] {
        let forged = sealed(&mut pair, root);
        assert_eq!(pair.take(forged), Err(Fault::ShareMalformed));
        assert_eq!(pair.taker.phase(), Phase::Uninitialized);
    }
    // Another key opens no checkpoint of the ledger.
    let forged = sealed(&mut pair, &[66; 32]);
    assert_eq!(pair.take(forged), Err(Fault::CheckpointForeign));
    assert_eq!(pair.taker.phase(), Phase::Halted);
}

/// Evidence of a third enclave does not back another's statement.
#[test]
fn a_statement_of_another_than_the_evidence_is_refused() {
    let mut pair = pair(0);
    let platform = Rc::clone(&pair.platform);
    let mut other = another(55, &platform, 0, "one");
    other.genesis().unwrap();
    let evidence = evidence(&mut other, pair.taker.machine.instance());
    let take = pair.give().unwrap();
    let forged = TakeOver { evidence, handed: take.handed.clone() };
    assert_eq!(pair.take(forged), Err(Fault::StatementSignature));
    assert!(pair.take(take).is_ok());
}

#[test]
fn a_giver_of_an_image_that_is_not_listed_is_refused() {
    let mut pair = pair(0);
    pair.giver.pcrs[0] = Pcr([9; 48]);
    let take = pair.give().unwrap();
    assert_eq!(pair.take(take), Err(Fault::PeerRefused));
}

/// An old hand-over: what was handed to another boot, and what is older than evidence may be.
#[test]
fn a_replayed_hand_over_is_refused() {
    let mut pair = pair(0);
    let take = pair.give().unwrap();
    let mut later = another(44, &pair.platform, 0, "one");
    later.store = pair.giver.store.clone();
    assert_eq!(later.call(Command::TakeOver(take.clone())), Err(Fault::PeerRefused), "another boot's nonce");
    pair.taker.advance(361);
    assert_eq!(pair.take(take), Err(Fault::PeerRefused));
    assert_eq!(pair.taker.phase(), Phase::Uninitialized);
    assert_eq!(pair.taker.provide(), Ok(()), "custodians bring the same one up");
}
