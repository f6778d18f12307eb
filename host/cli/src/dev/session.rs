//! Place: none. Brings a development installation up and keeps it up: children are started again when they end, a new
//! boot of the enclave is provisioned again, the custodian follows the ledger.

use super::authority::DevAuthority;
use super::ceremony::{Ceremony, observe};
use super::child::{EnclaveChild, EnclaveProgram};
use super::enrolment::{Enrolment, USER, name};
use super::founding::{DevOfficer, Founded, Founders, ORIGIN};
use super::keys::{DevKey, secret};
use super::layout::Layout;
use super::organization::{ORGANIZATION, OrganizationEnrolment};
use super::progress::Progress;
use super::publish;
use super::registration::DevRegistration;
use super::run_dir::RunDir;
use super::witnesses::DevWitnesses;
use crate::ceremony::custodian::CustodianFile;
use crate::file;
use crate::installation::now;
use anyhow::{Context as _, bail};
use fuin_custodian::Pins;
use fuin_host::RunningHost;
use fuin_host::store::{CatalogueEntry, KeyStatus};
use fuin_sca::device_key::DeviceKeyDirectory;
use fuin_sca::means::SoftwareMeans;
use fuin_sca::passkey::PasskeyDirectory;
use fuin_sca::pin_totp::PinTotpDirectory;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::ids::InstanceId;
use fuin_shared::manifest::Measurement;
use fuin_shared::message::{Answer, Command};
use fuin_shared::phase::Phase;
use fuin_shared::sad::MeansProfile;
use fuin_sic::Sic;
use std::time::Duration;

/// Longest wait for an enclave to dial; a boot without hardware virtualization takes its time.
const BOOT: Duration = Duration::from_secs(240);
/// How often the custodian looks at the ledger, and the session at the enclave.
pub const LOOK: Duration = Duration::from_secs(1);
const MAX_LIST: u32 = 100;
const CUSTODIAN: &str = "dev-custodian";

/// Everything of an installation that is up.
pub struct Session {
    layout: Layout,
    run: RunDir,
    program: EnclaveProgram,
    host: RunningHost,
    progress: Progress,
    witnesses: DevWitnesses,
    custodian: CustodianFile,
    wanted: Wanted,
    standing: Option<Standing>,
    provisioned: Option<InstanceId>,
}

/// What an installation gets besides a passkey's credentials.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// A credential with a device key.
    pub device_key: bool,
    /// A credential with a PIN and one-time passwords.
    pub pin_totp: bool,
    /// A seal credential of the development organization.
    pub seals: bool,
    /// Events between two snapshots, in the manifest of a new one.
    pub snapshot_events: Option<u32>,
}

/// What stands once the platform's root is known.
struct Standing {
    officer: DevOfficer,
    ra_key: DevKey,
    authority: DevAuthority,
    founded: Founded,
    evidence_root: Vec<u8>,
    measurement: Measurement,
}

impl Session {
    /// Over a host that is up.
    pub fn new(
        layout: Layout,
        run: RunDir,
        program: EnclaveProgram,
        host: RunningHost,
        witnesses: DevWitnesses,
        progress: Progress,
        wanted: Wanted,
    ) -> anyhow::Result<Self> {
        let custodian = CustodianFile::load_or_make(&layout.custodian(), CUSTODIAN)?;
        Ok(Self {
            layout,
            run,
            program,
            host,
            progress,
            witnesses,
            custodian,
            wanted,
            standing: None,
            provisioned: None,
        })
    }

    /// What a person sees.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The host.
    pub const fn host(&self) -> &RunningHost {
        &self.host
    }

    /// Where `dev.json` is.
    pub fn dev_json(&self) -> std::path::PathBuf {
        self.layout.dev_json()
    }

    /// The enclave's program.
    pub const fn program(&self) -> &EnclaveProgram {
        &self.program
    }

    /// Starts the enclave.
    pub fn start_enclave(&self) -> anyhow::Result<EnclaveChild> {
        self.progress.step(match &self.program.kind() {
            super::child::EnclaveKind::Qemu => "starting the enclave in QEMU",
            super::child::EnclaveKind::Process => "starting the enclave as a process",
        });
        self.program.start(&self.layout, &self.run)
    }

    /// Waits until an enclave that is not provisioned yet has dialled.
    pub async fn dialled(&self) -> anyhow::Result<InstanceId> {
        let known = self.provisioned;
        let mut instance = self.host.relay().instance();
        let wait = instance.wait_for(|found| found.is_some() && *found != known);
        let found = tokio::time::timeout(BOOT, wait).await;
        let found = found.with_context(|| format!("no enclave dialled within {} s", BOOT.as_secs()))?;
        found?.context("no enclave")
    }

