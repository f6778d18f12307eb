//! Place: none. From a boot to an operational enclave, as officer and custodian do it.

use super::*;

impl World {
    /// Installs the first manifest and those that were adopted, as an honest host does.
    pub fn install(&mut self) -> Result<Answer, Fault> {
        let installed = self.install_first()?;
        for change in self.store.manifests.clone() {
            self.call(Command::FollowManifest(change))?;
        }
        Ok(installed)
    }

    pub fn install_first(&mut self) -> Result<Answer, Fault> {
        let signed = self.signed_manifest.clone();
        self.call(Command::InstallManifest(InstallManifest { first: signed.clone(), current: signed }))
    }

    /// The newest manifest that was adopted, and its hash.
    pub fn current(&self) -> (Manifest, ManifestHash) {
        let first: SignedManifest = codec::decode(self.signed_manifest.as_slice()).unwrap();
        let newest = self.store.manifests.last().map_or(first, ManifestChange::as_signed);
        (newest.parse().unwrap(), newest.hash())
    }

    pub fn approval(&mut self) -> GenesisApproval {
        GenesisApproval {
            service: self.service,
            instance: self.machine.instance(),
            manifest: self.current().1,
            statement: self.statement_id(),
            not_after: self.seconds() + 60,
        }
    }

    pub fn begin_genesis(&mut self) -> Result<GenesisShares, Fault> {
        let approval = self.approval();
        let approvals = vec![self.officer.state(&approval)];
        match self.call(Command::Genesis(Genesis { approvals }))? {
            Answer::GenesisShares(shares) => Ok(shares),
            other => panic!("{other:?}"),
        }
    }

    pub fn receipt(&self, shares: &GenesisShares) -> ShareReceipt {
        ShareReceipt {
            service: self.service,
            instance: self.machine.instance(),
            commitment: shares.commitment,
            share: Digest32(Sha256::digest(codec::encode(&shares.shares[0])).into()),
        }
    }

    pub fn genesis(&mut self) -> Result<(), Fault> {
        let shares = self.begin_genesis()?;
        let receipts = vec![self.custodian.person.state(&self.receipt(&shares))];
        let answer = self.call(Command::ConfirmGenesis(ConfirmGenesis { receipts }))?;
        self.held.share = Some((shares.shares[0].clone(), shares.commitment));
        self.became_operational(answer);
        Ok(())
    }

    pub fn became_operational(&mut self, answer: Answer) {
        let Answer::Operational { ledger, checkpoint } = answer else { panic!("{answer:?}") };
        self.ledger = Some(ledger);
        self.held.seen = Some(checkpoint);
    }

    pub fn share(&self) -> (Vec<u8>, fuin_shared::ids::RootCommitment) {
        self.opened_share(self.held.share.as_ref().unwrap())
    }

    fn opened_share(
        &self,
        (share, commitment): &(CustodianShare, fuin_shared::ids::RootCommitment),
    ) -> (Vec<u8>, fuin_shared::ids::RootCommitment) {
        let aad = share_aad(&self.service, commitment, &share.custodian);
        let sealed = &share.sealed;
        let open = self.custodian.opening.open(
            SHARE_TO_CUSTODIAN,
            &aad,
            sealed.encapsulated.as_slice(),
            sealed.ciphertext.as_slice(),
        );
        (open.unwrap().to_vec(), *commitment)
    }

    pub fn sealed_share(&mut self, share: &[u8], commitment: &fuin_shared::ids::RootCommitment) -> Blob {
        let instance = self.instance_keys();
        let aad = share_aad(&self.service, commitment, &self.custodian.person.id);
        let sealed =
            seal_to(instance.hpke.as_slice(), SHARE_TO_INSTANCE, &aad, share, &mut self.rng).unwrap();
        codec::encode(&sealed).into()
    }

    pub fn share_statement(
        &self,
        sealed: &Blob,
        commitment: fuin_shared::ids::RootCommitment,
    ) -> ShareStatement {
        ShareStatement {
            service: self.service,
            instance: self.machine.instance(),
            manifest: self.current().1,
            commitment,
            newest_checkpoint: self.held.seen.clone(),
            sealed: Digest32(Sha256::digest(sealed.as_slice()).into()),
        }
    }

    /// What an honest custodian does at a boot.
    pub fn provide(&mut self) -> Result<(), Fault> {
        let share = self.held.share.clone().unwrap();
        let former = self.held.former.clone();
        let answer = self.give(&share, former.as_ref())?;
        self.became_operational(answer);
        Ok(())
    }

    /// A share, and another that may go along.
    pub fn give(
        &mut self,
        share: &(CustodianShare, fuin_shared::ids::RootCommitment),
        other: Option<&(CustodianShare, fuin_shared::ids::RootCommitment)>,
    ) -> Result<Answer, Fault> {
        let (statement, sealed) = self.given(share);
        let other = other.map(|other| {
            let (statement, sealed) = self.given(other);
            OtherShare { statement, sealed }
        });
        self.call(Command::ProvideShare(ProvideShare { statement, sealed, other }))
    }

    fn given(&mut self, held: &(CustodianShare, fuin_shared::ids::RootCommitment)) -> (Blob, Blob) {
        let (share, commitment) = self.opened_share(held);
        let sealed = self.sealed_share(&share, &commitment);
        (self.custodian.person.state(&self.share_statement(&sealed, commitment)), sealed)
    }

    pub fn instance_keys(&mut self) -> fuin_shared::evidence::InstanceKeys {
        let Ok(Answer::Evidence(bundle)) = self.call(Command::GetEvidence(GetEvidence { nonce: None }))
        else {
            panic!("no evidence")
        };
        let bundle: fuin_shared::evidence::EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
        let statement: fuin_shared::evidence::EvidenceStatement =
            codec::decode(bundle.statement.as_slice()).unwrap();
        if self.platform.is_none() {
            assert_eq!(bundle.document.as_slice(), statement.user_data().as_ref());
        }
        statement.instance
    }
}
