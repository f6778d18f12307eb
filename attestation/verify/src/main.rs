//! Place: none. `fuin-verify`: evidence of an enclave in, a report and an exit status out.
//!
//! 0 accepted, 1 refused with the step that refused, 2 input that cannot be used.

mod args;
mod input;
mod judge;
mod release;
mod report;

use args::Args;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let (text, code) = match run(&args) {
        Ok(outcome) => {
            let code = u8::from(!outcome.accepted());
            (if args.json { report::json(&outcome) } else { report::human(&outcome) }, code)
        }
        Err(error) => {
            eprintln!("fuin-verify: {error:#}");
            if !args.json {
                return ExitCode::from(2);
            }
            (report::unusable(&error), 2)
        }
    };
    // A reader that went away early must not turn a refusal into success: the status stays what it is.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::from(code)
}

fn run(args: &Args) -> anyhow::Result<judge::Outcome> {
    let request = judge::Request::new(args)?;
    Ok(judge::judge(&input::evidence(&args.file)?, &request))
}
