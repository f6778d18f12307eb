//! Place: none. The ledger judged from outside with `fuin ledger`: by URL, by directory, by archive; and what is altered.

use fuin_host::config::LedgerConfig;
use fuin_host::{Host, HostConfig};
use fuin_shared::ids::Digest32;
use fuin_shared::log::note::{NoteSigner, VerifierKey};
use fuin_tests::csc::Version;
use fuin_tests::ledger::Ledger;
use fuin_tests::programs::{bounded, program, scratch};
use fuin_tests::service::{Facts, Mode, Service};
use fuin_tests::signer::Signer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::path::{Path, PathBuf};
use std::process::Output;

pub fn ledger(arguments: &[&str]) -> Output {
    bounded(program("fuin")).arg("ledger").args(arguments).output().expect("fuin ledger")
}

/// `fuin ledger verify --json` with these arguments: exit status and report.
pub fn verify(arguments: &[&str], card: &Path) -> (i32, Value) {
    let card = card.to_str().unwrap();
    let output = ledger(&[&["verify", "--json", "--card", card], arguments].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().expect("an exit status"), report)
}

/// A good ledger's report.
pub fn good(arguments: &[&str], card: &Path) -> Value {
    let (status, report) = verify(arguments, card);
    assert_eq!((status, &report["good"]), (0, &json!(true)), "{arguments:?}: {report:#}");
    report
}

/// Index and rule at which a ledger is broken.
pub fn broken(arguments: &[&str], card: &Path) -> (u64, String) {
    let (status, report) = verify(arguments, card);
    assert_eq!((status, &report["good"]), (1, &json!(false)), "{arguments:?}: {report:#}");
    (report["index"].as_u64().expect("an index"), report["rule"].as_str().expect("a rule").to_owned())
}

pub async fn sign(facts: &Facts, times: usize) {
    for _ in 0..times {
        let mut signer = Signer::new(facts, "P-256").await;
        let hashes = [signer.hash(), signer.hash()];
        let sad = signer.sad(&hashes).await;
        signer.sign(Version::V2, &sad, &hashes).await;
    }
}

pub async fn get(url: String) -> reqwest::Response {
    reqwest::get(url).await.expect("an answer")
}

#[tokio::test]
async fn auditors_verify_by_url_by_directory_and_by_archive() {
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let service = Service::start(&Mode::Process, &folder.path().join("dev"));
    let (facts, dir) = (service.facts().clone(), service.dir().to_str().unwrap().to_owned());
    let card = facts.service_card.clone();
    sign(&facts, 1).await;
    let seen = get(format!("{}/checkpoint", facts.ledger)).await.text().await.unwrap();
    std::fs::write(path("seen"), &seen).unwrap();
    sign(&facts, 2).await;

    let by_url = ["--url", &facts.ledger, "--token", &facts.auditor_token];
    let report = good(&[&by_url[..], &["--since", &path("seen")]].concat(), &card);
    assert_eq!((&report["signed"], &report["authorized"]), (&json!(6), &json!(6)));
    assert_eq!(report["credentials"], facts.credentials.len());
    assert!(report["since"].as_u64().unwrap() < report["size"].as_u64().unwrap());
    // The host that writes it may run on.
    let by_dir = good(&["--dir", &dir], &card);
    assert_eq!((&by_dir["root"], &by_dir["size"]), (&report["root"], &report["size"]));
    assert!(by_dir["checkpoints"].as_u64() > report["checkpoints"].as_u64(), "every one that was signed");
    for (name, source) in [("by-url", &by_url[..]), ("by-dir", &["--dir", &dir])] {
        let saved = ledger(&[&["export", "--out", &path(name)], source].concat());
        assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
        assert_eq!(good(&[&path(name)], &card)["root"], report["root"]);
    }
    assert_eq!(std::fs::read(path("by-url")).unwrap(), std::fs::read(path("by-dir")).unwrap());

    // Entries are for auditors: nobody else has them.
    let bundle = format!("{}/tile/entries/000.p/1", facts.ledger);
    assert_eq!(get(bundle).await.status(), 401);
    assert_eq!(verify(&["--url", &facts.ledger], &card).0, 2);
    assert_eq!(verify(&["--url", &facts.ledger, "--token", "guessed"], &card).0, 2);
    let text = ledger(&[&["verify", "--card", card.to_str().unwrap()], &by_url[..]].concat());
    assert!(String::from_utf8_lossy(&text.stdout).ends_with("ledger: GOOD\n"));

    // A signer's event, found and proven.
    let shown = ledger(&[&["show", "--json", "--kind", "signed"], &by_url[..]].concat());
    let shown: Vec<Value> = shown.stdout.split(|b| *b == b'\n').flat_map(serde_json::from_slice).collect();
    assert_eq!(shown.len(), 3);
    let last = shown[2]["index"].as_u64().unwrap();
    let subject = shown[2]["event"]["credential"]["subject"].as_str().unwrap();
    let of = ledger(&[&["show", "--credential", subject, "--count", "2"], &by_url[..]].concat());
    assert_eq!(String::from_utf8_lossy(&of.stdout).lines().count(), 2);
    let proof = get(format!("{}/proof/{last}", facts.ledger)).await.text().await.unwrap();
    std::fs::write(path("event.tlog-proof"), &proof).unwrap();
    service.stop();
    let entries = Ledger::read(&folder.path().join("dev")).await.entries;
    std::fs::write(path("event"), &entries[last as usize]).unwrap();
    std::fs::write(path("another"), &entries[last as usize - 1]).unwrap();
    let prove = |proof: &str, event: &str| {
        ledger(&["proof", proof, "--event", event, "--card", card.to_str().unwrap()]).status.code()
    };
    assert_eq!(prove(&path("event.tlog-proof"), &path("event")), Some(0));
    assert_eq!(prove(&path("event.tlog-proof"), &path("another")), Some(1));
    std::fs::write(path("other.tlog-proof"), proof.replace(&format!("index {last}"), "index 1")).unwrap();
    assert_eq!(prove(&path("other.tlog-proof"), &path("event")), Some(1));
    assert_eq!(prove(&path("event"), &path("event")), Some(2));

    let altered =
        Altered { folder: folder.path().to_owned(), card, size: entries.len() as u64, signed: last };
    altered.entries(&entries).await;
    altered.ends().await;
    altered.heads_and_files(&path("by-dir")).await;
    altered.served(&facts.auditor_token).await;
}

