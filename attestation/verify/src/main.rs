//! Place: none. `fuin-verify`: evidence of an enclave in, a report and an exit status out.
//!
//! 0 accepted, 1 refused with the step that refused, 2 input that cannot be used.

mod args;
mod input;

use args::{Args, Command, Output};
use clap::Parser;
use fuin_attestation::eif::ImageReader;
use fuin_report::{CardReport, ImageReport, Options, Report, Request, judge, unusable};
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is printed, and whether the answer is yes.
struct Answer {
    text: String,
    accepted: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (text, code) = match run(&args) {
        Ok(answer) => (answer.text, u8::from(!answer.accepted)),
        Err(error) => {
            eprintln!("fuin-verify: {error:#}");
            if !args.command.as_ref().map_or(args.output.json, Command::json) {
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

fn run(args: &Args) -> anyhow::Result<Answer> {
    match (&args.command, &args.file) {
        (Some(Command::Key(key)), _) => evidence(&key.file, &key.options()?, key.output),
        (Some(Command::Eif(image)), _) => eif(image),
        (Some(Command::Card(of)), _) => card(of),
        (None, Some(file)) => evidence(file, &args.judgement.options()?, args.output),
        // Invariant: clap asks for a file where there is no subcommand.
        (None, None) => anyhow::bail!("FILE is required"),
    }
}

fn evidence(file: &Path, options: &Options, output: Output) -> anyhow::Result<Answer> {
    let request = Request::new(options)?;
    let report: Report = judge(&input::evidence(file)?, &request);
    let text = match output {
        Output { json: true, .. } => report.json(),
        Output { ear: true, .. } => report.ear(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()),
        _ => report.text(),
    };
    Ok(Answer { text, accepted: report.accepted() })
}

fn eif(args: &args::Eif) -> anyhow::Result<Answer> {
    let release = args.release.as_deref().map(args::release).transpose()?;
    let mut reader = ImageReader::new();
    let mut source = input::stream(&args.file)?;
    let mut piece = vec![0; 64 * 1024];
    let read = loop {
        match source.read(&mut piece) {
            Ok(0) => break reader.finish(),
            Ok(length) => {
                if let Err(error) = reader.push(piece.get(..length).unwrap_or_default()) {
                    break Err(error);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => anyhow::bail!("cannot read {}: {error}", args.file.display()),
        }
    };
    let report = ImageReport::new(read, release.as_ref())?;
    let text = if args.json { report.json() } else { report.text() };
    Ok(Answer { text, accepted: report.accepted() })
}

fn card(args: &args::Card) -> anyhow::Result<Answer> {
    let mut report = CardReport::new(&input::evidence(&args.file)?);
    if let Some(file) = &args.evidence {
        let options = Options {
            at: Some(args::time(&args.at)?),
            nonce: args.nonce.clone(),
            max_age: args.max_age,
            ..Options::default()
        };
        report = report.with_evidence(&input::evidence(file)?, &options)?;
    }
    let text = if args.json { report.json() } else { report.text() };
    Ok(Answer { text, accepted: report.accepted() })
}
