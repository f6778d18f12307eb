//! Place: SIC. `fuin suspend`: the signer stops the own credential.

use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use fuin_sca::sign::suspend;
use std::path::PathBuf;
use std::time::Duration;

/// How often and after which pause it is asked whether the suspension is lasting.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The credential.
    #[arg(long, value_name = "ID")]
    credential: String,
}

/// Suspends.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let client = installation.client()?;
    let sic = installation.sic()?;
    let credential = installation.credential(&client, Some(&args.credential)).await?;
    let mut means = installation.means();
    let mut standing = suspend(&client, &sic, &mut means, &credential, now).await?;
    // It binds already. What follows is only whether it is lasting: the means is not asked again for that.
    for _ in 0..LOOKS {
        if !standing.pending {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let info = client.credential(&credential.id).await.ok();
        standing = info.and_then(|info| info.standing()).unwrap_or(standing);
    }
    let note = if standing.pending { " (pending: it binds, but no witness has seen it yet)" } else { "" };
    println!("{}: {}{note}", credential.id, standing.state.as_str());
    Ok(())
}
