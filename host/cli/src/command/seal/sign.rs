//! Place: SCA. `fuin seal sign`.

use super::place::{Place, sca_key};
use crate::command::pdf;
use crate::file;
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use fuin_ades::pades::{PadesError, SignatureOptions};
use fuin_sca::seal::{SealedPdf, UnderMandate, seal_pdf};
use fuin_sca::sign::{Credential, SignError};
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The PDF to seal.
    #[arg(value_name = "IN.pdf")]
    input: PathBuf,
    /// Where the sealed PDF goes.
    #[arg(short, long, value_name = "OUT.pdf")]
    output: PathBuf,
    /// The mandate.
    #[arg(long, value_name = "MANDATE")]
    mandate: String,
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The SCA's key, PKCS#8 PEM on P-256; the installation's own unless given.
    #[arg(long, value_name = "FILE")]
    sca_key: Option<PathBuf>,
    /// Running number of the order; the next one, as the service says it, unless given.
    #[arg(long, value_name = "N")]
    number: Option<u64>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Seals.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let place = Place::open(&args.dir, &args.mandate)?;
    let pdf = pdf::read(&args.input, &args.output)?;
    let key = sca_key(&args.dir, args.sca_key.as_deref(), false)?;
    let client = installation.seal_client()?;
    let credential = Credential::fetch(&client, &installation.seal()?.id).await?;
    let number = match args.number {
        Some(number) => number,
        None => client.mandate_status(&credential.id, &place.id).await?.next_number,
    };
    let under = UnderMandate { terms: &place.terms, key: &key, number };
    let options = SignatureOptions::new(i64::try_from(now()).unwrap_or(i64::MAX));
    let sealed =
        seal_pdf(&client, installation.card.service, &credential, under, &pdf, &options, now()).await;
    let sealed = sealed.map_err(|error| match error {
        SignError::Pdf(reason) if !matches!(reason, PadesError::DoesNotFit { .. } | PadesError::NotCms) => {
            Failure::Usage(format!("{}: {reason}", args.input.display()))
        }
        other => other.into(),
    })?;
    place.keep(&sealed.receipt)?;
    file::write(&args.output, &sealed.octets, file::PUBLIC)?;
    tell(&args, &credential, &sealed);
    Ok(())
}

fn tell(args: &Args, credential: &Credential, sealed: &SealedPdf) {
    let algorithm = sealed.algorithm.oid().to_string();
    if args.json {
        let value = json!({
            "output": args.output,
            "octets": sealed.octets.len(),
            "field": sealed.field,
            "credentialID": credential.id,
            "subject": credential.subject,
            "mandateID": args.mandate,
            "number": sealed.number,
            "entry": sealed.receipt.index,
            "signAlgo": algorithm,
            "hash": hex::encode(&sealed.hash),
        });
        println!("{value}");
        return;
    }
    println!("sealed by:         {}", credential.subject);
    println!("with credential:   {} ({algorithm})", credential.id);
    println!("under mandate:     {}, order {}", args.mandate, sealed.number);
    println!("recorded as:       entry {} of the ledger", sealed.receipt.index);
    println!(
        "written:           {} (field {}, {} octets)",
        args.output.display(),
        sealed.field,
        sealed.octets.len()
    );
}
