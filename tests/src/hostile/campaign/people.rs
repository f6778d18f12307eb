//! Place: none. What the host alters on its way to honest people: evidence, checkpoints, challenges.

use super::Campaign;
use crate::hostile::mutation::{mutate, octets, structure};
use crate::hostile::signer::{hash, sad_request};
use crate::signer::now;
use ciborium::Value;
use fuin_shared::codec;
use fuin_shared::message::{Challenge, Command};
use fuin_shared::sad::{Purpose, sad_digest};
use getrandom::SysRng;
use rand_core::UnwrapErr;

impl Campaign {
    /// Altered evidence for signer's device and custodian, an altered checkpoint for the custodian. None must be taken for true.
    pub(super) fn deceive(&mut self) {
        if !self.random.one_in(6) {
            return;
        }
        self.world.host.count();
        let (bundle, nonce) = self.evidence.clone();
        let altered = self.altered_evidence(&bundle);
        // Once in a while all is as it was.
        if altered != bundle
            && let Ok(instance) = self.world.sic().check_evidence(&altered, &nonce, now())
            && instance.id() != self.on.id()
        {
            self.taken("the signer's device took altered evidence for that of another boot");
        }
        if self.world.custodian.provide_share(&altered, &nonce, now(), &mut UnwrapErr(SysRng)).is_ok() {
            self.taken("the custodian gave a share to altered evidence");
        }
        let note = self.world.host.state().store.checkpoint.clone().unwrap();
        let mut octets = note.into_bytes();
        let place = self.random.below(octets.len());
        octets[place] ^= 1 << self.random.below(7);
        if let Ok(note) = String::from_utf8(octets)
            && self.world.custodian.observe_checkpoint(&note).is_ok()
        {
            self.taken("the custodian took an altered checkpoint");
        }
    }

    fn altered_evidence(&mut self, bundle: &[u8]) -> Vec<u8> {
        if self.random.one_in(2) {
            let mut message: Value = ciborium::from_reader(bundle).unwrap();
            let other = message.clone();
            mutate(&mut message, &other, &mut self.random);
            return octets(&message);
        }
        let mut altered = bundle.to_vec();
        let place = self.random.below(altered.len());
        altered[place] ^= 1 << self.random.below(8);
        altered
    }

    fn taken(&mut self, what: &str) {
        self.report.unauthorized += 1;
        self.report.findings.push(format!("unauthorized: {what}, exchange {}", self.report.exchanges));
    }

    /// A signer authorizes under a challenge that the host has altered.
    pub(super) fn under_altered_challenge(&mut self) -> Option<Command> {
        let key = self.key();
        let challenge = self.world.challenge(&key.id, Purpose::Sign);
        let mut message = structure(&challenge);
        mutate(&mut message, &structure(&challenge), &mut self.random);
        let altered: Challenge = codec::decode(&octets(&message)).ok()?;
        let hashes = [hash()];
        let request = sad_request(&key.id, &key.spki, Purpose::Sign, &hashes);
        let sad = self.on.build_sad_for(key.means, &altered, request).ok()?;
        let digest = sad_digest(&sad.to_bytes());
        let assertion = self.world.means.answer(key.means, &altered, &digest).ok()?;
        // The signer meant it, whatever the challenge.
        self.world.oracle.borrow_mut().consented(&sad);
        let sealed = self.on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).ok()?;
        Some(Command::Authorize(self.world.authorize_request(&key, codec::encode(&sealed).into(), &hashes)))
    }
}
