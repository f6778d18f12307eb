//! Place: SSA. Approvals that wait until the officers' quorum is complete.

use fuin_shared::bytes::Blob;
use fuin_shared::ids::{InstanceId, PersonId};
use fuin_shared::statement::GenesisApproval;
use std::collections::BTreeMap;

/// Approvals of the genesis of one boot, at most one of each officer.
#[derive(Default)]
pub(super) struct Approvals {
    instance: Option<InstanceId>,
    given: BTreeMap<PersonId, Given>,
}

struct Given {
    statement: Blob,
    not_after: u64,
}

impl Approvals {
    /// Keeps one; those of another boot, and those that ended, are forgotten.
    pub(super) fn put(&mut self, officer: PersonId, statement: Blob, body: &GenesisApproval, now: u64) {
        self.forget_stale(body.instance, now);
        self.given.insert(officer, Given { statement, not_after: body.not_after });
    }

    /// Whose approvals wait for this boot.
    pub(super) fn officers(&mut self, instance: InstanceId, now: u64) -> Vec<PersonId> {
        self.forget_stale(instance, now);
        self.given.keys().cloned().collect()
    }

    /// The approvals.
    pub(super) fn statements(&self) -> Vec<Blob> {
        self.given.values().map(|given| given.statement.clone()).collect()
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, officer: &PersonId) {
        self.given.remove(officer);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.given.clear();
    }

    fn forget_stale(&mut self, instance: InstanceId, now: u64) {
        if self.instance.replace(instance) != Some(instance) {
            self.given.clear();
        }
        self.given.retain(|_, given| now < given.not_after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::ids::{ManifestHash, ServiceId, StatementId};

    #[test]
    fn approvals_of_another_boot_or_past_their_end_are_forgotten() {
        let body = |instance, not_after| GenesisApproval {
            service: ServiceId([1; 32]),
            instance: InstanceId([instance; 32]),
            manifest: ManifestHash([1; 32]),
            statement: StatementId([1; 16]),
            not_after,
        };
        let id = |name| PersonId::new(name).unwrap();
        let mut approvals = Approvals::default();
        approvals.put(id("ada"), Blob::default(), &body(1, 10), 0);
        approvals.put(id("ben"), Blob::default(), &body(1, 20), 0);
        approvals.put(id("ben"), Blob::default(), &body(1, 20), 0);
        assert_eq!(approvals.officers(InstanceId([1; 32]), 9), [id("ada"), id("ben")]);
        assert_eq!(approvals.officers(InstanceId([1; 32]), 10), [id("ben")]);
        assert_eq!(approvals.statements().len(), 1);
        assert!(approvals.officers(InstanceId([2; 32]), 9).is_empty());
    }
}
