//! Place: none. Rotation of the root key (decision 0031) in the campaign's life: a step now and then, of honest officer, custodian
//! and host, with boots at any stage; and what the host makes of their words, of records, and of shares that were.

use super::Campaign;
use crate::hostile::attacks::refused_boot;
use crate::hostile::mutation::{mutate, octets, structure};
use crate::hostile::people::Person;
use crate::signer::random;
use fuin_custodian::Custodian;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{RootCommitment, StatementId};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Command, ConfirmGenesis, SealedRecord};
use fuin_shared::rotation::{
    EraseRoot, MAX_REWRAP, Rewrap, RotateRoot, RotationStage, RotationStatus, ShareDeletion,
};
use fuin_shared::statement::{ShareReceipt, SignedStatement};

/// Records in a batch that the host puts together by choice.
const BATCH: usize = 12;

impl Campaign {
    /// A step of a rotation, or its beginning. What is refused because the host's moves came between comes again.
    pub(super) fn turn(&mut self) {
        let status = self.world.rotation();
        match status {
            None => {
                if self.random.one_in(2) {
                    let order = self.world.order_rotation();
                    self.sends(order);
                }
            }
            Some(status) => match status.rotation.stage {
                RotationStage::Sharing => self.shares(&status),
                RotationStage::Rewrapping => self.feeds(),
                RotationStage::Deleting => self.deletes(),
            },
        }
        self.look_at_shares();
        self.turning = self.world.rotation().map(|status| status.rotation.stage);
    }

    fn sends(&mut self, command: Command) {
        self.keep(command.clone());
        let _ = self.world.call(command);
    }

    /// The custodian takes the new share; the host may keep the receipt back, for ever if a boot comes between.
    fn shares(&mut self, status: &RotationStatus) {
        // It is confirmed, and its event not released yet.
        let Some(shares) = &status.shares else { return };
        match self.world.accept_next(shares) {
            Ok(confirm) if self.random.one_in(3) => self.keep(confirm),
            Ok(confirm) => self.sends(confirm),
            Err(error) => self.wrong(&format!("the custodian refuses a share of the new root key: {error}")),
        }
        if self.random.one_in(2)
            && let Err(error) = self.world.learn()
        {
            self.wrong(&format!("the custodian refuses the enclave at work: {error}"));
        }
    }

    /// Records of the honest store: a batch of the host's choice, or all of them.
    fn feeds(&mut self) {
        if !self.random.one_in(4) {
            let batch = self.batch_of_records();
            return self.sends(batch);
        }
        if let Err(why) = self.world.rewrap() {
            self.report.lost += 1;
            self.wrong(&why);
        }
    }

    /// The custodian deletes; the host may keep the word back, and asks for it again.
    fn deletes(&mut self) {
        match self.world.delete_former() {
            Ok(erase) if self.random.one_in(2) => self.keep(erase),
            Ok(erase) => self.sends(erase),
            Err(error) => self.wrong(&format!("the custodian deletes no share: {error}")),
        }
    }

    /// What came out for the custodian must be for the custodian's key.
    fn look_at_shares(&mut self) {
        let all = std::mem::take(&mut self.world.oracle.borrow_mut().roots.shared);
        let Some(newest) = all.last() else { return };
        let waits = self.world.rotation().is_some_and(|status| {
            status.rotation.stage == RotationStage::Sharing && status.rotation.to == newest.commitment
        });
        if waits && let Err(error) = self.world.would_accept(newest) {
            self.report.unauthorized += 1;
            self.wrong(&format!(
                "unauthorized: shares of a new root key that are not the custodian's: {error}"
            ));
        }
    }

    fn wrong(&mut self, what: &str) {
        let exchange = self.count();
        self.report.findings.push(format!("{what}, exchange {exchange}"));
    }

    /// Records in any order, some of them repeated, old, altered or foreign.
    fn batch_of_records(&mut self) -> Command {
        let all: Vec<_> = self.world.host.state().store.records.values().cloned().collect();
        let (first, count) = (self.random.below(all.len()), 1 + self.random.below(BATCH));
        let mut records: Vec<_> =
            all.iter().cycle().skip(first).take(count.min(all.len())).cloned().collect();
        let place = self.random.below(records.len());
        match self.random.below(12) {
            0 => records.reverse(),
            1 => records.extend(records.clone()),
            2 => records.insert(place, self.key().former),
            3 => {
                let older = self.random.pick(&self.snapshots).store.records.values().cloned().collect();
                records = any_of(older, first, count);
            }
            4 => {
                let foreign = self.foreign.0.records.values().cloned().collect();
                records.splice(place..place, any_of(foreign, first, 1));
            }
            5 => records[place].version += 1,
            6 => records[place].id = self.key().id,
            7 => records = all.iter().cycle().take(MAX_REWRAP + 1).cloned().collect(),
            8 => {
                let (from, mut record) = (structure(&records[place]), structure(&records[place]));
                mutate(&mut record, &from, &mut self.random);
                if let Ok(altered) = codec::decode(&octets(&record)) {
                    records[place] = altered;
                }
            }
            _ => {}
        }
        Command::Rewrap(Rewrap { records })
    }

    /// What nobody said of root keys.
    pub(super) fn rotation_forged(&mut self) -> Command {
        // Mostly what could serve now.
        match self.turning.filter(|_| self.random.one_in(2)) {
            Some(RotationStage::Sharing) => return self.strangers_receipt(),
            Some(RotationStage::Rewrapping) => return self.batch_of_records(),
            Some(RotationStage::Deleting) => return self.strangers_deletion(),
            None => {}
        }
        match self.random.below(8) {
            0 => Command::RotateRoot(RotateRoot { approvals: self.few_approvals() }),
            1 => self.strangers_order(),
            2 | 3 => self.strangers_receipt(),
            4 => Command::ConfirmRotation(ConfirmGenesis { receipts: self.old_receipts() }),
            5 => self.batch_of_records(),
            _ => self.strangers_deletion(),
        }
    }

