//! Place: SIC. `fuin seal grant`.

use super::evidence;
use super::place::{Place, display};
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use fuin_sca::seal::{Approval, ScaClaim, approve, sca_key_place};
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
    /// What says where the SCA's key lives, in place of what `fuin seal mandate` was given: an attestation document is good
    /// for a short time.
    #[arg(long, value_name = "FILE")]
    sca_evidence: Option<PathBuf>,
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
    let evidence = match &args.sca_evidence {
        Some(path) => Some(evidence::read(path)?),
        None => place.evidence()?,
    };
    let sca = ScaClaim { key: &place.terms.sca_key, evidence: evidence.as_ref() };
    let lives = sca_key_place(&client, &sic, &credential, sca, now).await?;
    let shown = display(&place.id, &place.terms) + &evidence::told(lives.as_ref());
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
            sca: Some(sca),
        };
        approvals.push(approve(&client, &sic, &mut passkeys, wanted, now).await?);
        println!("approved by:    approver {approver}");
    }
    let (mandate, receipt) =
        client.grant_mandate(&credential.id, &octets, &approvals, evidence.as_ref()).await?;
    if mandate != place.id {
        return Err(anyhow::anyhow!("the service granted another mandate: {mandate}").into());
    }
    println!("granted:        entry {} of the ledger", receipt.index);
    Ok(())
}
