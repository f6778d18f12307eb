//! Place: none. A seal credential with its approvers and its SCA, as an organization has them.

use super::*;
use fuin_shared::ids::MandateId;
use fuin_shared::seal::*;

pub const ORGANIZATION: &str = "example-kk";
pub const SEAL_SUBJECT: &str = "CN=Example Seal,2.5.4.97=NTRJP-1234567890123,O=Example K.K.,C=JP";

/// An organization whose seal credential two of three people approve.
pub struct Organization {
    pub id: CredentialId,
    pub spki: Vec<u8>,
    pub approvers: Vec<TestPasskey>,
    pub sca: Person,
}

impl Organization {
    fn of(key: KeyGenerated) -> Self {
        let approvers = [41, 42, 43].map(TestPasskey::new).into();
        Self { id: key.key, spki: key.spki.0, approvers, sca: Person::new("sca", 44) }
    }
}

/// The RA saw this passkey registered, and knows for whom the person may act.
pub fn registration(passkey: &TestPasskey) -> ApproverRegistration {
    ApproverRegistration {
        means: MeansProfile::Passkey,
        identity: Digest32([8; 32]),
        relying_party: Some(RELYING_PARTY.to_owned()),
        registration: passkey.register(&Digest32([0; 32])).registration().unwrap(),
    }
}

