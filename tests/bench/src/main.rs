//! Place: none. `fuin-bench`: what the verification of a real document costs, in verifications of one P-384 signature.
//!
//! Both are measured in turns in one run, so that whatever else the machine does touches both; the answer is the median of the ratios. One JSON object.
//! `fuin-bench FOLDER`, the folder with the real documents.

use fuin_attestation::{Anchors, At, Nonce, Policy, Profile, References, appraise, verify};
use p384::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::json;
use sha2::{Digest, Sha384};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Turns; an odd number has a median.
const TURNS: usize = 41;
/// The most that a real document may cost: it holds five signatures, and there is one more for all the rest.
const LIMIT: f64 = 6.0;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: fuin-bench FOLDER-OF-REAL-DOCUMENTS")?;
    let documents = documents(Path::new(&folder))?;
    let single = Single::new()?;
    let mut ratios = Vec::new();
    let (mut whole, mut one) = (Duration::ZERO, Duration::ZERO);
    for turn in 0..=TURNS {
        // As many signatures as documents, alternately, so that both see the same machine.
        let (mut of_documents, mut of_signatures) = (Duration::ZERO, Duration::ZERO);
        for octets in &documents {
            of_documents += time(|| judge(octets))?;
            of_signatures += time(|| single.verify())?;
        }
        // The first turn only warms up.
        if turn > 0 {
            ratios.push(of_documents.as_secs_f64() / of_signatures.as_secs_f64());
            whole += of_documents;
            one += of_signatures;
        }
    }
    ratios.sort_by(f64::total_cmp);
    let count = (TURNS * documents.len()) as f64;
    let ratio = ratios.get(TURNS / 2).copied().ok_or("no turns")?;
    let microseconds = |time: Duration| (time.as_secs_f64() * 1e6 / count).round();
    println!(
        "{:#}",
        json!({
            "measured": "verification and appraisal of a real document / verification of one P-384 signature",
            "ratio": (ratio * 100.0).round() / 100.0,
            "least": ratios.first(),
            "greatest": ratios.last(),
            "limit": LIMIT,
            "met": ratio <= LIMIT,
            "documents": documents.len(),
            "turns": TURNS,
            "document_us": microseconds(whole),
            "signature_us": microseconds(one),
        })
    );
    Ok(())
}

fn time(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}

fn judge(octets: &[u8]) -> Outcome<()> {
    let claims = verify(black_box(octets), &Anchors::production(), At::Archive, Profile::Observed)?;
    let policy = Policy {
        nonce: Nonce::NotIssued,
        freshness: None,
        references: References::none(),
        allow_debug: true,
        user_data: None,
        public_key: None,
    };
    black_box(appraise(&claims, &policy)?);
    Ok(())
}

/// The real documents of a folder; each must be authentic, else the numbers would mean nothing.
fn documents(folder: &Path) -> Outcome<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let octets = std::fs::read(&path)?;
            judge(&octets).map_err(|error| format!("{}: {error}", path.display()))?;
            found.push(octets);
        }
    }
    if found.is_empty() {
        return Err(format!("{}: no documents (*.bin)", folder.display()).into());
    }
    Ok(found)
}

/// One signature with its key, ready for use.
struct Single {
    key: VerifyingKey,
    digest: Vec<u8>,
    signature: Signature,
}

impl Single {
    fn new() -> Outcome<Self> {
        let key = SigningKey::from_slice(&[7; 48])?;
        let digest = Sha384::digest(b"one signature").to_vec();
        let signature = key.sign_prehash(&digest)?;
        Ok(Self { key: *key.verifying_key(), digest, signature })
    }

    fn verify(&self) -> Outcome<()> {
        Ok(black_box(&self.key).verify_prehash(&self.digest, &self.signature)?)
    }
}
