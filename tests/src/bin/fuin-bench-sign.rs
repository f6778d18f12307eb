//! Place: none. `fuin-bench-sign`: what a signature costs through the whole service, in bare signatures.
//!
//! A real development service with the enclave as a process: HTTP, host, wire, activation, ledger commit in the host's database, and back. One authorized
//! SAD, then one signHash for each of its hashes; a bare P-256 signature and its verification, as the crypto module makes them, in turns with each call.
//! One JSON object.

use fuin_tests::csc::Version;
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// SADs, and hashes of each: the development manifest allows no more at once.
const SADS: usize = 6;
const HASHES: usize = 8;

#[tokio::main]
async fn main() {
    let service = Service::fresh(&Mode::Process);
    let mut signer = Signer::new(service.facts(), "P-256").await;
    signer.works().await;
    let key = SigningKey::from_slice(&[7; 32]).expect("a key");
    let (mut calls, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..SADS {
        let hashes: Vec<Vec<u8>> = (0..HASHES).map(|_| signer.hash()).collect();
        let sad = signer.sad(&hashes).await;
        for hash in &hashes {
            let request = signer.sign_request(Version::V2, &sad, std::slice::from_ref(hash));
            let begin = Instant::now();
            let answer = signer.csc.post(&Version::V2.path("signatures/signHash"), &request).await;
            calls.push(begin.elapsed());
            signer.verify(std::slice::from_ref(hash), &answer.signatures());
            let begin = Instant::now();
            let signature: Signature = key.sign_prehash(black_box(hash)).expect("a signature");
            key.verifying_key().verify_prehash(hash, &signature).expect("its own signature");
            bares.push(begin.elapsed());
        }
    }
    service.stop();
    let (call, bare) = (median(&mut calls), median(&mut bares));
    println!(
        "{:#}",
        json!({
            "measured": "signHash over HTTP with its ledger commit, enclave as a process / bare P-256 signature with its verification",
            "ratio": (call / bare * 10.0).round() / 10.0,
            "calls": SADS * HASHES,
            "call_us": call.round(),
            "bare_us": bare.round(),
        })
    );
}

/// Microseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
