//! Place: none. Host and enclave killed at any moment of a signing loop: nothing acknowledged is lost, nothing is signed twice.
//!
//! `FUIN_KILL_ROUNDS` sets the number of kills.

use fuin_tests::csc::Version;
use fuin_tests::ledger::Ledger;
use fuin_tests::programs::{number, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::{Signer, random};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATH: &str = "/csc/v2/signatures/signHash";

/// What the clients of the service know.
#[derive(Default)]
struct Known {
    authorizations: AtomicU64,
    acknowledged_authorizations: AtomicU64,
    attempts: AtomicU64,
    acknowledged: AtomicU64,
    /// SAD and hash of calls without an answer.
    open: Mutex<Vec<(String, Vec<u8>)>>,
    stop: AtomicBool,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::SeqCst)
}

/// Signs until something fails or it is told to stop.
async fn sign(mut signer: Signer, known: Arc<Known>) {
    while !known.stop.load(Ordering::SeqCst) {
        let hash = signer.hash();
        add(&known.authorizations);
        let Ok(sad) = signer.try_sad(std::slice::from_ref(&hash)).await else { return };
        add(&known.acknowledged_authorizations);
        let request = signer.sign_request(Version::V2, &sad, std::slice::from_ref(&hash));
        add(&known.attempts);
        match signer.csc.try_post(PATH, &request).await {
            Ok(answer) if answer.status == 200 => {
                signer.verify(std::slice::from_ref(&hash), &answer.signatures());
                add(&known.acknowledged);
            }
            _ => {
                known.open.lock().unwrap().push((sad, hash));
                return;
            }
        }
    }
}

/// Waits until the enclave serves again.
async fn ready(signer: &mut Signer) {
    for _ in 0..1200 {
        let hash = [signer.hash()];
        if let Ok(sad) = signer.try_sad(&hash).await {
            signer.sign(Version::V2, &sad, &hash).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the enclave did not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_acknowledged_and_sign_nothing_twice() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    let known = Arc::new(Known::default());
    let mut service = Service::start(&Mode::Process, &dir);
    let mut former = None::<Ledger>;
    // Signatures made besides the loops.
    let mut besides = 0;
    for round in 0..number("FUIN_KILL_ROUNDS", 4) {
        known.stop.store(false, Ordering::SeqCst);
        let begin = read(&known.acknowledged);
        let mut loops = Vec::new();
        for curve in ["P-256", "P-384"] {
            let signer = Signer::new(service.facts(), curve).await;
            loops.push(tokio::spawn(sign(signer, known.clone())));
        }
        while read(&known.acknowledged) < begin + 2 {
            assert!(
                !loops.iter().all(|l| l.is_finished()),
                "round {round}: nothing is signed\n{}",
                service.logs()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(u64::from(u16::from_be_bytes(random())) * 4)).await;
        let host = round % 2 == 0;
        if host {
            service.kill();
        } else {
            let children = service.children();
            assert_eq!(children.len(), 1, "the enclave is the only child: {children:?}");
            kill(Pid::from_raw(i32::try_from(children[0]).unwrap()), Signal::SIGKILL).unwrap();
            known.stop.store(true, Ordering::SeqCst);
            ready(&mut Signer::new(service.facts(), "P-256").await).await;
            besides += 1;
            service.stop();
        }
        known.stop.store(true, Ordering::SeqCst);
        for one in loops {
            one.await.unwrap();
        }

        let ledger = Ledger::read(&dir).await;
        if let Some(former) = &former {
            assert_eq!(
                ledger.entries[..former.entries.len()],
                former.entries[..],
                "round {round}: entries changed"
            );
        }
        let sums = ledger.sums();
        let (acknowledged, attempts) = (read(&known.acknowledged), read(&known.attempts));
        assert!(
            sums.signed >= acknowledged + besides,
            "round {round}: {sums:?}, {acknowledged} acknowledged"
        );
        assert!(sums.signed <= attempts + besides, "round {round}: {sums:?}, {attempts} attempts");
        assert!(
            sums.authorized >= read(&known.acknowledged_authorizations) + besides,
            "round {round}: {sums:?}"
        );
        assert!(sums.signed <= sums.authorized, "round {round}: more signatures than permissions: {sums:?}");
        former = Some(ledger);

        service = Service::start(&Mode::Process, &dir);
        let mut signer = Signer::new(service.facts(), "P-256").await;
        // Whatever became of a call without an answer, its token is dead.
        let open = std::mem::take(&mut *known.open.lock().unwrap());
        for (sad, hash) in open {
            let curve = if hash.len() == 48 { "P-384" } else { "P-256" };
            let owner = Signer::new(service.facts(), curve).await;
            let answer = owner.csc.post(PATH, &owner.sign_request(Version::V2, &sad, &[hash])).await;
            assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter SAD"));
        }
        signer.works().await;
        besides += 1;
    }
    service.stop();
}
