//! Place: none.
//!
//! `fuin-emulator`: measures enclave images and boots them in QEMU under a development root.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use fuin_attestation::eif::Measurements;
use fuin_emulator::machine::{Condition, Launch, LaunchError, Machine, find_backend, measure_file};
use fuin_emulator::root::DevelopmentRoot;
use nix::sys::signal::{SigSet, Signal};
use serde_json::{Value, json};

/// Emulated Nitro enclaves for development and tests. Evidence from here is signed under a development root that no verifier accepts unless told to.
///
/// Exit status: 0 stopped on request; 1 could not start; 2 wrong usage; 3 the enclave ended by itself; 4 the vsock backend failed while the enclave ran
/// (start the emulator anew).
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Boots an image and keeps it running until SIGTERM, SIGINT or the end of the parent process.
    Run(RunArgs),
    /// Prints the registers that an image gives.
    Measure(MeasureArgs),
}

#[derive(Args)]
struct RunArgs {
    /// The enclave image.
    #[arg(long, value_name = "FILE")]
    eif: PathBuf,
    /// Folder for sockets and the console. The host listens on DIR/vm_5000 before the enclave boots.
    #[arg(long, value_name = "DIR")]
    run_dir: PathBuf,
    /// Folder of the development root (nsm-root.key, nsm-root.pem); made on first use.
    #[arg(long, value_name = "DIR")]
    root_dir: PathBuf,
    /// QEMU.
    #[arg(long, value_name = "PATH", default_value = "qemu-system-x86_64")]
    qemu: PathBuf,
    /// The vsock backend; otherwise looked for beside this program and in PATH.
    #[arg(long, value_name = "PATH")]
    vhost_device_vsock: Option<PathBuf>,
    /// How long a boot may take.
    #[arg(long, value_name = "S", default_value_t = 180)]
    ready_timeout: u64,
    /// Goes on when the parent process ends.
    #[arg(long)]
    detached: bool,
    /// One JSON object per line instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct MeasureArgs {
    /// The enclave image.
    file: PathBuf,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run(&args),
        Command::Measure(args) => measure(&args).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("fuin-emulator: {error:#}");
        ExitCode::FAILURE
    })
}

fn registers(measured: &Measurements) -> Value {
    let mut registers = json!({
        "0": hex::encode(measured.pcr0),
        "1": hex::encode(measured.pcr1),
        "2": hex::encode(measured.pcr2),
    });
    if let (Some(pcr8), Some(map)) = (measured.pcr8, registers.as_object_mut()) {
        map.insert("8".into(), hex::encode(pcr8).into());
    }
    registers
}

fn measure(args: &MeasureArgs) -> anyhow::Result<()> {
    let registers = registers(&measure_file(&args.file)?);
    if args.json {
        println!("{}", json!({ "pcrs": registers }));
    } else {
        for (index, value) in registers.as_object().into_iter().flatten() {
            println!("PCR{index} {}", value.as_str().unwrap_or_default());
        }
    }
    Ok(())
}

/// Prints one event, as text or as JSON.
fn tell(json: bool, text: &str, event: &Value) {
    if json {
        println!("{event}");
    } else {
        println!("{text}");
    }
}

fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let stop = stop_flag(args.detached)?;
    let root = DevelopmentRoot::load_or_create(&args.root_dir)?;
    let launch = Launch {
        eif: args.eif.clone(),
        run_dir: std::path::absolute(&args.run_dir).context("--run-dir")?,
        qemu: args.qemu.clone(),
        backend: find_backend(args.vhost_device_vsock.as_deref()),
        ready_timeout: Duration::from_secs(args.ready_timeout),
    };
    let mut log = |line: &str| tell(args.json, line, &json!({ "event": "restart", "reason": line }));
    let mut machine = match Machine::boot(&launch, &root, &|| stop.load(Ordering::SeqCst), &mut log) {
        Ok(machine) => machine,
        Err(LaunchError::Stopped) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error.into()),
    };
    let certificate =
        std::path::absolute(DevelopmentRoot::certificate_path(&args.root_dir)).context("--root-dir")?;
    announce(args, &machine, &certificate);
    let (status, code) = loop {
        if stop.load(Ordering::SeqCst) {
            break ("stopped on request".to_owned(), 0);
        }
        match machine.condition() {
            Condition::Running => std::thread::sleep(Duration::from_millis(100)),
            Condition::Ended(status) => {
                break (format!("the enclave ended by itself ({status}):\n{}", machine.console_tail()), 3);
            }
            Condition::Deaf(reason) => break (format!("the vsock backend failed: {reason}"), 4),
        }
    };
    machine.stop();
    tell(args.json, &status, &json!({ "event": "ended", "reason": status, "code": code }));
    Ok(ExitCode::from(code))
}

fn announce(args: &RunArgs, machine: &Machine, root: &Path) {
    let seconds = machine.boot_time().as_secs_f64();
    let text = format!("ready after {seconds:.1} s: {}", machine.nsm().module_id());
    let event = json!({
        "event": "ready",
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "restarts": machine.restarts(),
        "moduleId": machine.nsm().module_id(),
        "pcrs": registers(machine.measured()),
        "root": root,
        "pids": machine.processes(),
    });
    tell(args.json, &text, &event);
}

/// A flag that SIGTERM, SIGINT and (unless `detached`) the end of the parent process raise.
fn stop_flag(detached: bool) -> anyhow::Result<Arc<AtomicBool>> {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
    // Blocked before any other thread is there, so that the one below gets them.
    signals.thread_block().context("signals")?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = signals.wait();
        flag.store(true, Ordering::SeqCst);
    });
    if !detached {
        let parent = std::os::unix::process::parent_id();
        let flag = Arc::clone(&stop);
        std::thread::spawn(move || {
            while std::os::unix::process::parent_id() == parent {
                std::thread::sleep(Duration::from_millis(250));
            }
            flag.store(true, Ordering::SeqCst);
        });
    }
    Ok(stop)
}
