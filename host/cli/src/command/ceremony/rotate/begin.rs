//! Place: none. `fuin ceremony rotate begin`: the enclave checks the officers' quorum and makes the new root key.

use super::read;
use crate::ceremony::client::CeremonyClient;
use crate::outcome::Failure;
use fuin_shared::codec;
use fuin_shared::rotation::RotateRoot;
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
#[serde(rename_all = "camelCase")]
struct Begun {
    root_commitment: String,
}

/// Brings it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let draft = read(&args.draft)?;
    let client = CeremonyClient::new(&args.host)?;
    let message = codec::encode(&RotateRoot { approvals: draft.approvals });
    let Begun { root_commitment } = client.post("rotation", message).await?;
    if args.json {
        println!("{}", json!({ "rootCommitment": root_commitment, "instance": draft.plan.instance }));
        return Ok(());
    }
    println!(
        "root key {} waits for its custodians; nothing depends on it yet",
        root_commitment.escape_debug()
    );
    println!(
        "now each custodian takes a share (fuin ceremony share); an enclave that ends before has forgotten it"
    );
    Ok(())
}
