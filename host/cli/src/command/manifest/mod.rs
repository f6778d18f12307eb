//! Place: none. `fuin manifest`: one manifest follows another, by the officers' quorum.

mod change;
mod draft;
mod show;
mod sign;

use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::Manifest;

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
    for measurement in &manifest.measurements {
        println!("image      PCR0 {}", measurement.pcr0);
    }
}
