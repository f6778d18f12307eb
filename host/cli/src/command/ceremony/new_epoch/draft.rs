//! Place: none. `fuin ceremony new-epoch draft`.

use super::{check, tell, write};
use crate::ceremony::draft::Draft;
use crate::ceremony::running::Running;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::log::note::{MAX_NOTE, Note};
use fuin_shared::new_epoch::{EpochPlan, NewEpoch};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    running: Running,
    /// The newest checkpoint that a quorum of the lost witnesses cosigned, with their lines: a signed note.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The manifest that names other witnesses: a draft of `fuin manifest draft`, signed by the officers' quorum. Without it
    /// the same witnesses begin anew.
    #[arg(long, value_name = "FILE")]
    change: Option<PathBuf>,
    /// Number of the epoch: one more than evidence showed; 1 if it showed none.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epoch: u32,
    /// Where the draft goes, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Verifies, makes, tells.
pub async fn run(args: Args) -> Result<(), Failure> {
    let (founded, measurement, client) = args.running.read()?;
    let wrong = |e: &dyn std::fmt::Display| Failure::Usage(format!("--checkpoint: {e}"));
    let checkpoint = file::read(&args.checkpoint, MAX_NOTE as u64).map_err(|e| wrong(&format!("{e:#}")))?;
    let checkpoint = String::from_utf8(checkpoint).map_err(|_| wrong(&"not a text"))?;
    let head = Note::parse(checkpoint.as_bytes()).map_err(|e| wrong(&e))?.text().to_owned();
    let change = args.change.as_deref().map(Draft::read).transpose()?;
    let note = client.state().await?.ledger.checkpoint;
    let ledger = note.as_deref().and_then(|note| note.lines().next()).context("the host has no ledger")?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check_boot(&measurement, &bundle, &nonce, now())?;
    let change = change.map(|draft| draft.change());
    let plan = EpochPlan {
        service: founded.service,
        ledger: ledger.to_owned(),
        epoch: args.epoch,
        checkpoint: head,
        manifest: change.as_ref().map_or(evidence.manifest_hash(), |change| change.as_signed().hash()),
        instance: evidence.instance_id(),
    };
    let epoch = NewEpoch { plan, checkpoint, change, approvals: Vec::new() };
    let next = check(&epoch, &founded, &evidence)?;
    tell(&epoch, &founded.manifest, &next)?;
    write(&args.output, &epoch)?;
    println!("draft in {}; signatures needed: {}", args.output.display(), founded.manifest.officer_quorum);
    Ok(())
}
