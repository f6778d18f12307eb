//! Place: SAM. Manifest, genesis, shares: what is refused on the way to a root key.

use super::people::Person;
use super::witness::Witness;
use super::world::{START, World};
use fuin_enclave::ceremony::sharing::split;
use fuin_enclave::ledger::keys::RootKey;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{Manifest, ReleaseMode, SignedManifest};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::statement::{GenesisApproval, ShareReceipt, ShareStatement};

fn installed() -> World {
    let mut world = World::new(3);
    world.install().unwrap();
    world
}

fn rebooted() -> World {
    let mut world = World::operational(3);
    world.reboot();
    world
}

#[test]
fn phases_follow_from_boot_to_operation() {
    let mut world = World::new(3);
    assert_eq!(world.phase(), Phase::Booted);
    world.install().unwrap();
    assert_eq!(world.phase(), Phase::Uninitialized);
    world.genesis().unwrap();
    assert_eq!(world.phase(), Phase::Operational);
    world.reboot();
    assert_eq!(world.phase(), Phase::Uninitialized);
    world.provide().unwrap();
    assert_eq!(world.phase(), Phase::Operational);
}

#[test]
fn commands_of_other_phases_are_refused() {
    let mut world = World::new(3);
    assert_eq!(world.call(Command::GetEvidence(GetEvidence { nonce: None })), Err(Fault::WrongPhase));
    assert_eq!(world.call(Command::Genesis(Genesis { approvals: vec![] })), Err(Fault::WrongPhase));
    world.install().unwrap();
    assert_eq!(world.install(), Err(Fault::WrongPhase));
    let manage = Manage { proof: String::new(), evidence: None, record: None, nonce: None };
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::WrongPhase));
    world.genesis().unwrap();
    assert_eq!(world.call(Command::Genesis(Genesis { approvals: vec![] })), Err(Fault::WrongPhase));
    let share = ProvideShare { statement: Blob::default(), sealed: Blob::default(), other: None };
    assert_eq!(world.call(Command::ProvideShare(share)), Err(Fault::WrongPhase));
}

fn refused_manifest(fault: Fault, change: impl Fn(&mut Manifest), signer: &Person) {
    let mut world = World::new(3);
    let officer = world.officer.id.clone();
    world.found_with(change, &[(&officer, signer)]);
    assert_eq!(world.install(), Err(fault));
    assert_eq!(world.phase(), Phase::Booted);
}

#[test]
fn manifest_without_the_officers_signature_is_refused() {
    refused_manifest(Fault::ManifestSignature, |_| {}, &Person::new("officer", 66));
}

#[test]
fn manifest_that_has_ended_founds_nothing() {
    let mut world = World::new(3);
    world.found_by(|manifest| manifest.not_after = START);
    world.install().unwrap();
    let approval = world.approval();
    let approvals = vec![world.officer.state(&approval)];
    assert_eq!(world.call(Command::Genesis(Genesis { approvals })), Err(Fault::ManifestExpired));
    assert_eq!(world.phase(), Phase::Uninitialized);
}

#[test]
fn manifest_that_breaks_a_rule_is_refused() {
    let officer = Person::new("officer", 11);
    refused_manifest(Fault::ManifestMalformed, |m| m.officer_quorum = 2, &officer);
    refused_manifest(Fault::ManifestMalformed, |m| m.share_threshold = 0, &officer);
    refused_manifest(Fault::ManifestMalformed, |m| m.development = false, &officer);
    refused_manifest(Fault::ManifestMalformed, |m| m.version = 2, &officer);
    refused_manifest(Fault::ManifestMalformed, |m| m.evidence_anchors.clear(), &officer);
    refused_manifest(Fault::ManifestMalformed, |m| m.ledger_prefix = "a b".into(), &officer);
}

/// Evidence would promise signers a cosignature that nobody waits for.
#[test]
fn manifest_that_promises_cosigned_release_without_a_sound_quorum_is_refused() {
    let officer = Person::new("officer", 11);
    refused_manifest(Fault::ManifestMalformed, |m| m.release = ReleaseMode::Cosigned, &officer);
    let production = |m: &mut Manifest| (m.development, m.release) = (false, ReleaseMode::Cosigned);
    refused_manifest(Fault::ManifestMalformed, production, &officer);
    let of = |seeds: &[u8], threshold, faults| {
        let witnesses = seeds.iter().map(|seed| Witness::new(*seed).vkey()).collect();
        let policy = WitnessPolicy { witnesses, threshold, faults };
        move |m: &mut Manifest| (m.release, m.witnesses) = (ReleaseMode::Cosigned, Some(policy.clone()))
    };
    refused_manifest(Fault::ManifestMalformed, of(&[], 0, 0), &officer);
    refused_manifest(Fault::ManifestMalformed, of(&[1, 1], 2, 0), &officer);
    refused_manifest(Fault::ManifestMalformed, of(&[1, 2], 1, 0), &officer);
    refused_manifest(Fault::ManifestMalformed, of(&[1, 2, 3], 2, 1), &officer);
    refused_manifest(Fault::ManifestMalformed, of(&[1, 2, 3], 4, 0), &officer);
    // In a service of durable release too: evidence shows them.
    let named = |m: &mut Manifest| {
        m.witnesses = Some(WitnessPolicy { witnesses: vec!["none".into()], threshold: 1, faults: 0 });
    };
    refused_manifest(Fault::ManifestMalformed, named, &officer);
}

