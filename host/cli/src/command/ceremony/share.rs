//! Place: none. `fuin ceremony share`: the custodian's part in every phase. The evidence is verified before anything is
//! given or kept, and the state is durable before anything leaves.

use crate::ceremony::client::{CeremonyClient, CeremonyState};
use crate::ceremony::custodian::{CustodianFile, told};
use crate::ceremony::token::TokenName;
use crate::installation::now;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::codec;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde::Deserialize;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The custodian's state.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// The PKCS#11 token that has the custodian's keys: module=FILE,token=LABEL,key=LABEL[,pin-file=FILE].
    #[arg(long, value_name = "TOKEN")]
    pkcs11: Option<TokenName>,
    /// Gives up the share of an earlier genesis that never ended, or of a rotation that came to nothing. Ask the officers
    /// first: without it that root key may be lost.
    #[arg(long)]
    abandon: bool,
    /// After a rotation: deletes the share of the root key before, for ever, and says so to the enclave. It must be destroyed
    /// in every copy of the state too.
    #[arg(long)]
    delete_former: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirmed {
    receipts_missing: Vec<String>,
}

#[derive(Deserialize)]
struct Deleted {
    missing: Option<u8>,
}

#[derive(Deserialize)]
struct Provided {
    missing: u8,
}

/// Does what is due.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut custodian = CustodianFile::load(&args.state)?;
    let client = CeremonyClient::new(&args.host)?;
    let state = client.state().await?;
    let sharing = state.rotation.as_ref().is_some_and(|rotation| rotation.stage == "sharing");
    if state.phase == "uninitialized" || sharing || args.delete_former {
        custodian.unlock(args.pkcs11.as_ref())?;
    }
    let operational = match state.phase.as_str() {
        "uninitialized" if state.genesis.is_some() => accept(&client, &mut custodian, args.abandon).await?,
        "uninitialized" => provide(&client, &mut custodian, &state).await?,
        "operational" if sharing => {
            accept_next(&client, &mut custodian, args.abandon).await?;
            true
        }
        "operational" => true,
        other => {
            let other = other.escape_debug();
            return Err(
                anyhow::anyhow!("the enclave is {other}; there is nothing to do for a custodian").into()
            );
        }
    };
    if operational {
        follow(&client, &mut custodian, &client.state().await?).await?;
        former(&client, &mut custodian, args.delete_former).await?;
    }
    Ok(())
}

/// Takes the share of the root key that is to take over, beside the one that is held.
async fn accept_next(
    client: &CeremonyClient,
    custodian: &mut CustodianFile,
    abandon: bool,
) -> anyhow::Result<()> {
    let name = custodian.get().id().clone();
    let made = client.shares().await?;
    let (bundle, nonce) = client.evidence().await?;
    let share = made.shares.iter().find(|share| share.custodian == name);
    let share = share.with_context(|| format!("the rotation has no share for custodian {name}"))?;
    let receipt = custodian.change(|c| {
        if abandon {
            c.abandon_next_share()?;
        }
        c.accept_next_share(&bundle, &nonce, now(), &made.commitment, share)
    })?;
    println!("evidence verified; {name} holds a share of the next root key {} too", made.commitment);
    let confirmed: Confirmed = client.post("receipt", codec::encode(&receipt)).await?;
    if confirmed.receipts_missing.is_empty() {
        println!("receipt given; it was the last: that root key is the current one");
    } else {
        println!("receipt given; missing: {}", confirmed.receipts_missing.join(", ").escape_debug());
    }
    Ok(())
}

/// The share of the root key before: kept, or deleted where the person says so and the evidence allows it.
async fn former(client: &CeremonyClient, custodian: &mut CustodianFile, delete: bool) -> anyhow::Result<()> {
    let kept = custodian.get().former_commitment();
    if !delete {
        if let Some(commitment) = kept {
            println!(
                "the share of the former root key {commitment} is kept too, until it is deleted with --delete-former"
            );
        }
        return Ok(());
    }
    let (bundle, nonce) = client.evidence().await?;
    let deletion =
        custodian.change(|c| c.delete_former_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng)))?;
    println!(
        "evidence verified; the share of the former root key is deleted: destroy every copy of the state before"
    );
    match client.post::<Deleted>("deletion", codec::encode(&deletion)).await?.missing {
        Some(0) => println!("deletion given; it was the last one needed: the former root key is erased"),
        Some(missing) => println!("deletion given; {missing} more needed"),
        None => println!("deletion given"),
    }
    Ok(())
}

