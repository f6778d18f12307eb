//! Place: none. `fuin ceremony rotate draft`.

use super::{Draft, plan, tell, write};
use crate::ceremony::client::CeremonyClient;
use crate::ceremony::founded::Founded;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::phase::Phase;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The signed manifest; after a change of it all manifests, as `fuin manifest show --save` keeps them.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The image's measurement, that of a build of one's own.
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
    /// Where the draft goes, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Verifies, makes, tells.
pub async fn run(args: Args) -> Result<(), Failure> {
    let founded = Founded::read_signed(&args.manifest)?;
    let measurement = founded.measurement(&args.release)?;
    let client = CeremonyClient::new(&args.host)?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check(&measurement, &bundle, &nonce, now(), Phase::Operational)?;
    let draft = Draft { plan: plan(&founded, &evidence)?, approvals: Vec::new() };
    tell(&draft.plan, &founded);
    write(&args.output, &draft)?;
    println!("draft in {}; signatures needed: {}", args.output.display(), founded.manifest.officer_quorum);
    Ok(())
}