#[test]
fn another_current_manifest_than_the_first_is_refused() {
    let mut world = World::new(3);
    let first = world.signed_manifest.clone();
    let mut signed: SignedManifest = codec::decode(first.as_slice()).unwrap();
    signed.signatures.push(signed.signatures[0].clone());
    let current = codec::encode(&signed).into();
    let refused = world.call(Command::InstallManifest(InstallManifest { first, current }));
    assert_eq!(refused, Err(Fault::ManifestForeign));
}

fn refused_approval(fault: Fault, change: impl Fn(&mut GenesisApproval)) {
    let mut world = installed();
    let mut approval = world.approval();
    change(&mut approval);
    let approvals = vec![world.officer.state(&approval)];
    assert_eq!(world.call(Command::Genesis(Genesis { approvals })), Err(fault));
}

#[test]
fn approval_for_another_service_instance_or_manifest_is_refused() {
    refused_approval(Fault::StatementForeign, |a| a.service = ServiceId([0; 32]));
    refused_approval(Fault::StatementForeign, |a| a.instance = InstanceId([0; 32]));
    refused_approval(Fault::StatementForeign, |a| a.manifest = ManifestHash([0; 32]));
}

#[test]
fn expired_approval_is_refused() {
    refused_approval(Fault::StatementExpired, |a| a.not_after = START);
}

#[test]
fn approval_by_somebody_else_is_refused() {
    let mut world = installed();
    let approval = world.approval();
    let approvals = vec![Person::new("officer", 66).state(&approval)];
    assert_eq!(world.call(Command::Genesis(Genesis { approvals })), Err(Fault::StatementSignature));
    let approvals = vec![Person::new("nobody", 66).state(&approval)];
    assert_eq!(world.call(Command::Genesis(Genesis { approvals })), Err(Fault::UnknownPerson));
}

#[test]
fn genesis_without_approval_is_refused() {
    let mut world = installed();
    assert_eq!(world.call(Command::Genesis(Genesis { approvals: vec![] })), Err(Fault::UnknownPerson));
}

fn refused_receipt(fault: Fault, change: impl Fn(&mut ShareReceipt)) {
    let mut world = installed();
    let shares = world.begin_genesis().unwrap();
    let mut receipt = world.receipt(&shares);
    change(&mut receipt);
    let receipts = vec![world.custodian.person.state(&receipt)];
    assert_eq!(world.call(Command::ConfirmGenesis(ConfirmGenesis { receipts })), Err(fault));
    assert_eq!(world.phase(), Phase::Uninitialized);
    // A right receipt still ends it.
    let receipts = vec![world.custodian.person.state(&world.receipt(&shares))];
    assert!(world.call(Command::ConfirmGenesis(ConfirmGenesis { receipts })).is_ok());
}

#[test]
fn receipt_for_something_else_is_refused() {
    refused_receipt(Fault::StatementForeign, |r| r.service = ServiceId([0; 32]));
    refused_receipt(Fault::StatementForeign, |r| r.instance = InstanceId([0; 32]));
    refused_receipt(Fault::StatementForeign, |r| r.commitment = RootCommitment([0; 32]));
    refused_receipt(Fault::StatementForeign, |r| r.share = Digest32([0; 32]));
}

#[test]
fn genesis_without_receipts_does_not_end() {
    let mut world = installed();
    world.begin_genesis().unwrap();
    let confirm = Command::ConfirmGenesis(ConfirmGenesis { receipts: vec![] });
    assert_eq!(world.call(confirm.clone()), Err(Fault::GenesisPending));
    let mut other = installed();
    assert_eq!(other.call(confirm), Err(Fault::GenesisPending));
}

#[test]
fn genesis_on_a_ledger_that_exists_halts() {
    let mut world = rebooted();
    let entries = world.store.entries.clone();
    world.sink = super::world::Sink::Refuses;
    assert_eq!(world.genesis(), Err(Fault::SinkRefused));
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.store.entries, entries);
}

