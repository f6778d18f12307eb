//! Place: none. `fuin manifest sign`: an officer reads what a draft changes, and signs for it.

use super::show::changes;
use super::{pinned, service_id};
use crate::ceremony::draft::Draft;
use crate::ceremony::officer::{KeyPlace, statement_id, tell_signed};
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::ManifestApproval;
use fuin_shared::statement::put;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The draft; the signature is added to the file.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    #[command(flatten)]
    key: KeyPlace,
    /// Service id, as the officers told it by another way.
    #[arg(long, value_name = "HEX", value_parser = service_id)]
    service: Option<ServiceId>,
    /// How long the signature can be used, hours.
    #[arg(long, value_name = "N", default_value_t = 72, value_parser = clap::value_parser!(u64).range(1..=720))]
    hours: u64,
}

/// Checks, tells, signs: in this order, so that a token's owner reads before the signature is asked for.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut draft = Draft::read(&args.draft)?;
    let pair = draft.pair().map_err(|error| Failure::Usage(format!("{}: {error}", args.draft.display())))?;
    pinned(args.service, &draft.service)?;
    let key = args.key.open()?;
    let officer = key.officer(&pair.current)?;
    changes(&draft, &pair)?;
    let not_after = now() + args.hours * 3600;
    let body = ManifestApproval {
        service: draft.service,
        ledger: draft.ledger.clone(),
        previous: pair.current_hash,
        manifest: pair.next_hash,
        statement: statement_id()?,
        not_after,
    };
    put(&mut draft.approvals, &key.state(officer, &body)?);
    draft.write(&args.draft)?;
    tell_signed(officer, not_after, &draft.approvals, pair.current.officer_quorum);
    Ok(())
}