    /// Makes the connected enclave operational, with a credential of each kind.
    pub async fn provision(&mut self, instance: InstanceId) -> anyhow::Result<()> {
        self.found()?;
        let Some(standing) = &self.standing else { bail!("nothing was founded") };
        self.progress.step("provisioning the enclave");
        let mut ceremony = Ceremony {
            host: &self.host,
            witnesses: &self.witnesses,
            officer: &standing.officer,
            founded: &standing.founded,
            evidence_root: &standing.evidence_root,
            measurement: &standing.measurement,
            custodian: &mut self.custodian,
        };
        ceremony.bring_up().await?;
        self.enrol().await.context("enrolment")?;
        self.provisioned = Some(instance);
        Ok(())
    }

    /// Keys, CA and manifest on the first run; on a later one they are read.
    fn found(&mut self) -> anyhow::Result<()> {
        let measurement = self.program.measure()?;
        let evidence_root = read_certificate(&self.layout)?;
        let officer = DevOfficer(DevKey::load_or_make(&self.layout.key("officer"))?);
        let ra_key = DevKey::load_or_make(&self.layout.key("ra-proof"))?;
        let authority = DevAuthority::load_or_make(&self.layout, now())?;
        let founders = Founders {
            evidence_root: evidence_root.clone(),
            measurement: measurement.clone(),
            custodian: self.custodian.get().manifest_entry(),
            auditor: (
                DevKey::load_or_make(&self.layout.key("auditor"))?.spki(),
                DevKey::load_or_make(&self.layout.auditor_key())?.point(),
            ),
            ra_proof: ra_key.spki(),
            ca_root: authority.root_der()?,
            witnesses: self.witnesses.policy().cloned(),
            snapshot_events: self.wanted.snapshot_events,
        };
        let founded = officer.found(&self.layout.manifest(), founders, now())?;
        let pins = Pins {
            service: founded.service,
            measurement: [measurement.pcr0, measurement.pcr1, measurement.pcr2],
            development_anchor: Some(evidence_root.clone().into()),
        };
        if self.custodian.get().pins() != Some(&pins) {
            if self.custodian.get().pins().is_some() {
                self.progress.note("the enclave's image is another than last time; this development installation pins the new one");
            }
            self.custodian.change(|c| c.join(pins))?;
        }
        self.standing = Some(Standing { officer, ra_key, authority, founded, evidence_root, measurement });
        Ok(())
    }

    /// Enrols a credential of each kind that is missing.
    async fn enrol(&mut self) -> anyhow::Result<()> {
        let Some(standing) = &self.standing else { bail!("nothing was founded") };
        let password = hex::encode(secret::<16>(&self.layout.password())?.as_ref());
        if self.host.store().user(USER).await?.is_none() {
            self.host.accounts().put_user(USER, &password).await?;
        }
        let card =
            publish::card(&self.layout, &standing.founded, &standing.measurement, self.custodian.get())?;
        let sic = Sic::new(card.pins()?)?;
        let mut means = SoftwareMeans {
            passkeys: PasskeyDirectory::new(self.layout.passkeys(), ORIGIN, false),
            device_keys: DeviceKeyDirectory::new(self.layout.device_keys()),
            pins: PinTotpDirectory::new(self.layout.pins(), now),
        };
        let ledger = self.custodian.get().ledger().context("the custodian knows no ledger")?;
        let with_passkey = KeyAlgorithm::ALL.into_iter().map(|algorithm| (algorithm, MeansProfile::Passkey));
        let with_device_key =
            self.wanted.device_key.then_some((KeyAlgorithm::EcdsaP256, MeansProfile::DeviceKey));
        let with_pin = self.wanted.pin_totp.then_some((KeyAlgorithm::EcdsaP256, MeansProfile::PinTotp));
        for (algorithm, profile) in with_passkey.chain(with_device_key).chain(with_pin) {
            let is_it = |entry: &CatalogueEntry| (entry.key_algorithm, entry.means) == (algorithm, profile);
            if self.credentials().await?.iter().any(is_it) {
                continue;
            }
            self.progress.step(&format!(
                "enrolling a {} credential with a {}",
                name(algorithm),
                profile.as_str()
            ));
            let ra = DevRegistration {
                host: &self.host,
                key: &standing.ra_key,
                service: standing.founded.service,
                origin: ledger.origin.clone(),
                identity_key: secret(&self.layout.identity_key())?,
            };
            let mut enrolment =
                Enrolment { ra, authority: &standing.authority, sic: &sic, means: &mut means };
            let id = enrolment.enrol(algorithm, profile).await.with_context(|| name(algorithm).to_owned())?;
            tracing::info!(%id, algorithm = name(algorithm), "enrolled");
        }
        if self.wanted.seals && self.seal_credential().await?.is_none() {
            self.progress.step("enrolling a seal credential");
            // Nobody logs in as the organization: its SCA has a token.
            let password = hex::encode(nonce()?);
            self.host.accounts().put_user(ORGANIZATION, &password).await?;
            let ra = DevRegistration {
                host: &self.host,
                key: &standing.ra_key,
                service: standing.founded.service,
                origin: ledger.origin.clone(),
                identity_key: secret(&self.layout.identity_key())?,
            };
            let mut passkeys = PasskeyDirectory::new(self.layout.approvers(), ORIGIN, false);
            let mut enrolment = OrganizationEnrolment {
                ra,
                authority: &standing.authority,
                sic: &sic,
                passkeys: &mut passkeys,
            };
            let id = enrolment.enrol().await.context("seals")?;
            tracing::info!(%id, "enrolled for seals");
        }
        Ok(())
    }

