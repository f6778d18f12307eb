//! Place: SAM. extendTransaction: another token for what is left of a transaction. It adds no hash, no signature and no
//! time; a new hash needs a new SAD (design section 4).

use super::super::record::KeyState;
use super::{Operational, Outcome, Surroundings, Ticket};
use crate::ledger::journal::Entry;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::ExtendTransaction;
use fuin_shared::role::Role;
use rand_core::CryptoRng;

impl Operational {
    pub(super) fn extend_transaction(
        &mut self,
        ticket: Ticket,
        request: &ExtendTransaction,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let now = around.seconds();
        if request
            .hashes
            .as_ref()
            .is_some_and(|hashes| hashes.len() > around.context.manifest.limits.hashes as usize)
        {
            return Err(Fault::SadTooMany);
        }
        let credential = self.open(&request.credential, &request.record, around)?;
        credential.record.require_purpose(KeyPurpose::Signature)?;
        if credential.record.state != KeyState::Active {
            return Err(Fault::CredentialDisabled);
        }
        self.check_free(&credential)?;
        let reissued = self.activations.reissue(
            request.token.as_slice(),
            &credential.subject,
            request.hashes.as_deref(),
            request.hash_algorithm,
            now,
            rng,
        )?;
        let body = EventBody::TransactionExtended {
            credential: self.journal.state().next_mark(credential.subject),
            left: reissued.left,
        };
        let record = &credential.record;
        let detail = record.detail().by(Role::Signer, &record.user).under(record.certificate_digest());
        let entry = Entry::new(body, detail);
        self.append(ticket, entry, Outcome::Activation(reissued.token, reissued.expires), around)
    }
}
