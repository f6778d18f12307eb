//! Place: SAM. From boot to a founded or provisioned service: manifest, genesis, shares.

use super::{Machine, Stage, refuse};
use crate::ceremony::genesis::PendingGenesis;
use crate::ceremony::new_epoch::PlannedEpoch;
use crate::ceremony::provision::{Provision, Provisioned};
use crate::ledger::journal::{Entry, Journal};
use crate::ledger::keys::LedgerKeys;
use crate::platform::clock::Millis;
use crate::sam::evidence::Facts;
use crate::sam::operational::Operational;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, ServiceContext, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::ids::LedgerId;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::log::state::LedgerName;
use fuin_shared::log::state::State;
use fuin_shared::log::tree::Frontier;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{Answer, CeremonyStatus, ConfirmGenesis, Genesis, InstallManifest, ProvideShare};
use fuin_shared::new_epoch::NewEpoch;
use fuin_shared::role::Role;
use rand_core::CryptoRng;

impl Machine {
    pub(super) fn install(&mut self, ticket: Ticket, command: &InstallManifest) -> Result<Effect, Fault> {
        if matches!(self.stage, Stage::Sealing { .. }) {
            return Err(Fault::WrongPhase);
        }
        let context = ServiceContext::install(command)?;
        let service = context.service;
        self.stage = Stage::Sealing { ticket, context: Box::new(context) };
        Ok(Effect::SealIdentity(service))
    }

    /// PCR16 can be written once; when that fails, this boot can serve nobody.
    pub(super) fn identity_sealed(&mut self, result: Result<(), Fault>) -> Option<Effect> {
        let Stage::Sealing { ticket, context } = std::mem::replace(&mut self.stage, Stage::Halted) else {
            return None;
        };
        if let Err(fault) = result {
            return Some(refuse(ticket, fault));
        }
        let service = context.service;
        self.context = Some(*context);
        self.stage = Stage::Uninitialized { genesis: None, provision: Provision::default() };
        Some(Effect::Reply { ticket, result: Ok(Answer::ManifestInstalled { service }) })
    }

