//! Place: none. Why there is no running enclave, in words that say what to do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fuin_attestation::eif::EifError;

use super::run_dir::SOCKET_PATH_MAX;
use crate::pki::PkiError;

/// Why there is no running enclave.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A file or socket.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The path of a socket is longer than the system allows.
    #[error(
        "{path} is {length} octets long; sockets may have at most {}: choose a shorter --run-dir",
        SOCKET_PATH_MAX
    )]
    PathTooLong {
        /// The longest path of the run folder.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// Another emulator uses the run folder.
    #[error("{0} is in use by another emulator: choose another --run-dir")]
    InUse(PathBuf),
    /// The image cannot be used.
    #[error("{path}: {source}")]
    Image {
        /// Its path.
        path: PathBuf,
        /// The reader's refusal.
        source: EifError,
    },
    /// The image's command line cannot be handed to QEMU.
    #[error("the image's kernel command line is not text")]
    Cmdline,
    /// A program cannot be started.
    #[error("{program}: {source}; {remedy}")]
    Start {
        /// The program.
        program: PathBuf,
        /// The cause.
        source: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The backend ended or lost its worker, again after a restart.
    #[error("the vsock backend failed twice while booting ({0}); see backend.log in the run folder")]
    Backend(String),
    /// QEMU ended before the guest dialled.
    #[error("the machine ended ({status}) before the enclave was ready; the console says:\n{console}")]
    Ended {
        /// How QEMU ended.
        status: String,
        /// The last lines of the console.
        console: String,
    },
    /// The guest did not dial in time.
    #[error("no heartbeat within {} s; the console says:\n{console}", .after.as_secs())]
    Silent {
        /// The limit.
        after: Duration,
        /// The last lines of the console.
        console: String,
    },
    /// The NSM's certificates.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A stop was asked for meanwhile.
    #[error("stopped while booting")]
    Stopped,
}

/// Names the path of a failed file operation.
pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> LaunchError + use<> {
    let path = path.to_owned();
    move |source| LaunchError::File { path, source }
}
