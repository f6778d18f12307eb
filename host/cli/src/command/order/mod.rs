//! Place: none. `fuin order`: officers' orders about one credential. To suspend, one officer is enough; to release takes
//! the officers' quorum.
//!
//! | module | what it holds |
//! |---|---|
//! | [`word`] | an officer's signed order |
//! | [`suspend`], [`draft`], [`sign`], [`send`] | the commands |

mod draft;
mod send;
mod sign;
mod suspend;
mod word;

use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_sca::card::{MAX_CARD, ServiceCard};
use fuin_shared::ids::{CredentialId, ServiceId};
use std::path::{Path, PathBuf};

/// Orders.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Suspends a credential at once, on the word of one officer.
    Suspend(suspend::Args),
    /// Makes a draft that ends the officers' suspension of a credential.
    Draft(draft::Args),
    /// An officer reads such a draft and signs for it.
    Sign(sign::Args),
    /// Brings a draft with the signatures of the quorum to the host, and through it to the enclave.
    Send(send::Args),
}

/// Runs the command.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Suspend(args) => suspend::run(args).await,
        Command::Draft(args) => draft::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Send(args) => send::run(args).await,
    }
}

/// Which credential of which service.
#[derive(clap::Args)]
pub struct Target {
    /// Service card of the service.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The credential.
    #[arg(long, value_name = "ID")]
    credential: String,
}

impl Target {
    /// Service, ledger's origin, credential.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a card without a ledger, and for a name that is none.
    fn read(&self) -> Result<(ServiceId, String, CredentialId), Failure> {
        let card = card(&self.card)?;
        let Some(ledger) = card.ledger else {
            return Err(Failure::Usage(format!("--card: {} names no ledger", self.card.display())));
        };
        let credential = CredentialId::new(self.credential.as_str());
        let credential = credential.map_err(|error| Failure::Usage(format!("--credential: {error}")))?;
        Ok((card.service, ledger.origin, credential))
    }
}

fn card(path: &Path) -> anyhow::Result<ServiceCard> {
    let octets = file::read(path, MAX_CARD as u64)?;
    ServiceCard::parse(&octets).with_context(|| path.display().to_string())
}