    /// The next manifest of the chain. What the ledger has adopted shows when it has been replayed; nothing that was given
    /// under the manifest before may serve under this one.
    pub(super) fn follow(&mut self, ticket: Ticket, change: &ManifestChange) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis: None, provision } = &mut self.stage else {
            return Err(Fault::WrongPhase);
        };
        let (next, _) = context.succeed(change)?;
        let manifest = next.hash;
        *provision = Provision::default();
        (self.context, self.planned) = (Some(next), None);
        Ok(Effect::Reply { ticket, result: Ok(Answer::ManifestFollowed { manifest }) })
    }

    /// A new epoch instead of the boot that the lost witnesses would have to cosign; the shares that follow begin it.
    pub(super) fn plan_epoch(&mut self, ticket: Ticket, command: NewEpoch) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis: None, .. } = &self.stage else { return Err(Fault::WrongPhase) };
        let planned = PlannedEpoch::new(context, &self.instance, command)?;
        let epoch = planned.epoch();
        self.planned = Some(Box::new(planned));
        Ok(Effect::Reply { ticket, result: Ok(Answer::EpochPlanned { epoch }) })
    }

    pub(super) fn genesis(
        &mut self,
        ticket: Ticket,
        command: &Genesis,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        // A later manifest becomes current by an event of a ledger that there is not yet.
        if !context.is_first() {
            return Err(Fault::ManifestNotAdopted);
        }
        context.check_image(&self.boot.measurement)?;
        // Nor is there a ledger of which an epoch could begin.
        if self.planned.is_some() {
            return Err(Fault::WrongPhase);
        }
        let pending = PendingGenesis::begin(context, &self.instance, &command.approvals, now.0 / 1000, rng)?;
        let shares = pending.shares().clone();
        self.facts.commitment = Some(shares.commitment);
        self.facts.genesis = true;
        *genesis = Some(pending);
        Ok(Effect::Reply { ticket, result: Ok(Answer::GenesisShares(shares)) })
    }

    pub(super) fn confirm(
        &mut self,
        ticket: Ticket,
        command: &ConfirmGenesis,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        let pending = genesis.as_mut().ok_or(Fault::GenesisPending)?;
        pending.confirm(context, &self.instance, &command.receipts)?;
        let confirmed = genesis.take().ok_or(Fault::GenesisPending)?.finish();
        let mut ledger = [0; 16];
        rng.fill_bytes(&mut ledger);
        let name = LedgerName { ledger: LedgerId(ledger), shard: 0, epoch: 0 };
        let keys = LedgerKeys::derive(confirmed.root, &context.manifest.ledger_prefix, name)?;
        let body = EventBody::Genesis {
            service: context.service,
            manifest: context.hash,
            ledger: name.ledger,
            shard: name.shard,
            epoch: name.epoch,
            commitment: confirmed.commitment,
            approvals: confirmed.approvals,
        };
        self.facts = Facts {
            ledger: Some(keys.identity.clone()),
            commitment: Some(confirmed.commitment),
            epoch: None,
            rotation: None,
            genesis: false,
        };
        let identity = keys.identity.clone();
        let mut journal = Journal::new(keys, State::default(), Frontier::new(), None);
        if let Some(witnesses) = context.cosigners()? {
            journal.wait_for(witnesses);
        }
        journal.seal_details_to(&context.manifest, rng)?;
        let entry = Entry::new(body, Detail::default().by_each(Role::Officer, &confirmed.officers));
        journal.append(entry, now, Withheld { ticket, result: Outcome::Operational(identity) })?;
        self.stage = Stage::Starting(Box::new(Operational::new(journal, rng)));
        Ok(())
    }

    pub(super) fn provide(&mut self, ticket: Ticket, command: &ProvideShare) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { provision, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        match provision.accept(context, &self.boot.keys, &self.instance, command)? {
            Err(missing) => Ok(Effect::Reply { ticket, result: Ok(Answer::ShareAccepted { missing }) }),
            Ok(provisioned) => Ok(self.provisioned(ticket, provisioned)),
        }
    }

    /// The root key is here, or both are: now the ledger is read.
    pub(super) fn provisioned(&mut self, ticket: Ticket, provisioned: Provisioned) -> Effect {
        // Which of several is the current one, the ledger says.
        self.facts.commitment =
            provisioned.roots.keys().next().copied().filter(|_| provisioned.roots.len() == 1);
        self.facts.genesis = false;
        self.stage = Stage::AskingHead { ticket, provisioned };
        Effect::AskHead
    }

    /// How far the ceremony is. Nothing in it is secret: shares are sealed to their custodians.
    pub(super) fn ceremony_status(&self, now: Millis) -> Result<CeremonyStatus, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let threshold = context.manifest.share_threshold;
        match &self.stage {
            Stage::Uninitialized { genesis, provision } => Ok(CeremonyStatus {
                genesis: genesis.as_ref().map(|genesis| genesis.shares().clone()),
                receipts_missing: genesis.iter().flat_map(PendingGenesis::missing).cloned().collect(),
                shares: provision.custodians().cloned().collect(),
                shares_missing: provision.missing(threshold),
                epoch: self.planned.as_ref().map(|planned| planned.epoch()),
                roots: provision.roots(threshold),
                rotation: None,
            }),
            Stage::Operational(operational) => Ok(CeremonyStatus {
                genesis: None,
                receipts_missing: Vec::new(),
                shares: Vec::new(),
                shares_missing: 0,
                epoch: None,
                roots: Vec::new(),
                rotation: self.rotation_status(context, operational.journal.state(), now).map(Box::new),
            }),
            _ => Err(Fault::WrongPhase),
        }
    }
}
