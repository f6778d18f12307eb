//! Place: SIC. `fuin evidence`: saves a bundle as it comes; whether it is good is for fuin-verify to say.

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
    /// Where the bundle goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Nonce, 8 to 64 octets in hex; random unless given.
    #[arg(long, value_name = "HEX")]
    nonce: Option<String>,
    /// The credential whose enclave is asked.
    #[arg(long, value_name = "ID")]
    credential: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Fetches and saves.
pub async fn run(args: Args) -> Result<(), Failure> {
    let nonce = nonce(args.nonce.as_deref())?;
    let credential = args.credential.map(CredentialId::new).transpose();
    let credential = credential.map_err(|e| Failure::Usage(format!("--credential: {e}")))?;
    let installation = Installation::open(&args.dir)?;
    let bundle = installation.client()?.evidence(&nonce, credential.as_ref()).await?;
    file::write(&args.output, &bundle, file::PUBLIC)?;
    let nonce = hex::encode(nonce);
    let root = &installation.dev.evidence_root;
    if args.json {
        println!(
            "{}",
            json!({ "output": args.output, "octets": bundle.len(), "nonce": nonce, "evidenceRoot": root })
        );
    } else {
        println!("written: {} ({} octets, not verified)", args.output.display(), bundle.len());
        println!("nonce:   {nonce}");
        let (file, root, release) =
            (args.output.display(), root.display(), installation.dev.release.display());
        println!("verify:  fuin-verify {file} --root {root} --release {release} --nonce {nonce} \\");
        println!(
            "             --service {} --allow-development --min-release durable",
            installation.dev.service
        );
    }
    Ok(())
}
