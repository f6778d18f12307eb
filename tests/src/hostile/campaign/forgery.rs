//! Place: none. Commands that nobody sent.

use super::Campaign;
use crate::hostile::attacks::{own_answer, own_key};
use crate::hostile::means::link_action;
use crate::hostile::mutation::{mutate, octets, structure};
use crate::hostile::people::Person;
use crate::hostile::signer::{ECDSA, SHA256, hash};
use crate::signer::random;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::Digest32;
use fuin_shared::message::{
    AttestKey, Authorize, Command, ExtendTransaction, GetChallenge, GetEvidence, Manage, SealedRecord,
    SignDocument, SignHash, ToBeSigned,
};
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, MeansProfile, Purpose, Sad, sad_digest,
};
use fuin_shared::statement::ManageAction;
use getrandom::SysRng;
use rand_core::UnwrapErr;

impl Campaign {
    /// A forged command of some kind.
    pub(super) fn forged(&mut self) -> Command {
        match self.random.below(14) {
            0 | 1 => self.signing_call(),
            2 | 3 => self.altered_sad(),
            4 => self.own_sad(),
            5 | 6 => self.recombined(),
            7 => self.stolen_evidence(),
            8 => self.strangers_proof(),
            9 => self.other_record(),
            10 => Command::ProvideShare(self.foreign.1.clone()),
            11 => self.extension(),
            12 => self.documents(),
            _ => self.question(),
        }
    }

    fn record(&mut self) -> SealedRecord {
        let key = self.key();
        let mut record = if self.random.one_in(3) { key.former } else { self.world.record(&key.id) };
        match self.random.below(6) {
            0 => record.version += 1,
            1 => record.id = self.key().id,
            _ => {}
        }
        record
    }

    /// Token, hashes, key and record from different places.
    fn signing_call(&mut self) -> Command {
        Command::SignHash(self.signing_parts())
    }

    fn signing_parts(&mut self) -> SignHash {
        let key = self.key();
        let known: Vec<_> =
            self.world.oracle.borrow().tokens.iter().map(|(t, p)| (t.clone(), p.hashes.clone())).collect();
        let token = if known.is_empty() || self.random.one_in(8) {
            Blob::from(&random::<32>()[..])
        } else {
            self.random.pick(&known).0.clone()
        };
        let mut hashes = if known.is_empty() { Vec::new() } else { self.random.pick(&known).1.clone() };
        match self.random.below(3) {
            0 => hashes.push(hash()),
            1 => hashes.extend(hashes.first().cloned()),
            _ => {}
        }
        SignHash {
            record: self.world.record(&key.id),
            credential: key.id,
            token,
            hashes,
            hash_algorithm: self.random.one_in(2).then_some(SHA256),
            signature_algorithm: ECDSA,
        }
    }

    /// Another token for the same, or for more.
    fn extension(&mut self) -> Command {
        let call = self.signing_parts();
        Command::ExtendTransaction(ExtendTransaction {
            credential: call.credential,
            token: call.token,
            hashes: self.random.one_in(2).then_some(call.hashes),
            hash_algorithm: call.hash_algorithm,
            record: call.record,
        })
    }

    /// Hashes that a token allows, or not, as digests of documents.
    fn documents(&mut self) -> Command {
        let call = self.signing_parts();
        let jws = self.random.one_in(3);
        let to_be_signed = |hash: &Blob| {
            if jws { ToBeSigned::Jws(hash.clone()) } else { ToBeSigned::Cms(signed_attributes(hash).into()) }
        };
        Command::SignDocument(SignDocument {
            credential: call.credential,
            token: call.token,
            to_be_signed: call.hashes.iter().map(to_be_signed).collect(),
            hash_algorithm: call.hash_algorithm,
            signature_algorithm: call.signature_algorithm,
            record: call.record,
        })
    }

    fn carried(&mut self, evidence: &AuthorizationEvidence, sad: &Sad) -> Command {
        let record = self.world.host.state().store.records.get(&sad.credential).cloned();
        let record = record.unwrap_or_else(|| self.record());
        Command::Authorize(Authorize {
            credential: sad.credential.clone(),
            evidence: codec::encode(evidence).into(),
            hashes: Some(sad.hashes.clone()),
            hash_algorithm: Some(sad.hash_algorithm),
            count: sad.count,
            record,
        })
    }

    /// What a signer authorized, with a value changed, in the clear or sealed anew.
    fn altered_sad(&mut self) -> Command {
        let Some(plain) = self.plain.clone() else { return self.signing_call() };
        let sad: Sad = codec::decode(plain.sad.as_slice()).unwrap();
        let mut message = structure(&sad);
        mutate(&mut message, &structure(&sad), &mut self.random);
        let Ok(altered) = codec::decode::<Sad>(&octets(&message)) else { return self.signing_call() };
        let evidence = if self.random.one_in(2) {
            let plain = AuthorizedSad { sad: altered.to_bytes().into(), assertion: plain.assertion };
            AuthorizationEvidence::Plain(plain)
        } else {
            self.on.seal(&altered, plain.assertion, &mut UnwrapErr(SysRng)).unwrap()
        };
        self.carried(&evidence, &altered)
    }

