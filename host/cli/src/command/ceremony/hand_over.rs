//! Place: none. `fuin ceremony hand-over`: the operator asks; the two enclaves verify each other.

use crate::ceremony::client::CeremonyClient;
use crate::outcome::Failure;
use serde::Deserialize;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
}

#[derive(Deserialize)]
struct Handed {
    giver: String,
    taker: String,
}

/// Asks the host for it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let client = CeremonyClient::new(&args.host)?;
    let handed: Handed = client.post("hand-over", Vec::new()).await?;
    println!("handed over by enclave instance {}, which has ended", handed.giver.escape_debug());
    println!("            to enclave instance {}, which is operational", handed.taker.escape_debug());
    println!("(the host's word; status with --manifest and --release verifies the evidence)");
    Ok(())
}
