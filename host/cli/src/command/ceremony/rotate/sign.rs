//! Place: none. `fuin ceremony rotate sign`.

use super::{plan, read, tell, write};
use crate::ceremony::officer::{KeyPlace, statement_id, tell_signed};
use crate::ceremony::running::Running;
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RotationApproval;
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
    /// How long the signature can be used, minutes: all custodians must have taken their shares by then.
    #[arg(long, value_name = "N", default_value_t = 1440, value_parser = clap::value_parser!(u64).range(1..=10080))]
    minutes: u64,
}

/// Verifies, tells, signs.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut draft = read(&args.draft)?;
    let (founded, measurement, client) = args.running.read()?;
    let key = args.key.open()?;
    let officer = key.officer(&founded.manifest)?;
    let (bundle, nonce) = client.evidence().await?;
    let evidence = founded.check(&measurement, &bundle, &nonce, now(), Phase::Operational)?;
    if plan(&founded, &evidence)? != draft.plan {
        return Err(
            anyhow::anyhow!("the draft is for another boot, manifest or root key: make a new one").into()
        );
    }
    println!("evidence verified");
    tell(&draft.plan, &founded);
    let not_after = now() + args.minutes * 60;
    let body = RotationApproval { plan: draft.plan.clone(), statement: statement_id()?, not_after };
    put(&mut draft.approvals, &key.state(officer, &body)?);
    write(&args.draft, &draft)?;
    tell_signed(officer, not_after, &draft.approvals, founded.manifest.officer_quorum);
    Ok(())
}
