//! Place: none. Where programs and the enclave image are.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

const IMAGE: &str = "fuin-enclave.eif";

fn beside() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// The program of this name in the search path.
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The program of this name: in `folder` if one is given, else beside this one or in the search path.
pub fn program(name: &str, folder: Option<&Path>) -> Option<PathBuf> {
    let file = |folder: PathBuf| Some(folder.join(name)).filter(|path| path.is_file());
    match folder {
        Some(folder) => file(folder.to_owned()),
        None => beside().and_then(file).or_else(|| in_path(name)),
    }
}

/// The enclave image: `given`, else beside this program, else where `scripts/build-eif` puts it.
pub fn image(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(given) = given {
        anyhow::ensure!(
            given.is_file(),
            "--eif: {} is no file; build it with `scripts/build-eif`",
            given.display()
        );
        return std::path::absolute(given).context("--eif");
    }
    let beside = beside().unwrap_or_default();
    let places = [beside.join(IMAGE), beside.join("../eif").join(IMAGE), beside.join("fuin.eif")];
    places.iter().find(|path| path.is_file()).cloned().with_context(|| {
        let places: Vec<_> = places.iter().map(|p| p.display().to_string()).collect();
        format!(
            "no enclave image at {}: build it with `scripts/build-eif`, name one with --eif, or try `--enclave process`",
            places.join(", ")
        )
    })
}