    /// The organization's seal credential, if it has one.
    async fn seal_credential(&self) -> anyhow::Result<Option<CatalogueEntry>> {
        let mut list = self.host.store().credentials_of(ORGANIZATION, None, MAX_LIST).await?;
        list.retain(|entry| entry.status == KeyStatus::Enabled);
        Ok(list.into_iter().next())
    }

    /// The signer's credentials that can sign.
    async fn credentials(&self) -> anyhow::Result<Vec<CatalogueEntry>> {
        let mut list = self.host.store().credentials_of(USER, None, MAX_LIST).await?;
        list.retain(|entry| entry.status == KeyStatus::Enabled);
        list.sort_by(|a, b| {
            let order = |entry: &CatalogueEntry| (entry.means != MeansProfile::Passkey, entry.key_algorithm);
            (order(a), &a.id).cmp(&(order(b), &b.id))
        });
        Ok(list)
    }

    /// Writes service card and `dev.json`: the service is ready.
    pub async fn publish(&self) -> anyhow::Result<usize> {
        let Some(standing) = &self.standing else { bail!("nothing was founded") };
        let card =
            publish::card(&self.layout, &standing.founded, &standing.measurement, self.custodian.get())?;
        let credentials = self.credentials().await?;
        let password = hex::encode(secret::<16>(&self.layout.password())?.as_ref());
        let seal = self.seal_credential().await?;
        let published = publish::Published {
            founded: &standing.founded,
            credentials: &credentials,
            seal: seal.as_ref(),
            password: &password,
        };
        publish::write(&self.layout, &self.host, &card, published, self.program.kind()).await?;
        Ok(credentials.len())
    }

    /// A look at what goes on: the custodian sees the newest checkpoint. Answers whether the enclave still serves.
    pub async fn look(&mut self) -> anyhow::Result<bool> {
        observe(&self.host, &mut self.custodian).await?;
        match self.host.relay().call(Command::Status, LOOK).await {
            Ok(Answer::Status(status)) => Ok(status.phase != Phase::Halted),
            // Busy, or gone; the child's end and the next instance are waited for elsewhere.
            _ => Ok(true),
        }
    }

    /// Ends in order: enclave, host, last look of the custodian in between.
    pub async fn end(mut self, child: Option<EnclaveChild>) {
        // Whoever waits for `dev.json` must not find that of a service that is gone.
        let _ = std::fs::remove_file(self.layout.dev_json());
        if let Some(child) = child {
            child.stop().await;
        }
        if let Err(error) = observe(&self.host, &mut self.custodian).await {
            tracing::warn!(%error, "the custodian's last look failed");
        }
        self.host.shutdown().await;
        self.witnesses.stop().await;
        self.progress.rest();
    }
}

fn nonce() -> anyhow::Result<[u8; 32]> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets)?;
    Ok(octets)
}

/// The platform's root in DER.
fn read_certificate(layout: &Layout) -> anyhow::Result<Vec<u8>> {
    let path = layout.evidence_root();
    let pem = file::read(&path, 64 * 1024)?;
    let (label, der) = der::pem::decode_vec(&pem).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    anyhow::ensure!(label == "CERTIFICATE", "{}: no certificate", path.display());
    Ok(der)
}
