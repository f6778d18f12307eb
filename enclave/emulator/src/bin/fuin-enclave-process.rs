//! Place: none.
//!
//! `fuin-enclave-process`: the enclave library as an ordinary process on a Unix socket, with the emulated NSM inside.
//! It protects nothing; its evidence is signed under the development root.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use clap::Parser;
use fuin_emulator::clock::SystemClock;
use fuin_emulator::nsm::EmulatedNsm;
use fuin_emulator::process::{UnixEndpoint, measure_program};
use fuin_emulator::root::DevelopmentRoot;
use fuin_enclave::runtime::abort_on_panic;
use fuin_enclave::{Config, run};
use serde_json::json;

/// The enclave as an ordinary process, for tests and benchmarks. PCR0, PCR1 and PCR2 of its evidence are all
/// SHA-384(48 zero octets || SHA-384(its own executable file)).
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The host's socket, unix:///PATH. The enclave dials, and dials again when the connection is lost.
    #[arg(long, value_name = "unix:///PATH")]
    connect: UnixEndpoint,
    /// Folder of the development root (nsm-root.key, nsm-root.pem); made on first use.
    #[arg(long, value_name = "DIR")]
    root_dir: PathBuf,
    /// Where to write the registers, as JSON in the form of release.json: {"pcrs": {"0", "1", "2"}}.
    #[arg(long, value_name = "FILE")]
    measurement: Option<PathBuf>,
    /// For tests of false time: milliseconds, perhaps negative, that the clock of the enclave's kernel is wrong by, read from
    /// this file each time. The clock of the emulated NSM stays right.
    #[arg(long, value_name = "FILE")]
    false_clock: Option<PathBuf>,
    /// Goes on when the parent process ends.
    #[arg(long)]
    detached: bool,
}

fn main() -> ExitCode {
    abort_on_panic();
    let error = match start(Cli::parse()) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    eprintln!("fuin-enclave-process: {error:#}");
    ExitCode::FAILURE
}

fn start(cli: Cli) -> anyhow::Result<()> {
    if !cli.detached {
        end_with_parent();
    }
    let root = DevelopmentRoot::load_or_create(&cli.root_dir)?;
    // The file that runs, even if another has taken its path meanwhile.
    let measured = measure_program(&std::fs::read("/proc/self/exe").context("/proc/self/exe")?);
    if let Some(path) = &cli.measurement {
        let registers = [measured.pcr0, measured.pcr1, measured.pcr2].map(hex::encode);
        let [pcr0, pcr1, pcr2] = &registers;
        let text = json!({ "pcrs": { "0": pcr0, "1": pcr1, "2": pcr2 } }).to_string() + "\n";
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    let nsm = EmulatedNsm::new(&root, &measured, SystemClock)?;
    let mut config = Config::new(Box::new(cli.connect));
    if let Some(path) = cli.false_clock {
        config.clock = Box::new(move || false_time(&path));
    }
    run(config, Box::new(nsm)).map_err(|error| anyhow!(error))
}

/// The time that a kernel would show whose clock was put wrong.
fn false_time(path: &Path) -> SystemTime {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let wrong_by: i64 = text.trim().parse().unwrap_or_default();
    let by = Duration::from_millis(wrong_by.unsigned_abs());
    let now = SystemTime::now();
    let shown = if wrong_by < 0 { now.checked_sub(by) } else { now.checked_add(by) };
    shown.unwrap_or(now)
}

/// Ends this process when the one that started it has ended.
fn end_with_parent() {
    let parent = std::os::unix::process::parent_id();
    std::thread::spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(Duration::from_millis(250));
        }
        std::process::exit(0);
    });
}
