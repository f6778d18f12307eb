//! Place: none. The program `fuin`: reads the command line and hands over; each command has a module of its own.
//!
//! | module | what it holds |
//! |---|---|
//! | `command` | the commands |
//! | `ceremony` | what officers and custodians do on their own machines |
//! | `dev` | a development installation: keys, CA, ceremony, enrolment, supervision |
//! | `installation` | what the other commands read of it: `dev.json`, service card, passkeys |
//! | `outcome` | exit status and how a failure is told |
//! | `file` | files that are replaced atomically |
#![forbid(unsafe_code)]

mod ceremony;
mod command;
mod dev;
mod file;
mod installation;
mod outcome;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Remote signing with keys that live in an attested enclave.
///
/// Exit status: 0 done; 1 refused or failed; 2 wrong usage or unusable input.
#[derive(Parser)]
#[command(name = "fuin", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Brings up a whole service for development on loopback: enclave, host, CA, officer, custodian, signer.
    Dev(command::dev::Args),
    /// Signs a PDF, having verified the enclave's evidence.
    Sign(command::sign::Args),
    /// Electronic seals of an organization: mandates, and seals under them.
    Seal(command::seal::Args),
    /// Authorizes exactly the hashes given and prints what CSC calls the SAD.
    Sad(command::sad::Args),
    /// Stops a credential on its signer's word, until RA and signer use it again.
    Suspend(command::suspend::Args),
    /// Saves the enclave's evidence for fuin-verify.
    Evidence(command::evidence::Args),
    /// Saves the enclave's statement about a credential's key.
    Key(command::key::Args),
    /// Judges, shows and saves a ledger, from outside.
    Ledger(command::ledger::Args),
    /// Says what is missing on this machine, and what to do.
    Doctor(command::doctor::Args),
    /// Runs a witness of ledgers (C2SP tlog-witness).
    #[command(subcommand)]
    Witness(command::witness::Command),
    /// Runs the host service alone.
    Serve(command::serve::Args),
    /// Officers' and custodians' part: founding a service, and giving shares at each boot.
    Ceremony(command::ceremony::Args),
    /// Officers' part while a service runs: shows, drafts, signs and brings manifests that follow the current one.
    #[command(subcommand)]
    Manifest(command::manifest::Command),
    /// Officers' orders about one credential: stops it at once, and lets it go on.
    #[command(subcommand)]
    Order(command::order::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return outcome::report(&error.into()),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Dev(args) => command::dev::run(args).await,
            Command::Sign(args) => command::sign::run(args).await,
            Command::Seal(args) => command::seal::run(args).await,
            Command::Sad(args) => command::sad::run(args).await,
            Command::Suspend(args) => command::suspend::run(args).await,
            Command::Evidence(args) => command::evidence::run(args).await,
            Command::Key(args) => command::key::run(args).await,
            Command::Ledger(args) => command::ledger::run(args).await,
            Command::Doctor(args) => command::doctor::run(&args),
            Command::Witness(command) => command::witness::run(command).await,
            Command::Serve(args) => command::serve::run(args).await,
            Command::Ceremony(args) => command::ceremony::run(args).await,
            Command::Manifest(command) => command::manifest::run(command).await,
            Command::Order(command) => command::order::run(command).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => outcome::report(&failure),
    }
}
