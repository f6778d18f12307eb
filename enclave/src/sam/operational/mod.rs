//! Place: SAM. The operational service: state and the commands of phase `Operational`.
//!
//! | module | commands |
//! |---|---|
//! | [`enrolment`] | generateKey, linkEid, authorize (PoP), linkCert, deleteKey |
//! | [`activating`] | getChallenge, authorize |
//! | [`extending`] | extendTransaction |
//! | [`signing`] | signHash, signDocument |
//! | [`succession`] | a change of the manifest |

mod activating;
mod enrolment;
mod extending;
mod signing;
mod succession;

use super::activation::Activations;
use super::authorization::Checker;
use super::challenge::Challenges;
use super::outcome::{Outcome, Withheld};
use super::vault::{Credential, Vault};
use super::{Effect, ServiceContext, Ticket};
use crate::channel::InstanceKeyPairs;
use crate::crypto_module::CryptoModule;
use crate::ledger::journal::{Entry, Journal};
use crate::platform::clock::Millis;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, InstanceId};
use fuin_shared::message::{Command, SealedRecord};
use rand_core::CryptoRng;
use signing::Work;
use std::collections::HashMap;
use std::sync::Arc;

/// Most signing calls under way.
const MAX_WORK: usize = 1024;

/// What a command needs beside the state.
pub struct Surroundings<'a> {
    /// The service.
    pub context: &'a ServiceContext,
    /// This boot.
    pub instance: InstanceId,
    /// Its keys.
    pub keys: &'a InstanceKeyPairs,
    /// Home of signers' keys.
    pub module: &'a dyn CryptoModule,
    /// SAM time.
    pub now: Millis,
}

impl Surroundings<'_> {
    const fn seconds(&self) -> u64 {
        self.now.0 / 1000
    }
}

/// State of the operational phase.
pub struct Operational {
    /// The ledger, and with it the fold of all events.
    pub journal: Journal<Withheld>,
    vault: Vault,
    activations: Activations,
    challenges: Challenges,
    work: HashMap<Ticket, Work>,
}

impl Operational {
    /// Begins on a journal.
    pub fn new(journal: Journal<Withheld>, rng: &mut dyn CryptoRng) -> Self {
        Self {
            journal,
            vault: Vault::default(),
            activations: Activations::default(),
            challenges: Challenges::new(rng),
            work: HashMap::new(),
        }
    }

    /// Carries a command out. What it leaves in the journal answers later; an effect answers or works now.
    ///
    /// # Errors
    /// Those of the command.
    pub fn command(
        &mut self,
        ticket: Ticket,
        command: Command,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        self.journal.check_room()?;
        match command {
            Command::ChangeManifest(change) => self.change_manifest(ticket, change, around).map(|()| None),
            Command::GenerateKey(manage) => self.generate_key(ticket, &manage, around, rng).map(|()| None),
            Command::LinkEid(manage) => self.link_eid(ticket, &manage, around, rng).map(|()| None),
            Command::AuthorizePop(manage) => self.authorize_pop(ticket, &manage, around, rng),
            Command::LinkCert(manage) => self.link_cert(ticket, &manage, around, rng).map(|()| None),
            Command::DeleteKey(manage) => self.delete_key(ticket, &manage, around).map(|()| None),
            Command::GetChallenge(request) => self.get_challenge(ticket, &request, around, rng).map(Some),
            Command::Authorize(request) => self.authorize(ticket, &request, around, rng).map(|()| None),
            Command::SignHash(request) => self.sign_hash(ticket, request, around, rng).map(Some),
            Command::SignDocument(request) => self.sign_document(ticket, request, around, rng).map(Some),
            Command::ExtendTransaction(request) => {
                self.extend_transaction(ticket, &request, around, rng).map(|()| None)
            }
            _ => Err(Fault::WrongPhase),
        }
    }

    /// The key statement of a key, as its durable event binds it.
    ///
    /// # Errors
    /// Those of the record, 400 to 403; [`Fault::Busy`] while the event waits.
    pub fn key_statement(
        &mut self,
        id: &CredentialId,
        hint: &SealedRecord,
        around: &Surroundings<'_>,
    ) -> Result<Blob, Fault> {
        let statement = self.open(id, hint, around)?.record.statement.clone();
        // The host has a record as soon as it is asked to keep it; what it says may still come to nothing.
        if self.journal.awaits(hint) { Err(Fault::Busy) } else { Ok(statement) }
    }

    fn open(
        &mut self,
        id: &CredentialId,
        hint: &SealedRecord,
        around: &Surroundings<'_>,
    ) -> Result<Arc<Credential>, Fault> {
        self.vault.open(id, hint, self.journal.keys(), self.journal.state(), around.module)
    }

    fn checker<'a>(&'a self, around: &'a Surroundings<'_>) -> Checker<'a> {
        Checker {
            context: around.context,
            instance: around.instance,
            keys: around.keys,
            challenges: &self.challenges,
            now: around.seconds(),
        }
    }

    fn append(
        &mut self,
        ticket: Ticket,
        entry: Entry,
        result: Outcome,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        self.journal.append(entry, around.now, Withheld { ticket, result })
    }
}

fn salt(rng: &mut dyn CryptoRng) -> Blob {
    let mut salt = vec![0; 16];
    rng.fill_bytes(&mut salt);
    salt.into()
}
