//! Place: none. `fuin manifest`: one manifest follows another, by the officers' quorum.

mod change;
mod draft;
mod show;
mod sign;

use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::Manifest;
use fuin_shared::manifest::seals::SealPolicy;
use fuin_shared::pki::Certificate;

/// Steps of a change.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Shows a manifest, or what a draft changes; that of a host with all before it, each held against the one before.
    Show(show::Args),
    /// Makes a draft of the manifest that is to follow a host's current one.
    Draft(draft::Args),
    /// An officer reads what a draft changes, and signs for it.
    Sign(sign::Args),
    /// Brings a signed draft to the host, and through it to the enclave.
    Change(change::Args),
}

/// Runs the step.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Show(args) => show::run(args).await,
        Command::Draft(args) => draft::run(args).await,
        Command::Sign(args) => sign::run(&args),
        Command::Change(args) => change::run(args).await,
    }
}

/// Reads a service id.
pub(crate) fn service_id(text: &str) -> Result<ServiceId, String> {
    text.parse().map_err(|_| "give 64 hexadecimal digits".to_owned())
}

/// Refuses another service than the one that was named.
fn pinned(wanted: Option<ServiceId>, found: &ServiceId) -> Result<(), Failure> {
    match wanted {
        Some(wanted) if wanted != *found => {
            Err(anyhow::anyhow!("--service: the manifest is that of service {found}").into())
        }
        _ => Ok(()),
    }
}

/// What a person reads of a manifest before signing or giving something for it.
pub(crate) fn tell(manifest: &Manifest) {
    println!("version    {}", manifest.version);
    println!("name       {}", manifest.name.escape_debug());
    println!("ends       {}", utc(manifest.not_after));
    let names = |ids: Vec<&str>| ids.join(", ");
    println!(
        "officers   {} of {}",
        manifest.officer_quorum,
        names(manifest.officers.iter().map(|o| o.id.as_str()).collect())
    );
    println!(
        "custodians {} of {}",
        manifest.share_threshold,
        names(manifest.custodians.iter().map(|c| c.id.as_str()).collect())
    );
    let lists = [
        ("operators ", manifest.operators.iter().map(|o| o.id.as_str()).collect::<Vec<_>>()),
        ("auditors  ", manifest.auditors.iter().map(|a| a.id.as_str()).collect()),
        ("details to", manifest.detail_readers().map(|(id, _)| id.as_str()).collect()),
        ("RA clients", manifest.ra_clients.iter().map(|c| c.id.as_str()).collect()),
        ("CAs       ", manifest.authorities.iter().map(|a| a.id.as_str()).collect()),
    ];
    for (label, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        println!("{label} {}", names(ids));
    }
    if let Some(seals) = &manifest.seals {
        tell_seals(seals);
    }
    for measurement in &manifest.measurements {
        println!("image      PCR0 {}", measurement.pcr0);
    }
}

/// Which keys of programs may order seals.
fn tell_seals(seals: &SealPolicy) {
    let without = if seals.required { "refused" } else { "taken" };
    println!("seals      SCA keys without evidence are {without}");
    for der in &seals.anchors {
        let anchor = Certificate::from_der(der.as_slice());
        let name = anchor.map_or_else(|_| "no certificate".to_owned(), |anchor| anchor.subject());
        println!("           in hardware, says {}", name.escape_debug());
    }
    for policy in &seals.policies {
        println!("           under policy {}", policy.escape_debug());
    }
    if let Some(attested) = &seals.attested {
        for image in &attested.images {
            let age = attested.document_seconds;
            println!("           in an enclave, PCR0 {}, by a document of {age} s at the most", image.pcr0);
        }
    }
}
