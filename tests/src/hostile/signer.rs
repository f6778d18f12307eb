//! Place: SIC. A signer with a means of any kind: enrolment, consent, signatures, through a host that may be anybody's.

use crate::hostile::host::Refused;
use crate::hostile::means::link_action;
use crate::hostile::people::Person;
use crate::hostile::world::{AUTHORITY, World};
use crate::signer::{now, random};
use fuin_sca::means::MeansError;
use fuin_sca::pin_totp::PinTotpError;
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CaId, CredentialId, Digest32, StatementId, UserId};
use fuin_shared::key::PublicKey;
use fuin_shared::message::*;
use fuin_shared::sad::{Assertion, HashType, LinkSubject, MeansProfile, Purpose, Sad, sad_digest};
use fuin_shared::statement::{ManageAction, ManageStatement};
use fuin_sic::{SadRequest, TrustedInstance};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::time::Duration;

/// `userID`.
pub const USER: &str = "hanako";
/// The RA's digest over identity attributes.
pub const IDENTITY: Digest32 = Digest32([7; 32]);
/// Of every hash here.
pub const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
/// Of every signature here.
pub const ECDSA: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

/// Seconds that an enclave's clock may be late.
const LATE: u32 = 30;

/// A credential that can sign.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// `credentialID`.
    pub id: CredentialId,
    /// DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// The kind of its means.
    pub means: MeansProfile,
    /// Its record before the certificate was linked.
    pub former: SealedRecord,
}

/// A digest of something new.
#[must_use]
pub fn hash() -> Blob {
    SHA256.digest(&random::<32>()).into()
}

/// What the SAD of a signer here is to say: digests of documents, from now on for a while.
#[must_use]
pub fn sad_request<'a>(
    credential: &'a CredentialId,
    spki: &'a [u8],
    purpose: Purpose,
    hashes: &'a [Blob],
) -> SadRequest<'a> {
    let link = (purpose == Purpose::Link).then(|| LinkSubject {
        user: UserId::new(USER).unwrap(),
        authority: CaId::new(AUTHORITY).unwrap(),
        identity: IDENTITY,
    });
    let now = now();
    SadRequest {
        credential,
        spki,
        purpose,
        hash_type: HashType::Dtbs,
        hashes,
        hash_algorithm: SHA256,
        signature_algorithm: ECDSA,
        now,
        expires: now + 200,
        display: None,
        link,
    }
}

impl World {
    /// What an RA client states about a key, or about none yet.
    #[must_use]
    pub fn statement(&self, action: ManageAction, record: Option<&SealedRecord>) -> ManageStatement {
        ManageStatement {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            action,
            key: record.map(|r| r.id.clone()),
            version: record.map(|r| r.version),
            statement: StatementId(random()),
            not_after: now() + 60,
        }
    }

    /// The statement, signed by this RA client, which means it.
    #[must_use]
    pub fn prove(&self, ra: &Person, statement: &ManageStatement) -> String {
        let proof = ra.prove(statement);
        self.oracle.borrow_mut().proved(&proof);
        proof
    }

    /// The record as the host has it.
    #[must_use]
    pub fn record(&self, id: &CredentialId) -> SealedRecord {
        self.host.state().store.records[id].clone()
    }

    /// A command of the key life cycle, with the RA's proof.
    #[must_use]
    pub fn manage(&self, action: ManageAction, id: Option<&CredentialId>, evidence: Option<Blob>) -> Manage {
        let record = id.map(|id| self.record(id));
        let proof = self.prove(&self.ra, &self.statement(action, record.as_ref()));
        Manage { proof, evidence, record, nonce: None }
    }

    /// A nonce for a SAD.
    #[must_use]
    pub fn challenge(&self, id: &CredentialId, purpose: Purpose) -> Challenge {
        let request = GetChallenge { credential: id.clone(), purpose, record: self.record(id) };
        match self.call(Command::GetChallenge(request)) {
            Ok(Answer::Challenge(challenge)) => challenge,
            other => panic!("challenge: {other:?}"),
        }
    }

