//! Place: none. `fuin manifest sign`: an officer reads what a draft changes, and signs for it.

use super::show::changes;
use super::{pinned, service_id};
use crate::ceremony::draft::Draft;
use crate::ceremony::officer::KeyPlace;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::codec;
use fuin_shared::ids::{ServiceId, StatementId};
use fuin_shared::manifest::ManifestApproval;
use fuin_shared::statement::SignedStatement;
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
    let spki = key.spki();
    let Some(officer) = pair.current.officers.iter().find(|officer| officer.key == spki) else {
        return Err(Failure::Usage(
            "--key or --pkcs11: not the key of an officer in the current manifest".to_owned(),
        ));
    };
    changes(&draft, &pair)?;
    let mut statement = [0; StatementId::LEN];
    getrandom::fill(&mut statement)?;
    let not_after = now() + args.hours * 3600;
    let body = ManifestApproval {
        service: draft.service,
        ledger: draft.ledger.clone(),
        previous: pair.current_hash,
        manifest: pair.next_hash,
        statement: StatementId(statement),
        not_after,
    };
    let octets = codec::encode(&body);
    let signature = key.sign(&SignedStatement::message::<ManifestApproval>(&octets))?.into();
    draft.put(&SignedStatement { body: octets.into(), signer: officer.id.clone(), signature });
    draft.write(&args.draft)?;
    let signers: Vec<_> = draft.signers().iter().map(ToString::to_string).collect();
    println!(
        "signed by {} until {}; signatures: {} of {} ({})",
        officer.id,
        utc(not_after),
        signers.len(),
        pair.current.officer_quorum,
        signers.join(", ")
    );
    Ok(())
}
