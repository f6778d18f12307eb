//! Place: none. `fuin-hostile [--exchanges N] [--seed S]`: the campaign of a hostile host against a real enclave.
//!
//! Progress and findings go to standard error. The one line on standard output is the last: `exchanges N, unauthorized 0, panics 0, lost 0`.
//! Exit status 0 when all of them are 0, and 1 otherwise, or when the campaign could not go on.

use fuin_tests::hostile::campaign::{Campaign, Report, Settings};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: fuin-hostile [--exchanges N] [--seed S]";

fn main() -> ExitCode {
    let settings = match settings(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(why) => {
            eprintln!("fuin-hostile: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Settings { exchanges, seed } = settings;
    eprintln!("fuin-hostile: {exchanges} exchanges, seed {seed}");
    let Ok(mut campaign) = catch_unwind(|| Campaign::new(settings)) else {
        eprintln!("fuin-hostile: no service could be founded");
        println!("{}", Report::default());
        return ExitCode::FAILURE;
    };
    let begin = Instant::now();
    let mut said = 0;
    let mut told = |report: &Report| {
        for finding in &report.findings[said..] {
            eprintln!("fuin-hostile: found, with seed {seed}: {finding}");
        }
        said = report.findings.len();
        let rate = report.exchanges as f64 / begin.elapsed().as_secs_f64();
        eprintln!(
            "fuin-hostile: {} of {exchanges}, {rate:.0} a second, {} histories, {} signatures, {} findings",
            report.exchanges,
            report.histories,
            report.signed,
            report.findings.len()
        );
    };
    let ended = catch_unwind(AssertUnwindSafe(|| campaign.run(&mut told)));
    if ended.is_err() {
        // What went wrong has been said. The counts so far are true all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| campaign.close()));
    }
    told(&campaign.report);
    let report = &campaign.report;
    if ended.is_err() {
        eprintln!(
            "fuin-hostile: the campaign could not go on at exchange {} of seed {seed}",
            report.exchanges
        );
    }
    eprintln!(
        "fuin-hostile: {} signatures verified, {} boots, {} commands unanswered, refusals {:?}",
        report.signed, report.boots, report.unanswered, report.refused
    );
    println!("{report}");
    if ended.is_ok() && report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings { exchanges: 100_000, seed: 1 };
    while let Some(option) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (option.as_str(), value) {
            ("--exchanges", Some(exchanges @ 1..)) => settings.exchanges = exchanges,
            ("--seed", Some(seed)) => settings.seed = seed,
            ("--exchanges" | "--seed", _) => return Err(format!("{option} wants a number")),
            _ => return Err(format!("unknown option {option}")),
        }
    }
    Ok(settings)
}
