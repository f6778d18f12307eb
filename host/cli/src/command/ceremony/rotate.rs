//! Place: none. `fuin ceremony rotate`: another root key takes over. A draft goes from officer to officer; what each of them signs is
//! held against evidence, and told before.

mod begin;
mod draft;
mod sign;

use crate::ceremony::founded::Founded;
use crate::file;
use crate::outcome::Failure;
use anyhow::{Context as _, ensure};
use fuin_attestation::VerifiedEvidence;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::rotation::RotationPlan;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Octets of a draft.
const MAX_DRAFT: u64 = 1024 * 1024;

/// Steps.
#[derive(clap::Subcommand)]
pub enum Step {
    /// Makes a draft for the operational enclave.
    Draft(draft::Args),
    /// An officer verifies the evidence of that enclave, reads what is to happen, and signs.
    Sign(sign::Args),
    /// Brings the signed draft to that enclave, which makes the new root key. Then each custodian takes a share of it.
    Begin(begin::Args),
}

/// Runs the step.
pub async fn run(step: Step) -> Result<(), Failure> {
    match step {
        Step::Draft(args) => draft::run(args).await,
        Step::Sign(args) => sign::run(args).await,
        Step::Begin(args) => begin::run(args).await,
    }
}

/// A rotation on its way from officer to officer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    plan: RotationPlan,
    /// Signed statements.
    approvals: Vec<Blob>,
}

fn read(path: &Path) -> anyhow::Result<Draft> {
    let octets = file::read(path, MAX_DRAFT)?;
    serde_json::from_slice(&octets).with_context(|| format!("{}: no draft of a rotation", path.display()))
}

fn write(path: &Path, draft: &Draft) -> anyhow::Result<()> {
    let mut octets = serde_json::to_vec_pretty(draft)?;
    octets.push(b'\n');
    file::write(path, &octets, file::PUBLIC)
}

/// What is right at this enclave now.
fn plan(founded: &Founded, evidence: &VerifiedEvidence) -> anyhow::Result<RotationPlan> {
    ensure!(
        codec::encode(evidence.manifest()) == codec::encode(&founded.manifest),
        "--manifest: not the manifest that the evidence names; `fuin manifest show --save` keeps all of them"
    );
    if let Some(rotation) = evidence.rotation() {
        ensure!(
            rotation.stage.as_str() == "sharing",
            "a rotation is under way, and must end before the next one"
        );
    }
    Ok(RotationPlan {
        service: founded.service,
        ledger: evidence.ledger().context("the evidence names no ledger")?.origin.clone(),
        instance: evidence.instance_id(),
        manifest: evidence.manifest_hash(),
        commitment: evidence.root_commitment().context("the evidence names no root key")?,
    })
}

/// What an officer reads before signing.
fn tell(plan: &RotationPlan, founded: &Founded) {
    println!("service    {}", plan.service);
    println!("boot       {}", plan.instance);
    println!("ledger     {}", plan.ledger.escape_debug());
    println!("replaces   root key {}", plan.commitment);
    let custodians: Vec<_> =
        founded.manifest.custodians.iter().map(|custodian| custodian.id.as_str()).collect();
    println!(
        "shares     for {}; any {} of them bring the new root key back",
        custodians.join(", "),
        founded.manifest.share_threshold
    );
    println!(
        "Keys, certificates and the ledger stay what they are. Until enough custodians have deleted their old shares,"
    );
    println!("whoever gets so many of them as are needed can still open what was sealed until now.");
}
