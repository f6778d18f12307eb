//! Place: SAM. The power is cut after every effect of every command: the next boot works on what is there, nothing that was
//! acknowledged is lost, nothing is done twice. `quorum` has the same for ceremonies of several people, `hand_over` for that; what
//! is no part of a credential's life with a passkey is in the files below.

mod boots;
mod effects;
mod pins;
mod seals;
mod sets;

use super::details::auditor;
use super::passkey::TestPasskey;
use super::relinking::relinked;
use super::suspension::by_ra;
use super::world::{Enrolled, Fuse, Kind, World, evidence, hash};
pub use effects::every_effect;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::Event;
use fuin_shared::log::state::State;
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::sad::{Purpose, sad_digest};
use fuin_shared::statement::ManageAction;
use proptest::prelude::*;
use std::rc::Rc;

/// The commands of a credential's life, in their order; meanwhile the manifest changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    GenerateKey,
    AttestKey,
    LinkEid,
    RequestInfo,
    AuthorizePop,
    LinkCert,
    Relink,
    GetChallenge,
    Authorize,
    ExtendTransaction,
    SignHash,
    ChangeManifest,
    Suspend,
    DeleteKey,
}

const STEPS: [Step; 14] = [
    Step::GenerateKey,
    Step::AttestKey,
    Step::LinkEid,
    Step::RequestInfo,
    Step::AuthorizePop,
    Step::LinkCert,
    Step::Relink,
    Step::GetChallenge,
    Step::Authorize,
    Step::ExtendTransaction,
    Step::SignHash,
    Step::ChangeManifest,
    Step::Suspend,
    Step::DeleteKey,
];

impl Step {
    /// Which commands are of this step.
    fn command(self) -> Kind {
        match self {
            Self::GenerateKey => |c| matches!(c, Command::GenerateKey(_)),
            Self::AttestKey => |c| matches!(c, Command::AttestKey(_)),
            Self::LinkEid => |c| matches!(c, Command::LinkEid(_)),
            Self::RequestInfo => |c| matches!(c, Command::AuthorizePop(Manage { evidence: None, .. })),
            Self::AuthorizePop => |c| matches!(c, Command::AuthorizePop(Manage { evidence: Some(_), .. })),
            Self::LinkCert => |c| matches!(c, Command::LinkCert(_)),
            Self::Relink => |c| matches!(c, Command::Relink(_)),
            Self::GetChallenge => |c| matches!(c, Command::GetChallenge(_)),
            Self::Authorize => |c| matches!(c, Command::Authorize(_)),
            Self::ExtendTransaction => |c| matches!(c, Command::ExtendTransaction(_)),
            Self::SignHash => |c| matches!(c, Command::SignHash(_)),
            Self::ChangeManifest => |c| matches!(c, Command::ChangeManifest(_)),
            Self::Suspend => |c| matches!(c, Command::Hold(_)),
            Self::DeleteKey => |c| matches!(c, Command::DeleteKey(_)),
        }
    }

    /// Whether the very same command does its work at the next boot, if it did not before: what names no instance does.
    fn outlives_its_boot(self) -> bool {
        matches!(self, Self::GenerateKey | Self::LinkCert | Self::ChangeManifest | Self::Suspend)
    }
}

/// Effects of a command of a ceremony, and one more.
const EFFECTS: usize = 8;
/// Commands of a boot: manifest, approvals, receipts; or manifest and share.
const COMMANDS: usize = 3;

/// Any command of a ceremony.
fn founding(command: &Command) -> bool {
    matches!(
        command,
        Command::InstallManifest(_)
            | Command::Genesis(_)
            | Command::ConfirmGenesis(_)
            | Command::ProvideShare(_)
    )
}

/// A service, and what its clients know of it.
struct Life {
    world: World,
    key: Option<Rc<Enrolled>>,
    info: Option<Blob>,
    token: Option<(Blob, Vec<Blob>)>,
    /// Receipts of everything that was acknowledged.
    receipts: Vec<Receipt>,
    /// Signatures that the passkey consented to.
    consented: u64,
    /// Signatures that left the enclave.
    released: u64,
    hashes: u8,
}

