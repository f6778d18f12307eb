//! Place: none. Reading files, never more of one than can be of use.

use anyhow::{Context, bail};
use fuin_shared::evidence::MAX_BUNDLE;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The most that an auxiliary file (root, release.json, card) may have.
const MAX_AUXILIARY: usize = 1 << 20;

/// Octets of evidence; one more than the largest bundle when there is more, which verification then refuses.
pub fn evidence(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return read(std::io::stdin().lock(), MAX_BUNDLE).context("cannot read standard input");
    }
    open(path, MAX_BUNDLE)
}

/// Octets of the file that `flag` names.
pub fn auxiliary(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    let octets = open(path, MAX_AUXILIARY).with_context(|| flag.to_owned())?;
    if octets.len() > MAX_AUXILIARY {
        bail!("{flag}: {} is larger than {MAX_AUXILIARY} octets", path.display());
    }
    Ok(octets)
}

fn open(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    File::open(path)
        .and_then(|file| read(file, most))
        .with_context(|| format!("cannot read {}", path.display()))
}

/// At most one octet more than `most`.
fn read(source: impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut octets)?;
    Ok(octets)
}
