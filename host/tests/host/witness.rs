//! Place: SSA. The host before its witnesses: what it asks, what it makes of each answer, whom it asks first.

use crate::peer::Peer;
use crate::setup::Setup;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64ct::{Base64, Encoding};
use fuin_host::witness::{Refusal, WitnessConfig};
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::{CosignedCheckpoint, Cosigner};
use fuin_shared::log::note::{Note, NoteSigner, SignatureLine};
use fuin_shared::log::proof::verify_consistency;
use fuin_shared::log::tlog_proof::TlogProof;
use fuin_shared::log::tree::{Hash, leaf_hash, root_of};
use fuin_shared::message::{Commit, Cosign, StoreAnswer, StoreRequest};
use std::sync::{Arc, Mutex};

const ORIGIN: &str = "ledger.example/fuin/1";
const TIME: u64 = 1_800_000_000;

/// How a witness behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Behaviour {
    Honest,
    /// Answers with this status and text, whatever it is asked.
    Says(u16, String),
    /// Cosigns with the key of another.
    WrongKey,
    /// Cosigns another checkpoint.
    OtherHead,
}

struct State {
    behaviour: Behaviour,
    recorded: (u64, Hash),
    requests: Vec<String>,
}

/// A witness over HTTP, as strict as the standard.
struct Witness {
    name: String,
    seed: u8,
    url: String,
    state: Arc<Mutex<State>>,
}

fn cosigner(name: &str, seed: u8) -> Cosigner {
    Cosigner::from_seed(name, &[seed; 32]).unwrap()
}

impl Witness {
    async fn start(seed: u8) -> Self {
        let name = format!("witness.example/{seed}");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/w{seed}", listener.local_addr().unwrap());
        let state = State { behaviour: Behaviour::Honest, recorded: (0, root_of(&[])), requests: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let (shared, own) = (Arc::clone(&state), name.clone());
        let answer = move |body: String| async move { answer(&own, seed, &mut shared.lock().unwrap(), body) };
        let router = Router::new().route(&format!("/w{seed}/add-checkpoint"), post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { name, seed, url, state }
    }

    fn config(&self) -> WitnessConfig {
        let vkey = cosigner(&self.name, self.seed).witness().to_string();
        WitnessConfig { url: self.url.clone(), vkey }
    }

    fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
    }

    fn says(&self, status: u16, text: &str) {
        self.behave(Behaviour::Says(status, text.to_owned()));
    }

    fn requests(&self) -> usize {
        self.state.lock().unwrap().requests.len()
    }
}

fn answer(name: &str, seed: u8, state: &mut State, body: String) -> Response {
    state.requests.push(body.clone());
    let (head, note) = body.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
    let proof: Vec<Hash> = lines.map(|line| Base64::decode_vec(line).unwrap().try_into().unwrap()).collect();
    let mut checkpoint = Checkpoint::parse(Note::parse(note.as_bytes()).unwrap().text()).unwrap();
    let key = match &state.behaviour {
        Behaviour::Says(status, text) => {
            let kind = [("content-type", "text/x.tlog.size")];
            return (StatusCode::from_u16(*status).unwrap(), kind, text.clone()).into_response();
        }
        Behaviour::WrongKey => cosigner(name, seed + 100),
        _ => cosigner(name, seed),
    };
    let (size, root) = state.recorded;
    if old != size {
        return (StatusCode::CONFLICT, [("content-type", "text/x.tlog.size")], format!("{size}\n"))
            .into_response();
    }
    if verify_consistency(size, checkpoint.size, &proof, &root, &checkpoint.root).is_err() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    if state.behaviour == Behaviour::OtherHead {
        checkpoint.size += 1;
    } else {
        state.recorded = (checkpoint.size, checkpoint.root);
    }
    // A line of somebody else goes along, as the standard allows.
    let other = cosigner("elsewhere.example", 99).cosign(&checkpoint, TIME).unwrap();
    (other.to_text() + &key.cosign(&checkpoint, TIME).unwrap().to_text()).into_response()
}

/// A ledger of the test in the host's store.
struct Ledger {
    signer: NoteSigner,
    leaves: Vec<Hash>,
}

impl Ledger {
    fn new() -> Self {
        Self { signer: NoteSigner::from_seed(ORIGIN, &[7; 32]).unwrap(), leaves: Vec::new() }
    }