    /// None, or what was said before: to other boots, of other root keys, to other services.
    fn few_approvals(&mut self) -> Vec<Blob> {
        let old = self.pool.iter().filter_map(|command| match command {
            Command::RotateRoot(order) => Some(&order.approvals),
            Command::Genesis(genesis) => Some(&genesis.approvals),
            Command::ChangeManifest(change) => Some(&change.approvals),
            _ => None,
        });
        let old: Vec<Blob> = old.flatten().cloned().collect();
        if old.is_empty() || self.random.one_in(3) {
            return Vec::new();
        }
        (0..=self.random.below(2)).map(|_| self.random.pick(&old).clone()).collect()
    }

    /// The host's own order, under its own name or the officer's.
    fn strangers_order(&mut self) -> Command {
        let approval = self.world.rotation_approval();
        let name = if self.random.one_in(3) { "stranger" } else { self.world.officer.id.as_str() };
        let mut approvals = vec![Person::new(name).state(&approval)];
        if self.random.one_in(3) {
            // A good name over an order of its own.
            let mut moved: SignedStatement = codec::decode(approvals[0].as_slice()).unwrap();
            moved.signature = self.few_approvals().first().and_then(signature).unwrap_or(moved.signature);
            approvals = vec![codec::encode(&moved).into()];
        }
        Command::RotateRoot(RotateRoot { approvals })
    }

    /// Receipts that the custodian gave for other shares, and at the genesis.
    fn old_receipts(&mut self) -> Vec<Blob> {
        let old = self.pool.iter().filter_map(|command| match command {
            Command::ConfirmRotation(confirm) | Command::ConfirmGenesis(confirm) => Some(&confirm.receipts),
            _ => None,
        });
        let old: Vec<Blob> = old.flatten().cloned().collect();
        if old.is_empty() || self.random.one_in(4) {
            Vec::new()
        } else {
            vec![self.random.pick(&old).clone()]
        }
    }

    /// The true words for shares that the custodian has not seen, by the host.
    fn strangers_receipt(&mut self) -> Command {
        let shares = self.world.rotation().and_then(|status| status.shares);
        let first = shares.as_ref().and_then(|shares| Some((shares.commitment, shares.shares.first()?)));
        let Some((commitment, share)) = first else { return self.strangers_order() };
        let body = ShareReceipt {
            service: self.world.service,
            instance: self.world.host.state().instance.unwrap(),
            commitment,
            share: fuin_shared::ids::Digest32(
                fuin_shared::algorithm::HashAlgorithm::Sha256
                    .digest(&codec::encode(share))
                    .try_into()
                    .unwrap(),
            ),
        };
        let receipts = vec![Person::new(self.world.custodian.id().as_str()).state(&body)];
        Command::ConfirmRotation(ConfirmGenesis { receipts })
    }

    /// A deletion that was never made, or none.
    fn strangers_deletion(&mut self) -> Command {
        let (current, former) = self.roots();
        let deletion = ShareDeletion {
            service: self.world.service,
            commitment: former.unwrap_or(current),
            successor: current,
            statement: StatementId(random()),
        };
        let deletions = match self.random.below(6) {
            0 => Vec::new(),
            1 => vec![self.world.officer.state(&deletion)],
            2 => vec![Person::new("stranger").state(&deletion)],
            _ => vec![Person::new(self.world.custodian.id().as_str()).state(&deletion)],
        };
        Command::EraseRoot(EraseRoot { deletions })
    }

    /// The current root key, and the last one before it, by the honest ledger.
    fn roots(&self) -> (RootCommitment, Option<RootCommitment>) {
        let state = self.world.host.state();
        let named = state.store.entries.iter().rev().find_map(|entry| {
            match codec::decode::<Event>(entry).ok()?.body {
                EventBody::RootRotated { from, to, .. } => Some((to, Some(from))),
                EventBody::Genesis { commitment, .. } => Some((commitment, None)),
                _ => None,
            }
        });
        named.unwrap()
    }

    /// The host boots the enclave on the newest store with shares of a root key that another one replaced. None if no state of the
    /// custodian is that old.
    pub(super) fn boot_on_old_shares(&mut self) -> Option<Result<(), String>> {
        let (current, former) = self.roots();
        let older = self.snapshots.iter().filter_map(|one| Custodian::from_bytes(&one.custodian).ok());
        let older: Vec<_> = older.filter(|custodian| !custodian.has_share_of(&current)).collect();
        let older = older.into_iter().find(|custodian| custodian.root_commitment() == former)?;
        let newest = self.world.host.state().store.clone();
        let knows = std::mem::replace(&mut self.world.custodian, older);
        let outcome = refused_boot(&mut self.world, OLD_SHARES, newest, &[800]);
        self.world.custodian = knows;
        Some(outcome)
    }
}

/// Name of [`Campaign::boot_on_old_shares`].
pub(super) const OLD_SHARES: &str = "shares of a root key that another one replaced";

fn any_of(all: Vec<SealedRecord>, first: usize, count: usize) -> Vec<SealedRecord> {
    let (length, count) = (all.len().max(1), count.min(all.len()));
    all.iter().cycle().skip(first % length).take(count).cloned().collect()
}

fn signature(statement: &Blob) -> Option<Blob> {
    codec::decode::<SignedStatement>(statement.as_slice()).ok().map(|signed| signed.signature)
}
