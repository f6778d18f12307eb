//! Place: none. `fuin manifest draft`: the current manifest with what is to be another, on the officer's own machine.

use super::{pinned, service_id};
use crate::ceremony::client::CeremonyClient;
use crate::ceremony::description::seals;
use crate::ceremony::draft::{Draft, differences};
use crate::ceremony::entry::Entry;
use crate::ceremony::founded::read_release;
use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::codec;
use fuin_shared::ids::ServiceId;
use fuin_shared::log::cosignature::WitnessKey;
use fuin_shared::manifest::{MAX_MANIFEST, Manifest, RaClient, SignedManifest, newest};
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// Service id, as the officers told it by another way.
    #[arg(long, value_name = "HEX", value_parser = service_id)]
    service: Option<ServiceId>,
    /// Begins with this manifest, JSON or CBOR, in place of the current one.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// When the manifest ends, such as 2036-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    not_after: Option<der::DateTime>,
    /// Adds a person by the public entry: officer, operator or auditor. A custodian is refused: those of the first manifest
    /// can only be taken out.
    #[arg(long, value_name = "FILE")]
    add: Vec<PathBuf>,
    /// Adds an RA client: a JSON file as `fuin manifest show --json` shows one.
    #[arg(long, value_name = "FILE")]
    add_ra_client: Vec<PathBuf>,
    /// Takes out whoever has this name.
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    /// How many officers must sign from then on.
    #[arg(long, value_name = "N")]
    officer_quorum: Option<u8>,
    /// Accepts another image: its `release.json`.
    #[arg(long, value_name = "FILE")]
    add_image: Vec<PathBuf>,
    /// Accepts this image no more.
    #[arg(long, value_name = "FILE")]
    remove_image: Vec<PathBuf>,
    /// Adds a witness: its verifier key, as `fuin witness show` prints it. Other witnesses take over once a quorum of the old
    /// ones and one of the new ones have cosigned.
    #[arg(long, value_name = "VKEY", value_parser = WitnessKey::parse)]
    add_witness: Vec<WitnessKey>,
    /// Takes out the witness of this name.
    #[arg(long, value_name = "NAME")]
    remove_witness: Vec<String>,
    /// How many witnesses must cosign from then on.
    #[arg(long, value_name = "N")]
    witness_quorum: Option<u8>,
    /// What is asked from then on of the keys of programs that order seals: a TOML file as the section `[seals]` of a
    /// description.
    #[arg(long, value_name = "FILE", conflicts_with = "no_seals")]
    seals: Option<PathBuf>,
    /// Asks nothing of these keys any more.
    #[arg(long)]
    no_seals: bool,
    /// Where the draft goes, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Fetches, changes, writes.
pub async fn run(args: Args) -> Result<(), Failure> {
    let client = CeremonyClient::new(&args.host)?;
    let history = client.manifests().await?;
    let (service, current) = newest(&history).context("the host's manifests")?;
    pinned(args.service, &service)?;
    let note = client.state().await?.ledger.checkpoint;
    let ledger = note.as_deref().and_then(|note| note.lines().next());
    let ledger = ledger.context("the service has no ledger yet: it is founded with its first manifest")?;
    let mut next = match &args.manifest {
        Some(path) => read_manifest(path)?,
        None => current.manifest.clone(),
    };
    edit(&mut next, &args)?;
    next.version =
        current.manifest.version.checked_add(1).context("there is no version after the current one")?;
    let draft = Draft {
        service,
        ledger: ledger.to_owned(),
        current: codec::encode(&current.manifest).into(),
        manifest: codec::encode(&next).into(),
        approvals: Vec::new(),
    };
    let pair = draft.pair().map_err(|error| Failure::Usage(error.to_string()))?;
    draft.write(&args.output)?;
    println!("service    {service}");
    println!("manifest   {} (version {})", pair.next_hash, next.version);
    for line in differences(&pair.current, &pair.next)? {
        println!("{line}");
    }
    println!("draft in {}; signatures needed: {}", args.output.display(), pair.current.officer_quorum);
    Ok(())
}

