//! Place: SIC. `fuin ledger proof`: a signer's check, offline, that an event is in the ledger.

use super::witnesses::Cosigned;
use super::{Key, Trouble, witnesses};
use crate::file;
use crate::outcome::Failure;
use anyhow::anyhow;
use base64ct::{Base64, Encoding};
use fuin_shared::codec;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, MAX_ENTRY};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::receipt::SignerReceipt;
use fuin_shared::log::tlog_policy::TlogPolicy;
use fuin_shared::log::tlog_proof::{MAX_PROOF, TlogProof};
use fuin_shared::message::Receipt;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest receipt: an entry and a checkpoint.
const MAX_RECEIPT: u64 = 512 * 1024;

/// Arguments.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["event", "receipt", "hash"])))]
pub struct Args {
    /// The receipt that `fuin sign --receipt` saved; or a proof, as `GET /ledger/proof/INDEX` gives it, with --event.
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    /// The event of a proof that does not carry it, CBOR.
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// The enclave's own receipt of the event, CBOR.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// A hash that was signed, hex; once for each, in the order of the call. The receipt must be of exactly these.
    #[arg(long, value_name = "HEX")]
    hash: Vec<String>,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    witnesses: witnesses::Args,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Verifies and reports.
pub fn run(args: &Args) -> Result<(), Failure> {
    let key = args.key.read()?;
    let policy = args.witnesses.read(args.key.card(), &key)?;
    let hashes = args.hash.iter().map(hex::decode).collect::<Result<Vec<_>, _>>();
    let hashes = hashes.map_err(|e| Failure::Usage(format!("--hash: {e}")))?;
    let text = text(&args.proof)?;
    let proof =
        TlogProof::parse(&text).map_err(|e| Failure::Usage(format!("{}: {e}", args.proof.display())))?;
    let (entry, receipt) = match (&args.event, &args.receipt) {
        (Some(path), _) => (read(path, MAX_ENTRY as u64)?, None),
        (None, Some(path)) => {
            let receipt: Receipt = codec::decode(&read(path, MAX_RECEIPT)?)
                .map_err(|e| Failure::Usage(format!("--receipt: {e}")))?;
            (receipt.event.0.clone(), Some(receipt))
        }
        (None, None) => {
            let receipt = signers(&args.proof, &text)?;
            if !hashes.is_empty() && !receipt.signs(&hashes, None) {
                return Err(anyhow!("receipt refused: it is not of exactly these hashes").into());
            }
            (codec::encode(receipt.event()), None)
        }
    };
    let event: Event = codec::decode(&entry).map_err(|e| Failure::Usage(format!("the event: {e}")))?;
    let head = proof.verify(&entry, &key).map_err(|e| anyhow!("proof refused: {e}"))?;
    if let Some(receipt) = &receipt {
        agree(receipt, &proof, &head, &key)?;
    }
    let cosigned = policy.map(|policy| cosigned(&proof, &key, &policy)).transpose()?;
    let (index, kind) = (proof.index, event.body.kind());
    if args.json {
        let root = Base64::encode_string(&head.root);
        println!(
            "{}",
            json!({
                "good": true,
                "origin": head.origin,
                "index": index,
                "size": head.size,
                "root": root,
                "kind": kind,
                "time": event.time,
                "credential": event.body.credential(),
                "cosigned": cosigned.as_ref().map(Cosigned::value),
            })
        );
    } else {
        println!("origin:      {}", head.origin);
        println!("checkpoint:  {} entries, root {}", head.size, Base64::encode_string(&head.root));
        match &cosigned {
            Some(cosigned) => print!("{}", cosigned.text()),
            None => {
                println!("cosigned:    not verified: say with --card or --witness whose cosignatures count")
            }
        }
        println!("event:       {index}, {kind}, {}", super::show::time(event.time));
        if let Some(mark) = event.body.credential() {
            println!("credential:  {}, its event {}", mark.subject, mark.sequence);
        }
        println!("proof: GOOD");
    }
    Ok(())
}

/// The cosignatures under the proof's checkpoint, which must be a quorum.
fn cosigned(proof: &TlogProof, key: &VerifierKey, policy: &TlogPolicy) -> Result<Cosigned, Failure> {
    let refused = |why: String| Failure::Failed(anyhow!("proof refused: {why}"));
    match Cosigned::under(&proof.checkpoint, key, policy) {
        Ok((cosigned, true)) => Ok(cosigned),
        Ok((cosigned, false)) => Err(refused(cosigned.too_few())),
        Err(Trouble::Broken(broken)) => Err(refused(broken.rule)),
        Err(unusable) => Err(unusable.into()),
    }
}

/// A text of at most a proof's length.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, MAX_PROOF as u64)?)
        .map_err(|_| Failure::Usage(format!("{}: not a text", path.display())))
}

/// A signer's receipt.
pub(super) fn signers(path: &Path, text: &str) -> Result<SignerReceipt, Failure> {
    SignerReceipt::parse(text).map_err(|e| Failure::Usage(format!("{}: {e}", path.display())))
}

/// The receipt tells of the same ledger: the same place, and no other root at the same size.
fn agree(receipt: &Receipt, proof: &TlogProof, head: &Checkpoint, key: &VerifierKey) -> anyhow::Result<()> {
    let (told, proven) = (receipt.index, proof.index);
    anyhow::ensure!(told == proven, "proof refused: the receipt is for index {told}, the proof for {proven}");
    let then = Checkpoint::open(&receipt.checkpoint, key).map_err(|e| anyhow!("receipt refused: {e}"))?;
    anyhow::ensure!(then.size > told, "receipt refused: its checkpoint does not reach its event");
    anyhow::ensure!(head.size >= then.size, "proof refused: its checkpoint is older than the receipt's");
    let forked = head.size == then.size && head.root != then.root;
    anyhow::ensure!(
        !forked,
        "the ledger has forked: receipt and proof have two roots for {} entries",
        head.size
    );
    Ok(())
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    file::read(path, limit).map_err(|e| Failure::Usage(format!("{e:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::log::note::NoteSigner;

    const ORIGIN: &str = "fuin.example/ledger/00";

    fn head(size: u64, root: u8) -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size, root: [root; 32] }
    }

    /// What comes of a receipt of this index and checkpoint beside a proof of index 3 in 9 entries.
    fn told(index: u64, then: &Checkpoint) -> Result<(), String> {
        let signer = NoteSigner::from_seed(ORIGIN, &[1; 32]).unwrap();
        let checkpoint = then.sign(&signer).unwrap();
        let receipt = Receipt { index, event: Vec::new().into(), salts: Vec::new(), checkpoint };
        let proof = TlogProof { extra: None, index: 3, path: Vec::new(), checkpoint: String::new() };
        agree(&receipt, &proof, &head(9, 1), signer.verifier()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_receipt_of_another_ledger_is_refused() {
        assert_eq!(told(3, &head(9, 1)), Ok(()));
        assert_eq!(told(3, &head(4, 7)), Ok(()));
        assert!(told(2, &head(9, 1)).unwrap_err().contains("index 2"));
        assert!(told(3, &head(3, 1)).unwrap_err().contains("does not reach"));
        assert!(told(3, &head(10, 1)).unwrap_err().contains("older"));
        assert!(told(3, &head(9, 2)).unwrap_err().contains("forked"));
    }
}
