//! Place: none. `fuin-verify`: evidence of an enclave in, a report and an exit status out.
//!
//! 0 accepted, 1 refused with the step that refused, 2 input that cannot be used.

mod args;
mod input;

use args::Args;
use clap::Parser;
use fuin_report::{Report, Request, judge, unusable};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let (text, code) = match run(&args) {
        Ok(report) => {
            let code = u8::from(!report.accepted());
            (if args.json { report.json() } else { report.text() }, code)
        }
        Err(error) => {
            eprintln!("fuin-verify: {error:#}");
            if !args.json {
                return ExitCode::from(2);
            }
            (unusable(&format!("{error:#}")), 2)
        }
    };
    // A reader that went away early must not turn a refusal into success: the status stays what it is.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::from(code)
}

fn run(args: &Args) -> anyhow::Result<Report> {
    let request = Request::new(&args.judgement.options()?)?;
    Ok(judge(&input::evidence(&args.file)?, &request))
}