fn receipt(answer: &Answer) -> Option<&Receipt> {
    match answer {
        Answer::KeyGenerated(KeyGenerated { receipt, .. })
        | Answer::Linked(Linked { receipt, .. })
        | Answer::Request { receipt, .. }
        | Answer::ManifestChanged(ManifestChanged { receipt, .. })
        | Answer::Deleted(receipt)
        | Answer::Activation { receipt, .. }
        | Answer::Signatures { receipt, .. } => Some(receipt),
        _ => None,
    }
}

impl Life {
    /// Nothing is founded.
    fn new(witnesses: u8) -> Self {
        Self {
            world: World::with_witnesses(8, witnesses).read_by(&[&auditor()]),
            key: None,
            info: None,
            token: None,
            receipts: Vec::new(),
            consented: 0,
            released: 0,
            hashes: 0,
        }
    }

    /// From a machine that was switched on to an operational one.
    fn try_bring_up(&mut self) -> Result<(), Fault> {
        let world = &mut self.world;
        world.install()?;
        if !world.store.entries.is_empty() {
            return world.provide();
        }
        let shares = world.begin_genesis()?;
        // The custodian keeps the share before it gives the receipt.
        world.held.share = Some((shares.shares[0].clone(), shares.commitment));
        let receipts = vec![world.custodian.person.state(&world.receipt(&shares))];
        let answer = world.call(Command::ConfirmGenesis(ConfirmGenesis { receipts }))?;
        world.became_operational(answer);
        Ok(())
    }

    /// Switches the machine on until it is operational; each cut fells one boot, or none if it has fewer effects. Answers
    /// which of them did.
    fn bring_up(&mut self, cuts: &[usize]) -> Vec<bool> {
        self.token = None;
        let mut cuts = cuts.iter();
        let mut felled = Vec::new();
        loop {
            self.world.power_on();
            if let Some(receipt) = self.receipts.last() {
                self.world.held.seen = Some(receipt.checkpoint.clone());
            }
            self.world.fuse =
                cuts.next().map(|cut| Fuse { skip: cut / EFFECTS, ..Fuse::new(founding, cut % EFFECTS) });
            let up = self.try_bring_up();
            if self.world.fuse.is_some() {
                felled.push(self.world.dead);
            }
            if !self.world.dead {
                assert_eq!(up, Ok(()));
                break;
            }
            // Told, if the power failed after the answer.
            assert!(matches!(up, Ok(()) | Err(Fault::Busy)), "{up:?}");
        }
        self.world.fuse = None;
        assert_eq!(self.world.phase(), Phase::Operational);
        self.check();
        felled
    }

    /// What holds at any time after a boot.
    fn check(&mut self) {
        let (mut state, mut allowed, mut signed) = (State::default(), 0, 0);
        for entry in &self.world.store.entries {
            let event: Event = codec::decode(entry).unwrap();
            state.apply(&event).unwrap();
            allowed += u64::from(event.body.allows());
            signed += u64::from(event.body.signatures());
        }
        for receipt in &self.receipts {
            assert_eq!(self.world.entry(receipt.index), receipt.event.0, "an acknowledged event is lost");
        }
        assert!(self.released <= signed, "a signature left without its event");
        assert!(signed <= allowed, "{signed} signatures, {allowed} permissions");
        assert!(allowed <= self.consented, "{allowed} permissions, {} consented to", self.consented);
        // Every event has its detail, and every record that the host has opens, and there is something to do with it.
        assert_eq!(self.world.opened(&auditor()).len(), self.world.store.entries.len());
        let ids: Vec<_> = self.world.store.records.keys().cloned().collect();
        for id in ids {
            let purposes = [Purpose::Link, Purpose::Pop, Purpose::Sign, Purpose::Resume];
            let open = purposes.map(|purpose| self.world.challenge(&id, purpose).is_ok());
            assert!(open.contains(&true), "{id}: {open:?}");
        }
    }

    fn ask(&mut self, command: Command) -> Result<Answer, Fault> {
        self.world.call(command).inspect(|answer| self.receipts.extend(receipt(answer).cloned()))
    }

    fn acknowledged(&mut self, result: Result<Answer, Fault>) -> Result<(), Fault> {
        result.map(|answer| self.receipts.extend(receipt(&answer).cloned()))
    }

