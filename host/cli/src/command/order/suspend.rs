//! Place: none. `fuin order suspend`.

use super::Target;
use super::word::Officer;
use crate::outcome::Failure;
use fuin_sca::csc::CscClient;
use fuin_shared::codec;
use fuin_shared::statement::CredentialOrderKind;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// URL of the service, without /csc.
    #[arg(long, value_name = "URL")]
    csc: String,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    officer: Officer,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Suspends.
pub async fn run(args: Args) -> Result<(), Failure> {
    let client = CscClient::new(&args.csc)?;
    let (service, ledger, credential) = args.target.read()?;
    let signer = args.officer.open()?;
    let order = signer.order(service, ledger, credential.clone(), CredentialOrderKind::Suspend, None)?;
    let standing = client.order_suspension(&credential, &codec::encode(&order).into()).await?;
    if args.json {
        let (state, event) = (&standing.state, standing.officers_event);
        let said = json!({
            "credentialID": credential, "state": state, "pending": standing.pending, "officersEvent": event,
        });
        println!("{said}");
        return Ok(());
    }
    println!("{credential}: {} (by the host's word)", standing.state.as_str());
    if standing.pending {
        println!(
            "pending: it binds already; an enclave that is started anew before the event is released does not know of it"
        );
    }
    match standing.officers_event {
        Some(event) => println!("to end it: fuin order draft ... --suspension {event}"),
        None => println!("its number, for `fuin order draft`, is `officersEvent` of credentials/info"),
    }
    Ok(())
}