/// Copies of a stopped service's database in which something is another.
struct Altered {
    folder: PathBuf,
    card: PathBuf,
    size: u64,
    /// Index of the newest signing event.
    signed: u64,
}

impl Altered {
    /// A fresh copy: its folder, and a connection.
    async fn copy(&self, name: &str) -> (String, SqliteConnection) {
        let copy = self.folder.join(name);
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(self.folder.join("dev/host")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        let options = SqliteConnectOptions::new().filename(copy.join("fuin.sqlite")).foreign_keys(false);
        (copy.to_str().unwrap().to_owned(), options.connect().await.unwrap())
    }

    /// Runs statements on a fresh copy, and gives where verification stops.
    async fn broken(&self, name: &str, statements: &[String]) -> (u64, String) {
        let (copy, mut connection) = self.copy(name).await;
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        broken(&["--dir", &copy], &self.card)
    }

    async fn entries(&self, entries: &[Vec<u8>]) {
        let at = self.signed;
        let mut flipped = entries[at as usize].clone();
        // The last octet belongs to a hash, so that the event stays one.
        *flipped.last_mut().unwrap() ^= 1;
        let (flipped, leaf) =
            (hex::encode(&flipped), hex::encode(fuin_shared::log::tree::leaf_hash(&flipped)));
        let flip = format!("UPDATE ledger_entries SET entry = x'{flipped}' WHERE entry_index = {at}");
        assert_eq!(self.broken("flipped", std::slice::from_ref(&flip)).await.0, at);
        // With a leaf hash that fits, the next signed checkpoint does not.
        let follow = format!("UPDATE ledger_entries SET leaf_hash = x'{leaf}' WHERE entry_index = {at}");
        assert_eq!(self.broken("flipped-with-leaf", &[flip, follow]).await.0, at);

        let drop = format!("DELETE FROM ledger_entries WHERE entry_index = {at}");
        let (index, rule) = self.broken("dropped", std::slice::from_ref(&drop)).await;
        assert_eq!((index, rule.as_str()), (at, "the entry is missing"));
        let early = at - 3;
        let mut close = vec![format!("DELETE FROM ledger_entries WHERE entry_index = {early}")];
        close.extend((early + 1..self.size).map(|from| {
            format!("UPDATE ledger_entries SET entry_index = {} WHERE entry_index = {from}", from - 1)
        }));
        // It shows at the next running number or signed checkpoint, whichever comes first: one commit may hold several events.
        let (index, _) = self.broken("dropped-and-closed", &close).await;
        assert!((early..=at).contains(&index), "{index} is not within {early} to {at}");

        let (a, b, free) = (at - 1, at, self.size + 10);
        let swap = [(a, free), (b, a), (free, b)].map(|(from, to)| {
            format!("UPDATE ledger_entries SET entry_index = {to} WHERE entry_index = {from}")
        });
        assert_eq!(self.broken("swapped", &swap).await.0, a);
    }

    async fn ends(&self) {
        let last = self.size - 1;
        let shorten = format!("DELETE FROM ledger_entries WHERE entry_index = {last}");
        assert_eq!(self.broken("shortened", std::slice::from_ref(&shorten)).await.0, last);
        let forget = format!("DELETE FROM ledger_checkpoints WHERE size = {}", self.size);
        let (index, rule) = self.broken("forgotten", std::slice::from_ref(&forget)).await;
        assert_eq!((index, rule.as_str()), (last, "the entry lies beyond the newest checkpoint"));

        // Shortened as a whole it is a good ledger of yesterday: only who has seen more notices.
        let (copy, mut connection) = self.copy("yesterday").await;
        let newest = "SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1";
        let newest: String = sqlx::query(newest).fetch_one(&mut connection).await.unwrap().get(0);
        for statement in [shorten, forget] {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        let seen = self.folder.join("newest");
        std::fs::write(&seen, newest).unwrap();
        good(&["--dir", &copy], &self.card);
        let (index, rule) = broken(&["--dir", &copy, "--since", seen.to_str().unwrap()], &self.card);
        assert_eq!(index, last);
        assert!(rule.starts_with("the ledger is shorter than the checkpoint"), "{rule}");
    }

    async fn heads_and_files(&self, archive: &str) {
        let change = format!(
            "UPDATE ledger_checkpoints SET note = replace(note, '— ', '— x') WHERE size = {}",
            self.size - 1
        );
        assert_eq!(self.broken("old-head", &[change]).await.0, self.size - 2);
        let octets = std::fs::read(archive).unwrap();
        let cut = self.folder.join("cut");
        let cut_at = |octets: &[u8]| {
            std::fs::write(&cut, octets).unwrap();
            verify(&[cut.to_str().unwrap()], &self.card)
        };
        let (status, report) = cut_at(&octets[..octets.len() - 1]);
        assert_eq!((status, report["index"].as_u64()), (1, Some(self.size - 1)));
        let (status, report) = cut_at(&[&octets[..], &[0, 0]].concat());
        assert_eq!((status, report["index"].as_u64()), (1, Some(self.size)));
        assert_eq!(cut_at(&octets[..20]).0, 2);
        assert_eq!(verify(&["--dir", "/nonexistent"], &self.card).0, 2);

        // Another key of the same name has not signed it.
        let card: Value = serde_json::from_slice(&std::fs::read(&self.card).unwrap()).unwrap();
        let key = VerifierKey::parse(card["ledger"]["vkey"].as_str().unwrap()).unwrap();
        let other = NoteSigner::from_seed(key.name(), &[1; 32]).unwrap().verifier().to_string();
        assert_eq!(ledger(&["verify", archive, "--vkey", &other]).status.code(), Some(1));
        assert_eq!(ledger(&["verify", archive, "--vkey", &key.to_string()]).status.code(), Some(0));
        assert_eq!(ledger(&["verify", archive, "--vkey", "x"]).status.code(), Some(2));
    }

    /// A host that serves another leaf hash than the entry's.
    async fn served(&self, token: &str) {
        let (copy, mut connection) = self.copy("served").await;
        let zero =
            format!("UPDATE ledger_entries SET leaf_hash = zeroblob(32) WHERE entry_index = {}", self.signed);
        sqlx::query(sqlx::AssertSqlSafe(zero)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let socket = self.folder.join("s");
        let digest = Digest32(Sha256::digest(token).into());
        let config = HostConfig {
            ledger: LedgerConfig { auditor_token_sha256: vec![digest] },
            ..HostConfig::local(format!("unix://{}", socket.display()), copy)
        };
        let host = Host::start(config).await.unwrap();
        let url = format!("{}/ledger", host.base_url());
        let (card, token) = (self.card.clone(), token.to_owned());
        let judged = tokio::task::spawn_blocking(move || broken(&["--url", &url, "--token", &token], &card));
        let (index, rule) = judged.await.unwrap();
        assert_eq!((index, rule.as_str()), (self.signed, "the entry is not that of its leaf hash"));
        host.shutdown().await;
    }
}