fn refused_share(fault: Fault, change: impl Fn(&mut ShareStatement)) {
    let mut world = rebooted();
    let (share, commitment) = world.share();
    let sealed = world.sealed_share(&share, &commitment);
    let mut body = world.share_statement(&sealed, commitment);
    change(&mut body);
    let statement = world.custodian.person.state(&body);
    assert_eq!(
        world.call(Command::ProvideShare(ProvideShare { statement, sealed, other: None })),
        Err(fault)
    );
    assert_eq!(world.phase(), Phase::Uninitialized);
    assert_eq!(world.provide(), Ok(()));
}

#[test]
fn share_for_another_service_instance_or_manifest_is_refused() {
    refused_share(Fault::StatementForeign, |s| s.service = ServiceId([0; 32]));
    refused_share(Fault::StatementForeign, |s| s.instance = InstanceId([0; 32]));
    refused_share(Fault::StatementForeign, |s| s.manifest = ManifestHash([0; 32]));
    refused_share(Fault::StatementForeign, |s| s.sealed = Digest32([0; 32]));
}

#[test]
fn share_under_another_commitment_does_not_open() {
    refused_share(Fault::ShareMalformed, |s| s.commitment = RootCommitment([0; 32]));
}

/// The one share of a root key that somebody else made, and its commitment.
fn foreign_share(world: &mut World) -> (Vec<u8>, RootCommitment) {
    let made = split(&RootKey::new([66; 32]), &world.service, 1, 1, &mut world.rng).unwrap();
    (made.shares[0].to_octets().to_vec(), made.commitment)
}

#[test]
fn share_of_a_foreign_root_is_refused() {
    let mut world = rebooted();
    let (_, commitment) = world.share();
    let foreign = foreign_share(&mut world).0;
    for (share, fault) in [(&foreign[..], Fault::RootMismatch), (&[66; 32], Fault::ShareMalformed)] {
        let sealed = world.sealed_share(share, &commitment);
        let statement = world.custodian.person.state(&world.share_statement(&sealed, commitment));
        let refused = world.call(Command::ProvideShare(ProvideShare { statement, sealed, other: None }));
        assert_eq!(refused, Err(fault));
        assert_eq!(world.phase(), Phase::Uninitialized);
    }
    assert_eq!(world.provide(), Ok(()));
}

#[test]
fn foreign_root_with_its_own_commitment_finds_a_ledger_that_is_not_its_own() {
    let mut world = rebooted();
    let (foreign, commitment) = foreign_share(&mut world);
    let sealed = world.sealed_share(&foreign, &commitment);
    let mut body = world.share_statement(&sealed, commitment);
    body.newest_checkpoint = None;
    let statement = world.custodian.person.state(&body);
    let refused = world.call(Command::ProvideShare(ProvideShare { statement, sealed, other: None }));
    assert_eq!(refused, Err(Fault::LedgerBroken));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn share_signed_by_somebody_else_is_refused() {
    let mut world = rebooted();
    let (share, commitment) = world.share();
    let sealed = world.sealed_share(&share, &commitment);
    let body = world.share_statement(&sealed, commitment);
    let statement = Person::new("custodian", 66).state(&body);
    let refused = world.call(Command::ProvideShare(ProvideShare { statement, sealed, other: None }));
    assert_eq!(refused, Err(Fault::StatementSignature));
}

#[test]
fn cached_evidence_carries_the_instance_keys_word_for_a_nonce() {
    use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement, Freshness};
    let mut world = World::operational(3);
    let nonce: Blob = vec![9; 16].into();
    let mut cached = 0;
    for _ in 0..12 {
        let request = GetEvidence { nonce: Some(nonce.clone()) };
        let Ok(Answer::Evidence(bundle)) = world.call(Command::GetEvidence(request)) else { panic!() };
        let bundle: EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
        let statement: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
        if let Some(freshness) = bundle.freshness {
            let key = statement.instance.signing.key().unwrap();
            let message = Freshness::message(
                nonce.as_slice(),
                freshness.time,
                &statement.manifest,
                &statement.user_data(),
            );
            key.verify(key.statement_hash(), &message, freshness.signature.as_slice()).unwrap();
            cached += 1;
        }
    }
    assert_eq!(cached, 4, "eight documents with a nonce, then the cache");
}

#[test]
fn nonce_of_a_wrong_length_is_refused() {
    let mut world = World::operational(3);
    for length in [0, 7, 65] {
        let request = GetEvidence { nonce: Some(vec![0; length].into()) };
        assert_eq!(world.call(Command::GetEvidence(request)), Err(Fault::Malformed));
    }
}
