//! Place: none. `fuin ceremony approve`: an officer looks at the evidence, then approves the genesis of this very boot.

use crate::ceremony::client::CeremonyClient;
use crate::ceremony::founded::Founded;
use crate::ceremony::officer::KeyPlace;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::codec;
use fuin_shared::ids::StatementId;
use fuin_shared::phase::Phase;
use fuin_shared::statement::{GenesisApproval, SignedStatement};
use serde::Deserialize;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The signed manifest.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The image's measurement, that of a build of one's own.
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
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
    let founded = Founded::read_signed(&args.manifest)?;
    let measurement = founded.measurement(&args.release)?;
    let key = args.key.open()?;
    let spki = key.spki();
    let Some(officer) = founded.manifest.officers.iter().find(|officer| officer.key == spki) else {
        return Err(Failure::Usage("not the key of an officer in this manifest".to_owned()));
    };
    let client = CeremonyClient::new(&args.host)?;
    let (bundle, nonce) = client.evidence().await?;
    let now = now();
    let evidence = founded.check(&measurement, &bundle, &nonce, now, Phase::Uninitialized)?;
    let mut statement = [0; StatementId::LEN];
    getrandom::fill(&mut statement)?;
    let approval = GenesisApproval {
        service: founded.service,
        instance: evidence.instance_id(),
        manifest: evidence.manifest_hash(),
        statement: StatementId(statement),
        not_after: now + args.minutes * 60,
    };
    let body = codec::encode(&approval);
    let signature = key.sign(&SignedStatement::message::<GenesisApproval>(&body))?.into();
    let signed = SignedStatement { body: body.into(), signer: officer.id.clone(), signature };
    let octets = codec::encode(&signed);
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
                officer.id,
                commitment.escape_debug()
            );
        }
        None => println!("approved by {}; officers still needed: {}", officer.id, taken.missing),
    }
    Ok(())
}
