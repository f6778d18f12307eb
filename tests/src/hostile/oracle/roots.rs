//! Place: none. What officers and custodian said of root keys, and the judgement of every rotation: by the answers, and by the events
//! in the ledger, since answers are lost.

use super::said::event;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{InstanceId, ManifestHash, PersonId, RootCommitment, StatementId};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{GenesisShares, Receipt};
use fuin_shared::rotation::{RotateRoot, RotationApproval, RotationPlan, ShareDeletion};
use fuin_shared::statement::SignedStatement;
use std::collections::{BTreeMap, BTreeSet};

/// All that is known of root keys.
#[derive(Default)]
pub struct Roots {
    /// What the officer ordered.
    orders: BTreeMap<StatementId, RotationPlan>,
    /// Bodies of the orders to the present boot.
    live: BTreeSet<Blob>,
    /// Who may have shares.
    custodians: BTreeSet<PersonId>,
    /// Root keys whose share the custodian signed for.
    receipts: BTreeSet<RootCommitment>,
    /// The custodian's statements that a share is deleted: of which root key.
    deletions: BTreeMap<StatementId, RootCommitment>,
    /// Shares that came out and that nobody has looked at yet.
    pub shared: Vec<GenesisShares>,
    /// Events about which something was said.
    told: BTreeSet<Vec<u8>>,
}

/// What the fold of the ledger knows where a root key takes over.
#[derive(Default)]
struct Place {
    boot: Option<InstanceId>,
    current: Option<RootCommitment>,
    /// The root key before, until it is erased; whether the ledger says that it is unused.
    former: Option<(RootCommitment, bool)>,
    spent: BTreeSet<StatementId>,
}

impl Roots {
    /// The officer ordered this.
    pub fn ordered(&mut self, approval: &RotationApproval) {
        self.live.insert(codec::encode(approval).into());
        self.orders.insert(approval.statement, approval.plan.clone());
    }

    /// This custodian is one of the service's.
    pub fn custodian(&mut self, id: &PersonId) {
        self.custodians.insert(id.clone());
    }

    /// The custodian signed for the share of this root key.
    pub fn received(&mut self, commitment: RootCommitment) {
        self.receipts.insert(commitment);
    }

    /// The custodian deleted a share.
    pub fn deleted(&mut self, said: &SignedStatement) {
        let deletion: ShareDeletion = codec::decode(said.body.as_slice()).unwrap();
        self.deletions.insert(deletion.statement, deletion.commitment);
    }

    /// A new boot: orders to the one before are of no more use.
    pub(super) fn rebooted(&mut self) {
        self.live.clear();
        self.shared.clear();
    }

    /// Shares of a new root key came out: on the officer's order, one for each custodian, and none for anybody else.
    pub(super) fn shared_out(&mut self, request: &RotateRoot, shares: &GenesisShares) -> Result<(), String> {
        let ordered = |octets: &Blob| {
            codec::decode::<SignedStatement>(octets.as_slice())
                .is_ok_and(|signed| self.live.contains(&signed.body))
        };
        if request.approvals.is_empty() || !request.approvals.iter().all(ordered) {
            return Err("a new root key on an order that the officer did not give to this boot".to_owned());
        }
        let named: Vec<_> = shares.shares.iter().map(|share| &share.custodian).collect();
        if named.len() != self.custodians.len() || !named.iter().all(|id| self.custodians.contains(*id)) {
            return Err("shares of a new root key for others than its custodians".to_owned());
        }
        self.shared.push(shares.clone());
        Ok(())
    }

    /// Another root key took over.
    pub(super) fn rotated(&self, commitment: RootCommitment, receipt: &Receipt) -> Result<(), String> {
        match event(receipt)?.body {
            EventBody::RootRotated { from, to, manifest, approvals, .. } if to == commitment => {
                self.ordered_to(None, from, to, manifest, &approvals)
            }
            _ => Err("a root key that took over under the event of something else".to_owned()),
        }
    }

    fn ordered_to(
        &self,
        boot: Option<InstanceId>,
        from: RootCommitment,
        to: RootCommitment,
        manifest: ManifestHash,
        approvals: &[StatementId],
    ) -> Result<(), String> {
        let meant = |statement: &StatementId| {
            self.orders.get(statement).is_some_and(|plan| {
                plan.commitment == from
                    && plan.manifest == manifest
                    && boot.is_none_or(|boot| plan.instance == boot)
            })
        };
        if approvals.is_empty() || !approvals.iter().all(meant) {
            return Err("a root key took over without the officer's order for exactly that".to_owned());
        }
        if !self.receipts.contains(&to) {
            return Err("a root key took over whose share the custodian did not sign for".to_owned());
        }
        Ok(())
    }

    /// The former root key is gone.
    pub(super) fn erased(&self, receipt: &Receipt) -> Result<(), String> {
        match event(receipt)?.body {
            EventBody::RootErased { commitment, deletions } => self.gone(&commitment, &deletions),
            _ => Err("a root key erased under the event of something else".to_owned()),
        }
    }

    /// There is one custodian, whose deletion is needed.
    fn gone(&self, commitment: &RootCommitment, deletions: &[StatementId]) -> Result<(), String> {
        let real = |statement: &StatementId| self.deletions.get(statement) == Some(commitment);
        if deletions.len() != 1 || !deletions.iter().all(real) {
            return Err("a root key erased without the word of the custodian who has its share".to_owned());
        }
        Ok(())
    }

    /// Looks at what this ledger, the honest one, says of root keys; each event is complained of once.
    pub(super) fn read(&mut self, entries: &[Vec<u8>]) -> Vec<String> {
        let (mut place, mut found) = (Place::default(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            let Ok(event) = codec::decode::<Event>(entry) else { continue };
            if let Err(why) = self.event(&mut place, &event.body)
                && self.told.insert(entry.clone())
            {
                found.push(format!("event {index}: {why}"));
            }
        }
        found
    }

    fn event(&self, place: &mut Place, body: &EventBody) -> Result<(), String> {
        match body {
            EventBody::Genesis { commitment, .. } => place.current = Some(*commitment),
            EventBody::Boot { instance, .. } => place.boot = Some(*instance),
            EventBody::RootRotated { from, to, manifest, approvals, .. } => {
                let follows = place.current == Some(*from) && place.former.is_none();
                let anew = approvals.iter().all(|one| place.spent.insert(*one));
                (place.former, place.current) = (Some((*from, false)), Some(*to));
                // The boot of the genesis has no event of its own.
                self.ordered_to(place.boot, *from, *to, *manifest, approvals)?;
                return match (follows, anew) {
                    (true, true) => Ok(()),
                    (false, _) => Err("a root key took over out of its turn".to_owned()),
                    (true, false) => {
                        Err("a root key took over on an order that was obeyed before".to_owned())
                    }
                };
            }
            EventBody::RootUnused { commitment } => {
                let former = place.former.replace((*commitment, true));
                if former != Some((*commitment, false)) {
                    return Err("a root key is called unused that is none before".to_owned());
                }
            }
            EventBody::RootErased { commitment, deletions } => {
                let former = place.former.take();
                self.gone(commitment, deletions)?;
                if former != Some((*commitment, true)) {
                    return Err("a root key was erased that was in use".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }
}
