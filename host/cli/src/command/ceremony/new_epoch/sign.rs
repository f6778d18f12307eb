//! Place: none. `fuin ceremony new-epoch sign`.

use super::{check, read, tell, write};
use crate::ceremony::client::CeremonyClient;
use crate::ceremony::draft::differences;
use crate::ceremony::founded::Founded;
use crate::ceremony::officer::KeyPlace;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::codec;
use fuin_shared::ids::StatementId;
use fuin_shared::new_epoch::EpochApproval;
use fuin_shared::statement::SignedStatement;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The signed manifest; after a change of it all manifests, as `fuin manifest show --save` keeps them.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The image's measurement, that of a build of one's own.
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
    /// The draft; the signature is added to the file.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    #[command(flatten)]
    key: KeyPlace,
    /// How long the signature can be used, minutes.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
}

/// Verifies, tells, signs.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut epoch = read(&args.draft)?;
    let founded = Founded::read_signed(&args.manifest)?;
    let measurement = founded.measurement(&args.release)?;
    let key = args.key.open()?;
    let spki = key.spki();
    let Some(officer) = founded.manifest.officers.iter().find(|officer| officer.key == spki) else {
        return Err(Failure::Usage(
            "--key or --pkcs11: not the key of an officer in the current manifest".to_owned(),
        ));
    };
    let client = CeremonyClient::new(&args.host)?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check_boot(&measurement, &bundle, &nonce, now())?;
    let next = check(&epoch, &founded, &evidence)?;
    println!("evidence verified");
    tell(&epoch, &founded.manifest, &next)?;
    for line in differences(&founded.manifest, &next)? {
        println!("{line}");
    }
    let mut statement = [0; StatementId::LEN];
    getrandom::fill(&mut statement)?;
    let not_after = now() + args.minutes * 60;
    let approval = EpochApproval { plan: epoch.plan.clone(), statement: StatementId(statement), not_after };
    let body = codec::encode(&approval);
    let signature = key.sign(&SignedStatement::message::<EpochApproval>(&body))?.into();
    let signed = SignedStatement { body: body.into(), signer: officer.id.clone(), signature };
    let by = |octets: &fuin_shared::bytes::Blob| {
        codec::decode::<SignedStatement>(octets.as_slice()).ok().map(|signed| signed.signer)
    };
    epoch.approvals.retain(|octets| by(octets).as_ref() != Some(&officer.id));
    epoch.approvals.push(codec::encode(&signed).into());
    write(&args.draft, &epoch)?;
    let signers: Vec<_> = epoch.approvals.iter().filter_map(by).map(|signer| signer.to_string()).collect();
    println!(
        "signed by {} until {}; signatures: {} of {} ({})",
        officer.id,
        utc(not_after),
        signers.len(),
        founded.manifest.officer_quorum,
        signers.join(", ")
    );
    Ok(())
}
