//! Place: SAM. generateKey (extensions 4.3): a key pair for a signer, made in the crypto module, with its key statement.

use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::attest;
use crate::ledger::journal::Entry;
use crate::ledger::sealing;
use crate::sam::outcome::Attest;
use crate::sam::record::{CredentialRecord, KeyState, POP_LIMIT, WrappedKey};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Manage, RecordChange};
use fuin_shared::role::Role;
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn generate_key(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let manifest = &around.context.manifest;
        let (user, authority, key_algorithm, multisign, subject, purpose) = match proven.statement.action {
            ManageAction::GenerateKey { user, authority, key_algorithm, multisign, subject } => {
                (user, authority, key_algorithm, multisign, subject, KeyPurpose::Signature)
            }
            ManageAction::GenerateSealKey { user, authority, key_algorithm, subject } => {
                (user, authority, key_algorithm, manifest.limits.hashes, Some(subject), KeyPurpose::Seal)
            }
            _ => return Err(Fault::InvalidProof),
        };
        if !proven.client.authorities.contains(&authority) {
            return Err(Fault::UnknownAuthority);
        }
        // Nobody who runs the service signs with it (SRG_M.1.5), as far as names tell.
        if manifest.conflicts(Role::Signer, Some(user.as_str()), None) {
            return Err(Fault::RoleConflict);
        }
        let usable =
            key_algorithm.signature_algorithms().iter().any(|a| manifest.allows(*a, around.seconds()));
        if !usable {
            return Err(Fault::UnsupportedAlgorithm);
        }
        if multisign == 0 || multisign > manifest.limits.hashes {
            return Err(Fault::LimitReached);
        }
        let signer = self.journal.keys().signer_subject(&proven.client.id, &user);
        if self.journal.state().credentials_of(&signer) >= manifest.limits.credentials_per_signer {
            return Err(Fault::LimitReached);
        }
        let generated = around.module.generate(key_algorithm, rng)?;
        let spki = Blob::from(generated.key.spki());
        let mut name = [0; 16];
        rng.fill_bytes(&mut name);
        let id = CredentialId::new(hex::encode(name)).map_err(|_| Fault::Internal)?;
        let mut record_salt = vec![0; 32];
        rng.fill_bytes(&mut record_salt);
        let mut record = CredentialRecord {
            id: id.clone(),
            salt: record_salt.into(),
            client: proven.client.id.clone(),
            user,
            authority,
            algorithm: key_algorithm,
            spki: spki.clone(),
            wrapped: WrappedKey(generated.wrapped),
            multisign,
            subject,
            state: KeyState::Generated,
            identity: None,
            means: None,
            pop_remaining: POP_LIMIT,
            statement: Blob::default(),
            certificate: None,
            purpose,
            approvers: None,
        };
        let attests = attest(&mut record, around);
        let sealed = sealing::seal(self.journal.keys(), &id, 1, &record.to_bytes(), rng)?;
        let credential = self.journal.keys().credential(record.salt.as_slice(), &id);
        let body = EventBody::KeyGenerated {
            credential: self.journal.state().next_mark(credential),
            signer,
            record: sealing::mark(&sealed),
            attests,
            statement: proven.statement.statement,
        };
        let detail = record.detail().by(Role::RaClient, &record.client);
        let entry = Entry { records: vec![RecordChange::Put(sealed)], ..Entry::new(body, detail) };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(
            ticket,
            entry,
            Outcome::KeyGenerated { key: id, spki, algorithm: key_algorithm, attest },
            around,
        )
    }
}
