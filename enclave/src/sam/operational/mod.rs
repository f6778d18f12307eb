//! Place: SAM. The operational service: state and the commands of phase `Operational`.
//!
//! | module | commands |
//! |---|---|
//! | [`enrolment`] | generateKey, linkEid, authorize (PoP), linkCert, deleteKey |
//! | [`activating`] | getChallenge, authorize |
//! | [`answers`] | none: the means' answer, for all that need it |
//! | [`extending`] | extendTransaction |
//! | [`holding`] | suspension, its end, unlocking; how a credential stands |
//! | [`revocation`] | what the CA's revocation list does |
//! | [`signing`] | signHash, signDocument |
//! | [`rewrapping`] | records of a former root key, sealed anew |
//! | [`seals`] | mandates, and seals under them |
//! | [`succession`] | a change of the manifest |

mod activating;
mod answers;
mod enrolment;
mod extending;
mod holding;
mod revocation;
mod rewrapping;
mod seals;
mod signing;
mod succession;

use super::activation::Activations;
use super::authorization::Checker;
use super::challenge::{Challenges, Fresh};
use super::means::Judging;
use super::means::x509::status::StatusBook;
use super::outcome::{Outcome, Withheld};
use super::record::CredentialRecord;
use super::vault::{Credential, Vault};
use super::{Effect, ServiceContext, Ticket};
use crate::channel::InstanceKeyPairs;
use crate::crypto_module::CryptoModule;
use crate::ledger::journal::{Entry, Journal};
use crate::platform::clock::Millis;
pub use answers::Attempt;
use answers::Attempts;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, InstanceId};
use fuin_shared::message::{Answer, Command, ProvideRevocation, SealedRecord};
use holding::Pending;
use rand_core::CryptoRng;
pub use seals::SealJob;
use seals::Sealing;
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
    /// Whether the time is beyond doubt, for what gives something back.
    pub timely: Result<(), Fault>,
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
    status: StatusBook,
    attempts: Attempts,
    pending: Pending,
    work: HashMap<Ticket, Work>,
    /// Seals that are being made.
    sealing: HashMap<Ticket, Sealing>,
}

impl Operational {
    /// Begins on a journal.
    pub fn new(journal: Journal<Withheld>, rng: &mut dyn CryptoRng) -> Self {
        Self {
            journal,
            vault: Vault::default(),
            activations: Activations::default(),
            challenges: Challenges::new(rng),
            status: StatusBook::default(),
            attempts: Attempts::default(),
            pending: Pending::default(),
            work: HashMap::new(),
            sealing: HashMap::new(),
        }
    }

    /// Gives up everything but what is to be written.
    #[must_use]
    pub fn into_journal(self) -> Journal<Withheld> {
        self.journal
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
        if needs_room(&command) {
            self.journal.check_room()?;
        }
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
            Command::ReportRevocation(request) => {
                self.report_revocation(ticket, &request, around).map(|()| None)
            }
            Command::ExtendTransaction(request) => {
                self.extend_transaction(ticket, &request, around, rng).map(|()| None)
            }
            Command::ProvideRevocation(request) => self.take_revocation(ticket, &request, around).map(Some),
            Command::Suspend(request) => self.suspend(ticket, &request, around),
            Command::Hold(manage) => self.hold(ticket, &manage, around),
            Command::Order(request) => self.order(ticket, &request, around),
            Command::Relink(request) => self.relink(ticket, &request, around, rng).map(|()| None),
            Command::CredentialStatus(request) => self.credential_status(ticket, &request, around).map(Some),
            Command::GetApproverChallenge(request) => {
                self.get_approver_challenge(ticket, &request, around, rng).map(Some)
            }
            Command::GrantMandate(request) => {
                self.grant_mandate(ticket, &request, around, rng).map(|()| None)
            }
            Command::Seal(request) => self.seal(ticket, &request, around, rng).map(|()| None),
            Command::EndMandate(request) => self.end_mandate(ticket, &request, around).map(|()| None),
            Command::Rewrap(request) => self.rewrap(ticket, &request, around, rng),
            Command::MandateStatus(mandate) => self.mandate_status(ticket, &mandate).map(Some),
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

    /// What judging an answer of a credential's means needs.
    fn judging<'a>(
        &'a self,
        record: &'a CredentialRecord,
        nonce: &Fresh,
        around: &Surroundings<'a>,
    ) -> Judging<'a> {
        Judging {
            policy: around.context.manifest.means.as_ref(),
            status: &self.status,
            client: &record.client,
            salt: record.salt.as_slice(),
            challenged: nonce.issued,
            now: around.seconds(),
        }
    }

    /// Takes a revocation list. It changes no state that outlives the boot, so that no event is written.
    fn take_revocation(
        &mut self,
        ticket: Ticket,
        request: &ProvideRevocation,
        around: &Surroundings<'_>,
    ) -> Result<Effect, Fault> {
        let policy = around.context.manifest.means.as_ref().ok_or(Fault::MeansUntrusted)?;
        self.status.take(request.list.as_slice(), &request.issuer, policy, around.seconds())?;
        Ok(Effect::Reply { ticket, result: Ok(Answer::RevocationTaken) })
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

/// Whether a command is refused at once while the ledger's queue is full: it appends, and not what restricts.
const fn needs_room(command: &Command) -> bool {
    !matches!(
        command,
        Command::Suspend(_)
            | Command::Hold(_)
            | Command::Order(_)
            | Command::DeleteKey(_)
            | Command::GetChallenge(_)
            | Command::ProvideRevocation(_)
            | Command::ReportRevocation(_)
            | Command::CredentialStatus(_)
            | Command::GetApproverChallenge(_)
            | Command::EndMandate(_)
            | Command::MandateStatus(_)
    )
}

fn salt(rng: &mut dyn CryptoRng) -> Blob {
    let mut salt = vec![0; 16];
    rng.fill_bytes(&mut salt);
    salt.into()
}