impl World {
    pub fn generate_seal_key(&mut self, subject: &str) -> Result<Organization, Fault> {
        let action = ManageAction::GenerateSealKey {
            user: UserId::new(ORGANIZATION).unwrap(),
            authority: CaId::new("test-ca").unwrap(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
            subject: subject.to_owned(),
        };
        let statement = self.manage(action, None);
        match self.call(Command::GenerateKey(self.signed_manage(&statement, None)))? {
            Answer::KeyGenerated(key) => Ok(Organization::of(key)),
            other => panic!("{other:?}"),
        }
    }

    /// The registration of an approver for the key, in the clear.
    pub fn registered(&mut self, organization: &Organization, passkey: &TestPasskey) -> Blob {
        let mut sad = self.sad(&organization.id, &organization.spki, Purpose::Link, Vec::new());
        sad.link = Some(LinkSubject {
            user: UserId::new(ORGANIZATION).unwrap(),
            authority: CaId::new("test-ca").unwrap(),
            identity: Digest32([8; 32]),
        });
        evidence(&sad, |digest| passkey.register(digest))
    }

    pub fn enrol_approvers(&mut self, organization: &Organization, threshold: u8) -> Result<Answer, Fault> {
        let registrations =
            organization.approvers.iter().map(|passkey| self.registered(organization, passkey)).collect();
        let approvers = organization.approvers.iter().map(registration).collect();
        let action = ManageAction::EnrolApprovers { approvers, threshold };
        let statement = self.manage(action, Some(&organization.id));
        let evidence = codec::encode(&ApproverEvidence { approvals: Vec::new(), registrations }).into();
        self.call(Command::LinkEid(self.signed_manage(&statement, Some(evidence))))
    }

    /// What an approver signs: a SAD of this purpose with this hash.
    pub fn sad_of(
        &mut self,
        organization: &Organization,
        passkey: &TestPasskey,
        purpose: Purpose,
        hash: Option<Blob>,
    ) -> Blob {
        let hashes = hash.into_iter().collect();
        let sad = self.sad(&organization.id, &organization.spki, purpose, hashes);
        evidence(&sad, |digest| passkey.assert(digest))
    }

    /// The same by these approvers, counted from 0.
    pub fn approvals(
        &mut self,
        organization: &Organization,
        who: &[usize],
        purpose: Purpose,
        hash: Option<&Blob>,
    ) -> Vec<Blob> {
        who.iter()
            .map(|at| self.sad_of(organization, &organization.approvers[*at], purpose, hash.cloned()))
            .collect()
    }

    fn approver_evidence(approvals: Vec<Blob>) -> Option<Blob> {
        Some(codec::encode(&ApproverEvidence { approvals, registrations: Vec::new() }).into())
    }

    pub fn sign_seal_request(&mut self, organization: &Organization, who: &[usize]) -> Result<Answer, Fault> {
        let statement = self.manage(pop_action(None), Some(&organization.id));
        let info = match self.call(Command::AuthorizePop(self.signed_manage(&statement, None)))? {
            Answer::RequestInfo(info) => info,
            other => panic!("{other:?}"),
        };
        let digest = HashAlgorithm::Sha256.digest(info.as_slice()).into();
        let approvals = self.approvals(organization, who, Purpose::Pop, Some(&digest));
        let statement = self.manage(pop_action(Some(info)), Some(&organization.id));
        let manage = self.signed_manage(&statement, Self::approver_evidence(approvals));
        self.call(Command::AuthorizePop(manage))
    }

    pub fn link_seal_certificate(
        &mut self,
        organization: &Organization,
        subject: &str,
    ) -> Result<Answer, Fault> {
        self.serial += 1;
        let certificate = self.ca.certify(&organization.spki, subject, self.serial);
        let certificates = vec![certificate.into(), self.ca.root.clone().into()];
        let statement = self.manage(ManageAction::LinkCert { certificates }, Some(&organization.id));
        self.call(Command::LinkCert(self.signed_manage(&statement, None)))
    }

    /// From nothing to `active`, two of three.
    pub fn organization(&mut self) -> Organization {
        let organization = self.generate_seal_key(SEAL_SUBJECT).unwrap();
        self.enrol_approvers(&organization, 2).unwrap();
        self.sign_seal_request(&organization, &[0, 2]).unwrap();
        self.link_seal_certificate(&organization, SEAL_SUBJECT).unwrap();
        organization
    }

    pub fn delete_seal_key(&mut self, organization: &Organization, who: &[usize]) -> Result<Answer, Fault> {
        let approvals = self.approvals(organization, who, Purpose::Delete, None);
        let statement = self.manage(ManageAction::DeleteKey {}, Some(&organization.id));
        let manage = self.signed_manage(&statement, Self::approver_evidence(approvals));
        self.call(Command::DeleteKey(manage))
    }

    /// Five seals in an hour, two in any minute.
    pub fn terms(&mut self, organization: &Organization) -> MandateTerms {
        let mut nonce = vec![0; 16];
        self.rng.fill_bytes(&mut nonce);
        MandateTerms {
            version: fuin_shared::seal::VERSION,
            service: self.service,
            credential: organization.id.clone(),
            spki: Digest32(Sha256::digest(&organization.spki).into()),
            nonce: nonce.into(),
            sca_key: organization.sca.spki(),
            document_class: "invoice".to_owned(),
            count: 5,
            not_before: self.seconds(),
            not_after: self.seconds() + 3600,
            rate: Rate { seals: 2, seconds: 60 },
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        }
    }

    pub fn grant_with(
        &mut self,
        organization: &Organization,
        terms: &MandateTerms,
        approvals: Vec<Blob>,
    ) -> Result<MandateId, Fault> {
        self.grant_request(organization, terms, approvals, None)
    }

    /// By two approvers, with evidence of the SCA's key.
    pub fn grant_proven(
        &mut self,
        organization: &Organization,
        terms: &MandateTerms,
        evidence: Option<ScaEvidence>,
    ) -> Result<MandateId, Fault> {
        let hash = mandate_hash(terms.hash_algorithm, &terms.to_bytes());
        let approvals = self.approvals(organization, &[0, 1], Purpose::Mandate, Some(&hash));
        self.grant_request(organization, terms, approvals, evidence)
    }

    pub fn grant_request(
        &mut self,
        organization: &Organization,
        terms: &MandateTerms,
        approvals: Vec<Blob>,
        evidence: Option<ScaEvidence>,
    ) -> Result<MandateId, Fault> {
        let request = GrantMandate {
            credential: organization.id.clone(),
            terms: terms.to_bytes().into(),
            approvals,
            record: self.store.records[&organization.id].clone(),
            evidence,
        };
        match self.call(Command::GrantMandate(request))? {
            Answer::MandateGranted { mandate, .. } => Ok(mandate),
            other => panic!("{other:?}"),
        }
    }

    pub fn grant(&mut self, organization: &Organization, terms: &MandateTerms) -> Result<MandateId, Fault> {
        self.grant_proven(organization, terms, None)
    }

    pub fn order(&self, mandate: MandateId, number: u64, hashes: Vec<Blob>) -> SealOrder {
        SealOrder {
            version: fuin_shared::seal::VERSION,
            service: self.service,
            mandate,
            number,
            expires: self.seconds() + 60,
            hashes,
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        }
    }

    pub fn seal_request(&self, organization: &Organization, order: &SealOrder, sca: &Person) -> Seal {
        let octets = codec::encode(order);
        let signature = sca.sign(&SignedStatement::message::<SealOrder>(&octets));
        Seal {
            credential: organization.id.clone(),
            order: codec::encode(&SignedOrder { order: octets.into(), signature }).into(),
            record: self.store.records[&organization.id].clone(),
            mandate: self.store.records[&mandate_record(&order.mandate)].clone(),
        }
    }

    pub fn seal_order(
        &mut self,
        organization: &Organization,
        order: &SealOrder,
    ) -> Result<(Vec<Blob>, Receipt), Fault> {
        let request = self.seal_request(organization, order, &organization.sca);
        match self.call(Command::Seal(request))? {
            Answer::Signatures { signatures, receipt } => Ok((signatures, receipt)),
            other => panic!("{other:?}"),
        }
    }

    pub fn seal(
        &mut self,
        organization: &Organization,
        mandate: MandateId,
        number: u64,
        hashes: Vec<Blob>,
    ) -> Result<Vec<Blob>, Fault> {
        let order = self.order(mandate, number, hashes);
        self.seal_order(organization, &order).map(|(signatures, _)| signatures)
    }

    pub fn end(
        &mut self,
        organization: &Organization,
        mandate: MandateId,
        by: EndedBy,
    ) -> Result<Answer, Fault> {
        let record = self.store.records[&organization.id].clone();
        self.call(Command::EndMandate(EndMandate {
            credential: organization.id.clone(),
            mandate,
            by,
            record,
        }))
    }

    pub fn ended_by_approver(
        &mut self,
        organization: &Organization,
        passkey: &TestPasskey,
        mandate: MandateId,
    ) -> EndedBy {
        let hash = end_hash(HashAlgorithm::Sha256, &mandate);
        EndedBy::Approver(self.sad_of(organization, passkey, Purpose::EndMandate, Some(hash)))
    }

    pub fn ending(&mut self, mandate: MandateId) -> MandateEnding {
        MandateEnding {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            mandate,
            statement: self.statement_id(),
            not_after: self.seconds() + 60,
        }
    }

    /// A change of approvers by the RA, with these former approvers' word for it.
    pub fn change_approvers(
        &mut self,
        organization: &Organization,
        change: &ApproverChange,
        newcomers: &[TestPasskey],
        who: &[usize],
    ) -> Result<Answer, Fault> {
        let hash = change.hash(HashAlgorithm::Sha256);
        let approvals = self.approvals(organization, who, Purpose::Approvers, Some(&hash));
        let registrations = newcomers.iter().map(|passkey| self.registered(organization, passkey)).collect();
        let action = ManageAction::ChangeApprovers {
            keep: change.keep.clone(),
            approvers: change.approvers.clone(),
            threshold: change.threshold,
        };
        let statement = self.manage(action, Some(&organization.id));
        let evidence = codec::encode(&ApproverEvidence { approvals, registrations }).into();
        self.call(Command::LinkEid(self.signed_manage(&statement, Some(evidence))))
    }

    pub fn approver_change(
        &self,
        organization: &Organization,
        keep: &[u32],
        newcomers: &[TestPasskey],
        threshold: u8,
    ) -> ApproverChange {
        ApproverChange {
            credential: organization.id.clone(),
            version: self.store.records[&organization.id].version,
            keep: keep.to_vec(),
            approvers: newcomers.iter().map(registration).collect(),
            threshold,
        }
    }
}
