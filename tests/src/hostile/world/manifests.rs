//! Place: none. Manifests, the first and those that follow, as the officer signs them.

use super::*;
use fuin_shared::manifest::{ManifestApproval, ManifestChange, manifest_hash};

impl World {
    /// Signed by the officer.
    #[must_use]
    pub fn sign_manifest(&self, manifest: &Manifest) -> Blob {
        let octets = codec::encode(manifest);
        let signature = self.officer.sign(&SignedManifest::message(&octets));
        let signatures = vec![OfficerSignature { officer: self.officer.id.clone(), signature }];
        codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into()
    }

    /// Installs the first manifest and those that were adopted.
    pub fn install(&self) -> Result<(), Refused> {
        let command = InstallManifest { first: self.signed.clone(), current: self.signed.clone() };
        self.call(Command::InstallManifest(command))?;
        let changes = self.host.state().store.manifests.clone();
        changes.into_iter().try_for_each(|change| self.call(Command::FollowManifest(change)).map(drop))
    }

    /// The current manifest, one version newer, changed and approved by the officer.
    pub fn approve_manifest(&self, change: impl FnOnce(&mut Manifest)) -> ManifestChange {
        let first: SignedManifest = codec::decode(self.signed.as_slice()).unwrap();
        let current = self.host.state().store.manifests.last().map_or(first, ManifestChange::as_signed);
        let mut next = current.parse().unwrap();
        next.version += 1;
        change(&mut next);
        let octets = codec::encode(&next);
        let approval = ManifestApproval {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            previous: current.hash(),
            manifest: manifest_hash(&octets),
            statement: StatementId(random()),
            not_after: now() + 60,
        };
        let approvals = vec![self.officer.state(&approval)];
        let manifest = Blob(octets);
        self.oracle.borrow_mut().manifests.push(manifest.clone());
        ManifestChange { manifest, approvals }
    }
}
