//! Place: SIC. A signer with a passkey: enrolment, consent, signatures, through a host that may be anybody's.

use crate::host::Refused;
use crate::world::{AUTHORITY, RELYING_PARTY, World};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CaId, CredentialId, Digest32, StatementId, UserId};
use fuin_shared::key::PublicKey;
use fuin_shared::message::*;
use fuin_shared::sad::{HashType, LinkSubject, MeansProfile, Purpose, Sad, sad_digest};
use fuin_shared::statement::{ManageAction, ManageStatement};
use fuin_sic::{Authenticator, SadRequest, TrustedInstance};
use fuin_tests::signer::{now, random};
use getrandom::SysRng;
use rand_core::UnwrapErr;

const USER: &str = "hanako";
const IDENTITY: Digest32 = Digest32([7; 32]);
pub const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
pub const ECDSA: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

/// A credential that can sign.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub id: CredentialId,
    pub spki: Vec<u8>,
    /// Its record before the certificate was linked.
    pub former: SealedRecord,
}

/// A digest of something new.
pub fn hash() -> Blob {
    SHA256.digest(&random::<32>()).into()
}

impl World {
    fn proof(&self, action: ManageAction, record: Option<&SealedRecord>) -> String {
        self.ra.prove(&ManageStatement {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            action,
            key: record.map(|r| r.id.clone()),
            version: record.map(|r| r.version),
            statement: StatementId(random()),
            not_after: now() + 60,
        })
    }

    pub fn record(&self, id: &CredentialId) -> SealedRecord {
        self.host.state().store.records[id].clone()
    }

    pub fn manage(&self, action: ManageAction, id: Option<&CredentialId>, evidence: Option<Blob>) -> Manage {
        let record = id.map(|id| self.record(id));
        Manage { proof: self.proof(action, record.as_ref()), evidence, record, nonce: None }
    }

    pub fn challenge(&self, id: &CredentialId, purpose: Purpose) -> Challenge {
        let request = GetChallenge { credential: id.clone(), purpose, record: self.record(id) };
        match self.host.call(Command::GetChallenge(request)) {
            Ok(Answer::Challenge(challenge)) => challenge,
            other => panic!("challenge: {other:?}"),
        }
    }

    /// The SAD that the signer's device builds.
    pub fn sad(
        &self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Sad, Challenge) {
        let challenge = self.challenge(&key.id, purpose);
        let link = (purpose == Purpose::Link).then(|| LinkSubject {
            user: UserId::new(USER).unwrap(),
            authority: CaId::new(AUTHORITY).unwrap(),
            identity: IDENTITY,
        });
        let request = SadRequest {
            credential: &key.id,
            spki: &key.spki,
            purpose,
            hash_type: HashType::Dtbs,
            hashes,
            hash_algorithm: SHA256,
            signature_algorithm: ECDSA,
            now: now(),
            expires: now() + 200,
            display: None,
            link,
        };
        (on.build_sad(&challenge, request).unwrap(), challenge)
    }

    /// Evidence of the signer's authorization, sealed to the instance.
    pub fn consent(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Blob, Option<Digest32>) {
        let (sad, challenge) = self.sad(on, key, purpose, hashes);
        let digest = sad_digest(&sad.to_bytes());
        let assertion = match &challenge.passkey {
            None => self.passkeys.register(RELYING_PARTY, USER, &digest),
            Some(hint) => self.passkeys.assert(&hint.relying_party, hint.credential_id.as_slice(), &digest),
        };
        let assertion = assertion.unwrap();
        let registration = assertion.registration();
        (codec::encode(&on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap()).into(), registration)
    }

