//! Place: SIC. The development organization: a seal credential that two of three approvers speak for, and the way to it.

use super::authority::DevAuthority;
use super::founding::RELYING_PARTY;
use super::registration::DevRegistration;
use crate::installation::now;
use anyhow::{Context as _, bail};
use fuin_host::store::{CatalogueEntry, KeyStatus, Scal, SicClass};
use fuin_sca::passkey::PasskeyDirectory;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, Digest32, UserId};
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::message::{Challenge, KeyGenerated};
use fuin_shared::sad::{HashType, LinkSubject, MeansProfile, Purpose, sad_digest};
use fuin_shared::seal::{ApproverEvidence, ApproverRegistration};
use fuin_sic::{Authenticator as _, SadRequest, Sic};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The development organization: name at the host, and at the RA.
pub const ORGANIZATION: &str = "dev-organization";
/// Approvers that it has.
pub const APPROVERS: u8 = 3;
/// How many must sign.
pub const THRESHOLD: u8 = 2;
const ALGORITHM: KeyAlgorithm = KeyAlgorithm::EcdsaP256;
/// Subject of its certificate (EN 319 412-3): no such number is given to anybody.
const SUBJECT: &str = "CN=Fuin Development Seal,2.5.4.97=NTRJP-0000000000000,O=Fuin Development,C=JP";
/// Most hashes of one order.
const MULTISIGN: u32 = 100;
/// Life of a SAD of the enrolment, seconds.
const SAD: u64 = 120;

/// Enrols the seal credential.
pub struct OrganizationEnrolment<'a> {
    /// The RA.
    pub ra: DevRegistration<'a>,
    /// The CA.
    pub authority: &'a DevAuthority,
    /// The approvers' device: one for all, in development.
    pub sic: &'a Sic,
    /// Their passkeys.
    pub passkeys: &'a mut PasskeyDirectory,
}

impl OrganizationEnrolment<'_> {
    /// A new seal credential, active and in the host's catalogue.
    pub async fn enrol(&mut self) -> anyhow::Result<CredentialId> {
        let user = UserId::new(ORGANIZATION)?;
        let key = self.ra.generate_seal_key(&user, ALGORITHM, SUBJECT).await?;
        self.approvers(&key, &user).await.context("approvers")?;

        let algorithm =
            ALGORITHM.signature_algorithms().first().copied().context("key without signature algorithm")?;
        let info = self.ra.request_info(&key.key, algorithm).await?;
        let hash = Blob(algorithm.hash().digest(info.as_slice()));
        let mut approvals = Vec::new();
        for approver in 1..=u32::from(THRESHOLD) {
            let challenge = self.ra.approver_challenge(&key.key, Purpose::Pop, approver).await?;
            let hashes = std::slice::from_ref(&hash);
            let (evidence, _) = self.answer(&key, challenge, Purpose::Pop, hashes, None, algorithm).await?;
            approvals.push(evidence);
        }
        let evidence = ApproverEvidence { approvals, registrations: Vec::new() };
        let csr = self.ra.authorize_by_approvers(&key.key, info, algorithm, &evidence).await?;

        let chain: Vec<Blob> = self.authority.issue(&csr, now())?.into_iter().map(Blob).collect();
        self.ra.link_cert(&key.key, chain.clone()).await?;
        let entry = CatalogueEntry {
            id: key.key.clone(),
            owner: ORGANIZATION.to_owned(),
            description: Some("Development organization, seals".to_owned()),
            certificates: chain,
            key_algorithm: ALGORITHM,
            multisign: MULTISIGN,
            scal: Scal::Two,
            means: MeansProfile::Passkey,
            // Its approvers use `fuin`, not a page of the host.
            sic: SicClass::Independent,
            status: KeyStatus::Enabled,
        };
        self.ra.host.store().put_credential(entry).await?;
        Ok(key.key)
    }

    /// Each approver registers a passkey before the eyes of the RA.
    async fn approvers(&mut self, key: &KeyGenerated, user: &UserId) -> anyhow::Result<()> {
        let (mut approvers, mut registrations) = (Vec::new(), Vec::new());
        for number in 1..=APPROVERS {
            let name = format!("CN=Approver {number},O=Fuin Development,C=JP");
            let subject = self.ra.subject(user, &name)?;
            let identity = subject.identity;
            let challenge = self.ra.challenge(&key.key, Purpose::Link).await?;
            let algorithm =
                key.algorithm.signature_algorithms().first().copied().context("no signature algorithm")?;
            let (evidence, registration) =
                self.answer(key, challenge, Purpose::Link, &[], Some(subject), algorithm).await?;
            registrations.push(evidence);
            approvers.push(ApproverRegistration {
                means: MeansProfile::Passkey,
                identity,
                relying_party: Some(RELYING_PARTY.to_owned()),
                registration: registration.context("the approver's device registered no passkey")?,
            });
        }
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        let evidence = ApproverEvidence { approvals: Vec::new(), registrations };
        let statement = self.ra.enrol_approvers(&key.key, approvers, THRESHOLD, &evidence, &nonce).await?;
        // The CA certifies only what the enclave itself says of the key.
        let stated = self.sic.check_key(statement.as_slice(), &nonce, now(), key.spki.as_slice())?;
        if stated.statement().purpose != KeyPurpose::Seal || stated.statement().eid_ref.is_none() {
            bail!("the key statement is not of a seal key with approvers");
        }
        Ok(())
    }

    /// An approver's part: checks the evidence, builds the SAD, has the passkey answer it, seals it.
    async fn answer(
        &mut self,
        key: &KeyGenerated,
        challenge: Challenge,
        purpose: Purpose,
        hashes: &[Blob],
        link: Option<LinkSubject>,
        algorithm: SignatureAlgorithm,
    ) -> anyhow::Result<(Blob, Option<Digest32>)> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        let bundle = self.ra.evidence(&nonce).await?;
        let instance = self.sic.check_evidence(&bundle, &nonce, now())?;
        let request = SadRequest {
            credential: &key.key,
            spki: key.spki.as_slice(),
            purpose,
            hash_type: HashType::Dtbs,
            hashes,
            hash_algorithm: algorithm.hash(),
            signature_algorithm: algorithm,
            now: now(),
            expires: now() + SAD,
            display: None,
            link,
        };
        let sad = instance.build_sad(&challenge, request)?;
        let digest = sad_digest(&sad.to_bytes());
        let assertion = match &challenge.passkey {
            None => self.passkeys.register(RELYING_PARTY, ORGANIZATION, &digest)?,
            Some(hint) => {
                self.passkeys.assert(&hint.relying_party, hint.credential_id.as_slice(), &digest)?
            }
        };
        let registration = assertion.registration();
        let sealed = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?;
        Ok((codec::encode(&sealed).into(), registration))
    }
}
