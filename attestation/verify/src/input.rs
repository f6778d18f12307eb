//! Place: none. Reading files, never more of one than can be of use.

use anyhow::{Context, bail};
use fuin_shared::key_statement::MAX_ATTESTATION;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest kind of evidence that there is; each kind has its own bound, which verification holds.
const MAX_EVIDENCE: usize = MAX_ATTESTATION;
/// The most that an auxiliary file (root, release.json, card) may have.
const MAX_AUXILIARY: usize = 1 << 20;

/// Octets of evidence; one more than the largest kind when there is more, which verification then refuses.
pub fn evidence(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return read(std::io::stdin().lock(), MAX_EVIDENCE).context("cannot read standard input");
    }
    open(path, MAX_EVIDENCE)
}

/// Octets of the file that `flag` names.
pub fn auxiliary(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    let octets = open(path, MAX_AUXILIARY).with_context(|| flag.to_owned())?;
    if octets.len() > MAX_AUXILIARY {
        bail!("{flag}: {} is larger than {MAX_AUXILIARY} octets", path.display());
    }
    Ok(octets)
}

/// A file that is read piece by piece.
pub fn stream(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(file))
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