    /// The SAD that the signer's device builds.
    #[must_use]
    pub fn sad(
        &self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Sad, Challenge) {
        self.sad_until(on, key, purpose, hashes, now() + 200)
    }

    /// The same, until then.
    fn sad_until(
        &self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
        expires: u64,
    ) -> (Sad, Challenge) {
        let challenge = self.challenge(&key.id, purpose);
        let request = SadRequest { expires, ..sad_request(&key.id, &key.spki, purpose, hashes) };
        (on.build_sad_for(key.means, &challenge, request).unwrap(), challenge)
    }

    /// Evidence of the signer's authorization, sealed to the instance.
    pub fn consent(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Blob, Option<Digest32>) {
        let (sad, assertion) = self.authorized(on, key, purpose, hashes);
        let registration = assertion.registration();
        (codec::encode(&on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap()).into(), registration)
    }

    /// Evidence of the signer's authorization to sign, until then.
    pub fn consent_until(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        hashes: &[Blob],
        expires: u64,
    ) -> Blob {
        let (sad, assertion) =
            self.authorized_until(on, key, Purpose::Sign, hashes, expires).expect("a means that answers now");
        codec::encode(&on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap()).into()
    }

    /// A SAD that the signer authorized, and what the means made of it. A PIN's next password may not be good yet: see
    /// [`Self::try_authorized`].
    pub fn authorized(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Sad, Assertion) {
        self.authorized_until(on, key, purpose, hashes, now() + 200).expect("a means that answers now")
    }

