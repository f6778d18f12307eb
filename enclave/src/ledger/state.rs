//! Place: SAM. The state as the fold of the events. Applying an event checks every rule that the events must keep,
//! so that replay refuses a ledger that no honest enclave wrote.

use super::keys::LedgerName;
use fuin_shared::ids::{ManifestHash, RootCommitment, ServiceId, StatementId, Subject};
use fuin_shared::log::event::{CredentialMark, Event, EventBody, RecordMark, VERSION};
use std::collections::{HashMap, HashSet};

/// An event breaks a rule of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ledger rule broken: {0}")]
pub struct RuleBroken(pub &'static str);

/// What the first event fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foundation {
    /// The service.
    pub service: ServiceId,
    /// The first manifest.
    pub manifest: ManifestHash,
    /// The ledger.
    pub name: LedgerName,
    /// Commitment to the root key.
    pub commitment: RootCommitment,
}

/// What is known of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialState {
    /// Sequence that its next event must have.
    pub next_sequence: u64,
    /// Its current record; none once it is destroyed.
    pub record: Option<RecordMark>,
    /// Last counter of its means.
    pub means_counter: u32,
    /// Whose it is.
    pub signer: Subject,
}

/// The fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    foundation: Option<Foundation>,
    credentials: HashMap<Subject, CredentialState>,
    signers: HashMap<Subject, u32>,
    certificates: HashSet<Subject>,
    spent: HashSet<StatementId>,
    last_time: u64,
    boots: u64,
}

impl State {
    /// What the first event fixed.
    #[must_use]
    pub const fn foundation(&self) -> Option<&Foundation> {
        self.foundation.as_ref()
    }

    /// A credential that is or was.
    #[must_use]
    pub fn credential(&self, subject: &Subject) -> Option<&CredentialState> {
        self.credentials.get(subject)
    }

    /// The mark for the next event of a credential.
    #[must_use]
    pub fn next_mark(&self, subject: Subject) -> CredentialMark {
        let sequence = self.credentials.get(&subject).map_or(0, |c| c.next_sequence);
        CredentialMark { subject, sequence }
    }

    /// How many credentials a signer has.
    #[must_use]
    pub fn credentials_of(&self, signer: &Subject) -> u32 {
        self.signers.get(signer).copied().unwrap_or(0)
    }

    /// Whether a certificate is linked already.
    #[must_use]
    pub fn is_linked(&self, certificate: &Subject) -> bool {
        self.certificates.contains(certificate)
    }

    /// Whether a statement was used.
    #[must_use]
    pub fn is_spent(&self, statement: &StatementId) -> bool {
        self.spent.contains(statement)
    }

    /// Time of the newest event, Unix milliseconds.
    #[must_use]
    pub const fn last_time(&self) -> u64 {
        self.last_time
    }

    /// Adds an event.
    ///
    /// # Errors
    /// [`RuleBroken`]; the state is then of no more use.
    pub fn apply(&mut self, event: &Event) -> Result<(), RuleBroken> {
        rule(event.version == VERSION, "event version")?;
        rule(event.time >= self.last_time, "time goes back")?;
        let first = matches!(event.body, EventBody::Genesis { .. });
        rule(self.foundation.is_none() == first, "genesis must be the first event, and only that")?;
        match &event.body {
            EventBody::Genesis { service, manifest, ledger, shard, epoch, commitment, approvals } => {
                for approval in approvals {
                    self.spend(*approval)?;
                }
                self.foundation = Some(Foundation {
                    service: *service,
                    manifest: *manifest,
                    name: LedgerName { ledger: *ledger, shard: *shard, epoch: *epoch },
                    commitment: *commitment,
                });
            }
            // Size and root of what it found are checked by the replay, which has the tree.
            EventBody::Boot { .. } => self.boots += 1,
            // Whoever took over shows itself by its own boot event.
            EventBody::HandedOver { .. } => {}
            EventBody::KeyGenerated { credential, signer, record, statement, .. } => {
                rule(!self.credentials.contains_key(&credential.subject), "key exists already")?;
                rule(credential.sequence == 0 && record.version == 1, "a new key starts at 0 and version 1")?;
                self.spend(*statement)?;
                *self.signers.entry(*signer).or_default() += 1;
                self.credentials.insert(
                    credential.subject,
                    CredentialState {
                        next_sequence: 1,
                        record: Some(*record),
                        means_counter: 0,
                        signer: *signer,
                    },
                );
            }
            EventBody::MeansLinked { credential, record, statement, .. } => {
                self.check(credential, Some(record))?;
                self.spend(*statement)?;
                self.advance(credential, Some(*record));
            }
            EventBody::PopSigned { credential, record, means_counter, statement, .. } => {
                self.check(credential, Some(record))?;
                self.spend(*statement)?;
                self.count(credential, *means_counter)?;
                self.advance(credential, Some(*record));
            }
            EventBody::CertificateLinked { credential, record, certificate, statement } => {
                self.check(credential, Some(record))?;
                rule(!self.certificates.contains(certificate), "certificate is linked already")?;
                self.spend(*statement)?;
                self.certificates.insert(*certificate);
                self.advance(credential, Some(*record));
            }
            EventBody::KeyDestroyed { credential, statement } => {
                self.check(credential, None)?;
                self.spend(*statement)?;
                self.advance(credential, None);
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    entry.record = None;
                    if let Some(count) = self.signers.get_mut(&entry.signer) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
            EventBody::Authorized { credential, means_counter, .. } => {
                self.check(credential, None)?;
                self.count(credential, *means_counter)?;
                self.advance(credential, None);
            }
            EventBody::Signed { credential, count, .. } => {
                self.check(credential, None)?;
                rule(*count > 0, "a signing event without signatures")?;
                self.advance(credential, None);
            }
            EventBody::TransactionExtended { credential, left } => {
                self.check(credential, None)?;
                rule(*left > 0, "an extended transaction without permissions")?;
                self.advance(credential, None);
            }
        }
        self.last_time = event.time;
        Ok(())
    }

    fn check(&self, mark: &CredentialMark, record: Option<&RecordMark>) -> Result<(), RuleBroken> {
        let entry = self.credentials.get(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        let current = entry.record.ok_or(RuleBroken("credential was destroyed"))?;
        rule(entry.next_sequence == mark.sequence, "running number of the credential")?;
        rule(record.is_none_or(|r| r.version == current.version + 1), "version of the record")
    }

    fn advance(&mut self, mark: &CredentialMark, record: Option<RecordMark>) {
        if let Some(entry) = self.credentials.get_mut(&mark.subject) {
            entry.next_sequence += 1;
            if record.is_some() {
                entry.record = record;
            }
        }
    }

    fn count(&mut self, mark: &CredentialMark, means_counter: u32) -> Result<(), RuleBroken> {
        let entry = self.credentials.get_mut(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        rule(means_counter >= entry.means_counter, "counter of the means goes back")?;
        entry.means_counter = means_counter;
        Ok(())
    }

    fn spend(&mut self, statement: StatementId) -> Result<(), RuleBroken> {
        rule(self.spent.insert(statement), "statement was spent before")
    }
}

const fn rule(holds: bool, text: &'static str) -> Result<(), RuleBroken> {
    if holds { Ok(()) } else { Err(RuleBroken(text)) }
}
