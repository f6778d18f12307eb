//! Place: none. What the host tries with PINs: guesses, an answer that served before, in a SAD of its own, in the clear, with
//! another credential, or taken out of the seal of one SAD and put under another.

use super::Campaign;
use crate::hostile::signer::{Enrolled, hash, sad_request};
use fuin_shared::bytes::{Blob, Secret};
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::message::{Answer, Authorize, Command, CredentialQuestion, Manage, Suspend};
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, MeansProfile, Purpose, Sad, sad_digest,
};
use fuin_shared::statement::ManageAction;
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Answers that served, kept for later.
const SERVED: usize = 8;

/// What the host has of answers with PINs.
#[derive(Default)]
pub(super) struct Pins {
    /// Answers on their way, by SAD digest: what the host would have if it had stood behind the signer.
    under_way: Vec<(Digest32, CredentialId, Assertion)>,
    /// Those that served. A boot does not make them new.
    served: Vec<(CredentialId, Assertion)>,
    /// Whether the host guesses in this history: a PIN that is always locked shows nothing else.
    pub guessing: bool,
}

impl Pins {
    /// A signer answers with a PIN.
    pub fn answered(&mut self, sad: &Sad, assertion: Assertion) {
        if self.under_way.len() >= SERVED {
            self.under_way.remove(0);
        }
        self.under_way.push((sad_digest(&sad.to_bytes()), sad.credential.clone(), assertion));
    }

    /// A token came for this evidence: the answer in it has served.
    pub fn served(&mut self, evidence: &Blob) {
        let Ok(AuthorizationEvidence::Sealed { sad_digest, .. }) = codec::decode(evidence.as_slice()) else {
            return;
        };
        if let Some(place) = self.under_way.iter().position(|(digest, ..)| *digest == sad_digest) {
            let (_, credential, assertion) = self.under_way.remove(place);
            if self.served.len() >= SERVED {
                self.served.remove(0);
            }
            self.served.push((credential, assertion));
        }
    }
}

impl Campaign {
    /// A credential with a PIN; the newest is tried most.
    fn pin(&mut self) -> Option<Enrolled> {
        let pins: Vec<_> = self.keys.iter().filter(|key| key.means == MeansProfile::PinTotp).collect();
        let newest = pins.last()?;
        Some(if self.random.one_in(2) { (*newest).clone() } else { (*self.random.pick(&pins)).clone() })
    }

    /// Something that is no signer's.
    pub(super) fn pin_forged(&mut self) -> Option<Command> {
        let key = self.pin()?;
        match self.random.below(6) {
            0 | 1 => self.reused(&key),
            2 => self.in_the_clear(&key),
            3 => self.moved(&key),
            4 => self.under_another_sad(&key),
            _ if self.pins.guessing => self.guess(&key),
            _ => None,
        }
    }

    /// A SAD of the host's own for this credential.
    fn pin_sad(&mut self, key: &Enrolled, purpose: Purpose) -> Sad {
        let challenge = self.world.challenge(&key.id, purpose);
        let hashes = if purpose == Purpose::Sign { vec![hash()] } else { Vec::new() };
        let request = sad_request(&key.id, &key.spki, purpose, &hashes);
        self.on.build_sad_for(MeansProfile::PinTotp, &challenge, request).unwrap()
    }

    /// Any purpose that this answer could serve.
    fn with_answer(&mut self, key: &Enrolled, assertion: Assertion) -> Command {
        let purposes = [Purpose::Sign, Purpose::Sign, Purpose::Suspend, Purpose::Delete];
        let purpose = *self.random.pick(&purposes);
        let sad = self.pin_sad(key, purpose);
        let sealed = self.on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
        self.pin_command(key, &sad, &sealed)
    }