    /// The same; none while the next password of a PIN is not good yet.
    pub fn try_authorized(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> Option<(Sad, Assertion)> {
        self.authorized_until(on, key, purpose, hashes, now() + 200)
    }

    /// The same, until then.
    fn authorized_until(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        purpose: Purpose,
        hashes: &[Blob],
        expires: u64,
    ) -> Option<(Sad, Assertion)> {
        let (sad, challenge) = self.sad_until(on, key, purpose, hashes, expires);
        let digest = sad_digest(&sad.to_bytes());
        let assertion = if purpose == Purpose::Link {
            self.means.register(key.means, &digest)
        } else {
            match self.means.answer(key.means, &challenge, &digest) {
                Err(MeansError::PinTotp(PinTotpError::Wait(_))) => return None,
                answer => answer.unwrap(),
            }
        };
        self.oracle.borrow_mut().consented(&sad);
        Some((sad, assertion))
    }

    /// A key of this signer, made on the word of this RA client.
    #[must_use]
    pub fn generate(&self, ra: &Person) -> Enrolled {
        self.generate_as(ra, generate_action(), MeansProfile::Passkey)
    }

    /// A key made for this action; a means of this kind is to be linked to it.
    #[must_use]
    pub fn generate_as(&self, ra: &Person, action: ManageAction, means: MeansProfile) -> Enrolled {
        let proof = self.prove(ra, &self.statement(action, None));
        let manage = Manage { proof, evidence: None, record: None, nonce: None };
        let made = match self.call(Command::GenerateKey(manage)) {
            Ok(Answer::KeyGenerated(made)) => made,
            other => panic!("generateKey: {other:?}"),
        };
        self.oracle.borrow_mut().knows(&made.key, made.spki.as_slice());
        let former = self.record(&made.key);
        Enrolled { id: made.key, spki: made.spki.0, means, former }
    }

    /// The signer's means is linked to the key.
    pub fn link(&mut self, on: &TrustedInstance, key: &Enrolled) {
        let (evidence, registration) = self.consent(on, key, Purpose::Link, &[]);
        let link = link_action(key.means, registration.unwrap());
        self.call(Command::LinkEid(self.manage(link, Some(&key.id), Some(evidence)))).unwrap();
    }

    /// Request, certificate, and its link.
    pub fn certify(&mut self, on: &TrustedInstance, key: &mut Enrolled) {
        let ask = self.manage(pop_action(None), Some(&key.id), None);
        let Ok(Answer::RequestInfo(info)) = self.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };
        let (evidence, _) = self.consent(on, key, Purpose::Pop, &[SHA256.digest(info.as_slice()).into()]);
        let ask = self.manage(pop_action(Some(info)), Some(&key.id), Some(evidence));
        let Ok(Answer::Request { csr, .. }) = self.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };
        self.link_certificate(key, &csr);
    }

    /// The CA's certificate for this request is linked to the key.
    pub fn link_certificate(&self, key: &mut Enrolled, csr: &Blob) {
        key.former = self.record(&key.id);
        let certificates = vec![self.authority.issue(csr.as_slice()).into()];
        let link = self.manage(ManageAction::LinkCert { certificates }, Some(&key.id), None);
        // A machine may have booted some seconds behind, and the certificate begins now.
        for _ in 0..LATE {
            match self.call(Command::LinkCert(link.clone())) {
                Err(Refused::Fault(Fault::CertificateExpired)) => std::thread::sleep(Duration::from_secs(1)),
                linked => return drop(linked.unwrap()),
            }
        }
        panic!("the enclave's clock is wrong");
    }

    /// From nothing to a credential that can sign.
    #[must_use]
    pub fn enrol(&mut self) -> Enrolled {
        self.enrol_with(MeansProfile::Passkey)
    }

    /// The same, with a means of this kind.
    #[must_use]
    pub fn enrol_with(&mut self, means: MeansProfile) -> Enrolled {
        let on = self.trusted();
        let mut key = self.generate_as(&self.ra, generate_action(), means);
        self.link(&on, &key);
        self.certify(&on, &mut key);
        key
    }

    /// The CSC call for an activation token.
    #[must_use]
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
    #[must_use]
    pub fn token(&mut self, key: &Enrolled, hashes: &[Blob]) -> Blob {
        let on = self.trusted();
        self.token_of(&on, key, hashes)
    }

    /// As [`Self::token`], of an instance that was checked before.
    #[must_use]
    pub fn token_of(&mut self, on: &TrustedInstance, key: &Enrolled, hashes: &[Blob]) -> Blob {
        let (evidence, _) = self.consent(on, key, Purpose::Sign, hashes);
        self.activated(key, evidence, hashes).unwrap()
    }

    /// The token for this evidence.
    pub fn activated(&self, key: &Enrolled, evidence: Blob, hashes: &[Blob]) -> Result<Blob, Refused> {
        match self.call(Command::Authorize(self.authorize_request(key, evidence, hashes)))? {
            Answer::Activation { token, .. } => Ok(token),
            other => panic!("authorize: {other:?}"),
        }
    }

    /// The CSC call for signatures.
    #[must_use]
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

    /// Asks for signatures.
    pub fn sign(&self, key: &Enrolled, token: &Blob, hashes: &[Blob]) -> Result<Vec<Blob>, Refused> {
        signatures(self.call(Command::SignHash(self.sign_request(key, token, hashes))))
    }

    /// The enclave signs for this signer, from consent to signature.
    pub fn works(&mut self, key: &Enrolled) {
        let hashes = [hash()];
        let token = self.token(key, &hashes);
        verify(key, &hashes, &self.sign(key, &token, &hashes).unwrap());
        assert_eq!(self.oracle.borrow().unauthorized, Vec::<String>::new());
    }
}

/// What the RA asks for when it has a key made for the signer.
#[must_use]
pub fn generate_action() -> ManageAction {
    ManageAction::GenerateKey {
        user: UserId::new(USER).unwrap(),
        authority: CaId::new(AUTHORITY).unwrap(),
        key_algorithm: KeyAlgorithm::EcdsaP256,
        multisign: 10,
        subject: Some("CN=Hanako,O=Test,C=JP".to_owned()),
    }
}

/// What the RA asks for to have a certificate request: first its octets, then their signature.
#[must_use]
pub fn pop_action(request_info: Option<Blob>) -> ManageAction {
    ManageAction::AuthorizePop { request_info, signature_algorithm: ECDSA }
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