    fn with_token(&mut self) -> Result<(Rc<Enrolled>, Blob, Vec<Blob>), Fault> {
        if self.token.is_none() {
            self.take(Step::Authorize)?;
        }
        let (token, hashes) = self.token.clone().unwrap();
        Ok((self.key(), token, hashes))
    }

    fn key(&self) -> Rc<Enrolled> {
        Rc::clone(self.key.as_ref().unwrap())
    }

    /// Does a step as a client does it that knows only what it was told.
    fn take(&mut self, step: Step) -> Result<(), Fault> {
        match step {
            Step::GenerateKey => {
                let key = self.world.generate("hanako", KeyAlgorithm::EcdsaP256)?;
                self.receipts.push(key.receipt);
                let passkey = TestPasskey::new(21);
                self.key = Some(Rc::new(Enrolled { id: key.key, spki: key.spki.0, passkey }));
                Ok(())
            }
            Step::AttestKey => {
                let key = self.key().id.clone();
                let record = self.world.store.records[&key].clone();
                self.ask(Command::AttestKey(AttestKey { key, record, nonce: None })).map(drop)
            }
            Step::LinkEid => {
                let key = self.key();
                self.world.challenge(&key.id, Purpose::Link)?;
                let linked = self.world.link_means(&key);
                self.acknowledged(linked)
            }
            Step::RequestInfo => {
                self.info = Some(self.world.request_info(&self.key())?);
                Ok(())
            }
            Step::AuthorizePop => {
                let (key, info) = (self.key(), self.info.clone().unwrap());
                let signed = self.world.sign_request(&key, &info);
                self.acknowledged(signed)
            }
            Step::LinkCert => {
                let linked = self.world.link_certificate(&self.key());
                self.acknowledged(linked)
            }
            Step::Relink => {
                let (key, new) = (self.key(), TestPasskey::new(22));
                let linked = relinked(&mut self.world, &key, &key.passkey, &new);
                // The old one is not the linked one any more where an answer was lost.
                if matches!(linked, Ok(_) | Err(Fault::AssertionCredential)) {
                    let (id, spki) = (key.id.clone(), key.spki.clone());
                    self.key = Some(Rc::new(Enrolled { id, spki, passkey: new }));
                }
                self.acknowledged(linked)
            }
            Step::ChangeManifest => {
                let change = self.world.approved(|manifest| manifest.not_after += 1);
                self.ask(Command::ChangeManifest(change)).map(drop)
            }
            Step::Suspend => {
                let key = self.key();
                by_ra(&mut self.world, &key).map(drop)
            }
            Step::GetChallenge => self.world.challenge(&self.key().id, Purpose::Sign).map(drop),
            Step::Authorize => {
                let key = self.key();
                self.hashes += 2;
                let hashes = vec![hash(self.hashes), hash(self.hashes + 1)];
                let sad = self.world.sad(&key.id, &key.spki, Purpose::Sign, hashes.clone());
                self.consented += 2;
                let sealed = self.world.sealed(&sad, key.passkey.assert(&sad_digest(&sad.to_bytes())));
                let request = self.world.authorize_request(&key, &sad, sealed);
                let Answer::Activation { token, .. } = self.ask(Command::Authorize(request))? else {
                    panic!("authorize")
                };
                self.token = Some((token, hashes));
                Ok(())
            }
            Step::ExtendTransaction => {
                let (key, token, hashes) = self.with_token()?;
                let record = self.world.store.records[&key.id].clone();
                let request = ExtendTransaction {
                    credential: key.id.clone(),
                    token,
                    hashes: None,
                    hash_algorithm: None,
                    record,
                };
                let Answer::Activation { token, .. } = self.ask(Command::ExtendTransaction(request))? else {
                    panic!("extendTransaction")
                };
                self.token = Some((token, hashes));
                Ok(())
            }
            Step::SignHash => {
                let (key, token, hashes) = self.with_token()?;
                let request = self.world.sign_request_for(&key, &token, vec![hashes[0].clone()]);
                let Answer::Signatures { signatures, .. } = self.ask(Command::SignHash(request.clone()))?
                else {
                    panic!("signHash")
                };
                self.released += signatures.len() as u64;
                // The permission is spent, by the same boot too.
                if !self.world.dead {
                    assert_eq!(self.ask(Command::SignHash(request)), Err(Fault::HashNotAuthorized));
                }
                Ok(())
            }
            Step::DeleteKey => {
                let key = self.key();
                if !self.world.store.records.contains_key(&key.id) {
                    return Err(Fault::UnknownCredential);
                }
                let sad = self.world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
                let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
                let statement = self.world.manage(ManageAction::DeleteKey {}, Some(&key.id));
                let manage = self.world.signed_manage(&statement, Some(evidence));
                self.ask(Command::DeleteKey(manage)).map(drop)
            }
        }
    }

