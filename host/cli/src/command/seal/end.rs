//! Place: SIC. `fuin seal end`.

use super::place::Place;
use crate::ceremony::officer::{OfficerKey, statement_id};
use crate::dev::keys::DevKey;
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_sca::csc::EndedBy;
use fuin_sca::seal::{Approval, approve};
use fuin_sca::sign::Credential;
use fuin_shared::ids::PersonId;
use fuin_shared::sad::Purpose;
use fuin_shared::seal::{MandateEnding, end_hash};
use std::path::PathBuf;

/// Life of an officer's statement, seconds.
const STATEMENT: u64 = 300;

/// Arguments.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["approver", "officer_key"])))]
pub struct Args {
    /// The mandate.
    #[arg(value_name = "MANDATE")]
    mandate: String,
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Number of the approver who ends it.
    #[arg(long, value_name = "N")]
    approver: Option<u32>,
    /// Key of the officer who ends it, PKCS#8 PEM on P-384.
    #[arg(long, value_name = "FILE")]
    officer_key: Option<PathBuf>,
    /// Name of that officer in the manifest.
    #[arg(long, value_name = "NAME", default_value = "dev-officer", requires = "officer_key")]
    officer: String,
}

/// Ends it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let place = Place::open(&args.dir, &args.mandate)?;
    let client = installation.seal_client()?;
    let credential = Credential::fetch(&client, &installation.seal()?.id).await?;
    let receipt = match (args.approver, &args.officer_key) {
        (Some(approver), _) => {
            let sic = installation.sic()?;
            let algorithm = place.terms.signature_algorithm;
            let content = end_hash(algorithm.hash(), &place.id);
            let wanted = Approval {
                credential: &credential,
                approver,
                purpose: Purpose::EndMandate,
                content: &content,
                algorithm,
                display: None,
                sca: None,
            };
            let evidence = approve(&client, &sic, &mut installation.approvers()?, wanted, now).await?;
            client.end_mandate(&credential.id, &place.id, EndedBy::Approver(&evidence)).await?
        }
        (None, Some(path)) => {
            let key = DevKey::load(path)?;
            let signer = PersonId::new(args.officer.as_str()).context("--officer")?;
            let ledger = installation.card.ledger.as_ref().context("the service card names no ledger")?;
            let body = MandateEnding {
                service: installation.card.service,
                ledger: ledger.origin.clone(),
                mandate: place.id,
                statement: statement_id()?,
                not_after: now() + STATEMENT,
            };
            let signed = OfficerKey::File(key).state(&signer, &body)?;
            client.end_mandate(&credential.id, &place.id, EndedBy::Officer(&signed)).await?
        }
        (None, None) => return Err(Failure::Usage("give --approver or --officer-key".into())),
    };
    println!("ended:          {} (entry {} of the ledger)", place.id, receipt.index);
    Ok(())
}
