//! Place: none. The command line.

use clap::{Parser, ValueEnum};
use fuin_attestation::{At, Profile};
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::ReleaseMode;
use std::path::PathBuf;

/// Verify the evidence of an enclave, offline: is it authentic, is it fresh, which code runs, for which service.
#[derive(Parser, Debug)]
#[command(version, after_long_help = HELP)]
pub struct Args {
    /// Evidence: an attestation document (COSE_Sign1, binary) or a service's evidence bundle; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Trust this root certificate instead of AWS Nitro Enclaves root G1, such as the root of an emulation
    #[arg(long, value_name = "PEM", value_parser = path)]
    pub root: Option<PathBuf>,

    /// Judge at this time: `now`, `archive` (the document's own time) or Unix seconds
    #[arg(long, value_name = "archive|now|UNIXSECONDS", default_value = "now", value_parser = when, allow_negative_numbers = true)]
    pub at: When,

    /// The nonce you sent; the evidence must answer it
    #[arg(long, value_name = "HEX", value_parser = octets)]
    pub nonce: Option<Octets>,

    /// Accept an enclave in debug mode (its code registers are zero and its console is readable)
    #[arg(long)]
    pub allow_debug: bool,

    /// Size limits of the three fields the enclave fills: AWS's text, or what real devices give
    #[arg(long, value_enum, default_value_t = Sizes::Text)]
    pub profile: Sizes,

    /// Expected value of register N; may be repeated
    #[arg(long = "pcr", value_name = "N=HEX", value_parser = register)]
    pub pcrs: Vec<Register>,

    /// Expected registers from a release.json, as `scripts/build-eif` writes it
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub release: Option<PathBuf>,

    /// Only ask whether the evidence is authentic: no nonce, measurement, age or service is required
    #[arg(long)]
    pub authentic_only: bool,

    /// Most seconds that the evidence may be old
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,

    /// Expected service id (bundles)
    #[arg(long, value_name = "HEX", value_parser = service)]
    pub service: Option<ServiceId>,

    /// Weakest rule under which results may leave the enclave (bundles)
    #[arg(long, value_enum, value_name = "durable|cosigned")]
    pub min_release: Option<MinRelease>,

    /// Accept a development service; naming its root with --root counts as this too (bundles)
    #[arg(long)]
    pub allow_development: bool,

    /// Print one JSON object instead of the report
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Without --authentic-only, a nonce (--nonce) and a measurement (--pcr or --release) are required: without them,
evidence says that some enclave existed once. Whatever is given is checked in either mode.
A measurement is PCR0, or PCR1 and PCR2, or PCR8 (who signed the image).

Exit status:
  0  accepted
  1  refused; the last line says at which step and why
  2  unusable input: a file that cannot be read, an option that makes no sense

Examples:
  fuin-verify evidence.cbor --nonce 6f1c... --release release.json
  fuin-verify evidence.cbor --nonce 6f1c... --release release.json --root development-root.pem
  fuin-verify old.bin --at archive --authentic-only
  base64 -d document.txt | fuin-verify - --nonce 6f1c... --pcr 0=4b8d... --pcr 1=0343... --pcr 2=16ef...";

/// At which time to judge.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// The clock of this machine.
    Now,
    /// A given time.
    At(At),
}

/// Octets of an option, never empty.
#[derive(Clone, Debug)]
pub struct Octets(pub Vec<u8>);

/// A register with its expected value.
#[derive(Clone, Debug)]
pub struct Register {
    /// Index.
    pub index: u8,
    /// Value.
    pub value: Vec<u8>,
}

/// Values of `--profile`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Sizes {
    /// AWS's text: user_data and nonce 512 octets, public_key 1024.
    Text,
    /// Only the payload's own limit.
    Observed,
}

impl From<Sizes> for Profile {
    fn from(sizes: Sizes) -> Self {
        match sizes {
            Sizes::Text => Self::AwsText,
            Sizes::Observed => Self::Observed,
        }
    }
}

/// Values of `--min-release`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum MinRelease {
    /// Results leave when their event is durable at the host.
    Durable,
    /// Results leave when their event is cosigned by witnesses.
    Cosigned,
}

impl From<MinRelease> for ReleaseMode {
    fn from(mode: MinRelease) -> Self {
        match mode {
            MinRelease::Durable => Self::Durable,
            MinRelease::Cosigned => Self::Cosigned,
        }
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.into()) }
}

fn when(text: &str) -> Result<When, String> {
    match text {
        "now" => Ok(When::Now),
        "archive" => Ok(When::At(At::Archive)),
        seconds if seconds.bytes().all(|octet| octet.is_ascii_digit()) => seconds
            .parse()
            .map(|seconds| When::At(At::Unix(seconds)))
            .map_err(|_| "must be Unix seconds below 2^64".to_owned()),
        _ => Err("must be `now`, `archive` or Unix seconds".to_owned()),
    }
}

fn octets(text: &str) -> Result<Octets, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    hex::decode(text).map(Octets).map_err(|error| format!("must be hexadecimal: {error}"))
}

fn register(text: &str) -> Result<Register, String> {
    let (index, value) = text.split_once('=').ok_or("must be N=HEX, such as 0=4b8d...")?;
    let index = index.parse().map_err(|_| "N must be 0 to 31".to_owned())?;
    Ok(Register { index, value: octets(value)?.0 })
}

fn service(text: &str) -> Result<ServiceId, String> {
    text.parse().map_err(|_| "must be 64 hexadecimal digits".to_owned())
}
