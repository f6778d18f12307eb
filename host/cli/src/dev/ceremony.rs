//! Place: none. From a boot to an operational enclave: manifest, then genesis or the custodian's share, with the evidence
//! checked by whoever gives something away.

use super::founding::{DevOfficer, Founded, approval_end};
use super::witnesses::DevWitnesses;
use crate::ceremony::custodian::CustodianFile;
use crate::ceremony::founded::{check, references};
use crate::ceremony::officer::statement_id;
use crate::installation::now;
use anyhow::{Context as _, bail, ensure};
use fuin_attestation::{Anchors, DevelopmentAnchor, Expectations, VerifiedEvidence};
use fuin_host::RunningHost;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::manifest::Measurement;
use fuin_shared::message::{Answer, Command, ConfirmGenesis, Genesis, GetEvidence, Status};
use fuin_shared::phase::Phase;
use fuin_shared::statement::GenesisApproval;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::time::Duration;

/// Patience with one command; the last share's answer comes after the replay of the ledger.
const PATIENCE: Duration = Duration::from_secs(300);
const RECOVERY_LOOK: Duration = Duration::from_millis(200);

/// Everybody who takes part.
pub struct Ceremony<'a> {
    /// The host.
    pub host: &'a RunningHost,
    /// The witnesses, if the manifest names some.
    pub witnesses: &'a DevWitnesses,
    /// The officer.
    pub officer: &'a DevOfficer,
    /// The service.
    pub founded: &'a Founded,
    /// Root of the evidence, DER.
    pub evidence_root: &'a [u8],
    /// The image that everybody expects.
    pub measurement: &'a Measurement,
    /// The custodian.
    pub custodian: &'a mut CustodianFile,
}

