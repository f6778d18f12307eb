//! Place: none. `fuin ceremony share`: the custodian's part in every phase. The evidence is verified before anything is
//! given or kept, and the state is durable before anything leaves.

use crate::ceremony::client::{CeremonyClient, CeremonyState};
use crate::ceremony::custodian::{CustodianFile, told};
use crate::ceremony::token::TokenName;
use crate::installation::now;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_custodian::Custodian;
use fuin_shared::codec;
use fuin_shared::ids::RootCommitment;
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
    /// Sets the share aside of an earlier genesis that never ended, or of a rotation that came to nothing. Ask the officers
    /// first. It stays in the state, and is found again if that root key is seen at work.
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
    match state.phase.as_str() {
        "uninitialized" => {
            let operational = match state.genesis {
                Some(_) => accept(&client, &mut custodian, args.abandon).await?,
                None => provide(&client, &mut custodian, &state).await?,
            };
            if operational {
                follow(&client, &mut custodian).await?;
                kept(custodian.get());
            }
            Ok(())
        }
        "operational" => {
            // What is deleted first stands in no later rotation's way; and who was taken out of the manifest is done then.
            if args.delete_former {
                delete_former(&client, &mut custodian).await?;
                if !sharing && !custodian.get().holds_share() {
                    println!("{} holds no share any more", custodian.get().id());
                    return Ok(());
                }
            }
            if sharing {
                let last = accept_next(&client, &mut custodian, args.abandon).await?;
                if !last && !custodian.get().holds_share() {
                    println!(
                        "it is the only one in this state: run share again once that root key is the current one"
                    );
                    return Ok(());
                }
            }
            follow(&client, &mut custodian).await?;
            if args.abandon && !sharing {
                abandon_next(&mut custodian)?;
            }
            kept(custodian.get());
            Ok(())
        }
        other => {
            let other = other.escape_debug();
            Err(anyhow::anyhow!("the enclave is {other}; there is nothing to do for a custodian").into())
        }
    }
}

/// Takes the share of the root key that is to take over, beside the one that is held. Answers whether the receipt was the last one.
async fn accept_next(
    client: &CeremonyClient,
    custodian: &mut CustodianFile,
    abandon: bool,
) -> anyhow::Result<bool> {
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
    let last = confirmed.receipts_missing.is_empty();
    if last {
        println!("receipt given; it was the last: that root key is the current one");
    } else {
        println!("receipt given; missing: {}", confirmed.receipts_missing.join(", ").escape_debug());
    }
    Ok(last)
}

/// Sets the share of a next root key aside, which the evidence has just not shown at work.
fn abandon_next(custodian: &mut CustodianFile) -> anyhow::Result<()> {
    let next = custodian.get().next_commitment();
    let next = next.context("there is no share of a next root key; nothing is set aside")?;
    custodian.change(Custodian::abandon_next_share)?;
    println!("the share of root key {next} is set aside");
    Ok(())
}

/// What is kept beside the share of the current root key.
fn kept(custodian: &Custodian) {
    if let Some(commitment) = custodian.former_commitment() {
        println!(
            "the share of the former root key {commitment} is kept too, until it is deleted with --delete-former"
        );
    }
    if let Some(commitment) = custodian.next_commitment() {
        println!("the share of root key {commitment} is kept too, which was not seen at work yet");
    }
    for (commitment, passed) in custodian.set_aside() {
        if passed {
            println!(
                "the share of root key {commitment} is set aside, of no more use: --delete-former deletes it"
            );
        } else {
            println!(
                "the share of root key {commitment} is set aside, and found again if it is seen at work"
            );
        }
    }
}

/// Deletes the share of the root key before, as far as the evidence allows it.
async fn delete_former(client: &CeremonyClient, custodian: &mut CustodianFile) -> anyhow::Result<()> {
    let (bundle, nonce) = client.evidence().await?;
    let deletion =
        custodian.change(|c| c.delete_former_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng)))?;
    let Some(deletion) = deletion else {
        println!("evidence verified; what was set aside and is of no more use is deleted");
        println!(
            "of the former root key there was no share in this state, so there is nothing to say to the enclave"
        );
        return Ok(());
    };
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
    let needed = needed(state);
    if !needed.is_empty() && !needed.iter().any(|root| custodian.get().has_share_of(root)) {
        println!("this state has no share of a root key that is still missing (the host's word):");
        needed.iter().for_each(|root| println!("  {root}"));
        println!("take the newest copy of the state, if there is another one");
    }
    let (bundle, nonce) = client.evidence().await?;
    let rng = &mut UnwrapErr(SysRng);
    let given = custodian.get().provide_needed_share(&bundle, &nonce, now(), &needed, rng).map_err(told)?;
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

/// The root keys that the ledger asks for and that are not whole yet, by the host's word.
fn needed(state: &CeremonyState) -> Vec<RootCommitment> {
    let roots = state.shares.iter().flat_map(|shares| &shares.roots);
    let wanted = roots.filter(|root| root.needed && root.missing > 0);
    wanted.filter_map(|root| root.root_commitment.parse().ok()).collect()
}

/// Learns the ledger and sees its newest checkpoint.
async fn follow(client: &CeremonyClient, custodian: &mut CustodianFile) -> anyhow::Result<()> {
    let state = client.state().await?;
    let (bundle, nonce) = client.evidence().await?;
    let aside = custodian.get().set_aside().count();
    if custodian.change(|c| c.learn_ledger(&bundle, &nonce, now()))? {
        println!("NEW EPOCH: a quorum of witnesses was lost, and the ledger goes on under another origin");
    }
    if custodian.get().set_aside().count() < aside {
        println!("a share that was set aside is found again: its root key took over after all");
    }
    let note = state.ledger.checkpoint.as_deref().context("the host shows no checkpoint")?;
    custodian.observe(note)?;
    let seen = custodian.get().newest_checkpoint().context("no checkpoint was seen")?;
    println!("{} follows the ledger: newest checkpoint of size {}", custodian.get().id(), seen.size);
    Ok(())
}
