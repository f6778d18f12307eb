//! Place: none. The measurement that this installation pins.

use crate::file;
use anyhow::Context as _;
use fuin_attestation::eif::{Eif, measure_parts};
use fuin_shared::evidence::Pcr;
use fuin_shared::manifest::Measurement;
use std::path::Path;

/// Larger files are no enclave images.
const MAX_IMAGE: u64 = 1 << 30;

/// Of an enclave image, as the platform measures it.
pub fn image(path: &Path) -> anyhow::Result<Measurement> {
    let octets = file::read(path, MAX_IMAGE)?;
    let eif =
        Eif::parse(&octets).with_context(|| format!("--eif: {} is no enclave image", path.display()))?;
    let measured = eif.measure();
    Ok(Measurement { pcr0: Pcr(measured.pcr0), pcr1: Pcr(measured.pcr1), pcr2: Pcr(measured.pcr2) })
}

/// Of a program that runs as an ordinary process: the rule for images, with the program as the only part, in all three
/// registers.
pub fn program(path: &Path) -> anyhow::Result<Measurement> {
    let octets = file::read(path, MAX_IMAGE)?;
    let pcr = Pcr(measure_parts(&octets, b"", &[]).pcr0);
    Ok(Measurement { pcr0: pcr, pcr1: pcr, pcr2: pcr })
}
