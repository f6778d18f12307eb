//! Place: none.
//!
//! The first process of the booted image (PID 1).
//!
//! Order: file systems and console; kernel modules of ramdisk 1; the CUSE device `/dev/nsm`; heartbeat to the launcher; the enclave program of
//! ramdisk 2; reap until it ends; power off. Any failure is printed on the console and ends in a power off: an image that cannot start completely
//! does not start at all.

pub mod cuse;
pub mod heartbeat;
pub mod machine;
pub mod modules;
pub mod nsm_link;
pub mod settings;
pub mod workload;

use std::path::Path;

use crate::layout;
use settings::Settings;

/// Why the image could not start.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A file system could not be mounted.
    #[error("mount of {target}: {source}")]
    Mount {
        /// Mount point.
        target: &'static str,
        /// The kernel's answer.
        source: nix::Error,
    },
    /// A file of ramdisk 1 or a device is missing or unreadable.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// The kernel's answer.
        source: std::io::Error,
    },
    /// The boot settings are malformed.
    #[error("boot settings: {0}")]
    Settings(#[from] settings::SettingsError),
    /// The module list names something that is no plain file name.
    #[error("module list: {0:?} is not a module file name")]
    ModuleName(String),
    /// The kernel refused a module.
    #[error("module {name}: {source}")]
    Module {
        /// File name of the module.
        name: String,
        /// The kernel's answer.
        source: nix::Error,
    },
    /// `/dev/nsm` did not come into being.
    #[error("/dev/nsm: {0}")]
    Nsm(String),
    /// The launcher did not answer the heartbeat.
    #[error("heartbeat to CID {cid} port {port}: {reason}")]
    Heartbeat {
        /// CID dialled.
        cid: u32,
        /// Port dialled.
        port: u32,
        /// What happened.
        reason: String,
    },
    /// The enclave program could not be started or awaited.
    #[error("enclave program: {0}")]
    Workload(std::io::Error),
}

/// Starts everything and returns how the enclave program ended.
///
/// # Errors
/// The first step that failed.
pub fn run() -> Result<workload::Ending, InitError> {
    machine::mount_all()?;
    machine::attach_console();
    let settings = Settings::parse(&read_text(layout::SETTINGS)?)?;
    for line in modules::load_listed(Path::new(layout::MODULE_ORDER), Path::new(layout::MODULE_DIR))? {
        say(&line);
    }
    cuse::serve_in_background(nsm_link::VsockLink::new(settings.parent_cid, settings.nsm_port))?;
    heartbeat::beat(settings.parent_cid, settings.heartbeat_port)?;
    say("heartbeat answered");
    workload::run(&settings)
}

/// Prints one line on the console.
pub fn say(line: &str) {
    eprintln!("fuin-init: {line}");
}

fn read_text(path: &str) -> Result<String, InitError> {
    std::fs::read_to_string(path).map_err(|source| InitError::File { path: path.to_owned(), source })
}
