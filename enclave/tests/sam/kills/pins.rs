//! Place: SAM. The power is cut after every effect of every command of a credential with a PIN: an attempt that was debited is
//! spent, a password serves once, and the signer goes on.

use super::every_effect;
use crate::issued_means::{authorize, generated, link_seen, sad_of};
use crate::pin_totp::{TestPin, enrol};
use crate::relinking::relink;
use crate::suspension::{by_ra, status};
use crate::world::{Enrolled, World, hash, pop_action};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Command, Manage, Suspend};
use fuin_shared::sad::{MAX_ATTEMPTS, MeansProfile, Purpose};
use fuin_shared::statement::ManageAction;
use fuin_shared::totp::STEP;

const PIN_TOTP: MeansProfile = MeansProfile::PinTotp;

struct Signer {
    world: World,
    key: Enrolled,
    pin: TestPin,
}

impl AsMut<World> for Signer {
    fn as_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

fn right() -> TestPin {
    TestPin::new("2580", 41)
}

fn wrong() -> TestPin {
    TestPin::new("0000", 41)
}

fn service(witnesses: u8) -> World {
    if witnesses == 0 { World::operational(131) } else { World::cosigned(131, witnesses) }
}

fn generated_only(witnesses: u8) -> Signer {
    let mut world = service(witnesses);
    let key = generated(&mut world);
    Signer { world, key, pin: right() }
}

fn enrolled(witnesses: u8) -> Signer {
    let (mut world, pin) = (service(witnesses), right());
    let key = enrol(&mut world, &pin);
    Signer { world, key, pin }
}

impl Signer {
    /// Sealed evidence for this purpose, with PIN and password of now.
    fn word(&mut self, purpose: Purpose, hashes: Vec<Blob>) -> Blob {
        let sad = sad_of(&mut self.world, &self.key, PIN_TOTP, purpose, hashes);
        let answer = self.pin.answer(self.world.seconds());
        self.world.sealed(&sad, answer)
    }

    fn managed(&mut self, action: ManageAction, evidence: Option<Blob>) -> Manage {
        let statement = self.world.manage(action, Some(&self.key.id));
        self.world.signed_manage(&statement, evidence)
    }

    fn link(&mut self) -> Result<(), Fault> {
        let (at, pin) = (self.world.seconds(), &self.pin);
        let action = |registration| ManageAction::LinkPinTotp { identity: Digest32([7; 32]), registration };
        link_seen(&mut self.world, &self.key, PIN_TOTP, action, |_| pin.register(at)).map(drop)
    }

    fn request(&mut self) -> Result<(), Fault> {
        let info = self.world.request_info(&self.key)?;
        let digest = HashAlgorithm::Sha256.digest(info.as_slice());
        let evidence = self.word(Purpose::Pop, vec![digest.into()]);
        let manage = self.managed(pop_action(Some(info)), Some(evidence));
        self.world.call(Command::AuthorizePop(manage)).map(drop)
    }

    fn guess(&mut self, pin: &TestPin) -> Result<(), Fault> {
        let sad = sad_of(&mut self.world, &self.key, PIN_TOTP, Purpose::Sign, vec![hash(1)]);
        let answer = pin.answer(self.world.seconds());
        authorize(&mut self.world, &self.key, &sad, answer).map(drop)
    }

    fn authorize(&mut self) -> Result<(), Fault> {
        self.guess(&right())
    }

    fn suspend(&mut self) -> Result<(), Fault> {
        let evidence = self.word(Purpose::Suspend, Vec::new());
        let (credential, record) = (self.key.id.clone(), self.world.store.records[&self.key.id].clone());
        self.world.call(Command::Suspend(Suspend { credential, evidence, record })).map(drop)
    }

    fn resume(&mut self) -> Result<(), Fault> {
        let evidence = self.word(Purpose::Resume, Vec::new());
        let manage = self.managed(ManageAction::Resume {}, Some(evidence));
        self.world.call(Command::Hold(manage)).map(drop)
    }

    fn unlock(&mut self) -> Result<(), Fault> {
        let manage = self.managed(ManageAction::Unlock {}, None);
        self.world.call(Command::Hold(manage)).map(drop)
    }

    fn relink(&mut self) -> Result<(), Fault> {
        let new = TestPin::new("13579", 42);
        let showing = sad_of(&mut self.world, &self.key, PIN_TOTP, Purpose::Link, Vec::new());
        let digest = HashAlgorithm::Sha256.digest(new.name().as_ref());
        let word = self.word(Purpose::Relink, vec![digest.into()]);
        let shown = new.register(self.world.seconds());
        let shown = self.world.sealed(&showing, shown);
        let action = ManageAction::RelinkPinTotp { registration: new.name() };
        relink(&mut self.world, &self.key, action, Some(word), shown)?;
        self.pin = new;
        Ok(())
    }

    fn delete(&mut self) -> Result<(), Fault> {
        let evidence = self.word(Purpose::Delete, Vec::new());
        let manage = self.managed(ManageAction::DeleteKey {}, Some(evidence));
        self.world.call(Command::DeleteKey(manage)).map(drop)
    }

    fn events(&self, of: fn(&EventBody) -> bool) -> usize {
        self.world.bodies().iter().filter(|body| of(body)).count()
    }

