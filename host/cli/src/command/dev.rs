//! Place: none. `fuin dev`.

use crate::dev::session::{LOOK, Session, Wanted};
use crate::dev::stop::StopSignal;
use crate::dev::{
    Child, DevWitnesses, EnclaveKind, EnclaveProgram, Founded, Layout, Progress, RunDir, publish,
};
use crate::installation::DEFAULT_DIR;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_host::config::{CeremonyConfig, LedgerConfig};
use fuin_host::{Host, HostConfig, StartError};
use fuin_shared::ids::Digest32;
use sha2::{Digest as _, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Pauses before the enclave is started again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// An enclave that served this long is started again at once.
const LONG: Duration = Duration::from_secs(60);

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Where the enclave runs.
    #[arg(long, value_enum, default_value = "qemu")]
    enclave: EnclaveKind,
    /// Folder of the installation; made on the first run.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Port of the HTTP service on loopback; a free one unless given.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Folder of fuin-emulator and fuin-enclave-process; beside this program unless given.
    #[arg(long, value_name = "DIR")]
    enclave_bin: Option<PathBuf>,
    /// The enclave image, for `--enclave qemu`.
    #[arg(long, value_name = "FILE")]
    eif: Option<PathBuf>,
    /// Witnesses that a new installation gets, each a process of its own; most of them must cosign what is released. An
    /// installation that exists keeps those that it has.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=16))]
    witnesses: u8,
    /// Events of the ledger between two snapshots, from which the enclave starts, in a new installation.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..))]
    snapshot_events: Option<u32>,
    /// Enrols a credential with a device key besides, unless there is one.
    #[arg(long)]
    device_key: bool,
    /// Enrols a credential with a PIN and one-time passwords besides, unless there is one.
    #[arg(long)]
    pin_totp: bool,
    /// Enrols a seal credential of a development organization with three approvers, two of whom must sign; see `fuin
    /// seal`. An installation that has one keeps it.
    #[arg(long)]
    seals: bool,
    /// Removes the installation first: keys, ledger, credentials.
    #[arg(long)]
    reset: bool,
}

/// Brings everything up and serves until SIGINT or SIGTERM.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = StopSignal::new()?;
    if args.reset {
        reset(&args)?;
    }
    let layout = Layout::take(&args.dir)?;
    // Whoever waits for it must not find the one of an earlier run.
    if layout.dev_json().exists() {
        std::fs::remove_file(layout.dev_json()).context("dev.json")?;
    }
    log_to(&layout)?;
    let program =
        EnclaveProgram::find(args.enclave, args.enclave_bin.as_deref(), args.eif.as_deref(), &layout)?;
    let progress = Progress::new();
    let run = RunDir::make(&layout)?;
    // An installation that was founded before has its witnesses in its manifest.
    let standing = match layout.manifest() {
        path if path.exists() => Founded::read(&path)?.manifest.witnesses,
        _ => None,
    };
    let witnesses = DevWitnesses::start(&layout, args.witnesses, standing.as_ref()).await?;
    let auditor = publish::auditor_token(&layout)?;
    let config = HostConfig {
        witnesses: witnesses.configs(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        ceremony: Some(CeremonyConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) }),
        ledger: LedgerConfig {
            auditor_token_sha256: vec![Digest32(Sha256::digest(auditor.as_str()).into())],
        },
        ..HostConfig::local(run.endpoint(), layout.host())
    };
    progress.step("starting the host");
    let host = Host::start(config).await.map_err(|error| match error {
        StartError::Listen(..) => {
            anyhow::anyhow!("--port: {error}; name another, or leave it out for a free one")
        }
        other => other.into(),
    })?;
    let wanted = Wanted {
        device_key: args.device_key,
        pin_totp: args.pin_totp,
        seals: args.seals,
        snapshot_events: args.snapshot_events,
    };
    let mut session = Session::new(layout, run, program, host, witnesses, progress, wanted)?;
    let mut child = None;
    let result = tokio::select! {
        result = serve(&mut session, &mut child) => result,
        () = stop.wait() => Ok(()),
    };
    session.progress().step("stopping");
    let tail = result.is_err().then(|| session.program().log_tail());
    session.end(child).await;
    match (result, tail) {
        (Err(error), Some(tail)) => Err(anyhow::anyhow!("{error:#}; {tail}").into()),
        _ => Ok(()),
    }
}

