//! Place: none. What the installation tells others: service card and `dev.json`.

use super::child::EnclaveKind;
use super::enrolment::{USER, name};
use super::founding::{Founded, ORIGIN};
use super::keys::secret;
use super::layout::Layout;
use super::organization::{APPROVERS, ORGANIZATION, THRESHOLD};
use crate::file;
use crate::installation::{DevCredential, DevJson, DevSeal};
use fuin_custodian::Custodian;
use fuin_host::RunningHost;
use fuin_host::store::CatalogueEntry;
use fuin_sca::card::{ServiceCard, VERSION};
use fuin_shared::manifest::Measurement;
use serde_json::json;
use zeroize::Zeroizing;

/// Life of the service token, seconds.
const TOKEN: u64 = 90 * 24 * 3600;

/// The card, without the ledger before there is one.
pub fn card(
    layout: &Layout,
    founded: &Founded,
    measurement: &Measurement,
    custodian: &Custodian,
) -> anyhow::Result<ServiceCard> {
    let anchor = String::from_utf8(file::read(&layout.evidence_root(), 64 * 1024)?)?;
    Ok(ServiceCard {
        version: VERSION,
        name: founded.manifest.name.clone(),
        service: founded.service,
        development: founded.manifest.development,
        measurement: measurement.into(),
        release: founded.manifest.release,
        evidence_anchors: vec![anchor],
        ledger: custodian.ledger().cloned(),
        root_commitment: custodian.root_commitment(),
        witnesses: founded.manifest.witnesses.clone(),
    })
}

/// The auditor's token, made on first use.
pub fn auditor_token(layout: &Layout) -> anyhow::Result<Zeroizing<String>> {
    Ok(Zeroizing::new(hex::encode(secret::<32>(&layout.auditor_token())?.as_ref())))
}

/// What `dev.json` says of the service and the host's users.
#[derive(Clone, Copy)]
pub struct Published<'a> {
    /// The service.
    pub founded: &'a Founded,
    /// Credentials of the signer.
    pub credentials: &'a [CatalogueEntry],
    /// Seal credential of the organization.
    pub seal: Option<&'a CatalogueEntry>,
    /// Password of the signer.
    pub password: &'a str,
}

/// Writes card, measurement and `dev.json`; the last one last, for whoever waits for it.
pub async fn write(
    layout: &Layout,
    host: &RunningHost,
    card: &ServiceCard,
    published: Published<'_>,
    kind: EnclaveKind,
) -> anyhow::Result<()> {
    file::write(&layout.service_card(), &card.to_json(), file::PUBLIC)?;
    let [pcr0, pcr1, pcr2] = [&card.measurement.pcr0, &card.measurement.pcr1, &card.measurement.pcr2];
    let release = json!({ "pcrs": { "0": pcr0, "1": pcr1, "2": pcr2 } });
    file::write(&layout.release(), format!("{release:#}\n").as_bytes(), file::PUBLIC)?;
    let token = host.accounts().issue_service_token(USER, TOKEN).await?;
    let seal = match published.seal {
        None => None,
        Some(entry) => Some(DevSeal {
            id: entry.id.clone(),
            service_token: host.accounts().issue_service_token(ORGANIZATION, TOKEN).await?.text().to_owned(),
            approvers: layout.approvers(),
            approver_count: APPROVERS,
            threshold: THRESHOLD,
        }),
    };
    let dev = DevJson {
        csc: host.base_url().to_owned(),
        service_token: token.text().to_owned(),
        credentials: published
            .credentials
            .iter()
            .map(|entry| DevCredential {
                id: entry.id.clone(),
                key_algo: name(entry.key_algorithm).to_owned(),
                means: entry.means.as_str().to_owned(),
            })
            .collect(),
        trust: vec![layout.ca("root")],
        evidence_root: layout.evidence_root(),
        attestation: format!("{}/attestation", host.base_url()),
        service: card.service.to_string(),
        service_card: layout.service_card(),
        release: layout.release(),
        enclave: kind.as_str().to_owned(),
        passkeys: layout.passkeys(),
        device_keys: layout.device_keys(),
        pins: layout.pins(),
        origin: ORIGIN.to_owned(),
        user: USER.to_owned(),
        password: published.password.to_owned(),
        ceremony: host.ceremony_addr().map(|address| format!("http://{address}")).unwrap_or_default(),
        ledger: format!("{}/ledger", host.base_url()),
        auditor_token: auditor_token(layout)?.to_string(),
        auditor_key: published.founded.manifest.detail_readers().next().map(|_| layout.auditor_key()),
        seal,
    };
    let mut octets = serde_json::to_vec_pretty(&dev)?;
    octets.push(b'\n');
    file::write(&layout.dev_json(), &octets, file::SECRET)
}