impl Ceremony<'_> {
    /// Brings the connected enclave up; nothing happens if it is operational.
    pub async fn bring_up(&mut self) -> anyhow::Result<()> {
        let mut phase = self.status().await?.phase;
        if phase == Phase::Booted {
            self.host.keep_manifest(self.founded.signed.clone()).await.context("manifest")?;
            phase = Phase::Uninitialized;
        }
        if phase == Phase::Uninitialized {
            // The host may be at it already: then this waits until it has them all.
            let service = self.host.bring_manifests().await.context("manifest")?;
            ensure!(service == Some(self.founded.service), "manifest: the enclave works for another service");
        }
        if phase == Phase::Uninitialized {
            if self.host.store().head().await?.size == 0 {
                self.genesis().await.context("genesis")?;
            } else {
                self.provide().await.context("custodian's share")?;
            }
        }
        loop {
            match self.status().await?.phase {
                Phase::Operational => break,
                Phase::Recovering => tokio::time::sleep(RECOVERY_LOOK).await,
                phase => bail!("the enclave is {phase} instead of operational"),
            }
        }
        self.follow().await.context("custodian")
    }

    async fn status(&self) -> anyhow::Result<Status> {
        match self.call(Command::Status).await.context("status")? {
            Answer::Status(status) => Ok(status),
            _ => bail!("status: unexpected answer"),
        }
    }

    async fn call(&self, command: Command) -> anyhow::Result<Answer> {
        Ok(self.host.relay().call(command, PATIENCE).await?)
    }

    /// A command whose answer the witnesses must cosign. The ledger is registered with them as soon as its name is known; one
    /// that knows a newer ledger, or another, ends the wait: no patience makes an old store young again.
    async fn witnessed(&self, command: Command) -> anyhow::Result<Answer> {
        let (mut ledger, mut contradiction) =
            (self.host.witnesses().ledger(), self.host.witnesses().contradiction());
        let answer = self.call(command);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                Ok(()) = ledger.changed() => {
                    let named = ledger.borrow_and_update().clone();
                    if let Some(named) = named {
                        self.witnesses.register(&named)?;
                    }
                }
                Ok(()) = contradiction.changed() => {
                    let said = contradiction.borrow_and_update().clone();
                    if let Some(refusal) = said {
                        bail!("{refusal}");
                    }
                }
            }
        }
    }

    /// Evidence with a fresh nonce.
    async fn evidence(&self) -> anyhow::Result<(Vec<u8>, [u8; 32])> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        let command = Command::GetEvidence(GetEvidence { nonce: Some(Blob::from(&nonce[..])) });
        match self.call(command).await.context("evidence")? {
            Answer::Evidence(bundle) => Ok((bundle.0, nonce)),
            _ => bail!("evidence: unexpected answer"),
        }
    }

    /// The officer looks at the evidence before approving anything.
    fn officer_checks(&self, bundle: &[u8], nonce: &[u8], now: u64) -> anyhow::Result<VerifiedEvidence> {
        let anchors = Anchors::development(DevelopmentAnchor::from_der(self.evidence_root)?);
        let expectations = Expectations {
            phases: Some(vec![Phase::Uninitialized]),
            minimum_release: None,
            allow_development: true,
            ..Expectations::of_service(self.founded.service, references(self.measurement)?)
        };
        check(bundle, nonce, now, &anchors, &expectations)
    }

    async fn genesis(&mut self) -> anyhow::Result<()> {
        // A genesis that was interrupted before its first event left a share of a root key that nobody else knows.
        if self.custodian.get().holds_share() {
            self.custodian.change(|c| c.abandon_share())?;
        }
        let (bundle, nonce) = self.evidence().await?;
        let evidence = self.officer_checks(&bundle, &nonce, now()).context("officer")?;
        let approval = self.officer.approve(&GenesisApproval {
            service: self.founded.service,
            instance: evidence.instance_id(),
            manifest: evidence.manifest_hash(),
            statement: statement_id()?,
            not_after: approval_end(now()),
        })?;
        let Answer::GenesisShares(made) =
            self.call(Command::Genesis(Genesis { approvals: vec![approval] })).await?
        else {
            bail!("unexpected answer");
        };
        let (bundle, nonce) = self.evidence().await?;
        let name = self.custodian.get().id().clone();
        let share = made.shares.iter().find(|s| s.custodian == name).context("no share for the custodian")?;
        let receipt =
            self.custodian.change(|c| c.accept_share(&bundle, &nonce, now(), &made.commitment, share))?;
        let receipts = vec![codec::encode(&receipt).into()];
        match self.witnessed(Command::ConfirmGenesis(ConfirmGenesis { receipts })).await? {
            Answer::Operational { .. } => Ok(()),
            _ => bail!("unexpected answer"),
        }
    }

    async fn provide(&mut self) -> anyhow::Result<()> {
        self.custodian.reload()?;
        let (bundle, nonce) = self.evidence().await?;
        let given = self.custodian.get().provide_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng))?;
        match self.witnessed(Command::ProvideShare(given.message())).await? {
            Answer::Operational { .. } => Ok(()),
            Answer::ShareAccepted { missing } => {
                bail!("{missing} more shares are needed; this installation has one")
            }
            _ => bail!("unexpected answer"),
        }
    }

    /// The custodian learns the ledger and sees its newest checkpoint.
    async fn follow(&mut self) -> anyhow::Result<()> {
        if self.custodian.get().ledger().is_none() {
            let (bundle, nonce) = self.evidence().await?;
            self.custodian.change(|c| c.learn_ledger(&bundle, &nonce, now()))?;
        }
        observe(self.host, self.custodian).await
    }
}

/// Shows the newest checkpoint of the host to the custodian.
pub async fn observe(host: &RunningHost, custodian: &mut CustodianFile) -> anyhow::Result<()> {
    let Some(note) = host.store().head().await?.checkpoint else { return Ok(()) };
    // `fuin ceremony share` may have put another share into it.
    custodian.reload()?;
    custodian.observe(&note)
}
