//! Place: none. `fuin ceremony new-epoch`: the exit from a lost quorum of witnesses. A draft goes from officer to officer; what
//! each of them signs is computed from evidence and from the draft, and told before.

mod begin;
mod draft;
mod sign;

use crate::ceremony::founded::Founded;
use crate::file;
use crate::outcome::Failure;
use anyhow::{Context as _, ensure};
use fuin_attestation::VerifiedEvidence;
use fuin_attestation::time::utc;
use fuin_shared::codec;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::Note;
use fuin_shared::manifest::Manifest;
use fuin_shared::new_epoch::NewEpoch;
use std::path::Path;

/// Octets of a draft.
const MAX_DRAFT: u64 = 1024 * 1024;

/// Steps.
#[derive(clap::Subcommand)]
pub enum Step {
    /// Makes a draft for the boot that waits for shares, from the last cosigned checkpoint.
    Draft(draft::Args),
    /// An officer verifies the evidence of that boot, reads what is to happen, and signs.
    Sign(sign::Args),
    /// Brings the signed draft to that boot. Then custodians give their shares.
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

fn read(path: &Path) -> anyhow::Result<NewEpoch> {
    let octets = file::read(path, MAX_DRAFT)?;
    serde_json::from_slice(&octets).with_context(|| format!("{}: no draft of a new epoch", path.display()))
}

fn write(path: &Path, epoch: &NewEpoch) -> anyhow::Result<()> {
    let mut octets = serde_json::to_vec_pretty(epoch)?;
    octets.push(b'\n');
    file::write(path, &octets, file::PUBLIC)
}

/// Holds a draft against the evidence of the boot: it must be for this service, boot and manifest.
fn check(epoch: &NewEpoch, founded: &Founded, evidence: &VerifiedEvidence) -> anyhow::Result<Manifest> {
    let plan = &epoch.plan;
    ensure!(plan.service == founded.service, "the draft is for another service");
    ensure!(
        plan.instance == evidence.instance_id(),
        "the draft is for another boot of the enclave: make a new one"
    );
    let (current, hash) = (evidence.manifest(), evidence.manifest_hash());
    ensure!(
        codec::encode(current) == codec::encode(&founded.manifest),
        "--manifest: not the manifest that the evidence names; `fuin manifest show --save` keeps all of them"
    );
    let next = match &epoch.change {
        None => {
            ensure!(plan.manifest == hash, "the draft names another manifest than the current one");
            current.clone()
        }
        Some(change) => {
            let next =
                change.verify(&plan.service, current, &hash).context("the manifest that is to follow")?;
            ensure!(plan.manifest == next.hash, "the draft names another manifest than it carries");
            next.manifest
        }
    };
    let note = Note::parse(epoch.checkpoint.as_bytes()).context("the checkpoint")?;
    ensure!(note.text() == plan.checkpoint, "the draft names another checkpoint than it carries");
    ensure!(
        next.witnesses.is_some() && current.witnesses.is_some(),
        "a service without witnesses has no epochs"
    );
    Ok(next)
}

/// What an officer reads before signing.
fn tell(epoch: &NewEpoch, current: &Manifest, next: &Manifest) -> anyhow::Result<()> {
    let plan = &epoch.plan;
    let head = Checkpoint::parse(&plan.checkpoint).context("the checkpoint")?;
    println!("service    {}", plan.service);
    println!("boot       {}", plan.instance);
    println!("ends       {}", plan.ledger.escape_debug());
    println!("begins     epoch {}, under manifest {} (version {})", plan.epoch, plan.manifest, next.version);
    println!("from       {} entries, root {}", head.size, hex::encode(head.root));
    if head.origin != plan.ledger {
        println!("           a head of {}: nobody may have cosigned a later one", head.origin.escape_debug());
    }
    let note = Note::parse(epoch.checkpoint.as_bytes()).context("the checkpoint")?;
    let set = current.witnesses.as_ref().context("no witnesses")?.check()?;
    // The ledger's own signature is for the enclave: who cosigned saw it.
    let cosigned = set.cosigned(head, note.signatures())?;
    for one in cosigned.cosignatures() {
        println!("cosigned   by {} at {}", one.witness().name().escape_debug(), utc(one.time()));
    }
    if !set.quorum(cosigned.cosignatures()) {
        println!(
            "WARNING    that is no quorum of the current manifest's witnesses: the enclave will refuse it, unless"
        );
        println!("           others were in office, or the epoch that ends began from this very head");
    }
    let policy = next.witnesses.as_ref().context("no witnesses")?;
    for vkey in &policy.witnesses {
        println!("witness    {}", vkey.escape_debug());
    }
    println!("quorum     {} of {}", policy.threshold, policy.witnesses.len());
    println!(
        "A ledger cut above that head cannot be told from this one: sign for the newest head that anybody knows,"
    );
    println!("and only if the witnesses that are lost will never cosign the old origin again.");
    Ok(())
}
