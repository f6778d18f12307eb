//! Place: none. `fuin-hostile [--exchanges N] [--seed S] [--mode durable|cosigned|both] [--eif IMAGE]`: the campaign of a hostile host
//! against a real enclave: a process, or with an image a machine in QEMU. `both` is half of each.
//!
//! Progress and findings go to standard error. The one line on standard output is the last: `exchanges N, unauthorized 0, panics 0, lost 0`.
//! Exit status 0 when all of them are 0, and 1 otherwise, or when the campaign could not go on.

use fuin_tests::hostile::campaign::{Campaign, Report, Settings};
use fuin_tests::hostile::process::Place;
use fuin_tests::hostile::world::{Kind, Release};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str =
    "usage: fuin-hostile [--exchanges N] [--seed S] [--mode durable|cosigned|both] [--eif IMAGE]";

fn main() -> ExitCode {
    let campaigns = match campaigns(std::env::args().skip(1)) {
        Ok(campaigns) => campaigns,
        Err(why) => {
            eprintln!("fuin-hostile: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (mut total, mut whole) = (Report::default(), true);
    for settings in campaigns {
        let (report, ended) = run(settings);
        total.add(report);
        whole &= ended;
    }
    println!("{total}");
    if whole && total.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came of a campaign, and whether it could go on to its end.
fn run(settings: Settings) -> (Report, bool) {
    let Settings { exchanges, seed, kind } = settings.clone();
    let mode = kind.release;
    eprintln!("fuin-hostile: {mode:?}, {exchanges} exchanges, seed {seed}");
    let Ok(mut campaign) = catch_unwind(|| Campaign::new(settings)) else {
        eprintln!("fuin-hostile: no service could be founded");
        return (Report::default(), false);
    };
    let begin = Instant::now();
    let mut said = 0;
    let mut told = |report: &Report| {
        for finding in &report.findings[said..] {
            eprintln!("fuin-hostile: found, {mode:?}, with seed {seed}: {finding}");
        }
        said = report.findings.len();
        let rate = report.exchanges as f64 / begin.elapsed().as_secs_f64();
        eprintln!(
            "fuin-hostile: {mode:?}: {} of {exchanges}, {rate:.0} a second, {} histories, {} signatures, {} of SCAL 1, {} seals, {} findings",
            report.exchanges,
            report.histories,
            report.signed,
            report.signed_scal1,
            report.seals,
            report.findings.len()
        );
    };
    let ended = catch_unwind(AssertUnwindSafe(|| campaign.run(&mut told)));
    if ended.is_err() {
        // What went wrong has been said. The counts so far are true all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| campaign.close()));
    }
    told(&campaign.report);
    let report = std::mem::take(&mut campaign.report);
    if ended.is_err() {
        eprintln!(
            "fuin-hostile: {mode:?}: the campaign could not go on at exchange {} of seed {seed}",
            report.exchanges
        );
    }
    eprintln!(
        "fuin-hostile: {mode:?}: {} signatures verified of SCAL 2, {} of SCAL 1, {} seals, {} rotations (boots ended within: {:?}), {} boots ({} too late), {} commands unanswered, {} s, refusals {:?}",
        report.signed,
        report.signed_scal1,
        report.seals,
        report.rotations,
        report.within,
        report.boots,
        report.late,
        report.unanswered,
        begin.elapsed().as_secs(),
        report.refused
    );
    (report, ended.is_ok())
}

fn campaigns(mut arguments: impl Iterator<Item = String>) -> Result<Vec<Settings>, String> {
    let (mut exchanges, mut seed, mut place) = (100_000_u64, 1, Place::Process);
    let mut modes = vec![Release::Durable, Release::Cosigned];
    while let Some(option) = arguments.next() {
        let value = arguments.next();
        let number = value.as_ref().and_then(|value| value.parse().ok());
        match (option.as_str(), number, value.as_deref()) {
            ("--exchanges", Some(number @ 1..), _) => exchanges = number,
            ("--seed", Some(number), _) => seed = number,
            ("--exchanges" | "--seed", ..) => return Err(format!("{option} wants a number")),
            ("--mode", _, Some("both")) => {}
            ("--mode", _, Some("durable")) => modes = vec![Release::Durable],
            ("--mode", _, Some("cosigned")) => modes = vec![Release::Cosigned],
            ("--mode", ..) => return Err("--mode wants durable, cosigned or both".to_owned()),
            ("--eif", _, Some(image)) => place = Place::Qemu(image.into()),
            _ => return Err(format!("unknown option {option}")),
        }
    }
    let count = modes.len() as u64;
    let part = |release| Settings {
        exchanges: exchanges.div_ceil(count),
        seed,
        kind: Kind { release, place: place.clone() },
    };
    Ok(modes.into_iter().map(part).collect())
}
