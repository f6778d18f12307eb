//! Place: none. `fuin ceremony new-epoch sign`.

use super::{check, read, tell, write};
use crate::ceremony::draft::differences;
use crate::ceremony::officer::{KeyPlace, statement_id, tell_signed};
use crate::ceremony::running::Running;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::new_epoch::EpochApproval;
use fuin_shared::statement::put;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    running: Running,
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
    let (founded, measurement, client) = args.running.read()?;
    let key = args.key.open()?;
    let officer = key.officer(&founded.manifest)?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check_boot(&measurement, &bundle, &nonce, now())?;
    let next = check(&epoch, &founded, &evidence)?;
    println!("evidence verified");
    tell(&epoch, &founded.manifest, &next)?;
    for line in differences(&founded.manifest, &next)? {
        println!("{line}");
    }
    let not_after = now() + args.minutes * 60;
    let body = EpochApproval { plan: epoch.plan.clone(), statement: statement_id()?, not_after };
    put(&mut epoch.approvals, &key.state(officer, &body)?);
    write(&args.draft, &epoch)?;
    tell_signed(officer, not_after, &epoch.approvals, founded.manifest.officer_quorum);
    Ok(())
}
