//! Place: none. `fuin ceremony approve`: an officer looks at the evidence, then approves the genesis of this very boot.

use crate::ceremony::officer::{KeyPlace, statement_id};
use crate::ceremony::running::Running;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::codec;
use fuin_shared::phase::Phase;
use fuin_shared::statement::GenesisApproval;
use serde::Deserialize;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    key: KeyPlace,
    /// How long the approval can be used, minutes.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
    /// Also keeps the approval in this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    missing: u64,
    root_commitment: Option<String>,
}

/// Verifies, signs, sends.
pub async fn run(args: Args) -> Result<(), Failure> {
    let (founded, measurement, client) = args.running.read()?;
    let key = args.key.open()?;
    let officer = key.officer(&founded.manifest)?;
    let (bundle, nonce) = client.evidence().await?;
    let now = now();
    let evidence = founded.check(&measurement, &bundle, &nonce, now, Phase::Uninitialized)?;
    let approval = GenesisApproval {
        service: founded.service,
        instance: evidence.instance_id(),
        manifest: evidence.manifest_hash(),
        statement: statement_id()?,
        not_after: now + args.minutes * 60,
    };
    let octets = codec::encode(&key.state(officer, &approval)?);
    if let Some(output) = &args.output {
        file::write(output, &octets, file::PUBLIC)?;
    }
    println!("evidence verified: service {}", founded.service);
    println!("                   enclave instance {}", approval.instance);
    let taken: Taken = client.post("approval", octets).await?;
    match taken.root_commitment {
        Some(commitment) => {
            println!(
                "approved by {}; genesis has begun, root commitment {}",
                officer,
                commitment.escape_debug()
            );
        }
        None => println!("approved by {}; officers still needed: {}", officer, taken.missing),
    }
    Ok(())
}
