//! Place: SIC, SCA. An organization: a seal key, its approvers with means of their own, the keys of its programs, and what
//! approvers and programs sign.

use crate::hostile::signer::{ECDSA, Enrolled, IDENTITY, SHA256, pop_action, sad_request};
use crate::hostile::world::{AUTHORITY, RELYING_PARTY, World};
use crate::signer::{now, random};
use fuin_sca::seal::ScaKey;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CaId, Digest32, MandateId, StatementId, UserId};
use fuin_shared::message::{
    Answer, Challenge, Command, EndMandate, EndedBy, GetApproverChallenge, GrantMandate, MandateStatus, Seal,
    SealedRecord,
};
use fuin_shared::sad::{LinkSubject, MeansProfile, Purpose, sad_digest};
use fuin_shared::seal::*;
use fuin_shared::statement::ManageAction;
use fuin_sic::{SadRequest, TrustedInstance};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use sha2::{Digest, Sha256};

/// `userID`.
const ORGANIZATION: &str = "example-kk";
const SUBJECT: &str = "CN=Example Seal,2.5.4.97=NTRJP-1234567890123,O=Example K.K.,C=JP";
/// Kinds of the approvers' means, by number from 1.
const APPROVERS: [MeansProfile; 3] = [MeansProfile::Passkey, MeansProfile::Passkey, MeansProfile::DeviceKey];
/// How many of them must sign.
pub const THRESHOLD: u8 = 2;

/// The organization.
pub struct Organization {
    /// Its credential.
    pub key: Enrolled,
    /// Keys of its programs.
    pub programs: [ScaKey; 2],
}

impl World {
    /// From nothing to a credential that can seal.
    #[must_use]
    pub fn organization(&mut self) -> Organization {
        let on = self.trusted();
        let action = ManageAction::GenerateSealKey {
            user: UserId::new(ORGANIZATION).unwrap(),
            authority: CaId::new(AUTHORITY).unwrap(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
            subject: SUBJECT.to_owned(),
        };
        let mut key = self.generate_as(&self.ra, action, MeansProfile::Passkey);
        self.oracle.borrow_mut().mandates.approved_by(&key.id, THRESHOLD);
        let (registrations, approvers) = APPROVERS.iter().map(|means| self.joins(&on, &key, *means)).unzip();
        let action = ManageAction::EnrolApprovers { approvers, threshold: THRESHOLD };
        let evidence = codec::encode(&ApproverEvidence { approvals: Vec::new(), registrations }).into();
        self.call(Command::LinkEid(self.manage(action, Some(&key.id), Some(evidence)))).unwrap();
        let ask = self.manage(pop_action(None), Some(&key.id), None);
        let Ok(Answer::RequestInfo(info)) = self.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };
        let hash: Blob = SHA256.digest(info.as_slice()).into();
        let approvals = [1, 3].map(|who| self.approval(&on, &key, who, Purpose::Pop, &hash)).to_vec();
        let evidence = codec::encode(&ApproverEvidence { approvals, registrations: Vec::new() }).into();
        let ask = self.manage(pop_action(Some(info)), Some(&key.id), Some(evidence));
        let Ok(Answer::Request { csr, .. }) = self.call(Command::AuthorizePop(ask)) else {
            panic!("authorize")
        };
        self.link_certificate(&mut key, &csr);
        let programs = [(); 2].map(|()| ScaKey::generate(&mut UnwrapErr(SysRng)));
        Organization { key, programs }
    }

    /// An approver to be shows a means, and the RA sees it.
    fn joins(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        means: MeansProfile,
    ) -> (Blob, ApproverRegistration) {
        let challenge = self.challenge(&key.id, Purpose::Link);
        let link = Some(LinkSubject {
            user: UserId::new(ORGANIZATION).unwrap(),
            authority: CaId::new(AUTHORITY).unwrap(),
            identity: IDENTITY,
        });
        let request = SadRequest { link, ..sad_request(&key.id, &key.spki, Purpose::Link, &[]) };
        let sad = on.build_sad_for(means, &challenge, request).unwrap();
        self.oracle.borrow_mut().consented(&sad);
        let shown = self.means.register(means, &sad_digest(&sad.to_bytes()));
        let registration = shown.registration().unwrap();
        let relying_party = (means == MeansProfile::Passkey).then(|| RELYING_PARTY.to_owned());
        let seen = ApproverRegistration { means, identity: IDENTITY, relying_party, registration };
        (codec::encode(&on.seal(&sad, shown, &mut UnwrapErr(SysRng)).unwrap()).into(), seen)
    }

    /// A nonce for what an approver signs.
    #[must_use]
    pub fn approver_challenge(&self, key: &Enrolled, approver: u32, purpose: Purpose) -> Challenge {
        let record = self.record(&key.id);
        let request = GetApproverChallenge { credential: key.id.clone(), purpose, approver, record };
        match self.call(Command::GetApproverChallenge(request)) {
            Ok(Answer::Challenge(challenge)) => challenge,
            other => panic!("challenge: {other:?}"),
        }
    }

