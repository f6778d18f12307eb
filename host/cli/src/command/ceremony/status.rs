//! Place: none. `fuin ceremony status`: how far it is by the host's word; with the manifest, what the evidence says.

use crate::ceremony::client::{CeremonyClient, CeremonyState, RotationState};
use crate::ceremony::founded::Founded;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_attestation::VerifiedEvidence;
use fuin_shared::phase::Phase;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The signed manifest: the evidence of an operational enclave is verified under it.
    #[arg(long, value_name = "FILE", requires = "release")]
    manifest: Option<PathBuf>,
    /// The image's measurement, that of a build of one's own.
    #[arg(long, value_name = "FILE", requires = "manifest")]
    release: Option<PathBuf>,
    /// Writes the service card here, from verified evidence.
    #[arg(long, value_name = "FILE", requires = "manifest")]
    card: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Asks, verifies, tells.
pub async fn run(args: Args) -> Result<(), Failure> {
    let client = CeremonyClient::new(&args.host)?;
    let state = client.state().await?;
    let mut verified = None;
    if let (Some(manifest), Some(release)) = (&args.manifest, &args.release)
        && (state.phase == "operational" || args.card.is_some())
    {
        let founded = Founded::read_signed(manifest)?;
        let measurement = founded.measurement(release)?;
        let (bundle, nonce) = client.evidence().await?;
        let evidence = founded.check(&measurement, &bundle, &nonce, now(), Phase::Operational)?;
        if let Some(path) = &args.card {
            file::write(path, &founded.card(&measurement, &evidence)?.to_json(), file::PUBLIC)?;
        }
        verified = Some(evidence);
    }
    if args.json {
        print_json(&state, verified.as_ref())
    } else {
        print_text(&state, verified.as_ref())
    }
    if let Some(path) = args.card.filter(|_| !args.json) {
        println!("service card: {}", path.display());
    }
    Ok(())
}

/// Whose part is missing.
fn missing(state: &CeremonyState) -> Vec<String> {
    let names = |names: &[String]| names.iter().map(|n| n.escape_debug().to_string()).collect::<Vec<_>>();
    if state.service.is_none() {
        return vec!["a manifest".to_owned()];
    }
    if let Some(genesis) = &state.genesis {
        return names(&genesis.receipts_missing);
    }
    if let Some(rotation) = &state.rotation {
        return names(&rotation.receipts_missing);
    }
    let (Some(shares), Some(manifest)) = (&state.shares, &state.manifest) else { return Vec::new() };
    let but = |all: &[String], given: &[String]| {
        names(&all.iter().filter(|name| !given.contains(name)).cloned().collect::<Vec<_>>())
    };
    if state.ledger.size == 0 {
        but(&manifest.officers, &state.approvals)
    } else {
        but(&manifest.custodians, &shares.from)
    }
}

/// How many of the missing are needed.
fn needed(state: &CeremonyState) -> usize {
    let all = missing(state).len();
    match (&state.genesis, &state.shares, &state.manifest) {
        (None, Some(_), Some(manifest)) if state.ledger.size == 0 => {
            usize::from(manifest.officer_quorum).saturating_sub(state.approvals.len())
        }
        (None, Some(shares), Some(_)) => usize::from(shares.missing),
        _ => all,
    }
}

fn print_json(state: &CeremonyState, verified: Option<&VerifiedEvidence>) {
    let evidence = verified.map(|evidence| {
        json!({
            "service": evidence.service(),
            "instance": evidence.instance_id(),
            "ledger": evidence.ledger(),
            "epoch": evidence.epoch(),
            "rootCommitment": evidence.root_commitment(),
        })
    });
    let value = json!({
        "phase": state.phase,
        "instance": state.instance,
        "service": state.service,
        "ledgerSize": state.ledger.size,
        "witnessesAsked": state.ledger.asked,
        "epochPlanned": state.shares.as_ref().and_then(|shares| shares.epoch),
        "rootCommitment": state.genesis.as_ref().map(|genesis| &genesis.root_commitment),
        "missing": missing(state),
        "needed": needed(state),
        "roots": state.shares.as_ref().map(|shares| &shares.roots),
        "rotation": state.rotation,
        "evidence": evidence,
    });
    println!("{value}");
}

fn print_rotation(rotation: &RotationState) {
    println!("rotation:    {}", rotation.stage.escape_debug());
    println!("from:        root key {}", rotation.from.escape_debug());
    println!("to:          root key {}", rotation.to.escape_debug());
    match rotation.stage.as_str() {
        "rewrapping" => println!("left:        {} records under the former root key", rotation.records_left),
        "deleting" => {
            let deleted = rotation.deletions.join(", ");
            println!(
                "deleted by:  {}",
                if deleted.is_empty() { "nobody yet".into() } else { deleted.escape_debug().to_string() }
            );
            println!(
                "needed:      {} more deletions (fuin ceremony share --delete-former)",
                rotation.deletions_missing
            );
        }
        _ => {}
    }
}

fn print_text(state: &CeremonyState, verified: Option<&VerifiedEvidence>) {
    println!("phase:       {}", state.phase.escape_debug());
    println!("instance:    {}", state.instance.escape_debug());
    println!("service:     {}", state.service.as_deref().unwrap_or("none yet").escape_debug());
    println!("ledger size: {}", state.ledger.size);
    if let Some(asked) = state.ledger.asked.as_ref().filter(|_| state.phase == "recovering") {
        println!("waits for:   witnesses who know {}", asked.vkey.escape_debug());
    }
    if let Some(genesis) = &state.genesis {
        println!(
            "genesis:     waits for receipts, root commitment {}",
            genesis.root_commitment.escape_debug()
        );
    }
    if let Some(epoch) = state.shares.as_ref().and_then(|shares| shares.epoch) {
        println!("planned:     epoch {epoch}, with the shares");
    }
    for root in state.shares.iter().flat_map(|shares| &shares.roots) {
        let (name, needed) =
            (root.root_commitment.escape_debug(), if root.needed { "needed" } else { "given" });
        println!("root key:    {name}, {needed}: {} more shares", root.missing);
    }
    if let Some(rotation) = &state.rotation {
        print_rotation(rotation);
    }
    let missing = missing(state);
    if state.service.is_none() {
        println!("missing:     {}", missing.join(", "));
    } else if !missing.is_empty() {
        println!("missing:     {} of {}", needed(state), missing.join(", "));
    }
    match verified {
        Some(evidence) => {
            println!("evidence verified: service {}", evidence.service());
            if let Some(ledger) = evidence.ledger() {
                println!("ledger:          {}", ledger.origin.escape_debug());
                println!("ledger key:      {}", ledger.vkey.escape_debug());
            }
            if let Some(epoch) = evidence.epoch() {
                println!("BREAK:           epoch {} since entry {}", epoch.number, epoch.index);
                println!("before it:       {}", epoch.predecessor.escape_debug());
            }
            if let Some(commitment) = evidence.root_commitment() {
                println!("root commitment: {commitment}");
            }
        }
        None => println!(
            "(the host's word; with --manifest and --release the evidence is verified once operational)"
        ),
    }
}