    fn head(&self) -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size: self.leaves.len() as u64, root: root_of(&self.leaves) }
    }

    fn question(&self, quorum: u8) -> Cosign {
        let ledger = LedgerIdentity { origin: ORIGIN.into(), vkey: self.signer.verifier().to_string() };
        Cosign { ledger, checkpoint: self.head().sign(&self.signer).unwrap(), quorum }
    }

    /// Appends an entry, as the enclave does.
    async fn append(&mut self, setup: &Setup, text: &str) {
        let first = self.leaves.len() as u64;
        self.leaves.push(leaf_hash(text.as_bytes()));
        let checkpoint = self.head().sign(&self.signer).unwrap();
        let entries = vec![text.as_bytes().to_vec().into()];
        setup.host.store().commit(Commit { first, entries, checkpoint, records: Vec::new() }).await.unwrap();
    }
}

/// A host with these witnesses, an enclave that asks, a ledger of three entries.
async fn service(witnesses: &[&Witness]) -> (Setup, Peer, Ledger) {
    let setup = Setup::start_with(|c| c.witnesses = witnesses.iter().map(|w| w.config()).collect()).await;
    let peer = setup.peer(1).await;
    let mut ledger = Ledger::new();
    for text in ["a", "b", "c"] {
        ledger.append(&setup, text).await;
    }
    (setup, peer, ledger)
}

/// Asks; who cosigned the head.
async fn asked(peer: &mut Peer, id: u64, ledger: &Ledger, quorum: u8, of: &[&Witness]) -> Vec<String> {
    let answer = peer.ask(id, StoreRequest::Cosign(ledger.question(quorum))).await;
    let Ok(StoreAnswer::Cosigned(lines) | StoreAnswer::Contradicted(lines)) = answer else {
        panic!("{answer:?}")
    };
    if lines.is_empty() {
        return Vec::new();
    }
    let lines = SignatureLine::parse_all(&lines).unwrap();
    let keys: Vec<_> = of.iter().map(|w| cosigner(&w.name, w.seed).witness().clone()).collect();
    let cosigned = CosignedCheckpoint::verify(ledger.head(), &lines, &keys).unwrap();
    assert_eq!(cosigned.cosignatures().len(), lines.len(), "no line but those of the witnesses");
    cosigned.cosignatures().iter().map(|c| c.witness().name().to_owned()).collect()
}

