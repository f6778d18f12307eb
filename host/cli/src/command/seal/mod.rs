//! Place: SIC, SCA. `fuin seal`: mandates for seals, from the approvers' and the SCA's side.
//!
//! | module | what it holds |
//! |---|---|
//! | [`evidence`] | what says where the SCA's key lives |
//! | [`place`] | what is kept of a mandate on this machine: terms and receipts |
//! | [`mandate`], [`grant`], [`sign`], [`end`], [`approvers`], [`report`] | the commands |

mod approvers;
mod end;
mod evidence;
mod grant;
mod mandate;
mod place;
mod report;
mod sign;

use crate::outcome::Failure;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Writes the terms of a mandate, for approvers to sign.
    Mandate(mandate::Args),
    /// Has approvers sign a mandate with their passkeys, and grants it.
    Grant(grant::Args),
    /// Seals a PDF under a mandate, without a person.
    Sign(sign::Args),
    /// Ends a mandate at once, as one approver or one officer.
    End(end::Args),
    /// Changes who approves, by the RA's statement and as many former approvers as a mandate needs.
    Approvers(approvers::Args),
    /// The digest report: what the verified ledger says of a mandate, against the receipts kept here.
    Report(report::Args),
}

/// Runs the command.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Mandate(args) => mandate::run(args).await,
        Command::Grant(args) => grant::run(args).await,
        Command::Sign(args) => sign::run(args).await,
        Command::End(args) => end::run(args).await,
        Command::Approvers(args) => approvers::run(args).await,
        Command::Report(args) => report::run(args).await,
    }
}
