//! Place: SCA. `fuin seal report`: the ledger is verified first, so that what is missing cannot be hidden.

use super::place::Place;
use crate::command::ledger::{Key, Source, source, time, verified, witnesses};
use crate::installation::DEFAULT_DIR;
use crate::outcome::Failure;
use fuin_sca::seal::Report;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The mandate.
    #[arg(long, value_name = "MANDATE")]
    mandate: String,
    /// Folder in which terms and receipts are kept.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    place: PathBuf,
    #[command(flatten)]
    source: source::Args,
    #[command(flatten)]
    token: source::Token,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    witnesses: witnesses::Args,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Reports; exit status 1 when something does not fit.
pub async fn run(args: Args) -> Result<(), Failure> {
    let place = Place::open(&args.place, &args.mandate)?;
    let key = args.key.read()?;
    let mut report = Report::new(place.id, &place.receipts()?);
    let mut source = Source::open(&args.source, args.token).await?;
    let witnesses = args.witnesses.read(args.key.card(), &key)?;
    let size =
        verified(&mut source, &key, witnesses.as_ref(), |index, entry| report.entry(index, entry)).await?;
    let report = report.finish();
    if args.json {
        println!("{:#}", object(&report, size));
    } else {
        print!("{}", text(&report, size));
    }
    match report.findings().len() {
        0 => Ok(()),
        n => Err(anyhow::anyhow!("{n} findings").into()),
    }
}

fn object(report: &Report, size: u64) -> serde_json::Value {
    let granted = report.granted().map(|g| {
        json!({
            "entry": g.index, "time": g.time, "count": g.count, "notBefore": g.not_before,
            "notAfter": g.not_after, "rate": { "seals": g.rate.seals, "seconds": g.rate.seconds },
            "approvers": g.approvers,
        })
    });
    let orders = report.orders().iter().map(|order| {
        json!({
            "number": order.number, "entry": order.index, "time": order.time, "seals": order.seals,
            "receipt": order.receipt,
        })
    });
    json!({
        "mandateID": report.mandate(),
        "ledgerSize": size,
        "granted": granted,
        "orders": orders.collect::<Vec<_>>(),
        "seals": report.seals(),
        "ended": report.ended().map(|e| json!({ "entry": e.index, "time": e.time, "approver": e.approver })),
        "findings": report.findings(),
    })
}

fn text(report: &Report, size: u64) -> String {
    let mut out = format!("ledger:   {size} entries, verified\nmandate:  {}\n", report.mandate());
    if let Some(granted) = report.granted() {
        let names: Vec<_> = granted.approvers.iter().map(u32::to_string).collect();
        out += &format!(
            "granted:  {} by approvers {} (entry {}): {} seals, {} in any {} seconds\n",
            time(granted.time),
            names.join(", "),
            granted.index,
            granted.count,
            granted.rate.seals,
            granted.rate.seconds
        );
    }
    for order in report.orders() {
        let receipt = if order.receipt { "receipt" } else { "NO RECEIPT" };
        out += &format!(
            "order:    {:>6}  {}  {} seals  entry {}  {receipt}\n",
            order.number,
            time(order.time),
            order.seals,
            order.index
        );
    }
    if let Some(ended) = report.ended() {
        let by = ended.approver.map_or_else(|| "an officer".to_owned(), |n| format!("approver {n}"));
        out += &format!("ended:    {} by {by} (entry {})\n", time(ended.time), ended.index);
    }
    out += &format!("seals:    {}\n", report.seals());
    for finding in report.findings() {
        out += &format!("FINDING:  {finding}\n");
    }
    out
}
