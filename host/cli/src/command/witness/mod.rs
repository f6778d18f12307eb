//! Place: none. `fuin witness`: a witness of ledgers, C2SP tlog-witness, run by somebody who is not the provider.

mod serve;

use crate::outcome::Failure;
use fuin_shared::log::note::VerifierKey;
use fuin_witness::{Log, Report, WitnessError, origin_id};
use getrandom::SysRng;
use rand_core::{TryRng as _, UnwrapErr};
use serde_json::json;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Commands.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a witness: its key, and empty records. Prints its vkey, for the manifest of the services it will watch.
    Init {
        /// Folder of the witness; must not exist, or be empty.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Name of its key: a URL without scheme, such as `witness.example.org/w1`.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Lets the witness watch a log. It may serve meanwhile.
    AddLog {
        /// Folder of the witness.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Verifier key of the log, from its service card.
        #[arg(long, value_name = "VKEY")]
        vkey: String,
        /// Origin of the log; the name of its key unless given.
        #[arg(long, value_name = "ORIGIN")]
        origin: Option<String>,
    },
    /// Answers `POST /add-checkpoint` and `GET /<id>/checkpoint` until SIGINT or SIGTERM; prints where.
    Serve(serve::Args),
    /// Shows its key, its logs, and the newest checkpoint that it has seen of each.
    Show {
        /// Folder of the witness.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of them.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init { dir, name } => {
            let mut seed = Zeroizing::new([0; 32]);
            UnwrapErr(SysRng).try_fill_bytes(&mut *seed)?;
            let made = fuin_witness::create(&dir, &name, &seed).map_err(|error| match error {
                WitnessError::Key(error) => Failure::Usage(format!("--name: {error}")),
                error => error.into(),
            })?;
            println!("{made}");
            Ok(())
        }
        Command::AddLog { dir, vkey, origin } => {
            let key = VerifierKey::parse(&vkey).map_err(|e| Failure::Usage(format!("--vkey: {e}")))?;
            let origin = origin.unwrap_or_else(|| key.name().to_owned());
            let log = Log::add(&dir, &origin, key).map_err(|error| match error {
                WitnessError::Origin(error) => Failure::Usage(format!("--origin: {error}")),
                error => error.into(),
            })?;
            println!("watched: {} ({} keys), id {}", log.origin(), log.keys().len(), origin_id(log.origin()));
            Ok(())
        }
        Command::Serve(args) => serve::run(args).await,
        Command::Show { dir, json } => {
            show(&Report::read(&dir)?, json);
            Ok(())
        }
    }
}

fn show(report: &Report, as_json: bool) {
    if as_json {
        let logs: Vec<_> = report
            .logs
            .iter()
            .map(|(log, seen)| {
                json!({
                    "origin": log.origin(),
                    "id": origin_id(log.origin()),
                    "vkeys": log.keys().iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "size": seen.as_ref().map(|seen| seen.size),
                    "root": seen.as_ref().map(|seen| hex::encode(seen.root)),
                })
            })
            .collect();
        println!("{:#}", json!({ "vkey": report.key.to_string(), "logs": logs }));
        return;
    }
    println!("vkey  {}", report.key);
    for (log, seen) in &report.logs {
        println!("log   {}", log.origin());
        match seen {
            Some(seen) => println!("      size {}, root {}", seen.size, hex::encode(seen.root)),
            None => println!("      nothing seen yet"),
        }
    }
}
