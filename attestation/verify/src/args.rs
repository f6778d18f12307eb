//! Place: none. The command line.

use crate::input;
use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use fuin_report::Options;
use fuin_report::options::{Kind, Time};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Verify the evidence of an enclave, offline: is it authentic, is it fresh, which code runs, for which service.
#[derive(Parser, Debug)]
#[command(
    version,
    after_long_help = HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Evidence: an attestation document (COSE_Sign1, binary) or a service's evidence bundle; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    pub judgement: Judgement,

    #[command(flatten)]
    pub output: Output,
}

/// What else can be verified. A file of such a name is `./key`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Verify the statement of a signer's key: what a CA needs in order to issue
    #[command(after_long_help = KEY_HELP)]
    Key(Key),
    /// Compute the registers of an enclave image, and verify its form and signature
    Eif(Eif),
    /// Show and check a service card, and evidence against it
    Card(Card),
}

/// `fuin-verify key`.
#[derive(clap::Args, Debug)]
pub struct Key {
    /// Key attestation, as `fuin key` saves it; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The public key that is asked about: a file with its SubjectPublicKeyInfo (PEM or DER), the same in hexadecimal, or its SHA-256
    #[arg(long, value_name = "FILE|HEX")]
    pub spki: Option<String>,

    #[command(flatten)]
    pub judgement: Judgement,

    #[command(flatten)]
    pub output: Output,
}

/// `fuin-verify eif`.
#[derive(clap::Args, Debug)]
pub struct Eif {
    /// Enclave image; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Hold its registers against this release.json
    #[arg(long, value_name = "FILE")]
    pub release: Option<PathBuf>,

    /// Print one JSON object instead of the report
    #[arg(long)]
    pub json: bool,
}

/// `fuin-verify card`.
#[derive(clap::Args, Debug)]
pub struct Card {
    /// Service card, JSON; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Hold this evidence bundle against the card: service, measurement, release mode, roots, ledger and root key are the card's
    #[arg(long, value_name = "FILE", requires = "nonce")]
    pub evidence: Option<PathBuf>,

    /// The nonce you sent for the evidence
    #[arg(long, value_name = "HEX", requires = "evidence")]
    pub nonce: Option<String>,

    /// Judge at this time: `now`, `archive` (the document's own time) or Unix seconds
    #[arg(
        long,
        value_name = "archive|now|UNIXSECONDS",
        default_value = "now",
        allow_negative_numbers = true
    )]
    pub at: String,

    /// Most seconds that the evidence may be old
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,

    /// Print one JSON object instead of the report
    #[arg(long)]
    pub json: bool,
}

/// The form of the answer.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Output {
    /// Print one JSON object instead of the report
    #[arg(long)]
    pub json: bool,

    /// Print the claims of an attestation result in the shape of draft EAR (EAT), unsigned, instead of the report
    #[arg(long, conflicts_with = "json")]
    pub ear: bool,
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

Other things to verify: fuin-verify key FILE, fuin-verify eif FILE, fuin-verify card FILE; each has its own --help.

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

const KEY_HELP: &str = "\
Requirements and refusals are those of evidence (fuin-verify --help), but the nonce, which counts when it is given: a key
is stated for life. Statements made hours ago need --at archive, because the certificates behind them have ended; then
only the ledger's proof, if one came along, says more than that the statement was made once.

Examples:
  fuin-verify key key.cbor --spki key.pem --release release.json --service 9a41...
  fuin-verify key key.cbor --at archive --spki 5d0c... --release release.json --service 9a41...";

impl Command {
    /// Whether a JSON object was asked for.
    pub fn json(&self) -> bool {
        match self {
            Self::Key(key) => key.output.json,
            Self::Eif(eif) => eif.json,
            Self::Card(card) => card.json,
        }
    }
}

impl Key {
    /// The options of a key statement.
    pub fn options(&self) -> anyhow::Result<Options> {
        let spki = self.spki.as_deref().map(spki).transpose()?;
        Ok(Options { kind: Kind::Key, spki, ..self.judgement.options()? })
    }
}

impl Judgement {
    /// The same as options: reads the files they name and, for `now`, the clock.
    pub fn options(&self) -> anyhow::Result<Options> {
        let release = self.release.as_deref().map(release).transpose()?;
        Ok(Options {
            kind: Kind::Evidence,
            spki: None,
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

pub fn release(path: &Path) -> anyhow::Result<serde_json::Value> {
    serde_json::from_slice(&input::auxiliary("--release", path)?)
        .with_context(|| format!("--release {}: not JSON with a member \"pcrs\"", path.display()))
}

pub fn time(text: &str) -> anyhow::Result<Time> {
    if text != "now" {
        return Ok(Time::Text(text.to_owned()));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(Time::Seconds(now.as_secs()))
}

/// Hexadecimal as it is; else the file of that name, as hexadecimal DER.
fn spki(text: &str) -> anyhow::Result<String> {
    if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return Ok(text.to_owned());
    }
    let octets = input::auxiliary("--spki", Path::new(text))?;
    match der::pem::decode_vec(&octets) {
        Ok(("PUBLIC KEY", der)) => Ok(hex::encode(der)),
        Ok((label, _)) => bail!("--spki {text}: a PEM block of type {label}, not PUBLIC KEY"),
        Err(_) => Ok(hex::encode(octets)),
    }
}
