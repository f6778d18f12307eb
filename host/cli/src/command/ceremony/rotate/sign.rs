//! Place: none. `fuin ceremony rotate sign`.

use super::{plan, read, tell, write};
use crate::ceremony::client::CeremonyClient;
use crate::ceremony::founded::Founded;
use crate::ceremony::officer::KeyPlace;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::codec;
use fuin_shared::ids::StatementId;
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RotationApproval;
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
    /// How long the signature can be used, minutes: all custodians must have taken their shares by then.
    #[arg(long, value_name = "N", default_value_t = 1440, value_parser = clap::value_parser!(u64).range(1..=10080))]
    minutes: u64,
}

/// Verifies, tells, signs.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut draft = read(&args.draft)?;
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
    let evidence = founded.check(&measurement, &bundle, &nonce, now(), Phase::Operational)?;
    if plan(&founded, &evidence)? != draft.plan {
        return Err(
            anyhow::anyhow!("the draft is for another boot, manifest or root key: make a new one").into()
        );
    }
    println!("evidence verified");
    tell(&draft.plan, &founded);
    let mut statement = [0; StatementId::LEN];
    getrandom::fill(&mut statement)?;
    let not_after = now() + args.minutes * 60;
    let approval =
        RotationApproval { plan: draft.plan.clone(), statement: StatementId(statement), not_after };
    let body = codec::encode(&approval);
    let signature = key.sign(&SignedStatement::message::<RotationApproval>(&body))?.into();
    let signed = SignedStatement { body: body.into(), signer: officer.id.clone(), signature };
    let by = |octets: &fuin_shared::bytes::Blob| {
        codec::decode::<SignedStatement>(octets.as_slice()).ok().map(|signed| signed.signer)
    };
    draft.approvals.retain(|octets| by(octets).as_ref() != Some(&officer.id));
    draft.approvals.push(codec::encode(&signed).into());
    write(&args.draft, &draft)?;
    let signers: Vec<_> = draft.approvals.iter().filter_map(by).map(|signer| signer.to_string()).collect();
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
