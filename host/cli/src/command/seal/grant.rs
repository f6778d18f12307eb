//! Place: SIC. `fuin seal grant`.

use super::place::{Place, display};
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use fuin_sca::seal::{Approval, approve};
use fuin_sca::sign::Credential;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::Purpose;
use fuin_shared::seal::mandate_hash;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The mandate.
    #[arg(value_name = "MANDATE")]
    mandate: String,
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Number of an approver who signs; once for each.
    #[arg(long, value_name = "N", required = true)]
    approver: Vec<u32>,
}

/// Has the approvers sign, and grants.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let place = Place::open(&args.dir, &args.mandate)?;
    let client = installation.seal_client()?;
    let sic = installation.sic()?;
    let credential = Credential::fetch(&client, &installation.seal()?.id).await?;
    let mut passkeys = installation.approvers()?;
    let octets = place.terms.to_bytes();
    let shown = display(&place.id, &place.terms);
    print!("{shown}");
    let content = mandate_hash(place.terms.hash_algorithm, &octets);
    let mut approvals = Vec::new();
    for approver in &args.approver {
        let wanted = Approval {
            credential: &credential,
            approver: *approver,
            purpose: Purpose::Mandate,
            content: &content,
            algorithm: place.terms.signature_algorithm,
            display: Some(Digest32(Sha256::digest(shown.as_bytes()).into())),
        };
        approvals.push(approve(&client, &sic, &mut passkeys, wanted, now).await?);
        println!("approved by:    approver {approver}");
    }
    let (mandate, receipt) = client.grant_mandate(&credential.id, &octets, &approvals).await?;
    if mandate != place.id {
        return Err(anyhow::anyhow!("the service granted another mandate: {mandate}").into());
    }
    println!("granted:        entry {} of the ledger", receipt.index);
    Ok(())
}
