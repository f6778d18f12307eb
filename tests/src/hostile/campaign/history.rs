//! Place: none. The end of a boot, and what the next one is shown.

use super::Campaign;
use super::rotation::OLD_SHARES;
use crate::hostile::attacks::{attacks, forgotten, refused_boot};
use crate::hostile::signer::Enrolled;
use crate::hostile::snapshots::SnapshotLie;
use crate::hostile::store::{Sink, Store};
use crate::hostile::witnesses::Carrier;
use crate::hostile::world::World;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, Head, ProvideShare};
use fuin_shared::phase::Phase;
use fuin_shared::sad::{MeansProfile, Purpose};
use fuin_shared::statement::ManageAction;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::time::Duration;

/// Credentials that the campaign works with; older ones are deleted, and their messages stay with the host.
const KEYS: usize = 6;
/// Kinds of the means of credentials, one after the other.
const KINDS: [MeansProfile; 5] = [
    MeansProfile::Passkey,
    MeansProfile::PinTotp,
    MeansProfile::DeviceKey,
    MeansProfile::Oidc,
    MeansProfile::X509,
];
const SNAPSHOTS: usize = 4;
/// How often an enclave that must halt is asked whether it has.
const PATIENCE: u32 = 1000;

/// What a host has of another service: its store, and a share that was given to its last boot.
pub(super) fn belongings(world: &mut World) -> (Store, ProvideShare) {
    world.observe();
    world.reboot();
    world.install().unwrap();
    let share = world.share().unwrap();
    (world.host.state().store.clone(), share)
}

impl Campaign {
    /// Ends the boot in one of many ways; afterwards the service works again, on its newest store.
    pub(super) fn end_history(&mut self) {
        self.histories += 1;
        self.report.histories = self.histories;
        if !self.recover() {
            return;
        }
        self.enrol_and_delete();
        for _ in 0..self.random.below(3) {
            self.turn();
        }
        if self.histories % 2 == 1 {
            self.named_attack();
        } else {
            self.false_boot();
        }
        if self.snapshots.len() >= SNAPSHOTS {
            self.snapshots.remove(0);
        }
        self.snapshots.push(self.world.snapshot());
    }

    /// The enclave is killed, whatever it does; the honest store must be accepted, with all that was acknowledged.
    pub(super) fn recover(&mut self) -> bool {
        // Some commands are under way.
        let works = self.works();
        if works && let Some(status) = self.world.rotation() {
            *self.report.within.entry(status.rotation.stage.as_str()).or_default() += 1;
        }
        let under_way = if works { self.random.below(6) } else { 0 };
        for _ in 0..under_way {
            let command = self.message();
            if let Some(connection) = self.world.host.connection_soon(0) {
                // The answer is lost with the enclave.
                drop(self.world.host.ask_over(connection, command, 60_000));
            }
        }
        if self.random.one_in(3) {
            self.world.host.state().sink = Sink::Holds;
        }
        let checkpoint = self.world.host.state().store.checkpoint.clone().unwrap();
        let observed = self.world.custodian.observe_checkpoint(&checkpoint);
        if let Err(error) = observed {
            self.report.findings.push(format!("the custodian refuses the honest checkpoint: {error}"));
        }
        self.world.reboot();
        self.honest_host();
        // With these there is no snapshot, and the whole ledger is read.
        self.world.host.state().snapshot = match self.random.below(12) {
            0 => Some(SnapshotLie::Nothing),
            1 => Some(SnapshotLie::Cut),
            2 => Some(SnapshotLie::Altered),
            3 => Some(SnapshotLie::Of(Box::new(self.foreign.0.clone()))),
            _ => None,
        };
        let booted = self.world.install().and_then(|()| self.world.provide());
        self.recovered(booted.map_err(|refusal| format!("{refusal:?}")))
    }

    pub(super) fn works(&mut self) -> bool {
        self.world.enclave.is_alive() && self.world.host.settle() && self.world.phase() == Phase::Operational
    }

    fn honest_host(&mut self) {
        let mut state = self.world.host.state();
        state.sink = Sink::Honest;
        state.carrier = Carrier::Honest;
        state.heads.clear();
        state.held.clear();
        state.shown = None;
        state.snapshot = None;
    }

    /// Looks for what was acknowledged. False when the service is gone: another one takes its place.
    fn recovered(&mut self, booted: Result<(), String>) -> bool {
        let store = self.world.host.state().store.clone();
        let size = match self.world.host.call(Command::Status) {
            Ok(Answer::Status(status)) if status.phase == Phase::Operational => status.ledger_size,
            _ => None,
        };
        if booted.is_err() || size != Some(store.entries.len() as u64) {
            self.report.lost += 1;
            self.report.findings.push(format!("the honest store was not recovered: {booted:?}, {size:?}"));
            self.end_world();
            return false;
        }
        self.world.oracle.borrow_mut().look_for_lost(&store.entries);
        self.collect();
        self.fresh();
        // Refused where the boot has it already.
        let _ = self.world.bring_list();
        let key = self.ready_key();
        self.world.works(&key);
        self.unlock();
        true
    }

    /// The honest life cycle of keys goes on; the host sees it all.
    fn enrol_and_delete(&mut self) {
        let before = self.world.seen.borrow().len();
        let kind = KINDS[usize::try_from(self.histories).unwrap() % KINDS.len()];
        let key = self.world.enrol_with(kind);
        self.keys.push(key);
        if self.keys.len() > KEYS {
            let old = self.keys.remove(0);
            self.delete(&old);
        }
        let seen: Vec<_> = self.world.seen.borrow().iter().rev().take(16).cloned().collect();
        assert!(before > 0 && !seen.is_empty());
        seen.into_iter().rev().for_each(|command| self.keep(command));
    }