    /// Begins the next half minute, and does it if it was not done.
    fn goes_on(&mut self, done: bool, act: fn(&mut Self) -> Result<(), Fault>) {
        self.world.advance(STEP);
        if !done {
            act(self).unwrap();
            self.world.advance(STEP);
        }
    }
}

/// Each command of the signer's, done once whatever was cut; its very message never serves again.
fn survives(
    of: fn(&Command) -> bool,
    event: fn(&EventBody) -> bool,
    ready: fn(u8) -> Signer,
    act: fn(&mut Signer) -> Result<(), Fault>,
    after: fn(&mut Signer),
) {
    for witnesses in [0, 3] {
        let before = ready(witnesses).events(event);
        every_effect(
            of,
            || ready(witnesses),
            act,
            |signer, cut| {
                let done = signer.events(event) > before;
                assert!(signer.world.call(cut.command).is_err(), "for another boot, or done");
                signer.goes_on(done, act);
                assert_eq!(signer.events(event), before + 1, "once");
                after(signer);
            },
        );
    }
}

fn signs(signer: &mut Signer) {
    signer.authorize().unwrap();
}

#[test]
fn power_cut_after_any_effect_of_linking_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::LinkEid(_)),
        |b| matches!(b, EventBody::MeansLinked { .. }),
        generated_only,
        Signer::link,
        |signer| signer.request().unwrap(),
    );
}

#[test]
fn power_cut_after_any_effect_of_a_request_with_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::AuthorizePop(Manage { evidence: Some(_), .. })),
        |b| matches!(b, EventBody::PopSigned { .. }),
        |witnesses| {
            let mut signer = generated_only(witnesses);
            signer.link().unwrap();
            signer.world.advance(STEP);
            signer
        },
        Signer::request,
        |signer| {
            signer.world.link_certificate(&signer.key).unwrap();
            signs(signer);
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_authorizing_with_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::Authorize(_)),
        |b| matches!(b, EventBody::Authorized { .. }),
        enrolled,
        Signer::authorize,
        signs,
    );
}

#[test]
fn power_cut_after_any_effect_of_suspending_with_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::Suspend(_)),
        |b| matches!(b, EventBody::CredentialSuspended { .. }),
        enrolled,
        Signer::suspend,
        |signer| {
            let sign = signer.world.challenge(&signer.key.id, Purpose::Sign);
            assert_eq!(sign, Err(Fault::CredentialDisabled));
            signer.resume().unwrap();
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_resuming_with_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::Hold(Manage { evidence: Some(_), .. })),
        |b| matches!(b, EventBody::CredentialResumed { .. }),
        |witnesses| {
            let mut signer = enrolled(witnesses);
            by_ra(&mut signer.world, &signer.key).unwrap();
            signer
        },
        Signer::resume,
        signs,
    );
}

#[test]
fn power_cut_after_any_effect_of_relinking_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::Relink(_)),
        |b| matches!(b, EventBody::MeansRelinked { .. }),
        enrolled,
        Signer::relink,
        |signer| {
            // The client may not have heard of it: the new PIN answers, and the old one does not.
            assert_eq!(signer.guess(&right()), Err(Fault::AssertionSignature));
            signer.guess(&TestPin::new("13579", 42)).unwrap();
        },
    );
}

#[test]
fn power_cut_after_any_effect_of_deleting_with_a_pin_recovers() {
    survives(
        |c| matches!(c, Command::DeleteKey(_)),
        |b| matches!(b, EventBody::KeyDestroyed { .. }),
        enrolled,
        Signer::delete,
        |signer| assert!(!signer.world.store.records.contains_key(&signer.key.id)),
    );
}

/// However a guess was cut, those that are left are what the debits left.
#[test]
fn power_cut_after_any_effect_of_a_guess_gives_none_back() {
    let debits = |signer: &Signer| signer.events(|b| matches!(b, EventBody::AttemptDebited { .. }));
    for witnesses in [0, 3] {
        let before = debits(&enrolled(witnesses));
        every_effect(
            |c| matches!(c, Command::Authorize(_)),
            || enrolled(witnesses),
            |signer| match signer.guess(&wrong()) {
                Err(Fault::AssertionSignature) => Ok(()),
                other => other,
            },
            |signer, cut| {
                assert!(signer.world.call(cut.command).is_err());
                let used = u32::try_from(debits(signer) - before).unwrap();
                assert!(used <= 1);
                for _ in used..MAX_ATTEMPTS {
                    assert_eq!(signer.guess(&wrong()), Err(Fault::AssertionSignature));
                }
                assert!(status(&mut signer.world, &signer.key).locked);
                assert_eq!(signer.authorize(), Err(Fault::CredentialDisabled));
            },
        );
    }
}

#[test]
fn power_cut_after_any_effect_of_unlocking_unlocks_once() {
    let unlocked = |b: &EventBody| matches!(b, EventBody::CredentialUnlocked { .. });
    for witnesses in [0, 3] {
        every_effect(
            |c| matches!(c, Command::Hold(_)),
            || {
                let mut signer = enrolled(witnesses);
                for _ in 0..MAX_ATTEMPTS {
                    assert_eq!(signer.guess(&wrong()), Err(Fault::AssertionSignature));
                }
                signer
            },
            Signer::unlock,
            |signer, cut| {
                // It names no boot: the same word serves if it did not before.
                let done = signer.events(unlocked) == 1;
                assert_eq!(signer.world.call(cut.command).is_ok(), !done);
                assert_eq!(signer.events(unlocked), 1);
                signs(signer);
            },
        );
    }
}
