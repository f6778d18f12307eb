//! Place: none. Seals: what approvers and programs of the organization do, and what the host makes of it.

use super::Campaign;
use crate::hostile::attacks::own_answer;
use crate::hostile::organization::Organization;
use crate::hostile::people::Person;
use crate::hostile::signer::{SHA256, hash, sad_request};
use crate::signer::now;
use fuin_sca::seal::ScaKey;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::message::{Authorize, Command, EndedBy, GrantMandate, Seal};
use fuin_shared::sad::{MeansProfile, Purpose, sad_digest};
use fuin_shared::seal::{MandateTerms, Rate, SealOrder, SignedOrder, mandate_hash, mandate_id};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Mandates that the organization works with; older ones stay with the host.
const LIVE: usize = 3;
/// Seconds for which they may be used.
const WINDOW: u64 = 12;
/// Those that the host has in mind.
const MANDATES: usize = 12;

/// The organization, and what the host has seen of it.
pub(super) struct Sealing {
    pub organization: Organization,
    /// Terms that were put before approvers, with the place of the program that may order.
    mandates: Vec<(MandateTerms, usize)>,
}

impl Sealing {
    /// It has no mandate.
    pub const fn new(organization: Organization) -> Self {
        Self { organization, mandates: Vec::new() }
    }
}

impl Campaign {
    /// What the people and programs of the organization do.
    pub(super) fn seal_honest(&mut self) -> Command {
        if self.sealing.mandates.is_empty() {
            return self.grants();
        }
        match self.random.below(20) {
            0..3 => self.grants(),
            3 => self.ends(),
            _ => self.orders().unwrap_or_else(|| self.authorize()),
        }
    }

    /// Few seals, so that programs ask for more; sometimes slowly.
    fn new_terms(&mut self) -> (MandateTerms, usize) {
        let program = self.random.below(2);
        let rate = if self.random.one_in(3) {
            Rate { seals: 3, seconds: 5 }
        } else {
            Rate { seals: 1000, seconds: 1 }
        };
        let count = 1 + self.random.below(5);
        let organization = &self.sealing.organization;
        let (key, sca) = (&organization.key, &organization.programs[program]);
        let mut terms = self.world.terms(key, sca, u32::try_from(count).unwrap(), rate);
        // Soon over, so that few are live at a time.
        terms.not_after = now() + WINDOW;
        (terms, program)
    }

    fn remember(&mut self, terms: MandateTerms, program: usize) {
        if self.sealing.mandates.len() >= MANDATES {
            self.sealing.mandates.remove(0);
        }
        self.sealing.mandates.push((terms, program));
    }

    /// Two of the approvers grant.
    fn grants(&mut self) -> Command {
        let (terms, program) = self.new_terms();
        let who = *self.random.pick(&[[1, 2], [3, 1], [2, 3]]);
        let key = self.sealing.organization.key.clone();
        let request = self.world.grant_request(&self.on, &key, &terms, &who);
        self.remember(terms, program);
        Command::GrantMandate(request)
    }

    /// One of the newest that were granted, with its program's place.
    fn live(&mut self) -> Option<(MandateTerms, usize)> {
        let granted = |(terms, _): &&_| {
            self.world.mandate_record(&mandate_id(&MandateTerms::to_bytes(terms))).is_some()
        };
        let live: Vec<_> = self.sealing.mandates.iter().rev().filter(granted).take(LIVE).cloned().collect();
        (!live.is_empty()).then(|| self.random.pick(&live).clone())
    }

    fn any(&mut self) -> Option<(MandateTerms, usize)> {
        let all = &self.sealing.mandates;
        (!all.is_empty()).then(|| self.random.pick(all).clone())
    }

    /// A program orders, more than is left if it likes: counting is the enclave's.
    fn orders(&mut self) -> Option<Command> {
        let (terms, program) = self.live()?;
        self.ordered(&terms, program, 0).map(Command::Seal)
    }

