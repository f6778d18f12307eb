//! Place: none. The witnesses of a development installation: each a process of its own with a folder of its own.

use super::layout::Layout;
use anyhow::{Context as _, bail, ensure};
use fuin_host::witness::WitnessConfig;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_witness::Log;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

/// Longest wait until a witness says where it serves.
const START: Duration = Duration::from_secs(30);
/// How long they may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The witnesses, which run.
pub struct DevWitnesses {
    policy: Option<WitnessPolicy>,
    running: Vec<Running>,
}

struct Running {
    folder: PathBuf,
    config: WitnessConfig,
    child: Child,
}

impl DevWitnesses {
    /// Starts those that `standing`, the policy of the manifest, names; before there is a manifest, makes `count` new ones.
    pub async fn start(layout: &Layout, count: u8, standing: Option<&WitnessPolicy>) -> anyhow::Result<Self> {
        let policy = match standing {
            Some(policy) => Some(policy.clone()),
            None if layout.manifest().exists() || count == 0 => None,
            None => Some(make(layout, count)?),
        };
        let mut witnesses = Self { policy, running: Vec::new() };
        let vkeys = witnesses.policy.iter().flat_map(|policy| policy.witnesses.clone()).collect::<Vec<_>>();
        for (number, vkey) in (1..).zip(vkeys) {
            let folder = layout.witness(number);
            ensure!(folder.is_dir(), "{}: the folder of a witness is missing", folder.display());
            let (child, url) = serve(layout, number).await.with_context(|| format!("witness {number}"))?;
            witnesses.running.push(Running { folder, config: WitnessConfig { url, vkey }, child });
        }
        Ok(witnesses)
    }

    /// For the manifest.
    pub const fn policy(&self) -> Option<&WitnessPolicy> {
        self.policy.as_ref()
    }

    /// For the host.
    pub fn configs(&self) -> Vec<WitnessConfig> {
        self.running.iter().map(|witness| witness.config.clone()).collect()
    }

    /// Tells every witness of the ledger, as each operator would after the genesis.
    pub fn register(&self, ledger: &LedgerIdentity) -> anyhow::Result<()> {
        for witness in &self.running {
            let key = VerifierKey::parse(&ledger.vkey).context("the ledger's vkey")?;
            Log::add(&witness.folder, &ledger.origin, key)
                .with_context(|| format!("{}: cannot add the ledger", witness.folder.display()))?;
            tracing::info!(origin = ledger.origin, witness = %witness.folder.display(), "ledger registered");
        }
        Ok(())
    }

    /// Ends them.
    pub async fn stop(self) {
        for witness in self.running {
            super::child::end(witness.child, GRACE, "witness").await;
        }
    }
}

/// New witnesses, most of which must cosign.
fn make(layout: &Layout, count: u8) -> anyhow::Result<WitnessPolicy> {
    // Those of a first run that came to nothing have seen no ledger.
    let all = layout.witnesses();
    if all.exists() {
        std::fs::remove_dir_all(&all).with_context(|| format!("cannot remove {}", all.display()))?;
    }
    crate::file::private_folder(&all)?;
    let mut witnesses = Vec::new();
    for number in 1..=usize::from(count) {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed)?;
        let name = format!("witness-{number}.dev.fuin.invalid");
        witnesses.push(fuin_witness::create(&layout.witness(number), &name, &seed)?.to_string());
    }
    let policy = WitnessPolicy { witnesses, threshold: count / 2 + 1, faults: 0 };
    policy.check()?;
    Ok(policy)
}

/// Starts the process and waits until it says where it serves. Its log is `witness-N.log`.
async fn serve(layout: &Layout, number: usize) -> anyhow::Result<(Child, String)> {
    let path = layout.log(&format!("witness-{number}"));
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let log = log.with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = Command::new(std::env::current_exe().context("this program")?);
    command.args(["witness", "serve", "--dir"]).arg(layout.witness(number)).args(["--listen", "127.0.0.1:0"]);
    // A group of its own: an interrupt at the terminal reaches `fuin dev` alone, which ends its children in order.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().context("cannot start it")?;
    let output = child.stdout.take().context("its output")?;
    let mut lines = BufReader::new(output).lines();
    let url = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                return Ok(url.trim_end_matches('/').to_owned());
            }
        }
        bail!("it ended before it served; see {}", path.display())
    };
    let url = tokio::time::timeout(START, url).await.context("it does not say where it serves")??;
    // It may say more, and must not wait for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, url))
}
