//! Place: SAM, SSA, none. The state as the fold of the events. Applying an event checks every rule that the events must keep,
//! so that replay refuses a ledger that no honest enclave wrote.
//!
//! The enclave decides by it; host and auditors make the same one from the entries, for snapshots ([`super::snapshot`]).

mod parts;
mod rotation;
mod seals;
mod types;

pub use parts::{Restoring, STATE_DOMAIN};
pub use types::{Adopted, Carried, CredentialState, Ended, Foundation, LedgerName, Taken, Takeover};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::RuleBroken;
use super::epoch::Epochs;
use super::event::{CredentialMark, Event, EventBody, Holder, RecordMark, VERSION};
use super::possession::Possession;
use super::roots::Roots;
use super::sealing::Sealing;
use crate::ids::{Digest32, InstanceId, MandateId, ManifestHash, StatementId, Subject};
use crate::sad::MAX_UNLOCKS;

/// The fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    foundation: Option<Foundation>,
    manifest: Option<Adopted>,
    /// How witnesses took over, by the manifest that names them.
    witnesses: BTreeMap<ManifestHash, Takeover>,
    epochs: Epochs,
    roots: Roots,
    /// Sealed bodies that a rotation replaced, with the same in them, by what took their place, until it has ended.
    replaced: BTreeMap<Digest32, Digest32>,
    /// For each epoch after the first, the manifest under which the one before it ended.
    ended: Vec<Ended>,
    credentials: BTreeMap<Subject, CredentialState>,
    signers: BTreeMap<Subject, u32>,
    certificates: BTreeSet<Subject>,
    spent: BTreeSet<StatementId>,
    /// Whose mandates are.
    mandates: BTreeMap<MandateId, Subject>,
    last_time: u64,
    boots: u64,
    possession: Possession,
    /// What the newest rotation carried to the root key that there is now.
    carried: Option<Carried>,
    /// The newest snapshot.
    snapshot: Option<Taken>,
}

impl State {
    /// What the first event fixed.
    #[must_use]
    pub const fn foundation(&self) -> Option<&Foundation> {
        self.foundation.as_ref()
    }

    /// The newest manifest: the first one, or the last that was adopted, released or not.
    #[must_use]
    pub const fn manifest(&self) -> Option<Adopted> {
        self.manifest
    }

    /// How the witnesses of this manifest took over, if it named others.
    #[must_use]
    pub fn witnesses_changed(&self, manifest: &ManifestHash) -> Option<&Takeover> {
        self.witnesses.get(manifest)
    }

    /// The epochs of the ledger.
    #[must_use]
    pub const fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// The root keys of the ledger.
    #[must_use]
    pub const fn roots(&self) -> &Roots {
        &self.roots
    }

    /// For each epoch after the first, under what the one before it ended.
    #[must_use]
    pub fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// What the newest rotation carried to the root key that there is now, if there was one.
    #[must_use]
    pub const fn carried(&self) -> Option<&Carried> {
        self.carried.as_ref()
    }

    /// The newest snapshot.
    #[must_use]
    pub const fn snapshot(&self) -> Option<Taken> {
        self.snapshot
    }

    /// The ledger, as it is called now.
    #[must_use]
    pub fn name(&self) -> Option<LedgerName> {
        let first = self.foundation.as_ref()?.name;
        Some(LedgerName { epoch: self.epochs.current(), ..first })
    }

