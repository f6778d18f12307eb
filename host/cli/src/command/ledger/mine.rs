//! Place: SIC. `fuin ledger mine`: a signer's receipts put in order, so that events without a receipt show.

use super::proof::{signers, text};
use super::{Key, witnesses};
use crate::command::ledger::witnesses::Cosigned;
use crate::outcome::Failure;
use anyhow::anyhow;
use fuin_shared::ids::Subject;
use fuin_shared::log::receipt::SignerReceipt;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Receipts that `fuin sign --receipt` saved, with those of the authorizations.
    #[arg(value_name = "FILE", required = true)]
    receipts: Vec<PathBuf>,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    witnesses: witnesses::Args,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Events of one credential by running number: index, kind, time.
type Events = BTreeMap<u64, (u64, &'static str, u64)>;

/// Verifies, and tells what is there and what is not.
pub fn run(args: &Args) -> Result<(), Failure> {
    let key = args.key.read()?;
    let policy = args.witnesses.read(args.key.card(), &key)?;
    let mut credentials: BTreeMap<Subject, Events> = BTreeMap::new();
    for path in &args.receipts {
        let wrong = |why: String| anyhow!("{}: refused: {why}", path.display());
        let receipt = signers(path, &text(path)?)?;
        receipt.verify(&key).map_err(|e| wrong(e.to_string()))?;
        if let Some(policy) = &policy {
            let (cosigned, enough) = Cosigned::under(&receipt.proof().checkpoint, &key, policy)?;
            if !enough {
                return Err(wrong(cosigned.too_few()).into());
            }
        }
        take(&mut credentials, &receipt).map_err(wrong)?;
    }
    for (subject, events) in &credentials {
        let missing = missing(events);
        if args.json {
            let events = events.iter().map(|(sequence, (index, kind, time))| {
                json!({ "sequence": sequence, "index": index, "kind": kind, "time": time })
            });
            let events = events.collect::<Vec<_>>();
            println!("{}", json!({ "credential": subject, "events": events, "withoutReceipt": missing }));
            continue;
        }
        println!("credential: {subject}");
        for (sequence, (index, kind, time)) in events {
            println!("{sequence:>8}  {}  {kind:<18} index {index}", super::show::time(*time));
        }
        let ranges: Vec<String> = missing.iter().map(|(first, last)| range(*first, *last)).collect();
        if !ranges.is_empty() {
            println!("without receipt: {}", ranges.join(", "));
            println!("  an event that you did not cause is for the auditors: they see its kind and time");
        }
    }
    Ok(())
}

fn take(credentials: &mut BTreeMap<Subject, Events>, receipt: &SignerReceipt) -> Result<(), String> {
    let event = receipt.event();
    let mark = event.body.credential().ok_or("it is of no credential")?;
    let found = (receipt.proof().index, event.body.kind(), event.time);
    let before = credentials.entry(mark.subject).or_default().insert(mark.sequence, found);
    // One number, two events: two histories were shown to one signer.
    if before.is_some_and(|before| before != found) {
        return Err(format!("another receipt is of a different event {} of the credential", mark.sequence));
    }
    Ok(())
}

/// Numbers below the last one for which there is no receipt, as ranges.
fn missing(events: &Events) -> Vec<(u64, u64)> {
    let mut next = 0;
    let mut ranges = Vec::new();
    for sequence in events.keys() {
        if *sequence > next {
            ranges.push((next, sequence - 1));
        }
        next = sequence.saturating_add(1);
    }
    ranges
}

fn range(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_ranges() {
        let events: Events = [4, 5, 9, 11].map(|n| (n, (n, "signed", 0))).into();
        assert_eq!(missing(&events), [(0, 3), (6, 8), (10, 10)]);
        assert_eq!((range(6, 8), range(10, 10)), ("6 to 8".to_owned(), "10".to_owned()));
        assert_eq!(missing(&[(0, (7, "signed", 0)), (1, (8, "signed", 0))].into()), []);
    }
}
