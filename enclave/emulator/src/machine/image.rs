//! Place: none. An image file: measured, and laid out as QEMU wants its parts.

use std::fs;
use std::path::{Path, PathBuf};

use fuin_attestation::eif::{Architecture, Eif, EifError, Measurements};

use super::error::{LaunchError, at};
use super::run_dir::RunDir;

/// Larger files are no enclave images of ours.
const MAX_IMAGE: u64 = 1 << 30;

pub(super) struct Parts {
    pub(super) measured: Measurements,
    pub(super) cmdline: String,
}

impl Parts {
    /// Reads and measures the image, writes kernel and joined ramdisks into the run folder.
    pub(super) fn unpack(path: &Path, run: &RunDir) -> Result<Self, LaunchError> {
        let octets = read(path).map_err(at(path))?;
        let eif = parse(&octets).map_err(|source| LaunchError::Image { path: path.to_owned(), source })?;
        let cmdline = std::str::from_utf8(eif.cmdline()).map_err(|_| LaunchError::Cmdline)?;
        if cmdline.contains('\0') {
            return Err(LaunchError::Cmdline);
        }
        let joined = eif.ramdisks().concat();
        for (path, octets) in [(run.file("vmlinuz"), eif.kernel()), (run.file("initrd"), &joined)] {
            fs::write(&path, octets).map_err(at(&path))?;
        }
        Ok(Self { measured: eif.measure(), cmdline: cmdline.to_owned() })
    }
}

/// Why a file cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// It is no image.
    #[error("{0}: {1}")]
    Image(PathBuf, EifError),
}

/// The registers that an image file gives.
///
/// # Errors
/// [`MeasureError`].
pub fn measure_file(path: &Path) -> Result<Measurements, MeasureError> {
    let octets = read(path).map_err(|error| MeasureError::File(path.to_owned(), error))?;
    let eif = Eif::parse(&octets).map_err(|error| MeasureError::Image(path.to_owned(), error))?;
    Ok(eif.measure())
}

fn parse(octets: &[u8]) -> Result<Eif<'_>, EifError> {
    let eif = Eif::parse(octets)?;
    match eif.architecture() {
        Architecture::X86_64 => Ok(eif),
        // Flag bit 0: the emulated machine is x86_64.
        Architecture::Aarch64 => Err(EifError::Flags(1)),
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let length = fs::metadata(path)?.len();
    if length > MAX_IMAGE {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "larger than 1 GiB"));
    }
    fs::read(path)
}
