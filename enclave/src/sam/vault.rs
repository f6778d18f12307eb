//! Place: SAM. Opens credential records that the host supplies as hints, checks them against the ledger's index, and keeps
//! a bounded number of opened ones with their keys; what is evicted is zeroized.

use super::record::CredentialRecord;
use crate::crypto_module::{CryptoModule, LoadedKey};
use crate::ledger::keys::LedgerKeys;
use crate::ledger::sealing;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32, Subject};
use fuin_shared::log::state::State;
use fuin_shared::message::SealedRecord;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Most opened records.
const MAX_OPENED: usize = 1024;

/// An opened record that is the current one.
pub struct Credential {
    /// The record.
    pub record: CredentialRecord,
    /// Its version.
    pub version: u64,
    /// Its pseudonym.
    pub subject: Subject,
    /// Its key, ready for use.
    pub key: Arc<dyn LoadedKey>,
}

/// The opened records, by the hash of their sealed body.
#[derive(Default)]
pub struct Vault {
    opened: HashMap<Digest32, Arc<Credential>>,
    order: VecDeque<Digest32>,
}

impl Vault {
    /// Opens the record of `id`.
    ///
    /// # Errors
    /// [`Fault::RecordMissing`]: the hint is of another credential; [`Fault::RecordForeign`]: it does not open;
    /// [`Fault::RecordStale`]: it is not the current version; [`Fault::UnknownCredential`]: the credential is destroyed,
    /// or this ledger never knew it.
    pub fn open(
        &mut self,
        id: &CredentialId,
        hint: &SealedRecord,
        keys: &LedgerKeys,
        state: &State,
        module: &dyn CryptoModule,
    ) -> Result<Arc<Credential>, Fault> {
        if &hint.id != id {
            return Err(Fault::RecordMissing);
        }
        let mark = sealing::mark(hint);
        let credential = match self.opened.get(&mark.hash) {
            Some(credential) if credential.version == hint.version && &credential.record.id == id => {
                Arc::clone(credential)
            }
            _ => match unseal(hint, keys, module) {
                // Of just before a rotation sealed it anew: a late call is no alarm.
                Err(Fault::RecordForeign) if state.is_left_behind(id, &mark, state.last_time()) => {
                    return Err(Fault::RecordStale);
                }
                opened => Arc::new(opened?),
            },
        };
        let known = state.credential(&credential.subject).ok_or(Fault::UnknownCredential)?;
        let current = known.record.ok_or(Fault::UnknownCredential)?;
        if !state.is_current(&current, &mark) {
            return Err(Fault::RecordStale);
        }
        self.keep(mark.hash, &credential);
        Ok(credential)
    }

    /// Forgets a record, such as one that was replaced or destroyed.
    pub fn forget(&mut self, credential: &Credential) {
        let subject = credential.subject;
        self.opened.retain(|_, kept| kept.subject != subject);
        let opened = &self.opened;
        self.order.retain(|hash| opened.contains_key(hash));
    }

    fn keep(&mut self, hash: Digest32, credential: &Arc<Credential>) {
        if self.opened.insert(hash, Arc::clone(credential)).is_none() {
            self.order.push_back(hash);
        }
        while self.opened.len() > MAX_OPENED {
            let Some(oldest) = self.order.pop_front() else { break };
            self.opened.remove(&oldest);
        }
    }
}

fn unseal(hint: &SealedRecord, keys: &LedgerKeys, module: &dyn CryptoModule) -> Result<Credential, Fault> {
    let plaintext = sealing::open(keys, hint)?;
    let record = CredentialRecord::from_bytes(&plaintext)?;
    if record.id != hint.id {
        return Err(Fault::RecordForeign);
    }
    let subject = keys.credential(record.salt.as_slice(), &record.id);
    let key = module.load(record.algorithm, &record.wrapped.0)?;
    Ok(Credential { version: hint.version, subject, key, record })
}