#[tokio::test]
async fn growth_is_proved_from_the_size_that_the_witness_has() {
    let witness = Witness::start(1).await;
    let (setup, mut peer, mut ledger) = service(&[&witness]).await;
    assert_eq!(asked(&mut peer, 0, &ledger, 1, &[&witness]).await, ["witness.example/1"]);
    assert_eq!(witness.requests(), 1);
    // It remembers the size: one request again, with a proof.
    for (id, text) in (1..).zip(["d", "e", "f", "g"]) {
        ledger.append(&setup, text).await;
        assert_eq!(asked(&mut peer, id, &ledger, 1, &[&witness]).await.len(), 1);
    }
    assert_eq!(witness.requests(), 5);
    // The same head again is a refresh.
    assert_eq!(asked(&mut peer, 9, &ledger, 1, &[&witness]).await.len(), 1);
    assert_eq!(*setup.host.witnesses().ledger().borrow(), Some(ledger.question(1).ledger));
    setup.host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_knows_no_size_learns_it_from_the_conflict() {
    let witness = Witness::start(1).await;
    let (_setup, mut peer, ledger) = service(&[&witness]).await;
    let two = root_of(&ledger.leaves[..2]);
    witness.state.lock().unwrap().recorded = (2, two);
    assert_eq!(asked(&mut peer, 0, &ledger, 1, &[&witness]).await.len(), 1);
    assert_eq!(witness.requests(), 2);
}

#[tokio::test]
async fn a_witness_that_knows_more_is_told_to_the_operator_and_no_other_is_asked() {
    let (first, second) = (Witness::start(1).await, Witness::start(2).await);
    let (setup, mut peer, mut ledger) = service(&[&first, &second]).await;
    first.state.lock().unwrap().recorded = (9, [9; 32]);
    assert!(asked(&mut peer, 0, &ledger, 2, &[&first, &second]).await.is_empty());
    assert_eq!(second.requests(), 0);
    let said = setup.host.witnesses().contradiction().borrow().clone().unwrap();
    assert_eq!(said, Refusal::Newer { recorded: 9, size: 3 });
    let told = peer.ask(9, StoreRequest::Cosign(ledger.question(2))).await;
    assert_eq!(told, Ok(StoreAnswer::Contradicted(String::new())), "the enclave makes an alarm of it");
    let text = said.to_string();
    assert!(text.contains("newer ledger (size 9) than this store (size 3)"), "{text}");
    assert!(text.contains("restore the newest store"), "{text}");
    // A store that has grown past it on its own is another ledger.
    for n in 0..8 {
        ledger.append(&setup, &n.to_string()).await;
    }
    assert!(asked(&mut peer, 1, &ledger, 2, &[&first, &second]).await.is_empty());
    let said = setup.host.witnesses().contradiction().borrow().clone().unwrap();
    assert_eq!(said, Refusal::OtherHistory { recorded: 9, size: 11 });
    assert_eq!(second.requests(), 0);
    // The right one puts it away.
    first.state.lock().unwrap().recorded = (3, root_of(&ledger.leaves[..3]));
    assert_eq!(asked(&mut peer, 2, &ledger, 2, &[&first, &second]).await.len(), 2);
    assert_eq!(*setup.host.witnesses().contradiction().borrow(), None);
}

#[tokio::test]
async fn other_answers_mean_not_yet() {
    let witness = Witness::start(1).await;
    let (setup, mut peer, ledger) = service(&[&witness]).await;
    let long = "x".repeat(64 * 1024);
    for (id, (status, text)) in (0..).zip([
        (404, ""),
        (403, ""),
        (400, ""),
        (422, ""),
        (429, ""),
        (500, "no"),
        (301, ""),
        (409, "many\n"),
        (409, "-1\n"),
        (409, ""),
        (200, ""),
        (200, "no lines"),
        (200, long.as_str()),
        (409, long.as_str()),
    ]) {
        witness.says(status, text);
        assert!(asked(&mut peer, id, &ledger, 1, &[&witness]).await.is_empty(), "{status} {text:.9}");
        assert_eq!(*setup.host.witnesses().contradiction().borrow(), None, "{status} {text:.9}");
    }
    for (id, behaviour) in [(50, Behaviour::WrongKey), (51, Behaviour::OtherHead)] {
        witness.behave(behaviour);
        assert!(asked(&mut peer, id, &ledger, 1, &[&witness]).await.is_empty());
    }
    witness.behave(Behaviour::Honest);
    assert_eq!(asked(&mut peer, 60, &ledger, 1, &[&witness]).await.len(), 1);
}

/// A size that the witness never had, over and over.
#[tokio::test]
async fn a_conflict_without_end_ends() {
    let witness = Witness::start(1).await;
    let (_setup, mut peer, ledger) = service(&[&witness]).await;
    witness.says(409, "1\n");
    assert!(asked(&mut peer, 0, &ledger, 1, &[&witness]).await.is_empty());
    assert_eq!(witness.requests(), 3);
}

#[tokio::test]
async fn one_witness_that_is_down_is_done_without() {
    let witnesses = [Witness::start(1).await, Witness::start(2).await, Witness::start(3).await];
    let [a, b, c] = &witnesses;
    let mut down = a.config();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    down.url = format!("http://{free}");
    let setup = Setup::start_with(|config| config.witnesses = vec![down, b.config(), c.config()]).await;
    let mut peer = setup.peer(1).await;
    let mut ledger = Ledger::new();
    ledger.append(&setup, "a").await;
    let who = asked(&mut peer, 0, &ledger, 2, &[a, b, c]).await;
    assert_eq!(who, ["witness.example/2", "witness.example/3"]);
    assert_eq!(a.requests(), 0);
}

/// What a quorum has cosigned is what people outside are shown, with the lines; the tail after it waits.
#[tokio::test]
async fn the_cosigned_checkpoint_is_kept_and_published() {
    let witnesses = [Witness::start(1).await, Witness::start(2).await];
    let [a, b] = &witnesses;
    let (setup, mut peer, mut ledger) = service(&[a, b]).await;
    let published = async || {
        let response = setup.client.get(setup.url("/ledger/checkpoint")).send().await.unwrap();
        response.text().await.unwrap()
    };
    let key = ledger.signer.verifier().clone();
    let keys = [a, b].map(|w| cosigner(&w.name, w.seed).witness().clone());
    let cosigners = |note: &str| {
        let opened = CosignedCheckpoint::open(note, &key, &keys).unwrap();
        (opened.checkpoint().size, opened.cosignatures().len())
    };
    assert_eq!(cosigners(&published().await), (3, 0), "nobody has cosigned yet");
    // One line is no quorum of two.
    b.says(500, "");
    assert_eq!(asked(&mut peer, 0, &ledger, 2, &[a, b]).await.len(), 1);
    assert_eq!(cosigners(&published().await), (3, 0));
    b.behave(Behaviour::Honest);
    assert_eq!(asked(&mut peer, 1, &ledger, 2, &[a, b]).await.len(), 2);
    assert_eq!(cosigners(&published().await), (3, 2));
    // Durable, and not cosigned yet: neither published nor proved.
    ledger.append(&setup, "d").await;
    assert_eq!(cosigners(&published().await), (3, 2));
    let proof = async |index: u64| {
        setup.client.get(setup.url(&format!("/ledger/proof/{index}"))).send().await.unwrap()
    };
    assert_eq!(proof(3).await.status(), 404);
    let proved = TlogProof::parse(&proof(1).await.text().await.unwrap()).unwrap();
    assert_eq!(proved.verify(b"b", &key).unwrap().size, 3);
    assert_eq!(cosigners(&proved.checkpoint), (3, 2));
    assert_eq!(asked(&mut peer, 2, &ledger, 2, &[a, b]).await.len(), 2);
    assert_eq!(cosigners(&published().await), (4, 2));
    assert_eq!(proof(3).await.status(), 200);
    // Only a checkpoint that was committed is kept, under its own size.
    let store = setup.host.store();
    let note = published().await;
    assert!(store.put_cosigned(4, note.clone()).await.is_ok(), "again, at another time");
    for (size, note) in
        [(3, note.clone()), (5, note.clone()), (4, note.replace('4', "5")), (4, String::new())]
    {
        assert!(store.put_cosigned(size, note).await.is_err());
    }
    assert_eq!(published().await, note);
}

#[tokio::test]
async fn without_witnesses_there_is_no_cosignature() {
    let (_setup, mut peer, ledger) = service(&[]).await;
    assert!(asked(&mut peer, 0, &ledger, 1, &[]).await.is_empty());
}

#[tokio::test]
async fn what_is_no_checkpoint_is_refused() {
    let (_setup, mut peer, ledger) = service(&[]).await;
    let question = Cosign { checkpoint: "nothing".into(), ..ledger.question(1) };
    assert!(peer.ask(0, StoreRequest::Cosign(question)).await.is_err());
    assert_eq!(asked(&mut peer, 1, &ledger, 1, &[]).await.len(), 0, "it is served on");
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let vkey = cosigner("w", 1).witness().to_string();
    let log_key = NoteSigner::from_seed("w", &[1; 32]).unwrap().verifier().to_string();
    let small = "enclave = \"unix:///run/fuin/enclave.sock\"\ndata = \"/var/lib/fuin\"\n";
    let parse = |url: &str, vkey: &str, extra: &str| {
        let text = format!("{small}[[witnesses]]\nurl = \"{url}\"\nvkey = \"{vkey}\"\n{extra}");
        fuin_host::HostConfig::parse(&text).map_err(|e| e.to_string())
    };
    let config = parse("http://127.0.0.1:9/prefix", &vkey, "").unwrap();
    assert_eq!(config.witnesses.len(), 1);
    let again = toml::to_string(&config).unwrap();
    assert_eq!(fuin_host::HostConfig::parse(&again).unwrap(), config);
    for url in ["https://a", "http://a/", "http://u:p@a", "http://a?b", "ftp://a", "a", ""] {
        assert!(parse(url, &vkey, "").unwrap_err().starts_with("witnesses.url"), "{url}");
    }
    for bad in ["", "w", &log_key] {
        assert!(parse("http://a", bad, "").unwrap_err().starts_with("witnesses.vkey"), "{bad}");
    }
    assert!(parse("http://a", &vkey, "colour = 1\n").is_err());
}
