//! Place: SAM. What goes into the state machine and what comes out of it.

use crate::crypto_module::SigningJob;
use crate::platform::clock::Millis;
use fuin_shared::evidence::UserData;
use fuin_shared::fault::Fault;
use fuin_shared::ids::ServiceId;
use fuin_shared::message::{Answer, Command, Commit, Cosign, Head};
use std::time::Duration;

/// Names a piece of work between an input and the effect that ends it. Given by the runtime for commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl Ticket {
    /// Of work that nobody waits for; the runtime counts its own up from 0.
    pub const NOBODY: Self = Self(u64::MAX);
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Input {
    /// The host sent a command.
    Command {
        /// Its ticket: one [`Effect::Reply`] will carry it.
        ticket: Ticket,
        /// The command.
        command: Command,
    },
    /// The answer to [`Effect::SealIdentity`].
    IdentitySealed(Result<(), Fault>),
    /// The answer to [`Effect::Attest`]: the evidence document.
    Attested {
        /// Ticket of the effect.
        ticket: Ticket,
        /// Document.
        result: Result<Vec<u8>, Fault>,
    },
    /// The answer to [`Effect::Sign`]: ECDSA signatures in DER, in the order of the job.
    Signed {
        /// Ticket of the job.
        ticket: Ticket,
        /// Signatures.
        result: Result<Vec<Vec<u8>>, Fault>,
    },
    /// The answer to [`Effect::Commit`]. `Disconnected` or `Deadline` mean that the outcome is unknown.
    Committed(Result<(), Fault>),
    /// The answer to [`Effect::AskHead`].
    Head(Result<Head, Fault>),
    /// A piece of the answer to [`Effect::ReadLedger`].
    LedgerOctets {
        /// `(u16 length || entry)*`, cut anywhere.
        result: Result<Vec<u8>, Fault>,
        /// Whether this is the end.
        last: bool,
    },
    /// A piece of the answer to [`Effect::ReadSnapshot`].
    SnapshotOctets {
        /// As [`fuin_shared::log::snapshot`] says, cut anywhere; [`Fault::NoSnapshot`].
        result: Result<Vec<u8>, Fault>,
        /// Whether this is the end.
        last: bool,
    },
    /// The answer to [`Effect::Cosign`]: signature lines, or why there are none now.
    Cosigned(Result<String, Fault>),
    /// The same, with the host's word that a witness knows another ledger.
    Contradicted(String),
    /// The pause of [`Effect::Rest`] has passed.
    Rested,
    /// The answer to [`Effect::AskTime`].
    Time(Result<Millis, Fault>),
}

/// Something that the runtime has to do.
#[derive(Debug)]
pub enum Effect {
    /// Answer a command.
    Reply {
        /// Its ticket.
        ticket: Ticket,
        /// The answer.
        result: Result<Answer, Fault>,
    },
    /// The event of the command is appended, and its answer waits for the ledger: from here on it keeps no place.
    Waits {
        /// Its ticket; [`Effect::Reply`] comes later.
        ticket: Ticket,
    },
    /// Extend PCR16 with the service id's octets and lock it.
    SealIdentity(ServiceId),
    /// Get an evidence document with these `user_data` and `nonce`.
    Attest {
        /// For the answer.
        ticket: Ticket,
        /// `user_data`.
        user_data: UserData,
        /// `nonce`.
        nonce: Option<Vec<u8>>,
    },
    /// Sign, in the signing pool.
    Sign(SigningJob),
    /// Send to the host; at most one is under way. While no host is connected the runtime waits for one
    /// before it sends; a connection lost after sending is `Disconnected`.
    Commit(Commit),
    /// Ask the host for the ledger's head; waits for a host in the same way.
    AskHead,
    /// Ask the host for the ledger from this index on.
    ReadLedger {
        /// Index of the first entry.
        first: u64,
    },
    /// Ask the host for a snapshot of the ledger.
    ReadSnapshot {
        /// Sizes of earlier heads from which it must have grown.
        marks: Vec<u64>,
    },
    /// Ask the host for cosignatures; at most one is under way. Waits for a host in the same way.
    Cosign(Cosign),
    /// Feed [`Input::Rested`] after this time; at most one is under way.
    Rest(Duration),
    /// Get the time of a new evidence document; at most one is under way.
    AskTime,
}