    /// Does a step with the power cut after so many effects of its command, brings the enclave up again, and does what the
    /// client has to do then. Answers whether the power failed before the command had done all that it does.
    fn survives(&mut self, step: Step, cut: usize, boots: &[usize]) -> bool {
        self.world.fuse = Some(Fuse::new(step.command(), cut));
        let result = self.take(step);
        let fuse = self.world.fuse.take().unwrap();
        if !self.world.dead {
            assert_eq!(result, Ok(()), "{step:?}");
            return false;
        }
        if result == Ok(()) {
            // The power failed after the answer: what was acknowledged is there.
            self.bring_up(boots);
            return true;
        }
        assert_eq!(result, Err(Fault::Busy), "{step:?}");
        let (command, size) = fuse.lit.unwrap();
        let mut landed = self.world.store.entries.len() > size;
        self.bring_up(boots);
        self.again(step, command, &mut landed);
        match self.take(step) {
            Ok(()) => {}
            Err(Fault::InvalidKeyState | Fault::UnknownCredential) if landed => {}
            Err(Fault::AssertionCredential) if landed && step == Step::Relink => {}
            Err(fault) => panic!("{step:?} after {cut} effects: {fault}"),
        }
        self.check();
        true
    }

    /// The host sends the very same command again: what was done is not done once more.
    fn again(&mut self, step: Step, command: Command, landed: &mut bool) {
        let size = self.world.store.entries.len();
        let answer = self.world.call(command);
        let grown = self.world.store.entries.len() - size;
        match step {
            Step::AttestKey | Step::RequestInfo | Step::GetChallenge => {
                assert!(answer.is_ok() && grown == 0, "{step:?}: {answer:?}");
            }
            _ if step.outlives_its_boot() && !*landed => {
                assert!(answer.is_ok() && grown == 1, "{step:?}: {answer:?}");
                *landed = true;
            }
            // A refusal may be an event itself; what it says of signatures and permissions is checked after.
            _ => assert!(answer.is_err() && grown <= 1, "{step:?}: {answer:?}"),
        }
    }
}

/// Every step with every cut, each in a life of its own that then goes on to its end.
fn every_cut(witnesses: u8) {
    for (at, step) in STEPS.into_iter().enumerate() {
        let mut cut = 0;
        loop {
            let mut life = Life::new(witnesses);
            life.bring_up(&[]);
            for before in &STEPS[..at] {
                assert_eq!(life.take(*before), Ok(()), "{before:?}");
            }
            let failed = life.survives(step, cut, &[]);
            for after in &STEPS[at + 1..] {
                assert_eq!(life.take(*after), Ok(()), "{after:?} after {step:?} was cut at {cut}");
            }
            life.bring_up(&[]);
            if !failed {
                break;
            }
            cut += 1;
        }
        assert!(cut > 0, "{step:?} has an effect");
    }
}

#[test]
fn power_cut_after_any_effect_of_any_command_recovers() {
    every_cut(0);
}

#[test]
fn power_cut_after_any_effect_of_any_command_recovers_with_witnesses() {
    every_cut(3);
}

fn boots() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..EFFECTS * COMMANDS, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any number of power cuts, anywhere: in commands, and in the boots that follow.
    #[test]
    fn power_cuts_anywhere_lose_nothing_and_repeat_nothing(
        witnessed in any::<bool>(),
        first in boots(),
        plan in proptest::collection::vec((proptest::option::of(0usize..6), boots()), STEPS.len()),
    ) {
        let mut life = Life::new(if witnessed { 3 } else { 0 });
        life.bring_up(&first);
        for (step, (cut, boots)) in STEPS.into_iter().zip(plan) {
            match cut {
                Some(cut) => {
                    life.survives(step, cut, &boots);
                }
                None => prop_assert_eq!(life.take(step), Ok(())),
            }
        }
        life.bring_up(&[]);
    }
}
