//! Place: none. `fuin manifest change`: the enclave checks the officers' quorum, and the ledger's event makes the manifest current.

use crate::ceremony::client::CeremonyClient;
use crate::ceremony::draft::Draft;
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
struct Changed {
    manifest: String,
    version: u64,
    index: u64,
}

/// Brings it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let draft = Draft::read(&args.draft)?;
    let client = CeremonyClient::new(&args.host)?;
    let changed: Changed = client.post("change", codec::encode(&draft.change())).await?;
    if args.json {
        let Changed { manifest, version, index } = changed;
        println!("{}", json!({ "manifest": manifest, "version": version, "index": index }));
        return Ok(());
    }
    println!("manifest   {}", changed.manifest.escape_debug());
    println!("version {} is current; entry {} of the ledger says so", changed.version, changed.index);
    Ok(())
}
