//! Place: SIC. The way of a credential, with the RA's and the signer's part: key, means, request, certificate, catalogue.

use super::authority::DevAuthority;
use super::founding::RELYING_PARTY;
use super::registration::{DevRegistration, Shown};
use crate::installation::now;
use anyhow::{Context as _, bail};
use fuin_host::store::{CatalogueEntry, KeyStatus, Scal, SicClass};
use fuin_sca::means::SoftwareMeans;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CredentialId, Digest32, UserId};
use fuin_shared::message::KeyGenerated;
use fuin_shared::sad::{AuthorizationEvidence, HashType, LinkSubject, MeansProfile, Purpose, sad_digest};
use fuin_sic::{Authenticator as _, SadRequest, Sic, SignerMeans as _};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The development signer: name at the host, and at the RA.
pub const USER: &str = "dev-signer";
/// Subject of its certificates.
const SUBJECT: &str = "CN=Development Signer,O=Fuin Development,C=JP";
/// Most signatures of one SAD.
const MULTISIGN: u32 = 100;
/// Life of a SAD of the enrolment, seconds.
const SAD: u64 = 120;

/// Enrols credentials of the development signer.
pub struct Enrolment<'a> {
    /// The RA.
    pub ra: DevRegistration<'a>,
    /// The CA.
    pub authority: &'a DevAuthority,
    /// The signer's device.
    pub sic: &'a Sic,
    /// The signer's means.
    pub means: &'a mut SoftwareMeans,
}

impl Enrolment<'_> {
    /// A new credential with a key and a means of these kinds, active and in the host's catalogue.
    pub async fn enrol(
        &mut self,
        algorithm: KeyAlgorithm,
        means: MeansProfile,
    ) -> anyhow::Result<CredentialId> {
        let user = UserId::new(USER)?;
        let key = self.ra.generate_key(&user, algorithm, MULTISIGN, SUBJECT).await?;

        let subject = self.ra.subject(&user, SUBJECT)?;
        let (evidence, registration) =
            self.consent(&key, means, Purpose::Link, &[], Some(subject.clone())).await.context("linkEid")?;
        // The RA saw the means made, and says so: the host can put no other in its place.
        let registration = registration.context("the signer's device registered no means")?;
        let shown = match means {
            MeansProfile::Passkey => Shown::Passkey { relying_party: RELYING_PARTY, registration },
            MeansProfile::DeviceKey => Shown::DeviceKey(registration),
            MeansProfile::PinTotp => Shown::PinTotp(registration),
            MeansProfile::X509 | MeansProfile::Oidc => bail!("development has no issuer of {means:?} means"),
        };
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        let statement = self.ra.link_eid(&key.key, subject.identity, shown, &evidence, &nonce).await?;
        // The CA certifies only what the enclave itself says of the key (EN 319 411-1 REG-6.3.1-01).
        let stated = self.sic.check_key(statement.as_slice(), &nonce, now(), key.spki.as_slice())?;
        if stated.statement().means != Some(means) || stated.statement().scal != means.scal() {
            bail!("the key statement names another kind of means, or another SCAL");
        }

        let signature_algorithm = natural(algorithm)?;
        let info = self.ra.request_info(&key.key, signature_algorithm).await?;
        let hash = Blob(signature_algorithm.hash().digest(info.as_slice()));
        let (consent, _) =
            self.consent(&key, means, Purpose::Pop, &[hash], None).await.context("authorize")?;
        let csr = self.ra.authorize(&key.key, info, signature_algorithm, &consent).await?;

        let chain: Vec<Blob> = self.authority.issue(&csr, now())?.into_iter().map(Blob).collect();
        self.ra.link_cert(&key.key, chain.clone()).await?;
        let entry = CatalogueEntry {
            id: key.key.clone(),
            owner: USER.to_owned(),
            description: Some(format!("Development signer, {}", name(algorithm))),
            certificates: chain,
            key_algorithm: algorithm,
            multisign: MULTISIGN,
            scal: if means.scal() == 2 { Scal::Two } else { Scal::One },
            means,
            // Its signer uses `fuin`, not a page of the host.
            sic: SicClass::Independent,
            status: KeyStatus::Enabled,
        };
        self.ra.host.store().put_credential(entry).await?;
        Ok(key.key)
    }

    /// The signer's part: checks the evidence, builds the SAD, has the means answer it, seals it. A new means'
    /// registration is named besides.
    async fn consent(
        &mut self,
        key: &KeyGenerated,
        means: MeansProfile,
        purpose: Purpose,
        hashes: &[Blob],
        link: Option<LinkSubject>,
    ) -> anyhow::Result<(AuthorizationEvidence, Option<Digest32>)> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        let bundle = self.ra.evidence(&nonce).await?;
        let instance = self.sic.check_evidence(&bundle, &nonce, now())?;
        let challenge = self.ra.challenge(&key.key, purpose).await?;
        let signature_algorithm = natural(key.algorithm)?;
        let request = SadRequest {
            credential: &key.key,
            spki: key.spki.as_slice(),
            purpose,
            hash_type: HashType::Dtbs,
            hashes,
            hash_algorithm: signature_algorithm.hash(),
            signature_algorithm,
            now: now(),
            expires: now() + SAD,
            display: None,
            link,
        };
        let sad = instance.build_sad_for(means, &challenge, request)?;
        let digest = sad_digest(&sad.to_bytes());
        let assertion = match (challenge.means, means) {
            (Some(_), _) => self.means.answer(means, &challenge, &digest)?,
            (None, MeansProfile::Passkey) => self.means.passkeys.register(RELYING_PARTY, USER, &digest)?,
            (None, MeansProfile::DeviceKey) => self.means.device_keys.generate()?.registration(&digest)?,
            (None, MeansProfile::PinTotp) => self.means.pins.register()?,
            (None, MeansProfile::X509 | MeansProfile::Oidc) => {
                bail!("development has no issuer of {means:?} means")
            }
        };
        let registration = assertion.registration();
        Ok((instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?, registration))
    }
}

/// The signature algorithm that goes best with a key.
fn natural(algorithm: KeyAlgorithm) -> anyhow::Result<fuin_shared::algorithm::SignatureAlgorithm> {
    algorithm.signature_algorithms().first().copied().context("key without signature algorithm")
}

/// Name of a key algorithm in `dev.json`.
pub const fn name(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => "P-256",
        KeyAlgorithm::EcdsaP384 => "P-384",
    }
}
