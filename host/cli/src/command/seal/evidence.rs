//! Place: SCA. Evidence of where the SCA's key lives, as files hold it, and what an approver reads of it.

use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_attestation::ScaKeyPlace;
use fuin_shared::bytes::Blob;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::pki::path::MAX_CHAIN;
use fuin_shared::seal::{MAX_SCA_EVIDENCE, ScaEvidence};
use std::path::Path;

const MAX_FILE: u64 = 4 * MAX_SCA_EVIDENCE as u64;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END CERTIFICATE-----";

/// Reads certificates in PEM, the key's first; any other octets are an attestation document.
pub fn read(path: &Path) -> Result<ScaEvidence, Failure> {
    let octets = file::read(path, MAX_FILE)?;
    let wrong = |what: &str| Failure::Usage(format!("--sca-evidence: {}: {what}", path.display()));
    let bounded = |evidence: ScaEvidence| {
        let short = evidence.to_bytes().len() <= MAX_SCA_EVIDENCE;
        if short { Ok(evidence) } else { Err(wrong("is too long")) }
    };
    let Some(text) = std::str::from_utf8(&octets).ok().filter(|text| text.contains(BEGIN)) else {
        return bounded(ScaEvidence::Document(octets.into()));
    };
    let mut chain = Vec::new();
    for piece in text.split_inclusive(END) {
        // What stands between the blocks, such as openssl's own words, is not read.
        let Some(block) = piece.find(BEGIN).and_then(|at| piece.get(at..)) else { continue };
        let (label, der) = der::pem::decode_vec(block.as_bytes()).map_err(|e| wrong(&e.to_string()))?;
        if label != "CERTIFICATE" {
            return Err(wrong(&format!("has `{label}`, not `CERTIFICATE`")));
        }
        chain.push(Blob(der));
    }
    if chain.len() > MAX_CHAIN {
        return Err(wrong("has more certificates than a chain may have"));
    }
    bounded(ScaEvidence::Certificates(chain))
}

/// Reads a public key, SubjectPublicKeyInfo in PEM.
pub fn public_key(path: &Path) -> anyhow::Result<Spki> {
    let pem = file::read(path, MAX_FILE)?;
    let (label, der) = der::pem::decode_vec(&pem).with_context(|| format!("{}", path.display()))?;
    anyhow::ensure!(label == "PUBLIC KEY", "{}: has `{label}`, not `PUBLIC KEY`", path.display());
    let key = PublicKey::from_spki(&der).with_context(|| format!("{}", path.display()))?;
    Ok(Spki::from(&key))
}

/// What an approver reads.
pub fn told(place: Option<&ScaKeyPlace>) -> String {
    match place {
        None => "it lives:       nobody says where: it may be a file that can be copied\n".to_owned(),
        Some(ScaKeyPlace::Hardware { anchor, fingerprint }) => format!(
            "it lives:       in hardware, says {} (certificate SHA-256 {})\n",
            anchor.escape_debug(),
            hex::encode(fingerprint)
        ),
        Some(ScaKeyPlace::Program { pcr0, development }) => format!(
            "it lives:       in an enclave{}, image PCR0 {pcr0}\n",
            if *development { " of a DEVELOPMENT platform" } else { "" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(octets: &[u8]) -> Result<ScaEvidence, Failure> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("evidence");
        std::fs::write(&path, octets).unwrap();
        read(&path)
    }

    #[test]
    fn pem_is_a_chain_and_anything_else_a_document() {
        let pem = |label, der: &[u8]| der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap();
        let two =
            format!("subject=CN=x\n{}text\n{}", pem("CERTIFICATE", &[1; 90]), pem("CERTIFICATE", &[2; 9]));
        let chain = ScaEvidence::Certificates(vec![vec![1; 90].into(), vec![2; 9].into()]);
        assert_eq!(read_of(two.as_bytes()).unwrap(), chain);
        assert_eq!(read_of(two.trim_end().as_bytes()).unwrap(), chain);
        assert_eq!(read_of(&[0x84, 1]).unwrap(), ScaEvidence::Document(vec![0x84, 1].into()));
        assert!(read_of(pem("PUBLIC KEY", &[1; 9]).as_bytes()).is_err());
        assert!(read_of(b"-----BEGIN CERTIFICATE-----\nAQ").is_err());
        assert!(read_of(pem("CERTIFICATE", &[1]).repeat(MAX_CHAIN + 1).as_bytes()).is_err());
    }

    #[test]
    fn an_approver_reads_where_the_key_lives() {
        assert!(told(None).contains("can be copied"));
        let hardware = ScaKeyPlace::Hardware { anchor: "CN=Maker\u{1b}".into(), fingerprint: [1; 32] };
        assert!(told(Some(&hardware)).contains("in hardware, says CN=Maker\\u{1b} "));
        let pcr0 = fuin_shared::evidence::Pcr([1; 48]);
        let program = ScaKeyPlace::Program { pcr0, development: true };
        assert!(told(Some(&program)).contains("DEVELOPMENT"));
    }
}