fn edit(next: &mut Manifest, args: &Args) -> Result<(), Failure> {
    if let Some(end) = args.not_after {
        next.not_after = end.unix_duration().as_secs();
    }
    for name in &args.remove {
        let before = next.holders().count();
        next.officers.retain(|o| o.id.as_str() != name);
        next.custodians.retain(|c| c.id.as_str() != name);
        next.operators.retain(|o| o.id.as_str() != name);
        next.auditors.retain(|a| a.id.as_str() != name);
        next.ra_clients.retain(|c| c.id.as_str() != name);
        if next.holders().count() == before {
            return Err(Failure::Usage(format!("--remove: the manifest does not name {name}")));
        }
    }
    for path in &args.add {
        match Entry::read(path)? {
            Entry::Officer(officer) => next.officers.push(officer),
            Entry::Operator(operator) => next.operators.push(operator),
            Entry::Auditor(auditor) => next.auditors.push(auditor),
            Entry::Custodian(custodian) => next.custodians.push(custodian),
        }
    }
    for path in &args.add_ra_client {
        let octets = file::read(path, MAX_MANIFEST as u64)?;
        let client: RaClient =
            serde_json::from_slice(&octets).with_context(|| format!("{}", path.display()))?;
        next.ra_clients.push(client);
    }
    if let Some(quorum) = args.officer_quorum {
        next.officer_quorum = quorum;
    }
    edit_witnesses(next, args)?;
    if let Some(path) = &args.seals {
        next.seals = Some(seals::read(path)?);
    } else if args.no_seals {
        next.seals = None;
    }
    for path in &args.remove_image {
        let image = read_release(path)?;
        let before = next.measurements.len();
        next.measurements.retain(|listed| *listed != image);
        if next.measurements.len() == before {
            let text =
                format!("--remove-image: the manifest does not accept the image of {}", path.display());
            return Err(Failure::Usage(text));
        }
    }
    for path in &args.add_image {
        next.measurements.push(read_release(path)?);
    }
    Ok(())
}

fn edit_witnesses(next: &mut Manifest, args: &Args) -> Result<(), Failure> {
    if args.add_witness.is_empty() && args.remove_witness.is_empty() && args.witness_quorum.is_none() {
        return Ok(());
    }
    let Some(policy) = &mut next.witnesses else {
        let text =
            "the manifest names no witnesses, and a service that releases without them cannot be given any";
        return Err(Failure::Usage(text.to_owned()));
    };
    for name in &args.remove_witness {
        let before = policy.witnesses.len();
        policy.witnesses.retain(|vkey| vkey.split_once('+').is_none_or(|(named, _)| named != name));
        if policy.witnesses.len() == before {
            return Err(Failure::Usage(format!("--remove-witness: the manifest does not name {name}")));
        }
    }
    policy.witnesses.extend(args.add_witness.iter().map(ToString::to_string));
    if let Some(quorum) = args.witness_quorum {
        policy.threshold = quorum;
    }
    Ok(())
}

/// JSON as `fuin manifest show --json` prints it, whole or its member `manifest`; or CBOR, signed or not.
fn read_manifest(path: &Path) -> anyhow::Result<Manifest> {
    let octets = file::read(path, 4 * MAX_MANIFEST as u64)?;
    if let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&octets) {
        let inner = value.get_mut("manifest").filter(|inner| inner.is_object()).map(serde_json::Value::take);
        return serde_json::from_value(inner.unwrap_or(value))
            .with_context(|| format!("{}: no manifest", path.display()));
    }
    let signed = codec::decode::<SignedManifest>(&octets);
    let octets = signed.map_or(octets, |signed| signed.manifest.0);
    codec::decode(&octets).with_context(|| format!("{}: no manifest", path.display()))
}
