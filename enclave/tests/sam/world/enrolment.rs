//! Place: none. The way of a credential, as RA, CA and signer do it.

use super::*;

/// A credential that is ready to sign.
pub struct Enrolled {
    pub id: CredentialId,
    pub spki: Vec<u8>,
    pub passkey: TestPasskey,
}

impl World {
    pub fn statement_id(&mut self) -> StatementId {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        StatementId(id)
    }

    pub fn manage(&mut self, action: ManageAction, key: Option<&CredentialId>) -> ManageStatement {
        ManageStatement {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            action,
            key: key.cloned(),
            version: key.map(|id| self.store.records[id].version),
            statement: self.statement_id(),
            not_after: self.seconds() + 60,
        }
    }

    pub fn signed_manage(&self, statement: &ManageStatement, evidence: Option<Blob>) -> Manage {
        let record = statement.key.as_ref().and_then(|id| self.store.records.get(id)).cloned();
        Manage { proof: self.ra.prove(statement), evidence, record, nonce: None }
    }

    pub fn generate(&mut self, user: &str, algorithm: KeyAlgorithm) -> Result<KeyGenerated, Fault> {
        self.generate_by(generate_action(user, algorithm))
    }

    pub fn generate_by(&mut self, action: ManageAction) -> Result<KeyGenerated, Fault> {
        let statement = self.manage(action, None);
        match self.call(Command::GenerateKey(self.signed_manage(&statement, None)))? {
            Answer::KeyGenerated(key) => Ok(key),
            other => panic!("{other:?}"),
        }
    }

    pub fn challenge(&mut self, id: &CredentialId, purpose: Purpose) -> Result<Challenge, Fault> {
        let record = self.store.records[id].clone();
        match self.call(Command::GetChallenge(GetChallenge { credential: id.clone(), purpose, record }))? {
            Answer::Challenge(challenge) => Ok(challenge),
            other => panic!("{other:?}"),
        }
    }

    pub fn sad(&mut self, id: &CredentialId, spki: &[u8], purpose: Purpose, hashes: Vec<Blob>) -> Sad {
        let challenge = self.challenge(id, purpose).unwrap();
        self.sad_for(&challenge, id, spki, purpose, hashes)
    }

    pub fn sad_for(
        &self,
        challenge: &Challenge,
        id: &CredentialId,
        spki: &[u8],
        purpose: Purpose,
        hashes: Vec<Blob>,
    ) -> Sad {
        let link = (purpose == Purpose::Link).then(|| LinkSubject {
            user: UserId::new("hanako").unwrap(),
            authority: CaId::new("test-ca").unwrap(),
            identity: Digest32([7; 32]),
        });
        Sad {
            version: VERSION,
            service: self.service,
            instance: challenge.instance,
            credential: id.clone(),
            spki: Digest32(Sha256::digest(spki).into()),
            means: MeansProfile::Passkey,
            purpose,
            hash_type: HashType::Dtbs,
            count: hashes.len() as u32,
            hashes,
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            expires: self.seconds() + 120,
            nonce: challenge.nonce.clone(),
            display: None,
            link,
        }
    }

    /// The key of `enrolled` goes from nothing to `active`.
    pub fn enrol(&mut self, algorithm: KeyAlgorithm, passkey_seed: u8) -> Enrolled {
        self.enrol_by(generate_action("hanako", algorithm), passkey_seed)
    }

    /// The same, of a key that is made so.
    pub fn enrol_by(&mut self, action: ManageAction, passkey_seed: u8) -> Enrolled {
        let key = self.generate_by(action).unwrap();
        let enrolled =
            Enrolled { id: key.key.clone(), spki: key.spki.0, passkey: TestPasskey::new(passkey_seed) };
        self.link_means(&enrolled).unwrap();
        let csr_info = self.request_info(&enrolled).unwrap();
        self.sign_request(&enrolled, &csr_info).unwrap();
        self.link_certificate(&enrolled).unwrap();
        enrolled
    }

    pub fn link_means(&mut self, key: &Enrolled) -> Result<Answer, Fault> {
        let sad = self.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
        let evidence = evidence(&sad, |digest| key.passkey.register(digest));
        let statement = self.manage(link_action(&key.passkey), Some(&key.id));
        self.call(Command::LinkEid(self.signed_manage(&statement, Some(evidence))))
    }

    pub fn request_info(&mut self, key: &Enrolled) -> Result<Blob, Fault> {
        let statement = self.manage(pop_action(None), Some(&key.id));
        match self.call(Command::AuthorizePop(self.signed_manage(&statement, None)))? {
            Answer::RequestInfo(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    pub fn sign_request(&mut self, key: &Enrolled, info: &Blob) -> Result<Answer, Fault> {
        let digest = HashAlgorithm::Sha256.digest(info.as_slice());
        let sad = self.sad(&key.id, &key.spki, Purpose::Pop, vec![digest.into()]);
        let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
        let statement = self.manage(pop_action(Some(info.clone())), Some(&key.id));
        self.call(Command::AuthorizePop(self.signed_manage(&statement, Some(evidence))))
    }

    pub fn link_certificate(&mut self, key: &Enrolled) -> Result<Answer, Fault> {
        self.serial += 1;
        let certificate = self.ca.certify(&key.spki, SUBJECT, self.serial);
        self.link_chain(key, vec![certificate.into(), self.ca.root.clone().into()])
    }

    pub fn link_chain(&mut self, key: &Enrolled, certificates: Vec<Blob>) -> Result<Answer, Fault> {
        let statement = self.manage(ManageAction::LinkCert { certificates }, Some(&key.id));
        self.call(Command::LinkCert(self.signed_manage(&statement, None)))
    }
}

pub fn generate_action(user: &str, algorithm: KeyAlgorithm) -> ManageAction {
    ManageAction::GenerateKey {
        user: UserId::new(user).unwrap(),
        authority: CaId::new("test-ca").unwrap(),
        key_algorithm: algorithm,
        multisign: 5,
        subject: Some(SUBJECT.to_owned()),
    }
}

/// The RA saw this passkey registered.
pub fn link_action(passkey: &TestPasskey) -> ManageAction {
    ManageAction::LinkEid {
        means: MeansProfile::Passkey,
        identity: Digest32([7; 32]),
        relying_party: RELYING_PARTY.to_owned(),
        registration: passkey.register(&Digest32([0; 32])).registration().unwrap(),
    }
}

pub fn pop_action(request_info: Option<Blob>) -> ManageAction {
    ManageAction::AuthorizePop { request_info, signature_algorithm: SignatureAlgorithm::EcdsaSha256 }
}
