//! Place: SAM. The power is cut after every effect of each command of a rotation that writes.

use super::super::kills::every_effect;
use super::*;

fn rotated(body: &EventBody) -> bool {
    matches!(body, EventBody::RootRotated { .. })
}

fn erased(body: &EventBody) -> bool {
    matches!(body, EventBody::RootErased { .. })
}

impl Service {
    /// From wherever it is to the end.
    fn ends_the_rotation(&mut self) {
        self.works();
        if self.events(rotated) == 0 {
            // The custodian sees that it came to nothing.
            self.world.held.share = self.world.held.former.take().or(self.world.held.share.take());
            self.world.rotate().unwrap();
        }
        if self.world.rotation_status().is_some_and(|status| status.records_left > 0) {
            assert_eq!(self.world.rewrap().map(|(_, left)| left), Ok(0));
        }
        if self.events(erased) == 0 {
            self.world.erase().unwrap();
        }
        self.works();
        self.reboots();
        self.works();
        assert_eq!((self.events(rotated), self.events(erased)), (1, 1));
        assert!(self.audited().roots().former().is_none());
    }
}

#[test]
fn power_cut_after_any_effect_of_a_rotation_recovers() {
    for witnesses in [0, 3] {
        every_effect(
            |c| matches!(c, Command::ConfirmRotation(_)),
            || Service::new(witnesses),
            |service| service.world.rotate().map(drop),
            |service, _| service.ends_the_rotation(),
        );
    }
}

#[test]
fn power_cut_after_any_effect_of_a_rewrap_recovers() {
    for witnesses in [0, 3] {
        every_effect(
            |c| matches!(c, Command::Rewrap(_)),
            || {
                let mut service = Service::new(witnesses);
                service.world.rotate().unwrap();
                service
            },
            |service| service.world.rewrap().map(drop),
            |service, _| service.ends_the_rotation(),
        );
    }
}

#[test]
fn power_cut_after_any_effect_of_an_erasure_recovers() {
    for witnesses in [0, 3] {
        every_effect(
            |c| matches!(c, Command::EraseRoot(_)),
            || {
                let mut service = Service::new(witnesses);
                service.world.rotate().unwrap();
                service.world.rewrap().unwrap();
                service
            },
            |service| service.world.erase(),
            |service, cut| {
                // The custodian's word names no boot: the host gives it again.
                let again = service.world.call(cut.command);
                match service.events(erased) {
                    1 if again.is_ok() => {}
                    _ => assert_eq!(again, Err(Fault::RotationPending)),
                }
                service.ends_the_rotation();
            },
        );
    }
}
