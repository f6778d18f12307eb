//! Place: none. Commands: honest ones, honest ones again, and honest ones with changes.

use super::Campaign;
use crate::hostile::mutation::{mutate, octets, structure};
use crate::hostile::signer::{Enrolled, hash};
use fuin_shared::codec;
use fuin_shared::message::Command;
use fuin_shared::sad::{AuthorizedSad, MeansProfile, Purpose};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Commands kept for later.
const POOL: usize = 192;
/// Those at the end of the pool are of this boot, mostly.
const RECENT: usize = 24;
/// Tokens that lie unused before they are used up.
const LIVE: usize = 8;

impl Campaign {
    /// The next command.
    pub(super) fn message(&mut self) -> Command {
        let tokens = self.world.oracle.borrow().tokens.len();
        let honest = match self.random.below(100) {
            _ if tokens > LIVE && self.random.one_in(2) => self.sign(),
            0..14 => Some(self.authorize()),
            14..26 => self.sign(),
            26..36 => Some(self.pooled()),
            36..47 => return self.forged(),
            47 => self.under_altered_challenge(),
            48..54 => Some(self.seal_honest()),
            // A host that finds nothing to forge of this kind forges another.
            54..58 => return self.seal_forged().unwrap_or_else(|| self.forged()),
            58..61 => return self.pin_forged().unwrap_or_else(|| self.forged()),
            61..65 => return self.rotation_forged(),
            _ => return self.changed(),
        };
        let command = honest.unwrap_or_else(|| self.authorize());
        self.keep(command.clone());
        command
    }

    pub(super) fn key(&mut self) -> Enrolled {
        self.random.pick(&self.keys).clone()
    }

    /// One whose means answers at any time: a password comes every half minute, and a card needs a list in each boot.
    pub(super) fn ready_key(&mut self) -> Enrolled {
        let waits = [MeansProfile::PinTotp, MeansProfile::X509];
        let ready: Vec<_> = self.keys.iter().filter(|key| !waits.contains(&key.means)).collect();
        (*self.random.pick(&ready)).clone()
    }

    /// A signer authorizes up to three hashes; one of them perhaps twice.
    pub(super) fn authorize(&mut self) -> Command {
        let mut key = self.key();
        let mut hashes: Vec<_> = (0..=self.random.below(3)).map(|_| hash()).collect();
        if self.random.one_in(4) {
            hashes.push(hashes[0].clone());
        }
        let word = self.world.try_authorized(&self.on, &key, Purpose::Sign, &hashes);
        let (sad, assertion) = word.unwrap_or_else(|| {
            key = self.ready_key();
            self.world.authorized(&self.on, &key, Purpose::Sign, &hashes)
        });
        if key.means == MeansProfile::PinTotp {
            // Who has an answer that did not serve can have it serve for anything, once: that is SCAL 1.
            self.pins.answered(&sad, assertion.clone());
        } else {
            self.plain = Some(AuthorizedSad { sad: sad.to_bytes().into(), assertion: assertion.clone() });
        }
        let sealed = self.on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
        Command::Authorize(self.world.authorize_request(&key, codec::encode(&sealed).into(), &hashes))
    }

    /// The signer's application uses some of what a token allows.
    pub(super) fn sign(&mut self) -> Option<Command> {
        let oracle = self.world.oracle.borrow();
        let live: Vec<_> = oracle.tokens.iter().filter(|(token, _)| !self.tired.contains(token)).collect();
        if live.is_empty() {
            return None;
        }
        let (token, permission) = live[self.random.below(live.len().min(LIVE))];
        let key = self.keys.iter().find(|key| key.id == permission.credential)?;
        let count = 1 + self.random.below(permission.hashes.len());
        Some(Command::SignHash(self.world.sign_request(key, token, &permission.hashes[..count])))
    }

    /// One that passed through the host's hands.
    pub(super) fn pooled(&mut self) -> Command {
        let first = if self.random.one_in(2) { self.pool.len().saturating_sub(RECENT) } else { 0 };
        self.pool[first + self.random.below(self.pool.len() - first)].clone()
    }

    pub(super) fn keep(&mut self, command: Command) {
        while self.pool.len() >= POOL {
            // The first quarter stays longest: it is of the founding and of enrolments.
            let place = POOL / 4 + self.random.below(POOL / 2);
            self.pool.remove(place);
        }
        self.pool.push(command);
    }

    /// An honest one with one or two values changed. What comes out is still a command.
    fn changed(&mut self) -> Command {
        let honest = match self.random.below(8) {
            0..3 => self.sign(),
            3 => Some(self.authorize()),
            _ => None,
        };
        let honest = honest.unwrap_or_else(|| self.pooled());
        if !self.pool.contains(&honest) {
            self.keep(honest.clone());
        }
        let other = structure(&self.pooled());
        // Most changes leave a command; of those that do not, `wire` sends its share.
        for _ in 0..8 {
            let mut message = structure(&honest);
            for _ in 0..=self.random.below(2) {
                mutate(&mut message, &other, &mut self.random);
            }
            if let Ok(command) = codec::decode(&octets(&message)) {
                return command;
            }
        }
        honest
    }
}
