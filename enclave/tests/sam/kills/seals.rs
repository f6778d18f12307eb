//! Place: SAM. The power is cut after every effect of every command about seals: a number and its seals are spent once, what was
//! ended stays so, and the organization goes on.

use super::every_effect;
use crate::passkey::TestPasskey;
use crate::world::{Organization, SEAL_SUBJECT, World, hash};
use fuin_shared::fault::Fault;
use fuin_shared::ids::MandateId;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Command, EndedBy, Manage};

struct Sealing {
    world: World,
    organization: Organization,
    mandate: MandateId,
    /// Seals that left the enclave.
    released: usize,
}

impl AsMut<World> for Sealing {
    fn as_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

fn service(witnesses: u8) -> World {
    if witnesses == 0 { World::operational(132) } else { World::cosigned(132, witnesses) }
}

fn of(world: World, organization: Organization) -> Sealing {
    Sealing { world, organization, mandate: MandateId([0; 16]), released: 0 }
}

/// A key without approvers.
fn generated(witnesses: u8) -> Sealing {
    let mut world = service(witnesses);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    of(world, organization)
}

fn with_approvers(witnesses: u8) -> Sealing {
    let mut sealing = generated(witnesses);
    sealing.enrol().unwrap();
    sealing
}

fn active(witnesses: u8) -> Sealing {
    let mut world = service(witnesses);
    let organization = world.organization();
    of(world, organization)
}

fn granted(witnesses: u8) -> Sealing {
    let mut sealing = active(witnesses);
    sealing.grant().unwrap();
    sealing
}

impl Sealing {
    fn enrol(&mut self) -> Result<(), Fault> {
        self.world.enrol_approvers(&self.organization, 2).map(drop)
    }

    fn request(&mut self) -> Result<(), Fault> {
        self.world.sign_seal_request(&self.organization, &[0, 2]).map(drop)
    }

    fn grant(&mut self) -> Result<(), Fault> {
        let terms = self.world.terms(&self.organization);
        self.mandate = fuin_shared::seal::mandate_id(&terms.to_bytes());
        self.world.grant(&self.organization, &terms).map(drop)
    }

    fn seal(&mut self) -> Result<(), Fault> {
        let number = 1 + self.events(sealed) as u64;
        let seals = self.world.seal(&self.organization, self.mandate, number, vec![hash(1)])?;
        self.released += seals.len();
        Ok(())
    }

    fn change_approvers(&mut self) -> Result<(), Fault> {
        let new = [TestPasskey::new(51)];
        let change = self.world.approver_change(&self.organization, &[1, 2], &new, 2);
        self.world.change_approvers(&self.organization, &change, &new, &[0, 1]).map(drop)
    }

    fn end_by_approver(&mut self) -> Result<(), Fault> {
        let (organization, mandate) = (&self.organization, self.mandate);
        let by = self.world.ended_by_approver(organization, &organization.approvers[0], mandate);
        self.world.end(organization, mandate, by).map(drop)
    }

    fn end_by_officer(&mut self) -> Result<(), Fault> {
        let ending = self.world.ending(self.mandate);
        let by = EndedBy::Officer(self.world.officer.state(&ending));
        self.world.end(&self.organization, self.mandate, by).map(drop)
    }

    fn delete(&mut self) -> Result<(), Fault> {
        self.world.delete_seal_key(&self.organization, &[0, 1]).map(drop)
    }

