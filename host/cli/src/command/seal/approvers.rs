//! Place: SIC, SCA. `fuin seal approvers`: on the RA's statement and the former approvers' word.

use crate::dev::keys::{DevKey, secret};
use crate::dev::{RELYING_PARTY, link_subject, manage_proof};
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_sca::seal::{Approval, Newcomer, approve, register};
use fuin_sca::sign::Credential;
use fuin_shared::codec;
use fuin_shared::ids::{Digest32, UserId};
use fuin_shared::sad::Purpose;
use fuin_shared::seal::{ApproverChange, ApproverEvidence};
use fuin_shared::statement::ManageAction;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Number of an approver who stays; once for each. Whoever is not named leaves.
    #[arg(long, value_name = "N")]
    keep: Vec<u32>,
    /// Name of an approver who comes, and registers a passkey on this machine; once for each.
    #[arg(long, value_name = "NAME")]
    add: Vec<String>,
    /// How many must sign from then on.
    #[arg(long, value_name = "N")]
    threshold: u8,
    /// Number of a former approver who signs for the change; once for each. As many are needed as for a mandate.
    #[arg(long, value_name = "N", required = true)]
    approver: Vec<u32>,
    /// Key of the RA's proofs, PKCS#8 in PEM; the installation's own unless given.
    #[arg(long, value_name = "FILE")]
    ra_key: Option<PathBuf>,
}

/// Registers who comes, has the former ones sign, and brings the RA's statement.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let client = installation.seal_client()?;
    let sic = installation.sic()?;
    let credential = Credential::fetch(&client, &installation.seal()?.id).await?;
    let mut passkeys = installation.approvers()?;
    let keys = args.dir.join("keys");
    let ra_key = DevKey::load(&args.ra_key.unwrap_or_else(|| keys.join("ra-proof.pem")))?;
    let identity_key = secret(&keys.join("identity.key"))?;
    let ledger = installation.card.ledger.as_ref().context("the service card names no ledger")?;
    let user = UserId::new(crate::dev::ORGANIZATION)?;

    let beside = args.approver.first().copied().context("--approver is missing")?;
    let (_, version) = client.change_challenge(&credential.id, beside, Purpose::Approvers).await?;
    let (mut approvers, mut registrations) = (Vec::new(), Vec::new());
    for name in &args.add {
        let subject = link_subject(&identity_key, &user, name)?;
        let newcomer = Newcomer { beside, subject, relying_party: RELYING_PARTY };
        let (evidence, registered) =
            register(&client, &sic, &credential, newcomer, &mut passkeys, now).await?;
        registrations.push(evidence);
        approvers.push(registered);
    }
    let change = ApproverChange {
        credential: credential.id.clone(),
        version,
        keep: args.keep,
        approvers,
        threshold: args.threshold,
    };
    let shown = display(&change, &args.add);
    print!("{shown}");
    let algorithm = credential.algorithms.first().copied().context("the credential offers no algorithm")?;
    let content = change.hash(algorithm.hash());
    let mut approvals = Vec::new();
    for approver in &args.approver {
        let wanted = Approval {
            credential: &credential,
            approver: *approver,
            purpose: Purpose::Approvers,
            content: &content,
            algorithm,
            display: Some(Digest32(Sha256::digest(shown.as_bytes()).into())),
            sca: None,
        };
        let evidence = approve(&client, &sic, &mut passkeys, wanted, now).await?;
        approvals.push(codec::encode(&evidence).into());
        println!("approved by:    approver {approver}");
    }
    let ApproverChange { keep, approvers, threshold, .. } = change;
    let action = ManageAction::ChangeApprovers { keep, approvers, threshold };
    let target = Some((&credential.id, version));
    let proof = manage_proof(&ra_key, installation.card.service, &ledger.origin, action, target)?;
    let index = client.change_approvers(&proof, &ApproverEvidence { approvals, registrations }).await?;
    println!("changed:        entry {index} of the ledger; whoever came has the next number that nobody had");
    Ok(())
}

/// The change, as a person reads it before signing.
fn display(change: &ApproverChange, names: &[String]) -> String {
    let stay: Vec<_> = change.keep.iter().map(ToString::to_string).collect();
    let mut shown = format!("credential:     {}\nstay:           {}\n", change.credential, stay.join(", "));
    for (name, approver) in names.iter().zip(&change.approvers) {
        shown +=
            &format!("comes:          {} (registration {})\n", name.escape_debug(), approver.registration);
    }
    shown + &format!("must sign:      {}\n", change.threshold)
}
