//! Place: none. `fuin ceremony`: officers and custodians on their own machines.

mod approve;
mod hand_over;
mod init;
mod new_epoch;
mod rotate;
mod share;
mod status;

use crate::outcome::Failure;
use clap::Subcommand;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Makes keys, puts a manifest together, signs and installs it.
    #[command(subcommand)]
    Init(init::Init),
    /// An officer verifies the enclave's evidence and approves that this boot makes the root key.
    Approve(approve::Args),
    /// A custodian verifies the evidence and does what is due: takes a share, gives it, or follows the ledger.
    Share(share::Args),
    /// An operational enclave gives the root key to one that was started beside it, and ends; no custodian is needed.
    HandOver(hand_over::Args),
    /// A quorum of the ledger's witnesses is lost for ever: officers let this boot go on from the last cosigned head, under
    /// another origin.
    #[command(subcommand)]
    NewEpoch(new_epoch::Step),
    /// Officers have another root key take over: a new one is made and shared out, records are sealed anew, and the one before is
    /// erased once enough custodians have deleted their shares of it.
    #[command(subcommand)]
    Rotate(rotate::Step),
    /// Says how far it is and who is missing; writes the service card.
    Status(status::Args),
}

/// Runs the step.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.step {
        Step::Init(init) => init::run(init).await,
        Step::Approve(args) => approve::run(args).await,
        Step::Share(args) => share::run(args).await,
        Step::HandOver(args) => hand_over::run(args).await,
        Step::NewEpoch(step) => new_epoch::run(step).await,
        Step::Rotate(step) => rotate::run(step).await,
        Step::Status(args) => status::run(args).await,
    }
}
