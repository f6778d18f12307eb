//! Place: none. How often somebody tried PINs. The ledger says what came of every answer and in which order; what came out of the
//! enclave, and what signers and RA clients said, is held against it.

use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Subject};
use fuin_shared::log::event::{Event, EventBody, Holder};
use fuin_shared::message::Command;
use fuin_shared::sad::MAX_ATTEMPTS;
use std::collections::BTreeMap;

/// Of one credential with a PIN.
#[derive(Default)]
struct Tried {
    /// Its name in the ledger.
    subject: Option<Subject>,
    /// Wrong answers that the enclave said were wrong.
    refused: u64,
    /// What the signer said with it, and how often an RA client had it unlocked: each sets the attempts back once.
    words: u64,
    /// Wrong answers in the ledger.
    failed: u64,
    /// Those since the attempts were set back, and whether they were ever too many.
    since: u32,
    beyond: bool,
    /// How often they were.
    back: u64,
}

/// Of all of them.
#[derive(Default)]
pub struct Guesses {
    subjects: BTreeMap<CredentialId, Subject>,
    tried: BTreeMap<CredentialId, Tried>,
    /// Entries of the ledger that were read.
    read: usize,
}

impl Guesses {
    /// This credential has that name in the ledger.
    pub(super) fn named(&mut self, credential: &CredentialId, subject: Subject) {
        self.subjects.insert(credential.clone(), subject);
    }

    /// The signer of a credential with a PIN says something.
    pub(super) fn said(&mut self, credential: &CredentialId) {
        let tried = self.tried.entry(credential.clone()).or_default();
        tried.words += 1;
        tried.subject = self.subjects.get(credential).copied();
    }

    /// An RA client has the credential unlocked.
    pub(super) fn unlocked(&mut self, credential: &CredentialId) {
        if let Some(tried) = self.tried.get_mut(credential) {
            tried.words += 1;
        }
    }

    /// The enclave refused a command. A wrong PIN or password says that one was compared.
    pub fn refused(&mut self, command: &Command, fault: Fault) {
        let credential = match command {
            Command::Authorize(request) => &request.credential,
            Command::Suspend(request) => &request.credential,
            Command::AuthorizePop(manage) | Command::DeleteKey(manage) | Command::Hold(manage) => {
                let Some(record) = &manage.record else { return };
                &record.id
            }
            _ => return,
        };
        if let Some(tried) = self.tried.get_mut(credential)
            && fault == Fault::AssertionSignature
        {
            tried.refused += 1;
        }
    }

    /// Reads on in the ledger; gives what is wrong.
    pub fn read(&mut self, entries: &[Vec<u8>]) -> Vec<String> {
        for entry in entries.get(self.read..).unwrap_or_default() {
            let event: Event = codec::decode(entry).unwrap();
            let Some(subject) = event.body.credential().map(|mark| mark.subject) else { continue };
            if let Some(tried) = self.tried.values_mut().find(|tried| tried.subject == Some(subject)) {
                tried.take(&event.body);
            }
        }
        self.read = entries.len();
        self.tried.iter_mut().filter_map(|(id, tried)| Some(format!("{} on {id}", tried.judge()?))).collect()
    }
}

impl Tried {
    fn take(&mut self, body: &EventBody) {
        match body {
            EventBody::AuthorizationFailed { fault, .. } if *fault == Fault::AssertionSignature.number() => {
                self.failed += 1;
                self.since += 1;
                self.beyond |= self.since > MAX_ATTEMPTS;
            }
            EventBody::PopSigned { .. }
            | EventBody::Authorized { .. }
            | EventBody::CredentialSuspended { by: Holder::Signer, .. }
            | EventBody::CredentialResumed { .. }
            | EventBody::CredentialUnlocked { .. }
            | EventBody::MeansRelinked { .. } => {
                self.back += 1;
                self.since = 0;
            }
            _ => {}
        }
    }

    /// What is wrong, said once.
    fn judge(&mut self) -> Option<&'static str> {
        if std::mem::take(&mut self.beyond) {
            Some("more wrong PINs were compared than the limit allows")
        } else if self.back > self.words {
            self.words = self.back;
            Some("attempts were set back, and neither signer nor RA client had said so")
        } else if self.refused > self.failed {
            self.failed = self.refused;
            Some("a wrong PIN was compared, and the ledger does not know")
        } else {
            None
        }
    }
}
