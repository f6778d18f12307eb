//! Place: none. `fuin order sign`.

use super::word::Officer;
use crate::ceremony::release::Release;
use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::ids::ServiceId;
use fuin_shared::statement::{CredentialOrderKind, put, signers};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The draft; the signature is added to the file.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    #[command(flatten)]
    officer: Officer,
    /// Service id, as the officers told it by another way.
    #[arg(long, value_name = "HEX", value_parser = crate::command::manifest::service_id)]
    service: Option<ServiceId>,
}

/// Tells, then signs, so that a token's owner reads before the signature is asked for.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut release = Release::read(&args.draft)?;
    if args.service.is_some_and(|wanted| wanted != release.service) {
        return Err(Failure::Usage(format!("--service: the draft is for service {}", release.service)));
    }
    println!("service    {}", release.service);
    println!("ledger     {}", release.ledger.escape_debug());
    println!("credential {}", release.credential);
    println!(
        "release    from the officers' suspension that is event {} of the credential",
        release.suspension
    );
    let signer = args.officer.open()?;
    let (service, ledger) = (release.service, release.ledger.clone());
    let (credential, suspension) = (release.credential.clone(), Some(release.suspension));
    let order = signer.order(service, ledger, credential, CredentialOrderKind::Release, suspension)?;
    put(&mut release.orders, &order);
    release.write(&args.draft)?;
    let signers: Vec<_> = signers(&release.orders).map(|signer| signer.to_string()).collect();
    println!(
        "signed until {}; signatures: {} ({})",
        utc(signer.not_after),
        signers.len(),
        signers.join(", ")
    );
    Ok(())
}
