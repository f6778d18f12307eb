//! Place: SAM. The power is cut after every effect of a change of witnesses, and of a command that raises an alarm.

use super::every_effect;
use crate::witness::Witness;
use crate::world::{Enrolled, World, hash, policy};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Command, GetChallenge};
use fuin_shared::sad::Purpose;

struct Service {
    world: World,
    key: Enrolled,
}

impl AsMut<World> for Service {
    fn as_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

fn service(witnesses: u8) -> Service {
    let mut world = if witnesses == 0 { World::operational(133) } else { World::cosigned(133, witnesses) };
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    Service { world, key }
}

impl Service {
    /// Witnesses 1, 2 and 3 give way to 3, 4 and 5; all of them are there.
    fn change_witnesses(&mut self) -> Result<(), Fault> {
        let set = [3, 4, 5].map(Witness::new);
        let change = self.world.approved(|manifest| manifest.witnesses = Some(policy(&set)));
        self.world.change(change).map(drop)
    }

    fn raise_alarm(&mut self) -> Result<(), Fault> {
        let mut record = self.world.store.records[&self.key.id].clone();
        record.body.0[20] ^= 1;
        let question = GetChallenge { credential: self.key.id.clone(), purpose: Purpose::Sign, record };
        match self.world.call(Command::GetChallenge(question)) {
            Err(Fault::RecordForeign) => Ok(()),
            other => other.map(drop),
        }
    }

    fn events(&self, of: fn(&EventBody) -> bool) -> usize {
        self.world.bodies().iter().filter(|body| of(body)).count()
    }

    fn signs(&mut self) {
        let token = self.world.authorize(&self.key, vec![hash(1)]).unwrap();
        assert!(self.world.sign(&self.key, &token, vec![hash(1)]).is_ok());
    }
}

#[test]
fn power_cut_after_any_effect_of_a_change_of_witnesses_recovers() {
    let adopted = |b: &EventBody| matches!(b, EventBody::ManifestAdopted { .. });
    let taken_over = |b: &EventBody| matches!(b, EventBody::WitnessesChanged { .. });
    every_effect(
        |c| matches!(c, Command::ChangeManifest(_)),
        || {
            let mut service = service(3);
            service.world.witnesses.extend([4, 5].map(Witness::new));
            service
        },
        Service::change_witnesses,
        |service, cut| {
            let done = service.events(adopted) == 1;
            assert_eq!(service.world.call(cut.command).is_ok(), !done, "adopted once");
            assert_eq!((service.events(adopted), service.events(taken_over)), (1, 1));
            service.signs();
            // The old ones are not asked any more, now and at the next boot.
            for witness in &mut service.world.witnesses {
                witness.up = [3, 4, 5].iter().any(|n| witness.name == Witness::new(*n).name);
            }
            service.signs();
            service.world.held.seen = None;
            service.world.reboot();
            assert_eq!(service.world.provide(), Ok(()));
            assert_eq!(service.events(taken_over), 1);
            service.signs();
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_an_alarm_recovers() {
    let alarm = |b: &EventBody| matches!(b, EventBody::Alarm { .. });
    for witnesses in [0, 3] {
        every_effect(
            |c| matches!(c, Command::GetChallenge(_)),
            || service(witnesses),
            Service::raise_alarm,
            |service, cut| {
                let told = service.events(alarm);
                assert!(told <= 1);
                assert_eq!(service.world.call(cut.command), Err(Fault::RecordForeign));
                assert!(service.events(alarm) > 0, "what was lost with the boot is told by the next");
                service.signs();
            },
        );
    }
}
