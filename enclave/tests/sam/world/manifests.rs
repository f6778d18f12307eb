//! Place: none. Manifests, the first and those that follow, as officers sign them.

use super::*;
use fuin_shared::ids::PersonId;
use fuin_shared::manifest::{Auditor, ManifestApproval, Staff, manifest_hash};

impl World {
    /// Another first manifest, signed by these under these names; nothing is installed yet.
    pub fn found_with(&mut self, change: impl FnOnce(&mut Manifest), signers: &[(&PersonId, &Person)]) {
        let first: SignedManifest = codec::decode(self.signed_manifest.as_slice()).unwrap();
        let mut manifest: Manifest = codec::decode(first.manifest.as_slice()).unwrap();
        change(&mut manifest);
        let octets = codec::encode(&manifest);
        let message = SignedManifest::message(&octets);
        let signed = signers.iter().map(|(officer, person)| OfficerSignature {
            officer: (*officer).clone(),
            signature: person.sign(&message),
        });
        let signatures = signed.collect();
        self.service = service_id(&octets);
        self.signed_manifest = codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into();
    }

    /// Another first manifest, signed by the officer.
    pub fn found_by(&mut self, change: impl FnOnce(&mut Manifest)) {
        let officer = Person::new("officer", 11);
        self.found_with(change, &[(&officer.id, &officer)]);
    }

    /// With an operator and an auditor, who are returned.
    pub fn staffed(seed: u8) -> (Self, [Person; 2]) {
        let mut world = Self::new(seed.into());
        let staff = [Person::new("operator", 17), Person::new("auditor", 18)];
        let listed = staff.each_ref().map(|p| Staff { id: p.id.clone(), key: p.spki() });
        world.found_by(|manifest| {
            let [operator, Staff { id, key }] = listed;
            let auditor = Auditor { id, key, sealing: None };
            (manifest.operators, manifest.auditors) = (vec![operator], vec![auditor]);
        });
        (world, staff)
    }

    /// The current manifest, one version newer, changed.
    pub fn draft(&self, change: impl FnOnce(&mut Manifest)) -> Blob {
        let mut manifest = self.current().0;
        manifest.version += 1;
        change(&mut manifest);
        codec::encode(&manifest).into()
    }

    /// What an officer says to a draft.
    pub fn manifest_approval(&mut self, draft: &Blob) -> ManifestApproval {
        ManifestApproval {
            service: self.service,
            ledger: self.ledger.as_ref().map(|l| l.origin.clone()).unwrap_or_default(),
            previous: self.current().1,
            manifest: manifest_hash(draft.as_slice()),
            statement: self.statement_id(),
            not_after: self.seconds() + 600,
        }
    }

    /// A draft with the approvals of these.
    pub fn approved_by(&mut self, draft: &Blob, officers: &[&Person]) -> ManifestChange {
        let approvals = officers.iter().map(|officer| officer.state(&self.manifest_approval(draft)));
        let approvals = approvals.collect();
        ManifestChange { manifest: draft.clone(), approvals }
    }

    /// A draft with the officer's approval.
    pub fn approved(&mut self, change: impl FnOnce(&mut Manifest)) -> ManifestChange {
        let draft = self.draft(change);
        let officer = Person::new("officer", 11);
        self.approved_by(&draft, &[&officer])
    }

    pub fn change(&mut self, change: ManifestChange) -> Result<ManifestChanged, Fault> {
        match self.call(Command::ChangeManifest(change))? {
            Answer::ManifestChanged(changed) => Ok(changed),
            other => panic!("{other:?}"),
        }
    }

    /// The manifest that evidence names; the bundle must carry that one.
    pub fn evident_manifest(&mut self) -> ManifestHash {
        let Ok(Answer::Evidence(bundle)) = self.call(Command::GetEvidence(GetEvidence { nonce: None }))
        else {
            panic!("no evidence")
        };
        evident_manifest(&bundle)
    }
}

/// The manifest that a bundle names and carries.
pub fn evident_manifest(bundle: &Blob) -> ManifestHash {
    use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
    let bundle: EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
    let statement: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
    let carried: SignedManifest = codec::decode(bundle.manifest.as_slice()).unwrap();
    assert_eq!(carried.hash(), statement.manifest);
    statement.manifest
}
