//! Place: none. `fuin ceremony rotate draft`.

use super::{Draft, plan, tell, write};
use crate::ceremony::running::Running;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::phase::Phase;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    running: Running,
    /// Where the draft goes, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Verifies, makes, tells.
pub async fn run(args: Args) -> Result<(), Failure> {
    let (founded, measurement, client) = args.running.read()?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check(&measurement, &bundle, &nonce, now(), Phase::Operational)?;
    let draft = Draft { plan: plan(&founded, &evidence)?, approvals: Vec::new() };
    tell(&draft.plan, &founded);
    write(&args.output, &draft)?;
    println!("draft in {}; signatures needed: {}", args.output.display(), founded.manifest.officer_quorum);
    Ok(())
}
