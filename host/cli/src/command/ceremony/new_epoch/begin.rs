//! Place: none. `fuin ceremony new-epoch begin`: the enclave checks the officers' quorum; the shares that follow begin the epoch.

use super::read;
use crate::ceremony::client::CeremonyClient;
use crate::outcome::Failure;
use fuin_shared::codec;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The draft with the signatures of the quorum.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Planned {
    epoch: u32,
}

/// Brings it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let epoch = read(&args.draft)?;
    let client = CeremonyClient::new(&args.host)?;
    let Planned { epoch: number } = client.post("epoch", codec::encode(&epoch)).await?;
    if args.json {
        println!("{}", json!({ "epoch": number, "instance": epoch.plan.instance }));
        return Ok(());
    }
    println!("epoch {number} is planned for enclave instance {}", epoch.plan.instance);
    println!(
        "now custodians give their shares (fuin ceremony share); then the host names the new origin and vkey,"
    );
    println!("which each witness must be told of (fuin witness add-log)");
    Ok(())
}