/// Takes the share of a genesis. Answers whether the receipt was the last one.
async fn accept(
    client: &CeremonyClient,
    custodian: &mut CustodianFile,
    abandon: bool,
) -> anyhow::Result<bool> {
    let name = custodian.get().id().clone();
    let made = client.shares().await?;
    let (bundle, nonce) = client.evidence().await?;
    let share = made.shares.iter().find(|share| share.custodian == name);
    let share = share.with_context(|| format!("the genesis has no share for custodian {name}"))?;
    // In one change: an earlier share is given up only for one that was accepted.
    let receipt = custodian.change(|c| {
        if abandon {
            c.abandon_share()?;
        }
        c.accept_share(&bundle, &nonce, now(), &made.commitment, share)
    })?;
    println!("evidence verified; {name} holds a share of root key {}", made.commitment);
    let confirmed: Confirmed = client.post("receipt", codec::encode(&receipt)).await?;
    if confirmed.receipts_missing.is_empty() {
        println!("receipt given; it was the last: the enclave is operational");
        return Ok(true);
    }
    println!("receipt given; missing: {}", confirmed.receipts_missing.join(", ").escape_debug());
    Ok(false)
}

/// Gives the share to this boot. Answers whether it was the last one needed.
async fn provide(
    client: &CeremonyClient,
    custodian: &mut CustodianFile,
    state: &CeremonyState,
) -> anyhow::Result<bool> {
    // The enclave would refuse a ledger that is older, and halt; here nothing has been given yet.
    if let (Some(known), Some(note)) = (custodian.get().ledger(), &state.ledger.checkpoint) {
        if note.lines().next() == Some(&known.origin) {
            custodian.change(|c| c.observe_checkpoint(note))?;
        } else {
            // A new epoch began since; the enclave holds the ledger against what was seen before, under whatever origin.
            println!("the ledger has another origin than the one that you follow: {}", known.origin);
            println!(
                "(another epoch, by the host's word; the enclave decides, and you learn it once it is operational)"
            );
        }
    }
    if let Some(epoch) = state.shares.as_ref().and_then(|shares| shares.epoch) {
        println!(
            "officers planned epoch {epoch} for this boot: a quorum of witnesses is lost (the host's word)"
        );
    }
    let (bundle, nonce) = client.evidence().await?;
    let given = custodian.get().provide_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng));
    let given = given.map_err(told)?;
    let name = custodian.get().id();
    println!("evidence verified");
    let provided: Provided = client.post("share", codec::encode(&given.message())).await?;
    if provided.missing == 0 {
        println!("share of {name} given; it was the last one needed: the enclave is operational");
        return Ok(true);
    }
    println!("share of {name} given; {} more needed", provided.missing);
    Ok(false)
}

/// Learns the ledger and sees its newest checkpoint.
async fn follow(
    client: &CeremonyClient,
    custodian: &mut CustodianFile,
    state: &CeremonyState,
) -> anyhow::Result<()> {
    let (bundle, nonce) = client.evidence().await?;
    if custodian.change(|c| c.learn_ledger(&bundle, &nonce, now()))? {
        println!("NEW EPOCH: a quorum of witnesses was lost, and the ledger goes on under another origin");
    }
    let note = state.ledger.checkpoint.as_deref().context("the host shows no checkpoint")?;
    custodian.observe(note)?;
    let seen = custodian.get().newest_checkpoint().context("no checkpoint was seen")?;
    println!("{} follows the ledger: newest checkpoint of size {}", custodian.get().id(), seen.size);
    Ok(())
}
