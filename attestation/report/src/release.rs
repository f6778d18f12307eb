//! Place: none. Reference values as they are written: `N=HEX` and the content of a `release.json`.

use crate::options::Unusable;
use crate::request::octets;
use fuin_attestation::References;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is read of a `release.json`; other members are for other readers.
#[derive(Deserialize)]
struct Release {
    /// Register to hexadecimal value; a null is left out.
    pcrs: BTreeMap<String, Option<String>>,
}

/// All reference values the caller gave; none may be all zero, and none may contradict another.
pub(crate) fn references(registers: &[String], release: Option<&Value>) -> Result<References, Unusable> {
    let mut references = References::none();
    for register in registers {
        add_register(&mut references, register)?;
    }
    if let Some(release) = release {
        add_release(&mut references, release)?;
    }
    Ok(references)
}

fn add_register(references: &mut References, text: &str) -> Result<(), Unusable> {
    const FLAG: &str = "--pcr";
    let (index, value) =
        text.split_once('=').ok_or_else(|| Unusable::new(FLAG, "must be N=HEX, such as 0=4b8d..."))?;
    let index = index.parse().map_err(|_| Unusable::new(FLAG, "N must be 0 to 31"))?;
    references.expect(index, &octets(FLAG, value)?).map_err(|error| Unusable::new(FLAG, error))
}

fn add_release(references: &mut References, release: &Value) -> Result<(), Unusable> {
    let refuse = |why: String| Unusable::new("--release", why);
    let release = Release::deserialize(release)
        .map_err(|error| refuse(format!("not a release.json with a member \"pcrs\": {error}")))?;
    for (index, value) in &release.pcrs {
        let Some(value) = value else { continue };
        let number = index.parse().map_err(|_| refuse(format!("\"{index}\" is no register")))?;
        let octets = hex::decode(value).map_err(|_| refuse(format!("PCR{number} is not hexadecimal")))?;
        references.expect(number, &octets).map_err(|error| refuse(error.to_string()))?;
    }
    if !references.identify_code() {
        let why = "\"pcrs\" does not name the code: PCR0, or PCR1 and PCR2, or PCR8 must be there";
        return Err(refuse(why.to_owned()));
    }
    Ok(())
}
