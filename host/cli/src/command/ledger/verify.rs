//! Place: none. `fuin ledger verify`.

use super::auditor::Totals;
use super::breaks::Named;
use super::check::{Demands, Verified, check};
use super::source::{self, Source};
use super::witnesses::Cosigned;
use super::{Broken, Key, Trouble, auditor, witnesses};
use crate::file;
use crate::outcome::Failure;
use base64ct::{Base64, Encoding};
use fuin_shared::log::note::MAX_NOTE;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: source::Args,
    #[command(flatten)]
    token: source::Token,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    witnesses: witnesses::Args,
    #[command(flatten)]
    auditor: auditor::Args,
    /// Details of entries before this one may be missing: they were erased when the time of keeping them was over.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    details_from: u64,
    /// A checkpoint seen before, with which the ledger must be consistent; it may be of an epoch before.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Verifies and reports.
pub async fn run(args: Args) -> Result<(), Failure> {
    let key = args.key.read()?;
    let witnesses = args.witnesses.read(args.key.card(), &key)?;
    let history = args.witnesses.history()?;
    let since = args.since.as_deref().map(seen).transpose()?;
    let auditor = args.auditor.read()?;
    let mut source = Source::open(&args.source, args.token).await?;
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new(0);
    let details_from = args.details_from;
    let demands = Demands { witnesses: witnesses.as_ref(), since: since.as_deref(), auditor, details_from };
    let result = check(&mut source, &key, demands, &bar).await;
    bar.finish_and_clear();
    match result {
        Ok(verified) if args.json => println!("{:#}", good(&verified, &history)),
        Ok(verified) => print!("{}", text(&verified, &history)),
        Err(Trouble::Broken(broken)) => {
            if args.json {
                println!("{:#}", json!({ "good": false, "index": broken.index, "rule": broken.rule }));
            } else {
                let Broken { index, rule } = &broken;
                println!("ledger: BROKEN at index {index}: {rule}");
            }
            return Err(Trouble::Broken(broken).into());
        }
        Err(unusable) => return Err(unusable.into()),
    }
    Ok(())
}

/// The older checkpoint.
fn seen(path: &Path) -> Result<String, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::Usage(format!("--since: {e}"));
    let note = file::read(path, MAX_NOTE as u64).map_err(|e| wrong(&format!("{e:#}")))?;
    String::from_utf8(note).map_err(|_| wrong(&"not a text"))
}

fn good(verified: &Verified, history: &[Named]) -> Value {
    let Verified { head, totals, details, roots: (roots, left), .. } = verified;
    let others = verified.others.iter().map(|(name, id)| json!({ "name": name, "id": id }));
    json!({
        "good": true,
        "origin": head.origin,
        "size": head.size,
        "root": Base64::encode_string(&head.root),
        "checkpoints": verified.checkpoints,
        "tiles": verified.tiles,
        "since": verified.since,
        "breaks": verified.breaks.iter().map(|found| found.value(history)).collect::<Vec<_>>(),
        "cosigned": verified.cosigned.as_ref().map(Cosigned::value),
        "otherSignatures": others.collect::<Vec<_>>(),
        "rootCommitment": roots.current().map(|root| root.commitment),
        "formerRoot": roots.former().map(|former| json!({
            "rootCommitment": former.root.commitment,
            "recordsLeft": left,
        })),
        "events": totals.kinds,
        "credentials": totals.credentials,
        "destroyed": totals.destroyed,
        "authorized": totals.authorized,
        "signed": totals.signed,
        "details": {
            "sealed": details.sealed,
            "erased": details.erased,
            "opened": details.keyed.then_some(details.opened),
            "toOthers": details.keyed.then_some(details.to_others),
        },
        "firstTime": totals.first_time,
        "lastTime": totals.last_time,
    })
}

fn text(verified: &Verified, history: &[Named]) -> String {
    let Verified { head, totals, tiles, checkpoints, others, cosigned, since, breaks, roots, details } =
        verified;
    let kinds: Vec<String> = totals.kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    let (first, last) = (super::show::time(totals.first_time), super::show::time(totals.last_time));
    let mut text = format!("origin:      {}\n", head.origin);
    text += &format!("checkpoint:  {} entries, root {}\n", head.size, Base64::encode_string(&head.root));
    text += &format!("time:        {first} to {last}\n");
    text += &format!("events:      {}\n", kinds.join(", "));
    text += &format!("credentials: {}, of which {} destroyed\n", totals.credentials, totals.destroyed);
    text += &format!("signatures:  {} of {} authorized\n", totals.signed, totals.authorized);
    if let Some(alarms) = totals.kinds.get("alarm") {
        text += &format!("ALARMS:      {alarms}; see `fuin ledger show --kind alarm`\n");
    }
    text.extend(breaks.iter().map(|found| found.text(history)));
    if let (Some(former), left) = (roots.0.former(), roots.1) {
        text += &format!(
            "ROTATION:    {left} records are under the former root key {}, which is not erased\n",
            former.root.commitment
        );
    }
    text += &format!("details:     {}", sealed(details));
    text += &format!("compared:    {checkpoints} signed checkpoints, {tiles} tiles\n");
    if let Some(since) = since {
        text += &format!("since:       consistent with the checkpoint of {since} entries\n");
    }
    let names: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
    match (cosigned, names.as_slice()) {
        (Some(cosigned), _) => {
            text += &cosigned.text();
            if cosigned.size < head.size {
                text += &format!("             entries from {} on wait for the witnesses\n", cosigned.size);
            }
        }
        (None, []) => text += "cosigned:    by nobody: another copy of this ledger could exist\n",
        (None, names) => {
            text += &format!(
                "cosigned:    NOT VERIFIED: {} lines, by {}; say with --card, --manifest, --policy or --witness whose count\n",
                names.len(),
                names.join(", ")
            );
        }
    }
    text + "ledger: GOOD\n"
}

/// What is known of the details, a line.
fn sealed(details: &Totals) -> String {
    let Totals { sealed, erased, keyed, opened, to_others } = details;
    let erased = if *erased > 0 { format!("{erased} ERASED, ") } else { String::new() };
    match (sealed, keyed) {
        (0, _) if erased.is_empty() => "none: no auditor of the manifest has a sealing key\n".to_owned(),
        (_, false) => format!("{erased}{sealed}, none missing or altered; NOT OPENED: give --auditor-key\n"),
        (_, true) => {
            format!(
                "{erased}{sealed}, none missing or altered; {opened} opened, {to_others} sealed to others\n"
            )
        }
    }
}
