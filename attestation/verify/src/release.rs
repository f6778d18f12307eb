//! Place: none. Reference values from the command line and from a `release.json`.

use crate::args::Args;
use crate::input;
use anyhow::{Context, bail};
use fuin_attestation::References;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is read of a `release.json`; other members are for other readers.
#[derive(Deserialize)]
struct Release {
    /// Register to hexadecimal value; a null is left out.
    pcrs: BTreeMap<String, Option<String>>,
}

/// All reference values the caller gave; none may be all zero, and none may contradict another.
pub fn references(args: &Args) -> anyhow::Result<References> {
    let mut references = References::none();
    for register in &args.pcrs {
        references.expect(register.index, &register.value).context("--pcr")?;
    }
    if let Some(path) = &args.release {
        add_release(&mut references, path).with_context(|| format!("--release {}", path.display()))?;
    }
    Ok(references)
}

fn add_release(references: &mut References, path: &Path) -> anyhow::Result<()> {
    let release: Release = serde_json::from_slice(&input::auxiliary(path)?)
        .context("not a release.json with a member \"pcrs\"")?;
    for (index, value) in &release.pcrs {
        let Some(value) = value else { continue };
        let number = index.parse().with_context(|| format!("\"{index}\" is no register"))?;
        let octets = hex::decode(value).with_context(|| format!("PCR{number} is not hexadecimal"))?;
        references.expect(number, &octets)?;
    }
    if !references.identify_code() {
        bail!("\"pcrs\" does not name the code: PCR0, or PCR1 and PCR2, or PCR8 must be there");
    }
    Ok(())
}