    /// From nothing to a credential that can sign.
    pub fn enrol(&mut self) -> Enrolled {
        let on = self.trusted();
        let action = ManageAction::GenerateKey {
            user: UserId::new(USER).unwrap(),
            authority: CaId::new(AUTHORITY).unwrap(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
            multisign: 10,
            subject: Some("CN=Hanako,O=Test,C=JP".to_owned()),
        };
        let Ok(Answer::KeyGenerated(made)) =
            self.host.call(Command::GenerateKey(self.manage(action, None, None)))
        else {
            panic!("generateKey");
        };
        let former = self.record(&made.key);
        let mut key = Enrolled { id: made.key, spki: made.spki.0, former };

        let (evidence, registration) = self.consent(&on, &key, Purpose::Link, &[]);
        let registration = registration.unwrap();
        let (means, relying_party) = (MeansProfile::Passkey, RELYING_PARTY.to_owned());
        let link = ManageAction::LinkEid { means, identity: IDENTITY, relying_party, registration };
        self.host.call(Command::LinkEid(self.manage(link, Some(&key.id), Some(evidence)))).unwrap();

        let pop = |request_info| ManageAction::AuthorizePop { request_info, signature_algorithm: ECDSA };
        let ask = self.manage(pop(None), Some(&key.id), None);
        let Ok(Answer::RequestInfo(info)) = self.host.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };
        let (evidence, _) = self.consent(&on, &key, Purpose::Pop, &[SHA256.digest(info.as_slice()).into()]);
        let ask = self.manage(pop(Some(info)), Some(&key.id), Some(evidence));
        let Ok(Answer::Request { csr, .. }) = self.host.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };

        key.former = self.record(&key.id);
        let certificates = vec![self.authority.issue(csr.as_slice()).into()];
        let link = self.manage(ManageAction::LinkCert { certificates }, Some(&key.id), None);
        self.host.call(Command::LinkCert(link)).unwrap();
        key
    }

    pub fn authorize_request(&self, key: &Enrolled, evidence: Blob, hashes: &[Blob]) -> Authorize {
        Authorize {
            credential: key.id.clone(),
            evidence,
            hashes: Some(hashes.to_vec()),
            hash_algorithm: Some(SHA256),
            count: u32::try_from(hashes.len()).unwrap(),
            record: self.record(&key.id),
        }
    }

    /// An activation token over `hashes`.
    pub fn token(&mut self, key: &Enrolled, hashes: &[Blob]) -> Blob {
        let on = self.trusted();
        self.token_of(&on, key, hashes)
    }

    /// As [`Self::token`], of an instance that was checked before.
    pub fn token_of(&mut self, on: &TrustedInstance, key: &Enrolled, hashes: &[Blob]) -> Blob {
        let (evidence, _) = self.consent(on, key, Purpose::Sign, hashes);
        match self.host.call(Command::Authorize(self.authorize_request(key, evidence, hashes))) {
            Ok(Answer::Activation { token, .. }) => token,
            other => panic!("authorize: {other:?}"),
        }
    }

    pub fn sign_request(&self, key: &Enrolled, token: &Blob, hashes: &[Blob]) -> SignHash {
        SignHash {
            credential: key.id.clone(),
            token: token.clone(),
            hashes: hashes.to_vec(),
            hash_algorithm: Some(SHA256),
            signature_algorithm: ECDSA,
            record: self.record(&key.id),
        }
    }

    pub fn sign(&self, key: &Enrolled, token: &Blob, hashes: &[Blob]) -> Result<Vec<Blob>, Refused> {
        signatures(self.host.call(Command::SignHash(self.sign_request(key, token, hashes))))
    }

    /// The enclave signs for this signer, from consent to signature.
    pub fn works(&mut self, key: &Enrolled) {
        let hashes = [hash()];
        let token = self.token(key, &hashes);
        verify(key, &hashes, &self.sign(key, &token, &hashes).unwrap());
    }
}

/// The signatures of an answer to signHash.
pub fn signatures(result: Result<Answer, Refused>) -> Result<Vec<Blob>, Refused> {
    match result? {
        Answer::Signatures { signatures, .. } => Ok(signatures),
        other => panic!("signHash: {other:?}"),
    }
}

/// Each signature is that of its hash.
pub fn verify(key: &Enrolled, hashes: &[Blob], signatures: &[Blob]) {
    let public = PublicKey::from_spki(&key.spki).unwrap();
    assert_eq!(hashes.len(), signatures.len());
    for (hash, signature) in hashes.iter().zip(signatures) {
        public.verify_digest(hash.as_slice(), signature.as_slice()).unwrap();
    }
}
