//! Place: none. `fuin order draft`.

use super::Target;
use crate::ceremony::release::Release;
use crate::outcome::Failure;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Which suspension is to end: `officersEvent` of credentials/info, as `fuin order suspend` prints it. No later
    /// suspension ends with it.
    #[arg(long, value_name = "N")]
    suspension: u64,
    /// Where the draft goes, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes it.
pub fn run(args: &Args) -> Result<(), Failure> {
    let (service, ledger, credential) = args.target.read()?;
    let release = Release { service, ledger, credential, suspension: args.suspension, orders: Vec::new() };
    release.write(&args.output)?;
    println!("draft in {}; the officers' quorum signs it: fuin order sign", args.output.display());
    Ok(())
}
