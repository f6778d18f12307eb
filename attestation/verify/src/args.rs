//! Place: none. The command line.

use crate::input;
use anyhow::Context;
use clap::Parser;
use fuin_report::Options;
use fuin_report::options::Time;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Verify the evidence of an enclave, offline: is it authentic, is it fresh, which code runs, for which service.
#[derive(Parser, Debug)]
#[command(version, after_long_help = HELP)]
pub struct Args {
    /// Evidence: an attestation document (COSE_Sign1, binary) or a service's evidence bundle; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub judgement: Judgement,

    /// Print one JSON object instead of the report
    #[arg(long)]
    pub json: bool,
}

/// How to judge evidence.
#[derive(clap::Args, Debug)]
pub struct Judgement {
    /// Trust this root certificate instead of AWS Nitro Enclaves root G1, such as the root of an emulation
    #[arg(long, value_name = "PEM")]
    root: Option<PathBuf>,

    /// Judge at this time: `now`, `archive` (the document's own time) or Unix seconds
    #[arg(
        long,
        value_name = "archive|now|UNIXSECONDS",
        default_value = "now",
        allow_negative_numbers = true
    )]
    at: String,

    /// The nonce you sent; the evidence must answer it
    #[arg(long, value_name = "HEX")]
    nonce: Option<String>,

    /// Accept an enclave in debug mode (its code registers are zero and its console is readable)
    #[arg(long)]
    allow_debug: bool,

    /// Size limits of the three fields the enclave fills: AWS's text, or what real devices give
    #[arg(long, value_name = "text|observed", default_value = "text")]
    profile: String,

    /// Expected value of register N; may be repeated
    #[arg(long, value_name = "N=HEX")]
    pcr: Vec<String>,

    /// Expected registers from a release.json, as `scripts/build-eif` writes it
    #[arg(long, value_name = "FILE")]
    release: Option<PathBuf>,

    /// Only ask whether the evidence is authentic: no nonce, measurement, age or service is required
    #[arg(long)]
    authentic_only: bool,

    /// Most seconds that the evidence may be old
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,

    /// Expected service id, as its service card names it (bundles: required)
    #[arg(long, value_name = "HEX")]
    service: Option<String>,

    /// Weakest rule under which results may leave the enclave (bundles; cosigned unless given)
    #[arg(long, value_name = "durable|cosigned")]
    min_release: Option<String>,

    /// Accept a development service, which protects nobody's keys (bundles)
    #[arg(long)]
    allow_development: bool,
}

const HELP: &str = "\
Required, unless --authentic-only is given:
  --nonce                 or the evidence may be a replay
  --release or --pcr      which code: PCR0, or PCR1 and PCR2, or PCR8 (who signed the image)
  --service               which service, for a bundle: the same code under another manifest is another service

Refused, unless the flag is given:
  debug mode                                  --allow-debug
  a development service                       --allow-development
  release mode durable, or no witnesses       --min-release durable
  a root that is not AWS's                    --root PEM
  any phase but operational, an ended manifest  --authentic-only

--authentic-only asks for no more than an authentic document; whatever is given is checked all the same.

Exit status:
  0  accepted
  1  refused; the last line says at which step and why
  2  unusable input: a file that cannot be read, an option that makes no sense

Examples:
  fuin-verify evidence.cbor --nonce 6f1c... --release release.json --service 9a41...
  fuin-verify evidence.cbor --nonce 6f1c... --release release.json --service 9a41... \\
      --root development-root.pem --allow-development --min-release durable
  fuin-verify old.bin --at archive --authentic-only
  base64 -d document.txt | fuin-verify - --nonce 6f1c... --pcr 0=4b8d... --pcr 1=0343... --pcr 2=16ef...";

impl Judgement {
    /// The same as options: reads the files they name and, for `now`, the clock.
    pub fn options(&self) -> anyhow::Result<Options> {
        let release = self.release.as_deref().map(release).transpose()?;
        Ok(Options {
            root: self.root.as_deref().map(root).transpose()?,
            at: Some(time(&self.at)?),
            nonce: self.nonce.clone(),
            profile: Some(self.profile.clone()),
            pcr: self.pcr.clone(),
            release,
            max_age: self.max_age,
            service: self.service.clone(),
            min_release: self.min_release.clone(),
            allow_debug: self.allow_debug,
            allow_development: self.allow_development,
            authentic_only: self.authentic_only,
        })
    }
}

fn root(path: &Path) -> anyhow::Result<String> {
    // What is not text is no PEM: the request refuses it by name.
    let octets = input::auxiliary("--root", path)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

fn release(path: &Path) -> anyhow::Result<serde_json::Value> {
    serde_json::from_slice(&input::auxiliary("--release", path)?)
        .with_context(|| format!("--release {}: not JSON with a member \"pcrs\"", path.display()))
}

fn time(text: &str) -> anyhow::Result<Time> {
    if text != "now" {
        return Ok(Time::Text(text.to_owned()));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(Time::Seconds(now.as_secs()))
}