    /// What an approver signs: a SAD of this purpose with this hash.
    #[must_use]
    pub fn approval(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        approver: u32,
        purpose: Purpose,
        hash: &Blob,
    ) -> Blob {
        let challenge = self.approver_challenge(key, approver, purpose);
        let means = APPROVERS[approver as usize - 1];
        let request = sad_request(&key.id, &key.spki, purpose, std::slice::from_ref(hash));
        let sad = on.build_sad_for(means, &challenge, request).unwrap();
        let answer = self.means.answer(means, &challenge, &sad_digest(&sad.to_bytes())).unwrap();
        self.oracle.borrow_mut().approved(&sad, approver);
        codec::encode(&on.seal(&sad, answer, &mut UnwrapErr(SysRng)).unwrap()).into()
    }

    /// Terms of a mandate for this program: so many seals within an hour, no faster than this.
    #[must_use]
    pub fn terms(&self, key: &Enrolled, program: &ScaKey, count: u32, rate: Rate) -> MandateTerms {
        MandateTerms {
            version: VERSION,
            service: self.service,
            credential: key.id.clone(),
            spki: Digest32(Sha256::digest(&key.spki).into()),
            nonce: Blob::from(&random::<16>()[..]),
            sca_key: program.spki(),
            document_class: "invoice".to_owned(),
            count,
            not_before: now() - 60,
            not_after: now() + 3600,
            rate,
            hash_algorithm: SHA256,
            signature_algorithm: ECDSA,
        }
    }

    /// The same terms with the word of these approvers.
    #[must_use]
    pub fn grant_request(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        terms: &MandateTerms,
        who: &[u32],
    ) -> GrantMandate {
        self.oracle.borrow_mut().mandates.proposed(terms);
        let hash = mandate_hash(SHA256, &terms.to_bytes());
        let approvals = who.iter().map(|one| self.approval(on, key, *one, Purpose::Mandate, &hash)).collect();
        self.grant_with(key, terms, approvals)
    }

    /// These terms with these approvals.
    #[must_use]
    pub fn grant_with(&self, key: &Enrolled, terms: &MandateTerms, approvals: Vec<Blob>) -> GrantMandate {
        let (credential, terms) = (key.id.clone(), terms.to_bytes().into());
        GrantMandate { credential, terms, approvals, record: self.record(&key.id), evidence: None }
    }

    /// A mandate of these terms, by two approvers.
    #[must_use]
    pub fn grant(&mut self, key: &Enrolled, terms: &MandateTerms) -> MandateId {
        let on = self.trusted();
        let request = self.grant_request(&on, key, terms, &[1, 2]);
        match self.call(Command::GrantMandate(request)) {
            Ok(Answer::MandateGranted { mandate, .. }) => mandate,
            other => panic!("grant: {other:?}"),
        }
    }

    /// How far a mandate is used.
    #[must_use]
    pub fn mandate(&self, mandate: MandateId) -> Option<MandateStatus> {
        match self.call(Command::MandateStatus(mandate)) {
            Ok(Answer::MandateStatus(status)) => Some(status),
            _ => None,
        }
    }

    /// An order for these hashes.
    #[must_use]
    pub fn order(&self, mandate: MandateId, number: u64, hashes: Vec<Blob>) -> SealOrder {
        SealOrder {
            version: VERSION,
            service: self.service,
            mandate,
            number,
            expires: now() + 200,
            hashes,
            hash_algorithm: SHA256,
            signature_algorithm: ECDSA,
        }
    }

    /// The order, signed by this program, which means it; none where the host has no record of the mandate.
    #[must_use]
    pub fn ordered(&self, key: &Enrolled, order: &SealOrder, program: &ScaKey) -> Option<Seal> {
        self.oracle.borrow_mut().mandates.ordered(order, program.spki());
        self.carried(key, program.sign(order), &order.mandate)
    }

    /// An order of anybody's with the records that belong to it.
    #[must_use]
    pub fn carried(&self, key: &Enrolled, order: SignedOrder, mandate: &MandateId) -> Option<Seal> {
        let mandate = self.mandate_record(mandate)?;
        let (credential, order) = (key.id.clone(), codec::encode(&order).into());
        Some(Seal { credential, order, record: self.record(&key.id), mandate })
    }

    /// The record of a mandate as the host has it.
    #[must_use]
    pub fn mandate_record(&self, mandate: &MandateId) -> Option<SealedRecord> {
        self.host.state().store.records.get(&mandate_record(mandate)).cloned()
    }

    /// The end of a mandate, on somebody's word.
    #[must_use]
    pub fn end_request(&self, key: &Enrolled, mandate: MandateId, by: EndedBy) -> EndMandate {
        EndMandate { credential: key.id.clone(), mandate, by, record: self.record(&key.id) }
    }

    /// An approver's word for the end of a mandate.
    #[must_use]
    pub fn end_by_approver(
        &mut self,
        on: &TrustedInstance,
        key: &Enrolled,
        mandate: MandateId,
        approver: u32,
    ) -> EndedBy {
        let hash = end_hash(SHA256, &mandate);
        EndedBy::Approver(self.approval(on, key, approver, Purpose::EndMandate, &hash))
    }

    /// The officer's word for it.
    #[must_use]
    pub fn end_by_officer(&self, mandate: MandateId) -> EndedBy {
        let statement = self.officer.state(&self.ending(mandate));
        self.oracle.borrow_mut().mandates.ending(statement.clone());
        EndedBy::Officer(statement)
    }

    /// What an officer states to end a mandate.
    #[must_use]
    pub fn ending(&self, mandate: MandateId) -> MandateEnding {
        MandateEnding {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            mandate,
            statement: StatementId(random()),
            not_after: now() + 60,
        }
    }
}
