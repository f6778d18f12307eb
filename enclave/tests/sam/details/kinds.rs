//! Place: SAM. Each kind of event has its detail: whose credential, and on whose word.

use super::super::relinking::relinked;
use super::super::seals::held;
use super::super::suspension::{by_officer, by_ra, by_signer, release, resume};
use super::super::world::{SUBJECT, policy};
use super::super::{alarms, attributes, documents, hand_over, passkey, pin_totp, set_change, time, witness};
use super::*;
use fuin_shared::ids::RaClientId;
use fuin_shared::log::event::{Event, Holder};
use fuin_shared::message::{Command, EndedBy, ReportRevocation};
use fuin_shared::role::Role::{self, Custodian, Officer, RaClient, Sca, SealApprover, Signer};
use fuin_shared::statement::ManageAction;
use std::collections::BTreeSet;

/// Roles of those on whose word it happens. No wildcard: a new kind of event does not compile until it has its line.
fn roles(body: &EventBody, told: &[Role]) -> Vec<Role> {
    let alone = told == [RaClient];
    match body {
        EventBody::Genesis { .. } | EventBody::ManifestAdopted { .. } | EventBody::RootRotated { .. } => {
            vec![Officer]
        }
        EventBody::RootErased { .. } => vec![Custodian],
        EventBody::Boot { .. } if told.is_empty() => vec![],
        EventBody::Boot { .. } => vec![Custodian],
        EventBody::EpochBegun { .. } => vec![Officer, Custodian],
        EventBody::KeyGenerated { .. } | EventBody::CertificateLinked { .. } => vec![RaClient],
        EventBody::CredentialUnlocked { .. } => vec![RaClient],
        EventBody::MeansLinked { .. }
        | EventBody::MeansRelinked { .. }
        | EventBody::PopSigned { .. }
        | EventBody::CredentialResumed { .. } => vec![RaClient, Signer],
        EventBody::KeyDestroyed { .. } => vec![RaClient, Signer],
        EventBody::Authorized { .. }
        | EventBody::Signed { .. }
        | EventBody::DocumentsSigned { .. }
        | EventBody::TransactionExtended { .. } => vec![Signer],
        EventBody::CredentialSuspended { by, .. } => vec![match by {
            Holder::Signer => Signer,
            Holder::Ra => RaClient,
            Holder::Officer => Officer,
        }],
        EventBody::OfficersReleased { .. } => vec![Officer],
        EventBody::ApproversSet { .. } if alone => vec![RaClient],
        EventBody::ApproversSet { .. } | EventBody::SealPopSigned { .. } | EventBody::SealResumed { .. } => {
            vec![RaClient, SealApprover, SealApprover]
        }
        EventBody::MandateGranted { .. } => vec![SealApprover, SealApprover],
        EventBody::Sealed { .. } => vec![Sca],
        EventBody::MandateEnded { approval: Some(_), .. } => vec![SealApprover],
        EventBody::MandateEnded { approval: None, .. } => vec![Officer],
        // On nobody's word, or on none that held.
        EventBody::AuthorizationFailed { .. }
        | EventBody::AttemptDebited { .. }
        | EventBody::KeyRevoked { .. }
        | EventBody::ClockDoubted { .. }
        | EventBody::WitnessesChanged { .. }
        | EventBody::Alarm { .. }
        | EventBody::HandedOver { .. }
        | EventBody::RecordsRewrapped { .. }
        | EventBody::RootUnused { .. }
        | EventBody::Snapshot { .. } => vec![],
    }
}

/// Holds each detail of the ledger against that; gives the kinds that were met.
fn judged(world: &World) -> BTreeSet<&'static str> {
    let opened = world.opened(&auditor());
    opened.iter().for_each(|(event, detail)| judge(event, detail));
    opened.iter().map(|(event, _)| event.body.kind()).collect()
}

fn judge(event: &Event, detail: &Detail) {
    let (body, kind) = (&event.body, event.body.kind());
    let told: Vec<Role> = detail.by.iter().map(|by| by.role).collect();
    assert_eq!(told, roles(body, &told), "{kind}");
    assert_eq!(detail.credential.is_some(), body.credential().is_some(), "{kind}");
    let concerned = detail.credential.as_ref();
    for by in &detail.by {
        match by.role {
            RaClient => assert_eq!(by.name.as_str(), concerned.unwrap().client.as_str(), "{kind}"),
            Signer => assert_eq!(by.name.as_str(), concerned.unwrap().user.as_str(), "{kind}"),
            Officer => assert_eq!(by.name.as_str(), "officer", "{kind}"),
            Custodian => assert_eq!(by.name.as_str(), "custodian", "{kind}"),
            SealApprover => assert!(matches!(by.name.as_str(), "1" | "2" | "3"), "{kind}"),
            Sca => assert_eq!(by.name.as_str().len(), 64, "{kind}"),
            other => panic!("{kind}: {other}"),
        }
    }
    let signs = matches!(
        body,
        EventBody::Authorized { .. }
            | EventBody::Signed { .. }
            | EventBody::DocumentsSigned { .. }
            | EventBody::PopSigned { .. }
            | EventBody::SealPopSigned { .. }
            | EventBody::Sealed { .. }
    );
    assert_eq!((!detail.hashes.is_empty(), detail.algorithm.is_some()), (signs, signs), "{kind}");
    let documents = matches!(body, EventBody::DocumentsSigned { .. });
    assert_eq!(!detail.documents.is_empty(), documents, "{kind}");
    if body.signatures() > 0 {
        assert_eq!(detail.hashes.len(), body.signatures() as usize, "{kind}");
        assert!(detail.certificate.is_some(), "{kind}");
    }
}