    /// A signer has the key destroyed. Who has no password now, or whose PIN is locked for good, lets it lie.
    fn delete(&mut self, old: &Enrolled) {
        let Some((sad, answer)) = self.world.try_authorized(&self.on, old, Purpose::Delete, &[]) else {
            return;
        };
        let sealed = self.on.seal(&sad, answer, &mut UnwrapErr(SysRng)).unwrap();
        let evidence = Some(codec::encode(&sealed).into());
        let manage = self.world.manage(ManageAction::DeleteKey {}, Some(&old.id), evidence);
        let deleted = self.world.call(Command::DeleteKey(manage));
        assert!(deleted.is_ok() || old.means == MeansProfile::PinTotp, "{deleted:?}");
    }

    /// The next attack that has a name.
    pub(super) fn named_attack(&mut self) {
        let all = attacks(self.settings.kind.release);
        // Another seed begins with another one.
        let first = usize::try_from(self.settings.seed % all.len() as u64).unwrap();
        let (name, attack) = all[(first + self.named) % all.len()];
        self.named += 1;
        let key = self.ready_key();
        // Two root keys are not handed over.
        if name.starts_with("hand-over")
            && let Err(why) = self.world.finish_rotation()
        {
            self.report.lost += 1;
            self.report.findings.push(format!("{why}, exchange {}", self.report.exchanges));
        }
        let outcome = attack(&mut self.world, &key);
        self.finish(name, outcome);
    }

    /// The host boots the enclave on something else than the newest store, or refuses a commit.
    fn false_boot(&mut self) {
        if self.is_cosigned() && self.random.one_in(2) {
            return self.forgotten_boot();
        }
        self.world.observe();
        if self.random.one_in(3)
            && let Some(outcome) = self.boot_on_old_shares()
        {
            return self.finish(OLD_SHARES, outcome);
        }
        let newest = self.world.host.state().store.clone();
        let (what, shown) = self.false_store(&newest);
        let outcome = match shown {
            Some(shown) => refused_boot(&mut self.world, what, shown, &[800, 801, 802]),
            None => self.refused_commit(),
        };
        self.finish(what, outcome);
    }

    /// The host boots the enclave on an older store, and the custodian knows of no newer one.
    fn forgotten_boot(&mut self) {
        let older = self.random.pick(&self.snapshots).clone();
        let what = "an older store, and custodians of then";
        let outcome = forgotten(&mut self.world, what, &older);
        self.finish(what, outcome);
    }

    /// Whatever came of an attack, the service must work afterwards.
    fn finish(&mut self, what: &str, outcome: Result<(), String>) {
        self.honest_host();
        if let Err(why) = outcome {
            // An attack that was obeyed is an act that nobody authorized.
            self.report.unauthorized += 1;
            self.report.findings.push(format!("{what}: {why}, exchange {}", self.report.exchanges));
        }
        if self.works() {
            self.recovered(Ok(()));
        } else {
            self.recover();
        }
    }

    fn false_store(&mut self, newest: &Store) -> (&'static str, Option<Store>) {
        let last = newest.entries.len() - 1;
        let (place, other) = (self.random.below(last), self.random.below(last + 1));
        let mut store = newest.clone();
        let what = match self.random.below(10) {
            8 if newest.has_snapshot() => {
                self.world.host.state().snapshot = Some(SnapshotLie::Forged);
                "a state that the ledger does not have"
            }
            0 => {
                let old = self.random.pick(&self.snapshots).clone();
                return ("an older store", Some(old.store));
            }
            1 => return ("another service's store", Some(self.foreign.0.clone())),
            2 => {
                store.entries.remove(place);
                "a ledger without one of its events"
            }
            3 => {
                let middle = store.entries[other].len() / 2;
                store.entries[other][middle] ^= 1 << self.random.below(8);
                "a ledger with an altered event"
            }
            4 => {
                store.entries.swap(place, last);
                "a ledger in another order"
            }
            5 => {
                store.entries.truncate(place);
                "a shortened ledger under the newest checkpoint"
            }
            6 => {
                store.checkpoint = self.random.pick(&self.snapshots).store.checkpoint.clone();
                "the newest ledger under an older checkpoint"
            }
            7 => {
                store.entries.push(store.entries[other].clone());
                "a ledger with one event more"
            }
            _ => return ("a refused commit, or a head that is a lie", None),
        };
        (what, Some(store))
    }

    /// A commit that is refused, or whose outcome is a lie, ends the boot; nothing is released.
    fn refused_commit(&mut self) -> Result<(), String> {
        {
            let mut state = self.world.host.state();
            let foreign = self.foreign.0.head();
            match self.random.below(3) {
                0 => state.sink = Sink::Refuses,
                1 => {
                    state.sink = Sink::LosesCommit;
                    state.heads.push_back(Ok(foreign));
                }
                _ => {
                    state.sink = Sink::LosesAnswer;
                    state.heads.push_back(Ok(Head { size: 0, checkpoint: None }));
                }
            }
        }
        let command = self.authorize();
        let answer = self.world.call(command);
        // The answer is lost at once where its connection is; the enclave still has to ask for the head.
        for _ in 0..PATIENCE {
            if !self.works() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let expected = [0, Fault::SinkRefused.number(), Fault::Halted.number()];
        match (answer, self.world.phase()) {
            (Err(refusal), Phase::Halted) if expected.contains(&refusal.number()) => Ok(()),
            other => Err(format!("a commit that was refused, and then {other:?}")),
        }
    }
}
