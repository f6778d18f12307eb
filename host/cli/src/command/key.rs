//! Place: SIC. `fuin key`: saves the key statement of a credential as it comes; whether it is good is for fuin-verify to say.

use super::nonce::nonce;
use crate::file;
use crate::installation::{DEFAULT_DIR, Installation};
use crate::outcome::Failure;
use fuin_shared::ids::CredentialId;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The credential.
    #[arg(long, value_name = "ID")]
    credential: String,
    /// Where the statement goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Nonce, 8 to 64 octets in hex; random unless given.
    #[arg(long, value_name = "HEX")]
    nonce: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Fetches and saves.
pub async fn run(args: Args) -> Result<(), Failure> {
    let nonce = nonce(args.nonce.as_deref())?;
    let credential =
        CredentialId::new(&args.credential).map_err(|e| Failure::Usage(format!("--credential: {e}")))?;
    let installation = Installation::open(&args.dir)?;
    let octets = installation.client()?.key_attestation(&nonce, &credential).await?;
    file::write(&args.output, &octets, file::PUBLIC)?;
    let nonce = hex::encode(nonce);
    if args.json {
        println!("{}", json!({ "output": args.output, "octets": octets.len(), "nonce": nonce }));
    } else {
        println!("written: {} ({} octets, not verified)", args.output.display(), octets.len());
        println!("nonce:   {nonce}");
    }
    Ok(())
}