/// One credential with a passkey, from its making to its end, with all that can go wrong on the way.
fn with_a_passkey() -> World {
    let (mut world, key, _) = signed();
    let certificate = world.ca.certify(&key.spki, SUBJECT, 101);
    let token = world.authorize(&key, vec![hash(3)]).unwrap();
    time::extend(&mut world, &key, &token).unwrap();
    let token = documents::authorize(&mut world, &key, vec![hash(4)]).unwrap();
    documents::sign(&mut world, &key, &token, vec![documents::cms(&hash(4), &certificate)]).unwrap();
    by_signer(&mut world, &key, &key.passkey).unwrap();
    by_ra(&mut world, &key).unwrap();
    resume(&mut world, &key, &key.passkey).unwrap();
    by_officer(&mut world, &key).unwrap();
    release(&mut world, &key).unwrap();
    let new = passkey::TestPasskey::new(88);
    relinked(&mut world, &key, &key.passkey, &new).unwrap();
    alarms::forged(&mut world, &key).unwrap_err();
    let change = world.approved(|manifest| manifest.limits.hashes -= 1);
    world.change(change).unwrap();
    world.reboot();
    world.provide().unwrap();
    let (gone, revoked) = (world.enrol(P256, 22), world.enrol(P256, 23));
    time::delete(&mut world, &gone).unwrap();
    let record = world.store.records[&revoked.id].clone();
    let list = attributes::revocation_list(&world.ca, &[(103, Some(1))]).into();
    let credential = revoked.id.clone();
    world.call(Command::ReportRevocation(ReportRevocation { credential, list, record })).unwrap();
    world.step(3_600_000);
    assert!(world.authorize(&key, vec![hash(1)]).is_err());
    world
}

fn with_a_pin() -> World {
    let auditor = auditor();
    let mut world = World::new(7);
    world.found_by(|manifest| {
        manifest.auditors = vec![auditor.entry()];
        let pin_totp = vec![RaClientId::new("ra").unwrap()];
        manifest.means.get_or_insert_default().pin_totp = pin_totp;
    });
    world.install().unwrap();
    world.genesis().unwrap();
    let pin = pin_totp::signers();
    let key = pin_totp::enrol(&mut world, &pin);
    for _ in 0..fuin_shared::sad::MAX_ATTEMPTS {
        let at = world.seconds();
        pin_totp::answered(&mut world, &key, pin.mistyped().answer(at)).unwrap_err();
    }
    let statement = world.manage(ManageAction::Unlock {}, Some(&key.id));
    world.call(Command::Hold(world.signed_manage(&statement, None))).unwrap();
    world
}

fn with_seals() -> World {
    let mut world = World::audited(8, &[&auditor()]);
    let organization = world.organization();
    let change = world.approver_change(&organization, &[1, 2, 3], &[], 2);
    world.change_approvers(&organization, &change, &[], &[0, 1]).unwrap();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    world.seal(&organization, mandate, 1, vec![hash(1), hash(2)]).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[2], mandate);
    world.end(&organization, mandate, by).unwrap();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    let ending = world.ending(mandate);
    let by = EndedBy::Officer(world.officer.state(&ending));
    world.end(&organization, mandate, by).unwrap();
    held(&mut world, &organization, ManageAction::Suspend {}, &[]).unwrap();
    held(&mut world, &organization, ManageAction::Resume {}, &[0, 1]).unwrap();
    world
}

fn with_other_witnesses() -> World {
    let mut world = World::with_witnesses(8, 3).read_by(&[&auditor()]);
    world.install().unwrap();
    world.genesis().unwrap();
    let set = [3, 4, 5].map(witness::Witness::new);
    world.witnesses.extend([4, 5].map(witness::Witness::new));
    set_change::up(&mut world, &[1, 2, 3, 4, 5]);
    let change = world.approved(|manifest| manifest.witnesses = Some(policy(&set)));
    world.change(change).unwrap();
    world
}

fn handed_over() -> World {
    let mut pair = hand_over::pair_with(0, |manifest| manifest.auditors = vec![auditor().entry()]);
    let take = pair.give().unwrap();
    pair.take(take).unwrap();
    pair.taker
}

fn with_another_root_key() -> World {
    let (mut world, ..) = signed();
    world.rotate().unwrap();
    world.rewrap().unwrap();
    world.erase().unwrap();
    world
}

#[test]
fn each_kind_of_event_has_its_detail() {
    let changed = [with_other_witnesses(), handed_over(), with_another_root_key()];
    let stories = [with_a_passkey(), with_a_pin(), with_seals()].into_iter().chain(changed);
    let met: BTreeSet<_> = stories.flat_map(|world| judged(&world)).collect();
    let all = [
        "genesis",
        "boot",
        "key-generated",
        "means-linked",
        "pop-signed",
        "certificate-linked",
        "key-destroyed",
        "authorized",
        "signed",
        "transaction-extended",
        "documents-signed",
        "clock-doubted",
        "authorization-failed",
        "attempt-debited",
        "credential-suspended",
        "credential-resumed",
        "officers-released",
        "credential-unlocked",
        "means-relinked",
        "manifest-adopted",
        "approvers-set",
        "seal-pop-signed",
        "mandate-granted",
        "sealed",
        "mandate-ended",
        "seal-resumed",
        "key-revoked",
        "witnesses-changed",
        "alarm",
        "handed-over",
        "root-rotated",
        "records-rewrapped",
        "root-unused",
        "root-erased",
    ];
    assert_eq!(met, BTreeSet::from(all));
}
