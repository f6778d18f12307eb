//! Place: none. The description of a service: a TOML file that people can read and argue about. It names files, whose
//! paths are taken from the description's own folder.

use super::entry::Entry;
use super::founded::read_release;
use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CaId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::{
    AlgorithmPolicy, Authority, Limits, Manifest, RaClient, ReleaseMode, RelyingParty,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

const MAX_FILE: u64 = 64 * 1024;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    name: String,
    #[serde(default)]
    development: bool,
    /// RFC 3339 in UTC, such as `2036-01-01T00:00:00Z`.
    not_after: String,
    ledger_prefix: String,
    officer_quorum: u8,
    share_threshold: u8,
    release: ReleaseMode,
    /// Certificates in PEM.
    evidence_anchors: Vec<PathBuf>,
    /// Files such as `release.json`.
    measurements: Vec<PathBuf>,
    #[serde(default)]
    ra_clients: Vec<DescribedClient>,
    #[serde(default)]
    authorities: Vec<DescribedAuthority>,
    limits: Option<Limits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedClient {
    id: RaClientId,
    /// SubjectPublicKeyInfo in PEM.
    proof_key: PathBuf,
    authorities: Vec<CaId>,
    relying_parties: Vec<RelyingParty>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedAuthority {
    id: CaId,
    /// Certificates in PEM.
    anchors: Vec<PathBuf>,
}

/// Makes the manifest from the description and people's entries.
///
/// # Errors
/// [`Failure::Usage`] names the field.
pub fn manifest(description: &Path, entries: &[PathBuf]) -> Result<Manifest, Failure> {
    let folder = description.parent().unwrap_or(Path::new(""));
    let text = String::from_utf8(file::read(description, MAX_FILE)?)?;
    let told: Description = toml::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{}: {error}", description.display())))?;
    let not_after: der::DateTime = told.not_after.parse().map_err(|_| {
        Failure::Usage("not_after: give a time in UTC such as 2036-01-01T00:00:00Z".to_owned())
    })?;
    let not_after = not_after.unix_duration().as_secs();
    let pem = |label: &'static str, path: &PathBuf| read_pem(label, &folder.join(path));
    let certificates = |paths: &[PathBuf]| -> anyhow::Result<Vec<Blob>> {
        paths.iter().map(|path| pem("CERTIFICATE", path)).collect()
    };
    let (mut officers, mut custodians) = (Vec::new(), Vec::new());
    for path in entries {
        match Entry::read(path)? {
            Entry::Officer(officer) => officers.push(officer),
            Entry::Custodian(custodian) => custodians.push(custodian),
        }
    }
    let ra_clients = told.ra_clients.into_iter().map(|client| {
        let proof_key = pem("PUBLIC KEY", &client.proof_key)?;
        let key = PublicKey::from_spki(proof_key.as_slice())
            .with_context(|| format!("{}", client.proof_key.display()))?;
        anyhow::Ok(RaClient {
            id: client.id,
            proof_key: Spki::from(&key),
            authorities: client.authorities,
            relying_parties: client.relying_parties,
        })
    });
    let authorities = told.authorities.into_iter().map(|authority| {
        anyhow::Ok(Authority { id: authority.id, anchors: certificates(&authority.anchors)? })
    });
    let measurements = told.measurements.iter().map(|path| read_release(&folder.join(path)));
    let manifest = Manifest {
        version: 1,
        name: told.name,
        development: told.development,
        not_after,
        evidence_anchors: certificates(&told.evidence_anchors)?,
        measurements: measurements.collect::<anyhow::Result<_>>()?,
        officers,
        officer_quorum: told.officer_quorum,
        custodians,
        share_threshold: told.share_threshold,
        ra_clients: ra_clients.collect::<anyhow::Result<_>>()?,
        authorities: authorities.collect::<anyhow::Result<_>>()?,
        release: told.release,
        algorithms: SignatureAlgorithm::ALL
            .map(|algorithm| AlgorithmPolicy { algorithm, until: not_after })
            .to_vec(),
        limits: told.limits.unwrap_or_default(),
        ledger_prefix: told.ledger_prefix,
    };
    manifest.check().map_err(|error| Failure::Usage(format!("{}: {error}", description.display())))?;
    Ok(manifest)
}

fn read_pem(label: &str, path: &Path) -> anyhow::Result<Blob> {
    let pem = file::read(path, MAX_FILE)?;
    let (found, der) =
        der::pem::decode_vec(&pem).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    anyhow::ensure!(found == label, "{}: has `{found}`, not `{label}`", path.display());
    Ok(der.into())
}
