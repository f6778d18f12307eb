//! Place: none. `fuin manifest show`.

use super::{pinned, service_id, tell};
use crate::ceremony::client::CeremonyClient;
use crate::ceremony::draft::{Draft, MAX_DRAFT, Pair, differences};
use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::codec;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{MAX_MANIFEST, Manifest, ManifestHistory, SignedManifest, newest};
use fuin_shared::statement::signers;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// A signed manifest, such as that of `fuin ceremony init manifest`; or a draft, of which nothing is signed here.
    #[arg(value_name = "FILE", required_unless_present = "host", conflicts_with = "host")]
    file: Option<PathBuf>,
    /// The host's listener for ceremonies: shows the current manifest, and checks every one before it.
    #[arg(long, value_name = "URL")]
    host: Option<String>,
    /// Service id, as the officers told it by another way: the manifests of another service are refused.
    #[arg(long, value_name = "HEX", value_parser = service_id)]
    service: Option<ServiceId>,
    /// Keeps all of the host's manifests in this file: custodians and officers give it to `fuin ceremony` in place of the
    /// first one.
    #[arg(long, value_name = "FILE", requires = "host")]
    save: Option<PathBuf>,
    /// Prints JSON; its member `manifest` can be changed and given to `fuin manifest draft --manifest`.
    #[arg(long)]
    json: bool,
}

/// Reads, checks, tells.
pub async fn run(args: Args) -> Result<(), Failure> {
    let (service, manifest, hash, history) = match (&args.host, &args.file) {
        (Some(host), _) => {
            let history = CeremonyClient::new(host)?.manifests().await?;
            let (service, current) = newest(&history).context("the host's manifests")?;
            (Some(service), current.manifest, current.hash, Some(history))
        }
        (None, Some(path)) => {
            let octets = file::read(path, MAX_DRAFT)?;
            if let Some(draft) = Draft::parse(&octets) {
                return show_draft(&draft, path, &args);
            }
            if octets.len() > 2 * MAX_MANIFEST {
                return Err(anyhow::anyhow!("{}: too large for a manifest", path.display()).into());
            }
            let read = || -> anyhow::Result<(SignedManifest, Manifest)> {
                let signed: SignedManifest = codec::decode(&octets)?;
                let manifest = signed.parse()?;
                Ok((signed, manifest))
            };
            let (signed, manifest) = read().with_context(|| format!("{}: no manifest", path.display()))?;
            let hash = signed.hash();
            // Only the first one tells the service.
            ((manifest.version == 1).then_some(ServiceId(hash.0)), manifest, hash, None)
        }
        (None, None) => return Err(Failure::Usage("give a FILE, or --host".to_owned())),
    };
    match &service {
        Some(service) => pinned(args.service, service)?,
        None if args.service.is_some() => {
            let text = "--service: a later manifest alone does not tell its service; ask with --host";
            return Err(Failure::Usage(text.to_owned()));
        }
        None => {}
    }
    if let (Some(path), Some(history)) = (&args.save, &history) {
        file::write(path, &codec::encode(history), file::PUBLIC)?;
    }
    let changes = history.as_ref().map(links).transpose()?.unwrap_or_default();
    if args.json {
        let value = json!({ "service": service, "hash": hash, "changes": changes, "manifest": manifest });
        println!("{value:#}");
        return Ok(());
    }
    if let Some(service) = service {
        println!("service    {service}");
    }
    println!("manifest   {hash}");
    tell(&manifest);
    for change in &changes {
        let officers = change["approvedBy"].as_array().map(Vec::as_slice).unwrap_or_default();
        let officers: Vec<_> = officers.iter().filter_map(Value::as_str).collect();
        println!("version {} was approved by {}", change["version"], officers.join(", "));
    }
    if args.host.is_some() {
        println!(
            "(every signature was checked; that this is the newest is the host's word, until evidence says so)"
        );
    }
    Ok(())
}

fn show_draft(draft: &Draft, path: &Path, args: &Args) -> Result<(), Failure> {
    let pair = draft.pair().map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    pinned(args.service, &draft.service)?;
    if args.json {
        let value = json!({
            "service": draft.service,
            "ledger": draft.ledger,
            "follows": pair.current_hash,
            "hash": pair.next_hash,
            "differences": differences(&pair.current, &pair.next)?,
            "signers": signers(&draft.approvals).collect::<Vec<_>>(),
            "manifest": pair.next,
        });
        println!("{value:#}");
        return Ok(());
    }
    changes(draft, &pair)?;
    let signers: Vec<_> = signers(&draft.approvals).map(|signer| signer.to_string()).collect();
    println!(
        "signatures: {} of {} ({}), by the draft's own word",
        signers.len(),
        pair.current.officer_quorum,
        signers.join(", ")
    );
    Ok(())
}

/// What a draft is about, and what it changes.
pub(super) fn changes(draft: &Draft, pair: &Pair) -> anyhow::Result<()> {
    println!("service    {}", draft.service);
    println!("ledger     {}", draft.ledger.escape_debug());
    println!("follows    {} (version {})", pair.current_hash, pair.current.version);
    println!("manifest   {}", pair.next_hash);
    tell(&pair.next);
    for line in differences(&pair.current, &pair.next)? {
        println!("{line}");
    }
    Ok(())
}

/// What followed the first one: version, hash, and who approved. The history was checked.
fn links(history: &ManifestHistory) -> anyhow::Result<Vec<Value>> {
    let links = history.changes.iter().map(|change| {
        let signed = change.as_signed();
        let hash: ManifestHash = signed.hash();
        anyhow::Ok(json!({
            "version": signed.parse()?.version,
            "hash": hash,
            "approvedBy": signers(&change.approvals).collect::<Vec<_>>(),
        }))
    });
    links.collect()
}