    fn events(&self, of: fn(&EventBody) -> bool) -> usize {
        self.world.bodies().iter().filter(|body| of(body)).count()
    }
}

fn sealed(body: &EventBody) -> bool {
    matches!(body, EventBody::Sealed { .. })
}

/// Each command, done once whatever was cut. `outlives`: the very message names no boot, and serves if it did not before.
fn survives(
    of: fn(&Command) -> bool,
    event: fn(&EventBody) -> bool,
    outlives: bool,
    ready: fn(u8) -> Sealing,
    act: fn(&mut Sealing) -> Result<(), Fault>,
    after: fn(&mut Sealing),
) {
    for witnesses in [0, 3] {
        let before = ready(witnesses).events(event);
        every_effect(
            of,
            || ready(witnesses),
            act,
            |sealing, cut| {
                let done = sealing.events(event) > before;
                let again = sealing.world.call(cut.command);
                assert_eq!(again.is_ok(), outlives && !done, "{again:?}");
                if !done && !outlives {
                    act(sealing).unwrap();
                }
                assert_eq!(sealing.events(event), before + 1, "once");
                after(sealing);
            },
        );
    }
}

fn seals(sealing: &mut Sealing) {
    sealing.seal().unwrap();
}

#[test]
fn power_cut_after_any_effect_of_enrolling_approvers_recovers() {
    survives(
        |c| matches!(c, Command::LinkEid(_)),
        |b| matches!(b, EventBody::ApproversSet { .. }),
        false,
        generated,
        Sealing::enrol,
        |sealing| sealing.request().unwrap(),
    );
}

#[test]
fn power_cut_after_any_effect_of_a_seal_request_recovers() {
    survives(
        |c| matches!(c, Command::AuthorizePop(Manage { evidence: Some(_), .. })),
        |b| matches!(b, EventBody::SealPopSigned { .. }),
        false,
        with_approvers,
        Sealing::request,
        |sealing| {
            sealing.world.link_seal_certificate(&sealing.organization, SEAL_SUBJECT).unwrap();
            sealing.grant().unwrap();
            seals(sealing);
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_a_grant_recovers() {
    survives(
        |c| matches!(c, Command::GrantMandate(_)),
        |b| matches!(b, EventBody::MandateGranted { .. }),
        false,
        active,
        Sealing::grant,
        seals,
    );
}

#[test]
fn power_cut_after_any_effect_of_an_order_spends_it_once() {
    survives(
        |c| matches!(c, Command::Seal(_)),
        sealed,
        true,
        granted,
        Sealing::seal,
        |sealing| {
            assert!(sealing.released <= sealing.events(sealed));
            sealing.world.advance(60);
            // Five in all, and one is spent, whether it came out or not.
            for _ in 0..4 {
                seals(sealing);
                sealing.world.advance(60);
            }
            assert_eq!(sealing.seal(), Err(Fault::MandateSpent));
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_a_change_of_approvers_recovers() {
    survives(
        |c| matches!(c, Command::LinkEid(_)),
        |b| matches!(b, EventBody::ApproversSet { .. }),
        false,
        granted,
        Sealing::change_approvers,
        |sealing| {
            // Who was taken out approves nothing any more.
            let terms = sealing.world.terms(&sealing.organization);
            let content = fuin_shared::seal::mandate_hash(terms.hash_algorithm, &terms.to_bytes());
            let purpose = fuin_shared::sad::Purpose::Mandate;
            let by = sealing.world.approvals(&sealing.organization, &[0, 2], purpose, Some(&content));
            assert!(sealing.world.grant_with(&sealing.organization, &terms, by).is_err());
            seals(sealing);
        },
    );
}

fn is_over(sealing: &mut Sealing) {
    assert_eq!(sealing.seal(), Err(Fault::MandateEnded));
}

#[test]
fn power_cut_after_any_effect_of_an_approvers_end_of_a_mandate_recovers() {
    survives(
        |c| matches!(c, Command::EndMandate(_)),
        |b| matches!(b, EventBody::MandateEnded { .. }),
        false,
        granted,
        Sealing::end_by_approver,
        is_over,
    );
}

#[test]
fn power_cut_after_any_effect_of_an_officers_end_of_a_mandate_recovers() {
    survives(
        |c| matches!(c, Command::EndMandate(_)),
        |b| matches!(b, EventBody::MandateEnded { .. }),
        true,
        granted,
        Sealing::end_by_officer,
        is_over,
    );
}

#[test]
fn power_cut_after_any_effect_of_deleting_a_seal_key_recovers() {
    survives(
        |c| matches!(c, Command::DeleteKey(_)),
        |b| matches!(b, EventBody::KeyDestroyed { .. }),
        false,
        granted,
        Sealing::delete,
        |sealing| {
            assert!(!sealing.world.store.records.contains_key(&sealing.organization.id));
            let record = fuin_shared::seal::mandate_record(&sealing.mandate);
            assert!(!sealing.world.store.records.contains_key(&record), "the mandate went with the key");
        },
    );
}
