//! Place: none. `fuin order send`.

use crate::ceremony::release::Release;
use crate::outcome::Failure;
use fuin_sca::csc::CscClient;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// URL of the service, without /csc.
    #[arg(long, value_name = "URL")]
    csc: String,
    /// The draft with the signatures of the quorum.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Sends it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let client = CscClient::new(&args.csc)?;
    let release = Release::read(&args.draft)?;
    if release.orders.is_empty() {
        return Err(Failure::Usage(
            "--draft: nobody has signed it yet; officers do so with `fuin order sign`".into(),
        ));
    }
    let index = client.order_release(&release.credential, &release.orders).await?;
    if args.json {
        println!("{}", json!({ "credentialID": release.credential, "ledgerIndex": index }));
        return Ok(());
    }
    println!(
        "{}: the officers' suspension {} has ended; entry {index} of the ledger says so",
        release.credential, release.suspension
    );
    Ok(())
}
