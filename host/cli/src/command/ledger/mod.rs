//! Place: none. `fuin ledger`: the ledger judged from outside. Nothing of the host is believed but what its own key signed.
//!
//! | module | what it holds |
//! |---|---|
//! | [`source`] | where a ledger is read from: URL of its tiles, database, archive |
//! | [`check`] | the whole ledger recomputed and compared |
//! | [`breaks`] | where epochs began, and checkpoints of those before |
//! | [`witnesses`] | who must have cosigned it |
//! | [`auditor`] | the auditor's key, and what it opens |
//! | [`verify`], [`show`], [`export`], [`proof`], [`mine`] | the commands |

mod auditor;
mod breaks;
mod check;
mod export;
mod mine;
mod proof;
mod show;
pub mod source;
mod verify;
pub mod witnesses;

pub use show::time;
pub use source::Source;

use crate::file;
use crate::outcome::Failure;
use fuin_sca::card::{MAX_CARD, ServiceCard};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::tlog_policy::TlogPolicy;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Recomputes a whole ledger and says whether it is good: 0 good, 1 broken, 2 unusable input.
    Verify(verify::Args),
    /// Prints events.
    Show(show::Args),
    /// Saves a ledger as one file, for `verify` to judge offline.
    Export(export::Args),
    /// Verifies offline that an event is in a ledger: a signer's receipt, or a proof with its event.
    Proof(proof::Args),
    /// Puts a signer's receipts in order, and tells of which events there is none.
    Mine(mine::Args),
}

/// Runs the command.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Verify(args) => verify::run(args).await,
        Command::Show(args) => show::run(args).await,
        Command::Export(args) => export::run(args).await,
        Command::Proof(args) => proof::run(&args),
        Command::Mine(args) => mine::run(&args),
    }
}

/// Whose signature counts.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Key {
    /// Key of the ledger, a C2SP vkey.
    #[arg(long, value_name = "VKEY")]
    vkey: Option<String>,
    /// Service card that names it.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

impl Key {
    /// The card that was given.
    pub fn card(&self) -> Option<&Path> {
        self.card.as_deref()
    }

    /// The key.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn read(&self) -> Result<VerifierKey, Failure> {
        let (option, vkey) = match (&self.vkey, &self.card) {
            (Some(vkey), _) => ("--vkey", vkey.clone()),
            (None, Some(path)) => {
                let wrong = |e: &dyn std::fmt::Display| Failure::Usage(format!("--card: {e}"));
                let octets = file::read(path, MAX_CARD as u64).map_err(|e| wrong(&format!("{e:#}")))?;
                let card = ServiceCard::parse(&octets).map_err(|e| wrong(&e))?;
                ("--card", card.ledger.ok_or_else(|| wrong(&"names no ledger"))?.vkey)
            }
            (None, None) => return Err(Failure::Usage("give --vkey or --card".into())),
        };
        VerifierKey::parse(&vkey).map_err(|e| Failure::Usage(format!("{option}: {e}")))
    }
}

/// Verifies a whole ledger, with a quorum of its witnesses where they are given, and shows each entry to `each`, whose
/// findings count only if all of it is good. Gives its size.
///
/// # Errors
/// [`Failure`] where the ledger is broken or cannot be had.
pub async fn verified(
    source: &mut Source,
    key: &VerifierKey,
    witnesses: Option<&TlogPolicy>,
    each: impl FnMut(u64, &[u8]),
) -> Result<u64, Failure> {
    let bar = indicatif::ProgressBar::new(0);
    let demands = check::Demands { witnesses, ..check::Demands::default() };
    let result = check::check_each(source, key, demands, &bar, each).await;
    bar.finish_and_clear();
    Ok(result?.head.size)
}

/// What is wrong with a ledger, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// First entry that cannot be accepted.
    index: u64,
    /// The rule that it breaks.
    rule: String,
}

/// Why a ledger was not read to its end.
#[derive(Debug)]
pub enum Trouble {
    /// It is broken.
    Broken(Broken),
    /// It cannot be had, or what was asked for cannot be done with it.
    Unusable(anyhow::Error),
}

impl Trouble {
    fn broken(index: u64, rule: impl Into<String>) -> Self {
        Self::Broken(Broken { index, rule: rule.into() })
    }
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Unusable(error.into())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Broken(broken) => {
                Self::Failed(anyhow::anyhow!("ledger broken at index {}: {}", broken.index, broken.rule))
            }
            Trouble::Unusable(error) => Self::Usage(format!("{error:#}")),
        }
    }
}