    /// The boot to which the ledger was handed, while nobody has booted on it since.
    #[must_use]
    pub const fn heir(&self) -> Option<InstanceId> {
        self.possession.heir()
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
        self.possession.take(&event.body)?;
        self.epochs.take(&event.body)?;
        self.take_roots(event)?;
        let of = event.body.credential().and_then(|mark| self.credentials.get_mut(&mark.subject));
        of.map_or(Ok(()), |known| known.sealing.take(event))?;
        match &event.body {
            EventBody::Genesis { service, manifest, ledger, shard, epoch, approvals, .. } => {
                for approval in approvals {
                    self.spend(*approval)?;
                }
                self.manifest = Some(Adopted { hash: *manifest, version: 1 });
                self.foundation = Some(Foundation {
                    service: *service,
                    manifest: *manifest,
                    name: LedgerName { ledger: *ledger, shard: *shard, epoch: *epoch },
                });
            }
            // Size and root of what it found are checked by the replay, which has the tree.
            EventBody::Boot { manifest, .. } => {
                rule(self.manifest.is_some_and(|m| m.hash == *manifest), "boot under another manifest")?;
                self.boots += 1;
            }
            EventBody::ManifestAdopted { manifest, version, approvals } => {
                let newer = self.manifest.is_some_and(|current| current.version < *version);
                rule(newer, "manifest is not newer than the one before it")?;
                for approval in approvals {
                    self.spend(*approval)?;
                }
                self.manifest = Some(Adopted { hash: *manifest, version: *version });
            }
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
                        failures: 0,
                        attempts: 0,
                        unlocks: 0,
                        holders: BTreeMap::new(),
                        sealing: Sealing::default(),
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
                self.bury(credential);
            }
            EventBody::KeyRevoked { credential, .. } => {
                self.check(credential, None)?;
                self.bury(credential);
            }
            EventBody::Authorized { credential, means_counter, .. } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                self.count(credential, *means_counter)?;
                self.advance(credential, None);
            }
            EventBody::Signed { credential, count, .. }
            | EventBody::DocumentsSigned { credential, count, .. } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                rule(*count > 0, "a signing event without signatures")?;
                self.advance(credential, None);
            }
            EventBody::HandedOver { manifest, .. } => {
                rule(self.manifest.is_some_and(|m| m.hash == *manifest), "hand-over under another manifest")?;
            }
            // An alarm changes nothing.
            EventBody::ClockDoubted { .. } => {}
            EventBody::TransactionExtended { credential, left } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                rule(*left > 0, "an extended transaction without permissions")?;
                self.advance(credential, None);
            }
            EventBody::AuthorizationFailed { credential, .. } => {
                self.check(credential, None)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    entry.failures = entry.failures.saturating_add(1);
                }
                self.advance(credential, None);
            }
            EventBody::AttemptDebited { credential, attempts } => {
                self.check(credential, None)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    rule(!entry.is_locked(), "an attempt on a locked credential")?;
                    rule(*attempts == entry.attempts + 1, "number of attempts")?;
                    entry.attempts = *attempts;
                }
                self.advance(credential, None);
            }
            EventBody::CredentialSuspended { credential, by, means_counter, statements } => {
                self.check(credential, None)?;
                let signer = *by == Holder::Signer;
                rule(statements.is_empty() == signer, "statements of a suspension")?;
                rule(means_counter.is_some() == signer, "counter of a suspension")?;
                if let Some(counter) = means_counter {
                    self.count(credential, *counter)?;
                }
                self.spend_all(statements)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    entry.holders.insert(*by, credential.sequence);
                }
                self.advance(credential, None);
            }
            EventBody::CredentialResumed { credential, means_counter, statement } => {
                self.check(credential, None)?;
                self.spend(*statement)?;
                self.count(credential, *means_counter)?;
                self.resume(credential)?;
                self.advance(credential, None);
            }
            EventBody::OfficersReleased { credential, statements } => {
                self.check(credential, None)?;
                rule(!statements.is_empty(), "released without a statement")?;
                self.spend_all(statements)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    rule(entry.holders.remove(&Holder::Officer).is_some(), "released without a suspension")?;
                }
                self.advance(credential, None);
            }
            EventBody::CredentialUnlocked { credential, statement } => {
                self.check(credential, None)?;
                self.spend(*statement)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    rule(entry.is_locked(), "unlocked without a lock")?;
                    rule(entry.unlocks < MAX_UNLOCKS, "number of unlocks")?;
                    entry.unlocks += 1;
                    entry.attempts = 0;
                }
                self.advance(credential, None);
            }
            EventBody::MeansRelinked { credential, record, statement, .. } => {
                self.check(credential, Some(record))?;
                self.check_free(credential)?;
                self.spend(*statement)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    // The new means counts for itself.
                    entry.means_counter = 0;
                    entry.failures = 0;
                    entry.attempts = 0;
                }
                self.advance(credential, Some(*record));
            }
            EventBody::ApproversSet { .. }
            | EventBody::SealPopSigned { .. }
            | EventBody::MandateGranted { .. }
            | EventBody::Sealed { .. }
            | EventBody::MandateEnded { .. }
            | EventBody::SealResumed { .. } => self.apply_seal(event)?,
            EventBody::WitnessesChanged { manifest, checkpoint } => {
                rule(self.manifest.is_some_and(|m| m.hash == *manifest), "witnesses of another manifest")?;
                let takeover = Takeover::Cosigned(checkpoint.clone());
                let first = self.witnesses.insert(*manifest, takeover).is_none();
                rule(first, "the witnesses took over before")?;
            }
            // It may be the same manifest: then its witnesses began anew with the ledger.
            EventBody::EpochBegun { manifest, version, approvals, .. } => {
                let next = Adopted { hash: *manifest, version: *version };
                let before = self.manifest.ok_or(RuleBroken("an epoch without a manifest before it"))?;
                rule(before == next || before.version < next.version, "an epoch under an older manifest")?;
                self.spend_all(approvals)?;
                let took_over = self.witnesses.contains_key(&before.hash);
                self.ended.push(Ended { manifest: before, took_over });
                for hash in [before.hash, next.hash] {
                    self.witnesses.entry(hash).or_insert(Takeover::Epoch);
                }
                self.manifest = Some(next);
                self.boots += 1;
            }
            EventBody::RootRotated { manifest, approvals, carried, .. } => {
                rule(self.manifest.is_some_and(|m| m.hash == *manifest), "rotation under another manifest")?;
                self.spend_all(approvals)?;
                self.carried = Some(Carried { octets: carried.clone(), epoch: self.epochs.current() });
            }
            EventBody::RecordsRewrapped { records } => records.iter().try_for_each(|one| self.rewrap(one))?,
            EventBody::RootUnused { .. } => {}
            EventBody::RootErased { deletions, .. } => {
                self.replaced.clear();
                self.spend_all(deletions)?;
            }
            EventBody::Alarm { count, .. } => rule(*count > 0, "an alarm about nothing")?,
            // Size and digest are checked by whoever has the tree.
            EventBody::Snapshot { size, .. } => {
                let manifest = self.manifest.ok_or(RuleBroken("a snapshot without a manifest"))?.hash;
                rule(
                    self.snapshot.is_none_or(|last| last.size < *size),
                    "a snapshot of before the last one",
                )?;
                rule(self.roots.in_use().is_none(), "a snapshot while records are under two root keys")?;
                self.snapshot = Some(Taken { size: *size, manifest });
            }
        }
        self.last_time = event.time;
        Ok(())
    }

    /// A tombstone: no record serves any more.
    fn bury(&mut self, mark: &CredentialMark) {
        self.advance(mark, None);
        if let Some(entry) = self.credentials.get_mut(&mark.subject) {
            entry.record = None;
            if let Some(count) = self.signers.get_mut(&entry.signer) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn check(&self, mark: &CredentialMark, record: Option<&RecordMark>) -> Result<(), RuleBroken> {
        let entry = self.credentials.get(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        let current = entry.record.ok_or(RuleBroken("credential was destroyed"))?;
        rule(entry.next_sequence == mark.sequence, "running number of the credential")?;
        rule(record.is_none_or(|r| r.version == current.version + 1), "version of the record")
    }

    fn check_free(&self, mark: &CredentialMark) -> Result<(), RuleBroken> {
        let suspended = self.credentials.get(&mark.subject).is_some_and(CredentialState::is_suspended);
        rule(!suspended, "credential is suspended")
    }

    fn spend_all(&mut self, statements: &[StatementId]) -> Result<(), RuleBroken> {
        statements.iter().try_for_each(|statement| self.spend(*statement))
    }

    /// Ends all suspensions but the officers'.
    fn resume(&mut self, mark: &CredentialMark) -> Result<(), RuleBroken> {
        let entry = self.credentials.get_mut(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        let before = entry.holders.len();
        entry.holders.retain(|holder, _| *holder == Holder::Officer);
        rule(entry.holders.len() < before, "resumed without a suspension")
    }

    fn advance(&mut self, mark: &CredentialMark, record: Option<RecordMark>) {
        if let Some(entry) = self.credentials.get_mut(&mark.subject) {
            entry.next_sequence += 1;
            if record.is_some() {
                entry.record = record;
            }
        }
    }

    /// The means answered, and it held.
    fn count(&mut self, mark: &CredentialMark, means_counter: u32) -> Result<(), RuleBroken> {
        let entry = self.credentials.get_mut(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        rule(means_counter >= entry.means_counter, "counter of the means goes back")?;
        entry.means_counter = means_counter;
        entry.failures = 0;
        entry.attempts = 0;
        Ok(())
    }

    fn spend(&mut self, statement: StatementId) -> Result<(), RuleBroken> {
        rule(self.spent.insert(statement), "statement was spent before")
    }
}

const fn rule(holds: bool, text: &'static str) -> Result<(), RuleBroken> {
    if holds { Ok(()) } else { Err(RuleBroken(text)) }
}

#[cfg(test)]
mod tests;