    /// An order with its number, or one so far beside it.
    fn ordered(&mut self, terms: &MandateTerms, program: usize, beside: i64) -> Option<Seal> {
        let mandate = mandate_id(&terms.to_bytes());
        let number = self.world.mandate(mandate).map_or(1, |status| status.next_number);
        let hashes = (0..=self.random.below(3)).map(|_| hash()).collect();
        let order = self.world.order(mandate, number.saturating_add_signed(beside), hashes);
        let organization = &self.sealing.organization;
        self.world.ordered(&organization.key, &order, &organization.programs[program])
    }

    /// An approver or an officer ends a mandate.
    fn ends(&mut self) -> Command {
        let Some((terms, _)) = self.live() else { return self.grants() };
        let mandate = mandate_id(&terms.to_bytes());
        let key = self.sealing.organization.key.clone();
        let by = if self.random.one_in(2) {
            self.world.end_by_officer(mandate)
        } else {
            let who = u32::try_from(1 + self.random.below(3)).unwrap();
            self.world.end_by_approver(&self.on, &key, mandate, who)
        };
        Command::EndMandate(self.world.end_request(&key, mandate, by))
    }

    /// What nobody of the organization sent.
    pub(super) fn seal_forged(&mut self) -> Option<Command> {
        match self.random.below(12) {
            0 => self.other_approvals().map(Command::GrantMandate),
            1 => self.too_few().map(Command::GrantMandate),
            2 => self.strangers_approval().map(Command::GrantMandate),
            3 => self.renumbered().map(Command::Seal),
            4 => self.other_mandate().map(Command::Seal),
            5 => self.other_program().map(Command::Seal),
            6 => self.beside_the_number().map(Command::Seal),
            7 => self.later_record().map(Command::Seal),
            8 => self.strangers_end(),
            9 => self.under_the_hosts_mandate().map(Command::Seal),
            10 => Some(self.signs_with_seal_key()),
            _ => self.seals_with_signing_key().map(Command::Seal),
        }
    }

    /// Approvals that went by, for terms of the host's own or of another mandate.
    fn other_approvals(&mut self) -> Option<GrantMandate> {
        let went_by = self.went_by_grant()?;
        let (terms, _) = if self.random.one_in(2) { self.any()? } else { self.hosts_terms() };
        Some(self.world.grant_with(&self.sealing.organization.key, &terms, went_by.approvals))
    }

    fn went_by_grant(&self) -> Option<GrantMandate> {
        self.pool.iter().rev().find_map(|command| match command {
            Command::GrantMandate(request) => Some(request.clone()),
            _ => None,
        })
    }

    /// Terms that name the host's program. The approvers never see them.
    fn hosts_terms(&mut self) -> (MandateTerms, usize) {
        let own = ScaKey::generate(&mut UnwrapErr(SysRng));
        let (terms, program) = self.new_terms();
        (MandateTerms { sca_key: own.spki(), count: 1000, ..terms }, program)
    }

    /// One approver alone, or one twice, over terms that the others have not seen.
    fn too_few(&mut self) -> Option<GrantMandate> {
        let (terms, program) = self.new_terms();
        let key = self.sealing.organization.key.clone();
        let who: &[u32] = if self.random.one_in(2) { &[2] } else { &[1, 1] };
        let request = self.world.grant_request(&self.on, &key, &terms, who);
        self.remember(terms, program);
        Some(request)
    }

    /// One approver, and the host in the place of another.
    fn strangers_approval(&mut self) -> Option<GrantMandate> {
        let (terms, program) = self.new_terms();
        let key = self.sealing.organization.key.clone();
        let mut request = self.world.grant_request(&self.on, &key, &terms, &[1]);
        let challenge = self.world.approver_challenge(&key, 2, Purpose::Mandate);
        let hashes = [mandate_hash(SHA256, &terms.to_bytes())];
        let wanted = sad_request(&key.id, &key.spki, Purpose::Mandate, &hashes);
        let sad = self.on.build_sad_for(MeansProfile::Passkey, &challenge, wanted).ok()?;
        let own = own_answer(MeansProfile::Passkey, &challenge, &sad_digest(&sad.to_bytes()))?;
        let sealed = self.on.seal(&sad, own, &mut UnwrapErr(SysRng)).ok()?;
        request.approvals.push(codec::encode(&sealed).into());
        self.remember(terms, program);
        Some(request)
    }

