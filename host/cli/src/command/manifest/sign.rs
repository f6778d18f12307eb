//! Place: none. `fuin manifest sign`: an officer reads what a draft changes, and signs for it.

use super::{pinned, rfc3339, service_id, tell};
use crate::ceremony::draft::{Draft, differences};
use crate::dev::keys::DevKey;
use crate::installation::now;
use crate::outcome::Failure;
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
    /// The officer's key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Service id, as the officers told it by another way.
    #[arg(long, value_name = "HEX", value_parser = service_id)]
    service: Option<ServiceId>,
    /// How long the signature can be used, hours.
    #[arg(long, value_name = "N", default_value_t = 72, value_parser = clap::value_parser!(u64).range(1..=720))]
    hours: u64,
}

/// Checks, tells, signs.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut draft = Draft::read(&args.draft)?;
    let pair = draft.pair().map_err(|error| Failure::Usage(format!("{}: {error}", args.draft.display())))?;
    pinned(args.service, &draft.service)?;
    let key = DevKey::load(&args.key)?;
    let spki = key.spki();
    let Some(officer) = pair.current.officers.iter().find(|officer| officer.key == spki) else {
        return Err(Failure::Usage("--key: not the key of an officer in the current manifest".to_owned()));
    };
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
    println!("service    {}", draft.service);
    println!("ledger     {}", draft.ledger.escape_debug());
    println!("follows    {} (version {})", pair.current_hash, pair.current.version);
    println!("manifest   {}", pair.next_hash);
    tell(&pair.next);
    for line in differences(&pair.current, &pair.next)? {
        println!("{line}");
    }
    let signers: Vec<_> = draft.signers().iter().map(ToString::to_string).collect();
    println!(
        "signed by {} until {}; signatures: {} of {} ({})",
        officer.id,
        rfc3339(not_after),
        signers.len(),
        pair.current.officer_quorum,
        signers.join(", ")
    );
    Ok(())
}
