//! Place: SAM. One manifest follows another: by quorum, by an event, never backwards (design section 3.3).

mod boots;

use super::people::Person;
use super::witness::Witness;
use super::world::{START, Sink, Witnessing, World, evident_manifest, generate_action};
use fuin_enclave::sam::{Effect, Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CaId, ManifestHash, RaClientId, ServiceId};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{
    Custodian, Manifest, ManifestApproval, ManifestChange, Officer, RaClient, ReleaseMode,
};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn officer(person: &Person) -> Officer {
    Officer { id: person.id.clone(), key: person.spki() }
}

fn boot(world: &mut World) -> Result<(), Fault> {
    world.held.seen = world.store.checkpoint.clone();
    world.reboot();
    world.provide()
}

/// The officer adds an RA client.
fn with_client(manifest: &mut Manifest, client: &Person) {
    manifest.ra_clients.push(RaClient {
        id: RaClientId::new(client.id.as_str()).unwrap(),
        proof_key: client.spki(),
        authorities: vec![CaId::new("test-ca").unwrap()],
        relying_parties: Vec::new(),
    });
}

/// Whether this client can make a key.
fn can_enrol(world: &mut World, client: &Person) -> bool {
    let statement = world.manage(generate_action("hanako", P256), None);
    let proof = client.prove(&statement);
    let manage = Manage { proof, evidence: None, record: None, nonce: None };
    match world.call(Command::GenerateKey(manage)) {
        Ok(_) => true,
        Err(Fault::InvalidProof) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn manifest_becomes_current_with_its_event_and_at_every_later_boot() {
    let mut world = World::operational(5);
    let client = Person::new("new-ra", 33);
    assert!(!can_enrol(&mut world, &client));
    let change = world.approved(|m| with_client(m, &client));
    let changed = world.change(change.clone()).unwrap();
    assert_eq!((changed.version, changed.manifest), (2, change.as_signed().hash()));
    let event: Event = codec::decode(changed.receipt.event.as_slice()).unwrap();
    let EventBody::ManifestAdopted { manifest, version: 2, approvals } = event.body else { panic!() };
    assert_eq!((manifest, approvals.len()), (changed.manifest, 1));
    assert_eq!(world.store.manifests, [change], "kept with the event");
    assert_eq!(world.evident_manifest(), changed.manifest);
    assert!(can_enrol(&mut world, &client));
    boot(&mut world).unwrap();
    assert_eq!(world.evident_manifest(), changed.manifest);
    assert!(can_enrol(&mut world, &client));
    // And a third one, taking the client away again.
    let change = world.approved(|m| drop(m.ra_clients.pop()));
    assert_eq!(world.change(change).unwrap().version, 3);
    assert!(!can_enrol(&mut world, &client));
    boot(&mut world).unwrap();
    assert!(!can_enrol(&mut world, &client));
}

#[test]
fn manifest_waits_for_the_cosignature() {
    let mut world = World::cosigned(5, 3);
    let (client, before) = (Person::new("new-ra", 33), world.evident_manifest());
    let change = world.approved(|m| with_client(m, &client));
    let next = change.as_signed().hash();
    world.witnessing = Witnessing::Holds;
    assert_eq!(world.change(change.clone()), Err(Fault::Busy), "no answer yet");
    assert_eq!(world.evident_manifest(), before);
    // Nobody overtakes it, not even the same officers.
    let other = ManifestChange { manifest: world.store.manifests[0].manifest.clone(), ..change };
    let ticket = Ticket(900_000);
    let command = Command::ChangeManifest(other);
    let replies = world.run(Input::Command { ticket, command });
    assert_eq!(replies, [(ticket, Err(Fault::Busy))]);
    world.witnessing = Witnessing::Honest;
    let lines = world.lines(&world.asked.clone().unwrap());
    let replies = world.answer(Ok(lines));
    assert!(
        matches!(replies.as_slice(), [(_, Ok(Answer::ManifestChanged(changed)))] if changed.manifest == next)
    );
    assert_eq!(world.evident_manifest(), next);
}

fn refused(fault: Fault, change: impl FnOnce(&mut Manifest)) {
    let mut world = World::operational(5);
    let (before, entries) = (world.evident_manifest(), world.store.entries.len());
    let change = world.approved(change);
    assert_eq!(world.change(change), Err(fault));
    assert_eq!((world.evident_manifest(), world.store.entries.len()), (before, entries));
    assert_eq!(world.phase(), Phase::Operational);
}

#[test]
fn manifest_that_changes_what_is_fixed_is_refused() {
    let fixed = |change: fn(&mut Manifest)| refused(Fault::ManifestFixed, change);
    fixed(|m| m.name.push('x'));
    fixed(|m| m.evidence_anchors.push(vec![2].into()));
    fixed(|m| m.evidence_anchors[0] = vec![2].into());
    fixed(|m| m.ledger_prefix.push('x'));
    fixed(|m| m.custodians[0].signing = Person::new("custodian", 77).spki());
    fixed(|m| {
        let other = Person::new("another", 77);
        let sealing = m.custodians[0].sealing.clone();
        m.custodians.push(Custodian { id: other.id.clone(), signing: other.spki(), sealing });
    });
    // Production needs witnesses, so that the rule of every manifest is broken as well.
    refused(Fault::ManifestMalformed, |m| m.development = false);
}

#[test]
fn threshold_of_the_shares_is_fixed() {
    let mut world = World::new(5);
    let other = Person::new("another", 77);
    world.found_by(|m| {
        let sealing = m.custodians[0].sealing.clone();
        m.custodians.push(Custodian { id: other.id.clone(), signing: other.spki(), sealing });
    });
    world.install().unwrap();
    let shares = world.begin_genesis().unwrap();
    for (person, share) in [(&Person::new("custodian", 14), 0), (&other, 1)] {
        let mut receipt = world.receipt(&shares);
        receipt.share = fuin_shared::ids::Digest32(
            <sha2::Sha256 as sha2::Digest>::digest(codec::encode(&shares.shares[share])).into(),
        );
        let receipts = vec![person.state(&receipt)];
        if let Ok(Answer::Operational { ledger, .. }) =
            world.call(Command::ConfirmGenesis(ConfirmGenesis { receipts }))
        {
            world.ledger = Some(ledger);
        }
    }
    assert_eq!(world.phase(), Phase::Operational);
    let change = world.approved(|m| m.share_threshold = 2);
    assert_eq!(world.change(change), Err(Fault::ManifestFixed));
    // A custodian may be taken out.
    let change = world.approved(|m| drop(m.custodians.pop()));
    assert_eq!(world.change(change).unwrap().version, 2);
    // And not put back.
    let change = world.approved(|m| {
        let sealing = m.custodians[0].sealing.clone();
        m.custodians.push(Custodian { id: other.id.clone(), signing: other.spki(), sealing });
    });
    assert_eq!(world.change(change), Err(Fault::ManifestFixed));
}

#[test]
fn manifest_that_changes_the_witnesses_is_refused() {
    let policy = |seeds: &[u8]| WitnessPolicy {
        witnesses: seeds.iter().map(|seed| Witness::new(*seed).vkey()).collect(),
        threshold: seeds.len() as u8,
        faults: 0,
    };
    refused(Fault::WitnessesFixed, |m| m.witnesses = Some(policy(&[1])));
    refused(Fault::WitnessesFixed, |m| {
        (m.release, m.witnesses) = (ReleaseMode::Cosigned, Some(policy(&[1, 2])));
    });
    let mut world = World::cosigned(5, 2);
    for change in
        [(|m: &mut Manifest| m.witnesses = None) as fn(&mut Manifest), |m| m.release = ReleaseMode::Durable]
    {
        let change = world.approved(|m| {
            change(m);
            if m.witnesses.is_none() {
                m.release = ReleaseMode::Durable;
            }
        });
        assert_eq!(world.change(change), Err(Fault::WitnessesFixed));
    }
}

#[test]
fn manifest_that_is_not_newer_is_refused() {
    refused(Fault::ManifestForeign, |m| m.version = 1);
    let mut world = World::operational(5);
    let (second, first) = (world.approved(|m| m.version = 7), world.draft(|m| m.version = 1));
    let old = world.approved(|m| m.not_after += 5);
    assert_eq!(world.change(second).unwrap().version, 7);
    let first = world.approved_by(&first, &[&Person::new("officer", 11)]);
    assert_eq!(world.change(first), Err(Fault::ManifestForeign));
    // One that was signed and never brought is no successor of what came instead.
    assert_eq!(world.change(old), Err(Fault::ManifestForeign));
    let skipped = world.draft(|m| m.version = 8);
    let mut approval = world.manifest_approval(&skipped);
    approval.previous = ManifestHash(world.service.0);
    let approvals = vec![world.officer.state(&approval)];
    let change = ManifestChange { manifest: skipped, approvals };
    assert_eq!(world.change(change), Err(Fault::StatementForeign));
}

#[test]
fn manifest_that_breaks_a_rule_or_has_ended_is_refused() {
    refused(Fault::ManifestExpired, |m| m.not_after = START);
    refused(Fault::ManifestMalformed, |m| m.officer_quorum = 2);
    refused(Fault::ManifestMalformed, |m| m.officers.clear());
    let mut world = World::operational(5);
    let draft: Blob = b"no manifest"[..].into();
    let change = world.approved_by(&draft, &[&Person::new("officer", 11)]);
    assert_eq!(world.change(change), Err(Fault::ManifestMalformed));
}

#[test]
fn nobody_gets_two_roles_that_conflict() {
    use fuin_shared::manifest::{Auditor, Staff};
    let staff = |name: &str, seed| {
        let person = Person::new(name, seed);
        Staff { id: person.id.clone(), key: person.spki() }
    };
    let auditor = |name: &str, seed| {
        let Staff { id, key } = staff(name, seed);
        Auditor { id, key, sealing: None }
    };
    // By name, and by key.
    refused(Fault::RoleConflict, |m| m.operators.push(staff("officer", 60)));
    refused(Fault::RoleConflict, |m| m.operators.push(staff("somebody", 11)));
    refused(Fault::RoleConflict, |m| m.auditors.push(auditor("custodian", 60)));
    refused(Fault::RoleConflict, |m| m.auditors.push(auditor("ra", 60)));
    refused(Fault::RoleConflict, |m| m.auditors.push(auditor("somebody", 12)));
    refused(Fault::RoleConflict, |m| {
        m.operators.push(staff("both", 60));
        m.auditors.push(auditor("both", 61));
    });
    refused(Fault::RoleConflict, |m| m.officers.push(officer(&Person::new("ra", 60))));
    // Two names for one key in one role are no two people.
    refused(Fault::ManifestMalformed, |m| {
        m.operators = vec![staff("one", 60), staff("two", 60)];
    });
    let mut world = World::operational(5);
    let change = world.approved(|m| {
        (m.operators, m.auditors) = (vec![staff("one", 60)], vec![auditor("two", 61)]);
        // An officer may keep a share, with another key.
        m.officers.push(officer(&Person::new("custodian", 62)));
    });
    assert!(world.change(change).is_ok());
}

/// A world of three officers, of whom two must say so.
pub fn three_officers() -> (World, [Person; 3]) {
    let mut world = World::operational(5);
    let officers = [Person::new("ada", 41), Person::new("ben", 42), Person::new("cem", 43)];
    let listed = officers.each_ref().map(officer).to_vec();
    let change = world.approved(|m| (m.officers, m.officer_quorum) = (listed, 2));
    world.change(change).unwrap();
    (world, officers)
}

#[test]
fn quorum_of_the_current_officers_decides() {
    let (mut world, [ada, ben, cem]) = three_officers();
    let draft = world.draft(|m| m.not_after += 1);
    let stranger = Person::new("stranger", 66);
    let false_ben = Person::new("ben", 66);
    let custodian = Person::new("custodian", 14);
    for (signers, fault) in [
        (vec![], Fault::ManifestSignature),
        (vec![&ada], Fault::ManifestSignature),
        (vec![&ada, &ada], Fault::ManifestSignature),
        (vec![&ada, &stranger], Fault::UnknownPerson),
        (vec![&ada, &false_ben], Fault::StatementSignature),
        (vec![&ada, &custodian], Fault::RoleForbidden),
    ] {
        let change = world.approved_by(&draft, &signers);
        assert_eq!(world.change(change), Err(fault));
    }
    let mut twice = world.approved_by(&draft, &[&ada]);
    twice.approvals.push(twice.approvals[0].clone());
    assert_eq!(world.change(twice), Err(Fault::StatementSpent));
    let change = world.approved_by(&draft, &[&cem, &ben]);
    assert_eq!(world.change(change).unwrap().version, 3);
}

fn refused_approval(fault: Fault, change: impl FnOnce(&mut ManifestApproval)) {
    let mut world = World::operational(5);
    let draft = world.draft(|m| m.not_after += 1);
    let mut approval = world.manifest_approval(&draft);
    change(&mut approval);
    let approvals = vec![world.officer.state(&approval)];
    let refused = world.change(ManifestChange { manifest: draft, approvals });
    assert_eq!(refused, Err(fault));
}

#[test]
fn approval_of_something_else_is_refused() {
    refused_approval(Fault::StatementForeign, |a| a.service = ServiceId([0; 32]));
    refused_approval(Fault::StatementForeign, |a| a.ledger.push('x'));
    refused_approval(Fault::StatementForeign, |a| a.previous = ManifestHash([0; 32]));
    refused_approval(Fault::StatementForeign, |a| a.manifest = ManifestHash([0; 32]));
    refused_approval(Fault::StatementExpired, |a| a.not_after = START);
    let mut world = World::operational(5);
    let approval = world.approval();
    let approvals = vec![world.officer.state(&approval)];
    let manifest = world.draft(|m| m.not_after += 1);
    let refused = world.change(ManifestChange { manifest, approvals });
    assert_eq!(refused, Err(Fault::StatementSignature), "one of another kind");
}

#[test]
fn approval_is_spent_by_its_event() {
    let mut world = World::operational(5);
    let change = world.approved(|m| m.not_after += 1);
    let approved: fuin_shared::statement::SignedStatement =
        codec::decode(change.approvals[0].as_slice()).unwrap();
    let spent: ManifestApproval = codec::decode(approved.body.as_slice()).unwrap();
    world.change(change.clone()).unwrap();
    assert_eq!(world.change(change), Err(Fault::ManifestForeign));
    for reboots in [false, true] {
        if reboots {
            boot(&mut world).unwrap();
        }
        let draft = world.draft(|m| m.not_after += 2);
        let approval = ManifestApproval { statement: spent.statement, ..world.manifest_approval(&draft) };
        let approvals = vec![world.officer.state(&approval)];
        let refused = world.change(ManifestChange { manifest: draft, approvals });
        assert_eq!(refused, Err(Fault::StatementSpent));
    }
}

#[test]
fn former_officer_has_no_say() {
    let mut world = World::operational(5);
    let (former, new) = (Person::new("officer", 11), Person::new("new-officer", 44));
    let listed = vec![officer(&new)];
    let change = world.approved(|m| m.officers = listed);
    world.change(change).unwrap();
    for reboots in [false, true] {
        if reboots {
            boot(&mut world).unwrap();
        }
        let draft = world.draft(|m| m.not_after += 1);
        let change = world.approved_by(&draft, &[&former]);
        assert_eq!(world.change(change), Err(Fault::UnknownPerson));
    }
    let draft = world.draft(|m| m.not_after += 1);
    let change = world.approved_by(&draft, &[&new]);
    assert_eq!(world.change(change).unwrap().version, 3);
}

#[test]
fn lost_officer_is_replaced_by_the_remaining_quorum_and_by_nobody_else() {
    let (mut world, [ada, ben, _lost]) = three_officers();
    let dan = Person::new("dan", 45);
    let listed = [&ada, &ben, &dan].map(officer).to_vec();
    let draft = world.draft(|m| m.officers = listed);
    // Who comes in has no say yet, and one of those who stay is not enough.
    let change = world.approved_by(&draft, &[&ada, &dan]);
    assert_eq!(world.change(change), Err(Fault::UnknownPerson));
    let change = world.approved_by(&draft, &[&ada]);
    assert_eq!(world.change(change), Err(Fault::ManifestSignature));
    let change = world.approved_by(&draft, &[&ada, &ben]);
    world.change(change).unwrap();
    boot(&mut world).unwrap();
    let draft = world.draft(|m| m.not_after += 1);
    let change = world.approved_by(&draft, &[&dan, &ben]);
    assert!(world.change(change).is_ok());
}

/// A document that was asked for before the change and comes after it goes with the manifest that it names.
#[test]
fn evidence_under_way_keeps_its_manifest() {
    let mut world = World::operational(5);
    let before = world.evident_manifest();
    let ticket = Ticket(900_000);
    let command = Command::GetEvidence(GetEvidence { nonce: Some(vec![9; 16].into()) });
    let effects = world.machine.handle(Input::Command { ticket, command }, world.now, &mut world.rng);
    let [Effect::Attest { user_data, .. }] = effects.as_slice() else { panic!() };
    let document = user_data.0.to_vec();
    let change = world.approved(|m| m.not_after += 1);
    world.change(change).unwrap();
    let replies = world.run(Input::Attested { ticket, result: Ok(document) });
    let [(_, Ok(Answer::Evidence(bundle)))] = replies.as_slice() else { panic!() };
    assert_eq!(evident_manifest(bundle), before);
    assert_ne!(world.evident_manifest(), before);
}