    fn went_by_order(&mut self) -> Option<Seal> {
        let all: Vec<_> = self.pool.iter().filter(|c| matches!(c, Command::Seal(_))).collect();
        match (!all.is_empty()).then(|| *self.random.pick(&all)) {
            Some(Command::Seal(request)) => Some(request.clone()),
            _ => None,
        }
    }

    /// An order that went by, under another number; the host signs it, or leaves the signature as it was.
    fn renumbered(&mut self) -> Option<Seal> {
        let mut request = self.went_by_order()?;
        let mut signed: SignedOrder = codec::decode(request.order.as_slice()).ok()?;
        let mut order: SealOrder = codec::decode(signed.order.as_slice()).ok()?;
        order.number = self.world.mandate(order.mandate).map_or(1, |status| status.next_number);
        signed.order = codec::encode(&order).into();
        if self.random.one_in(2) {
            signed = ScaKey::generate(&mut UnwrapErr(SysRng)).sign(&order);
        }
        request.order = codec::encode(&signed).into();
        Some(request)
    }

    /// An order that went by, with the record of another mandate.
    fn other_mandate(&mut self) -> Option<Seal> {
        let request = self.went_by_order()?;
        let (terms, _) = self.any()?;
        let mut mandate = self.world.mandate_record(&mandate_id(&terms.to_bytes()))?;
        if self.random.one_in(2) {
            mandate.id = request.mandate.id.clone();
        }
        Some(Seal { mandate, ..request })
    }

    /// A program orders under a mandate of the other's.
    fn other_program(&mut self) -> Option<Seal> {
        let (terms, program) = self.any()?;
        self.ordered(&terms, 1 - program, 0)
    }

    /// A program has lost count.
    fn beside_the_number(&mut self) -> Option<Seal> {
        let (terms, program) = self.any()?;
        let beside = *self.random.pick(&[-1, 1, 2]);
        self.ordered(&terms, program, beside)
    }

    /// An order with a record of the key from before it could seal.
    fn later_record(&mut self) -> Option<Seal> {
        let request = self.went_by_order()?;
        Some(Seal { record: self.sealing.organization.key.former.clone(), ..request })
    }

    /// A mandate of the host's own making: no approver signed it, and there is no record of it.
    fn under_the_hosts_mandate(&mut self) -> Option<Seal> {
        let own = ScaKey::generate(&mut UnwrapErr(SysRng));
        let (terms, _) = self.hosts_terms();
        let terms = MandateTerms { sca_key: own.spki(), ..terms };
        let order = self.world.order(mandate_id(&terms.to_bytes()), 1, vec![hash()]);
        let (record, _) = self.any()?;
        let record = mandate_id(&record.to_bytes());
        self.world.carried(&self.sealing.organization.key, own.sign(&order), &record)
    }

    /// Somebody who says to be the officer, or an approver's word for something else.
    fn strangers_end(&mut self) -> Option<Command> {
        let (terms, _) = self.any()?;
        let mandate = mandate_id(&terms.to_bytes());
        let by = if self.random.one_in(2) {
            let stranger = Person::new(self.world.officer.id.as_str());
            EndedBy::Officer(stranger.state(&self.world.ending(mandate)))
        } else {
            EndedBy::Approver(self.went_by_grant()?.approvals.first()?.clone())
        };
        Some(Command::EndMandate(self.world.end_request(&self.sealing.organization.key, mandate, by)))
    }

    /// An approver's word as if it were a signer's.
    fn signs_with_seal_key(&mut self) -> Command {
        let key = self.sealing.organization.key.clone();
        let digest: Blob = hash();
        let evidence = self.world.approval(&self.on, &key, 1, Purpose::Mandate, &digest);
        let record = self.world.record(&key.id);
        Command::Authorize(Authorize {
            credential: key.id,
            evidence,
            hashes: Some(vec![digest]),
            hash_algorithm: Some(SHA256),
            count: 1,
            record,
        })
    }

    /// An order with the key of a signer.
    fn seals_with_signing_key(&mut self) -> Option<Seal> {
        let request = self.went_by_order()?;
        let key = self.key();
        let record = self.world.record(&key.id);
        Some(Seal { credential: key.id, record, ..request })
    }
}
