//! Place: SSA. `fuin serve`: the host service alone; enclaves dial it, and ceremonies are somebody else's.

use crate::dev::stop::StopSignal;
use crate::outcome::Failure;
use fuin_host::{Host, HostConfig};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Configuration, a TOML file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What is logged, such as `info` or `fuin_host=debug`.
    #[arg(long, value_name = "FILTER", default_value = "info", env = "FUIN_LOG")]
    log: String,
    /// Logs JSON.
    #[arg(long)]
    json: bool,
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: Args) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&args.log).map_err(|e| Failure::Usage(format!("--log: {e}")))?;
    let config = HostConfig::read(&args.config).map_err(|e| Failure::Usage(e.to_string()))?;
    // Colours are for eyes, not for files.
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    if args.json {
        log.json().init()
    } else {
        log.init()
    }
    let mut stop = StopSignal::new()?;
    let host = Host::start(config).await?;
    println!("serving on {}", host.base_url());
    if let Some(address) = host.ceremony_addr() {
        println!("ceremonies on http://{address}");
    }
    stop.wait().await;
    host.shutdown().await;
    Ok(())
}
