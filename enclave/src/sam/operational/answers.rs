//! Place: SAM. The signer's word, wherever a command needs it: the means' answer is compared, its nonce is spent whatever
//! comes of it, and a refused answer is an event (SRC_SA.2).
//!
//! An answer that can be a guess is debited first: the event [`EventBody::AttemptDebited`] is released (cosigned where the
//! service says so) before the comparison, so that neither an old store nor a second copy gives guesses back
//! where witnesses cosign (spec/ledger.md, gap 9). The command then runs again from its start, once, with what came of it as its own event. A code
//! that is good for a time says nothing while the time is in doubt, not even for what needs no time otherwise.

use super::super::authorization::CheckedSad;
use super::super::challenge::Fresh;
use super::super::outcome::Withheld;
use super::super::vault::Credential;
use super::{Effect, Operational, Outcome, Surroundings, Ticket};
use crate::ledger::journal::Entry;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Subject;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Command;
use fuin_shared::sad::Purpose;
use rand_core::CryptoRng;
use std::collections::HashSet;

/// Most debited attempts that wait for their release.
const MAX_WAITING: usize = 256;

/// A command whose guess is debited. It is carried out once the debit is released.
pub struct Attempt {
    command: Command,
    nonce: Fresh,
    credential: Subject,
}

impl Attempt {
    /// What is carried out.
    #[must_use]
    pub const fn command(&self) -> &Command {
        &self.command
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

/// Attempts that wait, one for each credential.
#[derive(Default)]
pub(super) struct Attempts {
    waiting: HashSet<Subject>,
}

impl Operational {
    /// Compares the means' answer over a SAD whose fields hold; gives the counter of the means after it. None when the
    /// ledger will answer: the attempt is debited and `again` runs later, or the answer was refused and that is an event.
    ///
    /// # Errors
    /// With a means that can be guessed: [`Fault::ClockDoubt`]; [`Fault::MeansNotOpen`]; [`Fault::CredentialDisabled`] on a
    /// locked credential; [`Fault::Busy`] while another attempt waits;
    /// [`Fault::LedgerBusy`] when what comes of it would find no room; and faults that are not the answer's. Nothing was
    /// compared then, but for a nonce that could not be kept ([`Fault::ActivationsFull`]).
    pub(super) fn answered(
        &mut self,
        ticket: Ticket,
        checked: &CheckedSad,
        credential: &Credential,
        again: impl FnOnce() -> Command,
        around: &Surroundings<'_>,
    ) -> Result<Option<u32>, Fault> {
        self.check_room_for(checked.sad.purpose)?;
        let means = credential.record.linked_means()?;
        if means.is_guessable() {
            around.timely?;
            means.check_open(self.judging(&credential.record, &checked.nonce, around))?;
            if !checked.nonce.is_paid() {
                self.debit(ticket, checked, credential, again(), around)?;
                return Ok(None);
            }
        }
        let judging = self.judging(&credential.record, &checked.nonce, around);
        let last = self.journal.state().credential(&credential.subject).map_or(0, |c| c.means_counter);
        let result = means.verify(last, &checked.assertion, &checked.digest, judging);
        self.judged(ticket, checked, credential, result, around)
    }

    /// Spends the nonce of an answer that was compared; a refused one becomes an event and is answered by it.
    ///
    /// # Errors
    /// Faults that are not the answer's; its nonce is not spent then.
    pub(super) fn judged<T>(
        &mut self,
        ticket: Ticket,
        checked: &CheckedSad,
        credential: &Credential,
        result: Result<T, Fault>,
        around: &Surroundings<'_>,
    ) -> Result<Option<T>, Fault> {
        let fault = match result {
            Ok(held) => {
                self.challenges.spend(&checked.nonce, around.seconds())?;
                return Ok(Some(held));
            }
            Err(fault) if fault.is_of_means() && !fault.is_transient() => fault,
            Err(fault) => return Err(fault),
        };
        self.challenges.spend(&checked.nonce, around.seconds())?;
        let body = EventBody::AuthorizationFailed {
            credential: self.journal.state().next_mark(credential.subject),
            purpose: checked.sad.purpose,
            fault: fault.number(),
        };
        let entry = Entry::new(body, asked(credential, checked));
        let withheld = Withheld { ticket, result: Outcome::Refused(fault) };
        self.append_for(checked.sad.purpose, entry, withheld, around)?;
        Ok(None)
    }

    /// In the room that there is for what comes of an answer.
    fn append_for(
        &mut self,
        purpose: Purpose,
        entry: Entry,
        withheld: Withheld,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        if is_restriction(purpose) {
            self.journal.append_restriction(entry, around.now, withheld)
        } else {
            self.journal.append(entry, around.now, withheld)
        }
    }

    /// Room for what comes of an answer, so that none is compared in vain.
    fn check_room_for(&self, purpose: Purpose) -> Result<(), Fault> {
        if is_restriction(purpose) {
            self.journal.check_restriction_room()
        } else {
            self.journal.check_room()
        }
    }

    fn debit(
        &mut self,
        ticket: Ticket,
        checked: &CheckedSad,
        credential: &Credential,
        command: Command,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let known = self.journal.state().credential(&credential.subject).ok_or(Fault::UnknownCredential)?;
        if known.is_locked() {
            return Err(Fault::CredentialDisabled);
        }
        let attempts = known.attempts.saturating_add(1);
        // One at a time: the answer that holds sets the count back, and may not do so for others under way.
        let waiting = &self.attempts.waiting;
        if waiting.contains(&credential.subject) || waiting.len() >= MAX_WAITING {
            return Err(Fault::Busy);
        }
        self.challenges.spend(&checked.nonce, around.seconds())?;
        let body = EventBody::AttemptDebited {
            credential: self.journal.state().next_mark(credential.subject),
            attempts,
        };
        let attempt = Attempt { command, nonce: checked.nonce, credential: credential.subject };
        let entry = Entry::new(body, asked(credential, checked));
        let withheld = Withheld { ticket, result: Outcome::Debited(Box::new(attempt)) };
        self.append_for(checked.sad.purpose, entry, withheld, around)?;
        self.attempts.waiting.insert(credential.subject);
        Ok(())
    }

    /// Carries out a command whose attempt was released, if it is `permitted` still. The attempt counts in any case.
    ///
    /// # Errors
    /// Those of the command.
    pub fn resume(
        &mut self,
        ticket: Ticket,
        attempt: Attempt,
        permitted: Result<(), Fault>,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        self.attempts.waiting.remove(&attempt.credential);
        permitted?;
        self.challenges.admit(Some(&attempt.nonce));
        let result = self.command(ticket, attempt.command, around, rng);
        self.challenges.admit(None);
        result
    }
}

/// Nobody's word yet, or none that held.
fn asked(credential: &Credential, checked: &CheckedSad) -> Detail {
    credential.record.detail().asked(checked.sad.purpose, checked.digest)
}

/// What a full queue of the ledger does not stop.
const fn is_restriction(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Suspend | Purpose::Delete)
}