    /// A SAD of the host's own making, answered by a means of its own, or by what the signer's made of another SAD.
    fn own_sad(&mut self) -> Command {
        let key = self.key();
        // Guesses at PINs are made elsewhere, and not in every history.
        if key.means == MeansProfile::PinTotp {
            return self.signing_call();
        }
        let (sad, challenge) = self.world.sad(&self.on, &key, Purpose::Sign, &[hash()]);
        let digest = sad_digest(&sad.to_bytes());
        let old = self.plain.clone().map(|plain| plain.assertion);
        let own = match key.means {
            MeansProfile::X509 => Some(self.world.means.cards.answer_by(&own_key(), &digest)),
            means => own_answer(means, &challenge, &digest),
        };
        let assertion: Assertion = match (old, own) {
            (Some(old), _) if self.random.one_in(2) => old,
            (_, Some(own)) => own,
            _ => return self.signing_call(),
        };
        let evidence = self.on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
        self.carried(&evidence, &sad)
    }

    /// Proof, evidence and record of different commands, under the name of any of them.
    fn recombined(&mut self) -> Command {
        let parts: Vec<Manage> = self.pool.iter().filter_map(|c| managed(c).cloned()).collect();
        if parts.is_empty() {
            return self.signing_call();
        }
        let proof = self.random.pick(&parts).proof.clone();
        let evidence = self.random.pick(&parts).evidence.clone();
        let record =
            if self.random.one_in(2) { Some(self.record()) } else { self.random.pick(&parts).record.clone() };
        self.manage(Manage { proof, evidence, record, nonce: None })
    }

    fn manage(&mut self, manage: Manage) -> Command {
        let kinds = [
            Command::GenerateKey,
            Command::LinkEid,
            Command::AuthorizePop,
            Command::LinkCert,
            Command::DeleteKey,
            Command::Hold,
        ];
        self.random.pick(&kinds)(manage)
    }

    /// The RA states that a key is to be deleted; the host brings evidence that a signer gave for something else.
    fn stolen_evidence(&mut self) -> Command {
        let evidence = self.pool.iter().rev().find_map(|command| match command {
            Command::Authorize(request) => Some(request.evidence.clone()),
            _ => None,
        });
        let key = self.key();
        Command::DeleteKey(self.world.manage(ManageAction::DeleteKey {}, Some(&key.id), evidence))
    }

    /// Somebody says to be the RA, or another RA client says it of this one's key.
    fn strangers_proof(&mut self) -> Command {
        let record = self.record();
        let actions = [
            ManageAction::DeleteKey {},
            ManageAction::LinkCert { certificates: vec![self.world.authority.root().into()] },
            ManageAction::AuthorizePop { request_info: None, signature_algorithm: ECDSA },
            link_action(MeansProfile::Passkey, Digest32(random())),
            ManageAction::Unlock {},
        ];
        let action = self.random.pick(&actions).clone();
        let statement = self.world.statement(action, Some(&record));
        let proof = match self.random.below(3) {
            0 => Person::new(self.world.ra.id.as_str()).prove(&statement),
            1 => self.world.other_ra.prove(&statement),
            _ => self.world.other_ra.prove_as(&self.world.ra.id, &statement),
        };
        let evidence =
            self.plain.clone().map(|plain| codec::encode(&AuthorizationEvidence::Plain(plain)).into());
        let manage = Manage { proof, evidence, record: Some(record), nonce: None };
        self.manage(manage)
    }

    /// An honest signing call with another record.
    fn other_record(&mut self) -> Command {
        let record = self.record();
        match self.sign() {
            Some(Command::SignHash(request)) => Command::SignHash(SignHash { record, ..request }),
            _ => self.signing_call(),
        }
    }

    /// Anybody may ask these.
    fn question(&mut self) -> Command {
        let key = self.key();
        let record = self.record();
        let nonce = Some(Blob::from(&random::<16>()[..self.random.below(17)]));
        let purposes = [
            Purpose::Sign,
            Purpose::Link,
            Purpose::Pop,
            Purpose::Delete,
            Purpose::Relink,
            Purpose::Suspend,
            Purpose::Resume,
        ];
        match self.random.below(8) {
            0 => Command::GetEvidence(GetEvidence { nonce }),
            1 => Command::AttestKey(AttestKey { key: key.id, record, nonce }),
            2 => Command::Status,
            _ => {
                let purpose = *self.random.pick(&purposes);
                Command::GetChallenge(GetChallenge { credential: key.id, purpose, record })
            }
        }
    }
}

/// Signed attributes of a CMS signature over a document with this digest: contentType data, messageDigest.
fn signed_attributes(digest: &Blob) -> Vec<u8> {
    const HEAD: &[u8] = b"\x31\x4b\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    const DIGEST: &[u8] = b"\x30\x2f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04\x31\x22\x04\x20";
    [HEAD, DIGEST, digest.as_slice()].concat()
}

fn managed(command: &Command) -> Option<&Manage> {
    match command {
        Command::GenerateKey(manage)
        | Command::LinkEid(manage)
        | Command::AuthorizePop(manage)
        | Command::LinkCert(manage)
        | Command::DeleteKey(manage)
        | Command::Hold(manage) => Some(manage),
        _ => None,
    }
}
