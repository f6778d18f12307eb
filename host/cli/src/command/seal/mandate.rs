//! Place: SCA. `fuin seal mandate`.

use super::evidence;
use super::place::{Place, display, sca_key};
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_sca::sign::Credential;
use fuin_shared::ids::Digest32;
use fuin_shared::seal::{MandateTerms, Rate, VERSION};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Most seals.
    #[arg(long, value_name = "N")]
    count: u32,
    /// How long it lasts, minutes.
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u64,
    /// Most seals in any interval, as SEALS/SECONDS.
    #[arg(long, value_name = "N/S", default_value = "10/60", value_parser = rate)]
    rate: Rate,
    /// What is sealed, in words of the organization.
    #[arg(long, value_name = "TEXT")]
    class: String,
    /// The SCA's key, PKCS#8 PEM on P-256; the installation's own, made on first use, unless given.
    #[arg(long, value_name = "FILE")]
    sca_key: Option<PathBuf>,
    /// The public half of the SCA's key, SubjectPublicKeyInfo in PEM, where the other half is not here.
    #[arg(long, value_name = "FILE", conflicts_with = "sca_key")]
    sca_public_key: Option<PathBuf>,
    /// What says where the SCA's key lives: its certificate in PEM with those above it, or the attestation document of an
    /// enclave. Where the manifest asks for it, no mandate is granted without.
    #[arg(long, value_name = "FILE")]
    sca_evidence: Option<PathBuf>,
    /// Prints only the mandate's id.
    #[arg(short, long)]
    quiet: bool,
}

fn rate(text: &str) -> Result<Rate, String> {
    let parsed = text.split_once('/').and_then(|(seals, seconds)| {
        Some(Rate { seals: seals.parse().ok()?, seconds: seconds.parse().ok()? })
    });
    parsed.ok_or_else(|| "give seals and seconds, such as 10/60".to_owned())
}

/// Writes the terms.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let client = installation.seal_client()?;
    let credential = Credential::fetch(&client, &installation.seal()?.id).await?;
    let key = match &args.sca_public_key {
        Some(path) => evidence::public_key(path)?,
        None => sca_key(&args.dir, args.sca_key.as_deref(), args.sca_key.is_none())?.spki(),
    };
    let shown = args.sca_evidence.as_deref().map(evidence::read).transpose()?;
    let algorithm = credential.algorithms.first().copied().context("the credential offers no algorithm")?;
    let mut nonce = vec![0; 16];
    getrandom::fill(&mut nonce)?;
    let begin = now();
    let terms = MandateTerms {
        version: VERSION,
        service: installation.card.service,
        credential: credential.id.clone(),
        spki: Digest32(Sha256::digest(&credential.spki).into()),
        nonce: nonce.into(),
        sca_key: key,
        document_class: args.class,
        count: args.count,
        not_before: begin,
        not_after: begin.saturating_add(args.minutes.saturating_mul(60)),
        rate: args.rate,
        hash_algorithm: algorithm.hash(),
        signature_algorithm: algorithm,
    };
    terms.check().map_err(|rule| Failure::Usage(rule.to_owned()))?;
    let place = Place::make(&args.dir, terms)?;
    if let Some(evidence) = &shown {
        place.keep_evidence(evidence)?;
    }
    if args.quiet {
        println!("{}", place.id);
    } else {
        print!("{}", display(&place.id, &place.terms));
        println!("not granted yet: `fuin seal grant {}` has approvers sign it", place.id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_seals_and_seconds() {
        assert_eq!(rate("2/60"), Ok(Rate { seals: 2, seconds: 60 }));
        for wrong in ["", "2", "2/", "/60", "a/b", "-1/60", "1/60/3"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