    fn pin_command(&self, key: &Enrolled, sad: &Sad, evidence: &AuthorizationEvidence) -> Command {
        let evidence = Blob::from(codec::encode(evidence));
        match sad.purpose {
            Purpose::Suspend => {
                let record = self.world.record(&key.id);
                Command::Suspend(Suspend { credential: key.id.clone(), evidence, record })
            }
            Purpose::Delete => Command::DeleteKey(self.world.manage(
                ManageAction::DeleteKey {},
                Some(&key.id),
                Some(evidence),
            )),
            _ => Command::Authorize(self.world.authorize_request(key, evidence, &sad.hashes)),
        }
    }

    fn served(&mut self, key: &Enrolled) -> Option<Assertion> {
        let of_key: Vec<_> = self.pins.served.iter().filter(|(id, _)| *id == key.id).collect();
        (!of_key.is_empty()).then(|| self.random.pick(&of_key).1.clone())
    }

    /// PIN and password that served before.
    fn reused(&mut self, key: &Enrolled) -> Option<Command> {
        let assertion = self.served(key)?;
        Some(self.with_answer(key, assertion))
    }

    /// The same without a seal, which is refused before anything is compared.
    fn in_the_clear(&mut self, key: &Enrolled) -> Option<Command> {
        let assertion = self.served(key)?;
        let sad = self.pin_sad(key, Purpose::Sign);
        let plain = AuthorizationEvidence::Plain(AuthorizedSad { sad: sad.to_bytes().into(), assertion });
        Some(self.pin_command(key, &sad, &plain))
    }

    /// A PIN of anybody's, and a password out of the air.
    fn guess(&mut self, key: &Enrolled) -> Option<Command> {
        let digits = |number: u64, width: usize| Secret::from(format!("{number:0width$}").into_bytes());
        let pin = digits(self.random.next() % 100_000_000, 8);
        let code = digits(self.random.next() % 1_000_000, 6);
        Some(self.with_answer(key, Assertion::PinTotp { pin, code }))
    }

    /// Sealed evidence that went by, with the name and the record of another credential.
    fn moved(&mut self, key: &Enrolled) -> Option<Command> {
        let other = self.key();
        let evidence = self.sealed_of(key)?;
        let record = self.world.record(&other.id);
        Some(Command::Authorize(Authorize { credential: other.id, record, ..evidence }))
    }

    /// The seal of one SAD under the digest of another.
    fn under_another_sad(&mut self, key: &Enrolled) -> Option<Command> {
        let went_by = self.sealed_of(key)?;
        let Ok(AuthorizationEvidence::Sealed { instance, encapsulated, ciphertext, .. }) =
            codec::decode(went_by.evidence.as_slice())
        else {
            return None;
        };
        let sad = self.pin_sad(key, Purpose::Sign);
        let sad_digest = sad_digest(&sad.to_bytes());
        let mixed = AuthorizationEvidence::Sealed { instance, sad_digest, encapsulated, ciphertext };
        Some(self.pin_command(key, &sad, &mixed))
    }

    /// A call with sealed evidence for this credential, of any boot.
    fn sealed_of(&self, key: &Enrolled) -> Option<Authorize> {
        self.pool.iter().rev().find_map(|command| match command {
            Command::Authorize(request) if request.credential == key.id => Some(request.clone()),
            _ => None,
        })
    }

    /// The RA client has locked PINs unlocked, as their signers ask for it; and the host has a new history in which it guesses, or not.
    pub(super) fn unlock(&mut self) {
        self.pins.guessing = self.random.one_in(2);
        for key in self.keys.clone() {
            let record = self.world.record(&key.id);
            let question = CredentialQuestion { credential: key.id.clone(), record: record.clone() };
            let Ok(Answer::CredentialStatus(status)) = self.world.call(Command::CredentialStatus(question))
            else {
                continue;
            };
            if status.locked {
                let statement = self.world.statement(ManageAction::Unlock {}, Some(&record));
                let proof = self.world.prove(&self.world.ra, &statement);
                let manage = Manage { proof, evidence: None, record: Some(record), nonce: None };
                // It is locked for good after so many.
                let _ = self.world.call(Command::Hold(manage));
            }
        }
    }
}