/// Only what `fuin dev` made is removed, never a folder that is not an installation.
fn reset(args: &Args) -> Result<(), Failure> {
    if !args.dir.exists() {
        return Ok(());
    }
    if !args.dir.join("lock").is_file() || !args.dir.join("keys").is_dir() {
        return Err(Failure::Usage(format!(
            "--reset: {} is no installation of `fuin dev`",
            args.dir.display()
        )));
    }
    let layout = Layout::take(&args.dir)?;
    for name in [
        "keys",
        "ca",
        "logs",
        "nsm",
        "host",
        "run",
        "passkeys",
        "device-keys",
        "pins",
        "witnesses",
        "approvers",
        "mandates",
    ] {
        let folder = layout.dir().join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("--reset: {}", folder.display()))?;
        }
    }
    for file in [layout.manifest(), layout.service_card(), layout.release(), layout.dev_json()] {
        if file.exists() {
            std::fs::remove_file(&file).with_context(|| format!("--reset: {}", file.display()))?;
        }
    }
    Ok(())
}

fn log_to(layout: &Layout) -> anyhow::Result<()> {
    let path = layout.log("host");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::INFO).with_writer(file).init();
    Ok(())
}

/// Keeps an enclave at work. Ends with an error only before the service has been ready once.
async fn serve(session: &mut Session, child: &mut Option<Child>) -> anyhow::Result<()> {
    let mut pause = FIRST_PAUSE;
    let mut announced = false;
    loop {
        let began = Instant::now();
        let reason = match one_life(session, child, &mut announced).await {
            Err(error) if !announced => return Err(error),
            Err(error) => format!("{error:#}"),
            Ok(reason) => reason,
        };
        session.progress().note(&format!("{reason}; starting the enclave again"));
        tracing::warn!(%reason, "starting the enclave again");
        if let Some(child) = child.take() {
            child.stop().await;
        }
        if began.elapsed() >= LONG {
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// From the start of the enclave's process to its end, whose reason is given.
async fn one_life(
    session: &mut Session,
    child: &mut Option<Child>,
    announced: &mut bool,
) -> anyhow::Result<String> {
    let running = child.insert(session.start_enclave()?);
    loop {
        let instance = tokio::select! {
            instance = session.dialled() => instance?,
            status = running.wait() => anyhow::bail!("the enclave's process ended ({}) before it dialled", status?),
        };
        tokio::select! {
            result = session.provision(instance) => result?,
            status = running.wait() => anyhow::bail!("the enclave's process ended ({}) while it was provisioned", status?),
        }
        let credentials = session.publish().await?;
        session.progress().rest();
        tell(session, credentials, announced);
        let mut changes = session.host().relay().instance();
        loop {
            tokio::select! {
                status = running.wait() => return Ok(format!("the enclave's process ended ({})", status?)),
                // Another boot under the same process: it has dialled, and is provisioned in the next round.
                _ = changes.wait_for(|now| now.is_some_and(|now| now != instance)) => break,
                () = tokio::time::sleep(LOOK) => match session.look().await {
                    Ok(true) => {}
                    Ok(false) => return Ok("the enclave has halted".into()),
                    Err(error) => tracing::warn!(error = format!("{error:#}"), "look"),
                },
            }
        }
    }
}

fn tell(session: &Session, credentials: usize, announced: &mut bool) {
    let url = session.host().base_url();
    if *announced {
        session.progress().note(&format!("ready again: {url}"));
        return;
    }
    *announced = true;
    println!("ready: {url} ({credentials} credentials; {})", session.dev_json().display());
}
