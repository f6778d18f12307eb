//! Place: none. The description of a service: a TOML file that people can read and argue about. It names files, whose
//! paths are taken from the description's own folder.

mod means;
pub mod seals;

use super::entry::Entry;
use super::founded::read_release;
use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CaId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{
    AlgorithmPolicy, Authority, Limits, Manifest, RaClient, ReleaseMode, RelyingParty,
};
use means::DescribedMeans;
use seals::DescribedSeals;
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
    /// For `release = "cosigned"`: vkeys, how many must cosign, how many may lie.
    witnesses: Option<WitnessPolicy>,
    /// Issuers of other eID means than passkeys and device keys.
    means: Option<DescribedMeans>,
    /// What is asked of the keys of programs that order seals.
    seals: Option<DescribedSeals>,
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
    let (mut operators, mut auditors) = (Vec::new(), Vec::new());
    for path in entries {
        match Entry::read(path)? {
            Entry::Officer(officer) => officers.push(officer),
            Entry::Custodian(custodian) => custodians.push(custodian),
            Entry::Operator(operator) => operators.push(operator),
            Entry::Auditor(auditor) => auditors.push(auditor),
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
        witnesses: told.witnesses,
        means: told.means.map(|means| means.policy(&pem)).transpose()?,
        operators,
        auditors,
        seals: told.seals.map(|seals| seals.policy(folder, &pem)).transpose()?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::keys::DevKey;
    use fuin_shared::ids::PersonId;
    use fuin_shared::manifest::Officer;

    const TEXT: &str = r#"
name = "test"
development = true
not_after = "2046-01-01T00:00:00Z"
ledger_prefix = "test.invalid/ledger"
officer_quorum = 1
share_threshold = 1
release = "durable"
evidence_anchors = ["root.pem"]
measurements = ["release.json"]

[[ra_clients]]
id = "ra"
proof_key = "ra.pem"
authorities = ["ca"]
relying_parties = [{ id = "localhost", origins = ["https://localhost"] }]

[[authorities]]
id = "ca"
anchors = ["root.pem"]
"#;

    fn made(text: &str) -> Result<Manifest, Failure> {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let pem = |label, der: &[u8]| der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap();
        let officer = DevKey::load_or_make(&path("officer.pem")).unwrap();
        let ra = DevKey::load_or_make(&path("ra-key.pem")).unwrap().public().to_spki();
        std::fs::write(path("root.pem"), pem("CERTIFICATE", &[1, 2, 3])).unwrap();
        std::fs::write(path("ra.pem"), pem("PUBLIC KEY", &ra)).unwrap();
        let pcr = "11".repeat(48);
        let release = format!(r#"{{"pcrs":{{"0":"{pcr}","1":"{pcr}","2":"{pcr}"}},"other":1}}"#);
        std::fs::write(path("release.json"), release).unwrap();
        let person = PersonId::new("ada").unwrap();
        Entry::Officer(Officer { id: person, key: officer.spki() }).write(&path("ada.json")).unwrap();
        let kei = crate::ceremony::custodian::CustodianFile::make(
            &path("kei.state"),
            PersonId::new("kei").unwrap(),
            None,
        );
        Entry::Custodian(kei.unwrap().get().manifest_entry()).write(&path("kei.json")).unwrap();
        std::fs::write(path("service.toml"), text).unwrap();
        manifest(&path("service.toml"), &[path("ada.json"), path("kei.json")])
    }

    #[test]
    fn a_description_makes_a_manifest() {
        let manifest = made(TEXT).unwrap();
        assert_eq!(manifest.not_after, 2_398_377_600);
        assert_eq!(manifest.officers.first().map(|o| o.id.as_str()), Some("ada"));
        assert_eq!(manifest.custodians.first().map(|c| c.id.as_str()), Some("kei"));
        assert_eq!(manifest.ra_clients.len(), 1);
        assert_eq!(manifest.limits, Limits::default());
    }

    #[test]
    fn limits_stand_whole_and_snapshots_are_not_too_many() {
        let limits = r#"
[limits]
hashes = 10
activation_seconds = 300
challenge_seconds = 300
activations_per_credential = 16
activations = 10000
credentials_per_signer = 64
"#;
        let made_of = |more: &str| made(&format!("{TEXT}{limits}{more}")).map(|manifest| manifest.limits);
        assert_eq!(made_of("").unwrap(), Limits { hashes: 10, ..Limits::default() });
        assert_eq!(made_of("snapshot_events = 16").unwrap().snapshot_events(), 16);
        assert!(made_of("snapshot_events = 15").is_err());
        assert!(
            made(&format!("{TEXT}\n[limits]\nsnapshot_events = 16")).is_err(),
            "all others must stand too"
        );
    }

    #[test]
    fn a_description_names_issuers_of_means() {
        let provider = r#"
[[means.providers]]
id = "idp"
clients = ["ra"]
issuer = "https://idp.example"
audience = "fuin"
keys = [{ id = "k", key = "ra.pem" }]
acr = ["high"]
token_seconds = 600
"#;
        let made_of = |text: &str| made(&format!("{TEXT}{text}"));
        let means = made_of(provider).unwrap().means.unwrap();
        assert_eq!(means.providers.first().map(|p| (p.amr.len(), p.shows_transaction)), Some((0, false)));
        assert!(made_of(&provider.replace("600", "0")).is_err());
        assert!(made_of(&provider.replace("ra.pem", "root.pem")).is_err());
        // An anchor must be a certificate, which this one is not.
        let cards = "[[means.x509]]\nid = \"cards\"\nclients = [\"ra\"]\nanchors = [\"root.pem\"]\nstatus_seconds = 60\n";
        assert!(made_of(cards).is_err());
        assert_eq!(made(TEXT).unwrap().means, None);
    }

    #[test]
    fn a_description_opens_pins_to_clients_that_it_names() {
        let made_of = |client: &str| made(&format!("{TEXT}[means]\npin_totp = [\"{client}\"]\n"));
        let opened = made_of("ra").unwrap();
        let client = &opened.ra_clients.first().unwrap().id;
        assert!(opened.means.as_ref().is_some_and(|means| means.takes_pin_totp(client)));
        assert!(made_of("stranger").is_err());
    }

    #[test]
    fn a_description_says_which_keys_order_seals() {
        let made_of = |text: &str| made(&format!("{TEXT}{text}"));
        let programs =
            "[seals]\nrequired = true\nattested = { images = [\"release.json\"], document_seconds = 600 }\n";
        let policy = made_of(programs).unwrap().seals.unwrap();
        assert!(policy.required && policy.anchors.is_empty());
        assert_eq!(policy.attested.map(|a| (a.images.len(), a.document_seconds)), Some((1, 600)));
        assert_eq!(made(TEXT).unwrap().seals, None);
        assert!(made_of(&programs.replace("600", "0")).is_err());
        let Failure::Usage(text) = made_of("[seals]\nrequired = true\n").unwrap_err() else { panic!() };
        assert!(text.contains("seals needs anchors"), "{text}");
        // An anchor must be a certificate, which this one is not.
        assert!(made_of("[seals]\nrequired = false\nanchors = [\"root.pem\"]\n").is_err());
        assert!(
            made_of(&programs.replace("required = true\n", "")).is_err(),
            "whether it is required is said"
        );
    }

    #[test]
    fn descriptions_that_cannot_work_name_the_field() {
        for (from, to, told) in [
            ("name = ", "colour = 1\nname = ", "colour"),
            ("2046-01-01T00:00:00Z", "2046-01-01", "not_after"),
            ("officer_quorum = 1", "officer_quorum = 2", "officer_quorum"),
            ("share_threshold = 1", "share_threshold = 2", "share_threshold"),
            ("development = true", "development = false", "development"),
            ("authorities = [\"ca\"]", "authorities = [\"other\"]", "caID"),
        ] {
            let Failure::Usage(text) = made(&TEXT.replace(from, to)).unwrap_err() else { panic!("{told}") };
            assert!(text.contains(told), "{text}");
        }
        let Failure::Failed(error) = made(&TEXT.replace("ra.pem", "root.pem")).unwrap_err() else { panic!() };
        assert!(error.to_string().contains("PUBLIC KEY"), "{error}");
    }
}
