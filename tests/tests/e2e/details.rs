//! Place: none. Details for auditors, through `fuin ledger` alone: opened, searched, saved; and what a host does to them.

use crate::ledger::{broken, get, good, ledger, sign, verify};
use crate::manifest::evident;
use fuin_tests::programs::{bounded, program, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::{Path, PathBuf};

/// Lines of `fuin ledger show --json`.
fn shown(arguments: &[&str]) -> Vec<Value> {
    let output = ledger(&[&["show", "--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.split(|b| *b == b'\n').flat_map(serde_json::from_slice).collect()
}

/// Exit status 2, and what was said.
fn unusable(arguments: &[&str]) -> String {
    let output = ledger(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn auditors_open_search_and_save_details_and_nobody_else_does() {
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let service = Service::start(&Mode::Process, &folder.path().join("dev"));
    let (facts, dir) = (service.facts().clone(), service.dir().to_str().unwrap().to_owned());
    let (card, key) = (facts.service_card.clone(), facts.auditor_key.to_str().unwrap().to_owned());
    sign(&facts, 2).await;
    let by_url = ["--url", &facts.ledger, "--token", &facts.auditor_token];
    let keyed = |source: &[&str], more: &[&str]| -> Vec<String> {
        [source, &["--auditor-key", &key], more].concat().into_iter().map(str::to_owned).collect()
    };
    let with_key = |source: &[&str], more: &[&str]| {
        let arguments = keyed(source, more);
        shown(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };

    // Verified without a key, each is there and unaltered; with it each opens.
    let report = good(&by_url, &card);
    let details = |opened: &Value, others: Value| json!({ "sealed": report["size"], "erased": 0, "opened": opened, "toOthers": others });
    assert_eq!(report["details"], details(&Value::Null, Value::Null));
    let report = good(&[&by_url[..], &["--auditor-key", &key]].concat(), &card);
    assert_eq!(report["details"], details(&report["size"], json!(0)));
    let text = ledger(&[&["verify", "--card", card.to_str().unwrap()], &by_url[..]].concat());
    assert!(String::from_utf8_lossy(&text.stdout).contains("NOT OPENED: give --auditor-key"));

    // Who signed what, with which credential.
    let signed = with_key(&by_url, &["--type", "signed"]);
    assert_eq!(signed.len(), 2);
    let concerned = &signed[0]["detail"]["credential"];
    assert_eq!((&concerned["user"], &concerned["client"]), (&json!(facts.user), &json!("dev-ra")));
    assert_eq!(signed[0]["detail"]["by"], json!([{ "role": "signer", "name": facts.user }]));
    assert_eq!(signed[0]["detail"]["hashes"].as_array().unwrap().len(), 2);
    let line = ledger(&keyed(&by_url, &["--type", "signed", "--count", "1"]).iter().fold(
        vec!["show"],
        |mut all, one| {
            all.push(one);
            all
        },
    ));
    let line = String::from_utf8(line.stdout).unwrap();
    assert!(line.contains(&format!(" detail.credential.user={} ", facts.user)), "{line}");

    // Searches: by user, by credential, by date, by both, from a place whose content key lies before it.
    let id = concerned["id"].as_str().unwrap();
    let by_id = with_key(&by_url, &["--credential", id]);
    assert!(by_id.iter().all(|event| event["detail"]["credential"]["id"] == *id) && by_id.len() > 4);
    let subject = signed[0]["event"]["credential"]["subject"].as_str().unwrap();
    assert_eq!(with_key(&by_url, &["--credential", subject]), by_id);
    let user = format!("dev-ra/{}", facts.user);
    let by_user = with_key(&by_url, &["--user", &user]);
    assert!(by_user.len() > by_id.len(), "{} and {}", by_user.len(), by_id.len());
    assert!(with_key(&by_url, &["--user", "dev-ra/nobody"]).is_empty());
    let (first, last) = (&by_user[0], &by_user[by_user.len() - 1]);
    let day = |event: &Value| day(event["time"].as_u64().unwrap());
    assert_eq!(with_key(&by_url, &["--user", &user, "--since", &day(first)]), by_user);
    assert!(with_key(&by_url, &["--user", &user, "--until", &day(first)]).is_empty());
    assert!(with_key(&by_url, &["--since", "2099-01-01"]).is_empty());
    let later = with_key(&by_url, &["--from", &last["index"].to_string()]);
    assert_eq!(&later[0], last);

    // The archive and the database say the same.
    for (name, source) in [("by-url", &by_url[..]), ("by-dir", &["--dir", &dir])] {
        let saved = ledger(&[&["export", "--out", &path(name)], source].concat());
        assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
        let report = good(&[&path(name), "--auditor-key", &key], &card);
        assert_eq!(report["details"]["opened"], report["size"]);
        assert_eq!(with_key(&[&path(name)], &["--user", &user]), by_user);
        assert_eq!(with_key(&[&path(name)], &["--from", &last["index"].to_string()])[0], *last);
    }
    assert_eq!(with_key(&["--dir", &dir], &["--user", &user]), by_user);
    assert_eq!(std::fs::read(path("by-url")).unwrap(), std::fs::read(path("by-dir")).unwrap());

    // Without the token nobody has them, without a key nobody reads them, and another key is told whose they are.
    assert_eq!(get(format!("{}/details/0", facts.ledger)).await.status(), 401);
    assert!(unusable(&[&["show", "--user", &user], &by_url[..]].concat()).contains("give --auditor-key"));
    let stranger = path("stranger.pem");
    fuin(&[
        "ceremony",
        "init",
        "auditor",
        "--name",
        "rin",
        "--key",
        &path("rin.pem"),
        "--sealing-key",
        &stranger,
        "--entry",
        &path("rin.json"),
    ]);
    let entry: Value = serde_json::from_slice(&std::fs::read(path("rin.json")).unwrap()).unwrap();
    assert!(entry["auditor"]["sealing"].is_string(), "{entry}");
    for command in [&["show"][..], &["verify", "--card", card.to_str().unwrap()]] {
        let said = unusable(&[command, &by_url[..], &["--auditor-key", &stranger]].concat());
        assert!(said.contains("--auditor-key") && said.contains("sealed to dev-auditor"), "{said}");
    }
    let no_key = unusable(&[&["show"][..], &by_url[..], &["--auditor-key", &path("by-url")]].concat());
    assert!(no_key.contains("--auditor-key: "), "{no_key}");
    assert_eq!(verify(&[&by_url[..], &["--auditor-key", &path("nothing")]].concat(), &card).0, 2);

    // Evidence says who reads.
    let readers = || evident(&service, folder.path())["service"]["manifest"]["detail_readers"].clone();
    assert_eq!(readers(), json!(["dev-auditor"]));

    // Another auditor takes the place of the first: from then on the new key alone opens.
    let dev = |name: &str| service.dir().join(name).to_str().unwrap().to_owned();
    let (draft, officer, entry) = (path("draft.json"), dev("keys/officer.pem"), path("rin.json"));
    fuin(&[
        "manifest",
        "draft",
        "--host",
        &facts.ceremony,
        "--service",
        &facts.service,
        "-o",
        &draft,
        "--remove",
        "dev-auditor",
        "--add",
        &entry,
    ]);
    let told = fuin(&["manifest", "sign", "--draft", &draft, "--key", &officer, "--service", &facts.service]);
    assert!(told.contains("details to rin\n"), "{told}");
    fuin(&["manifest", "change", "--host", &facts.ceremony, "--draft", &draft]);
    assert_eq!(readers(), json!(["rin"]));
    sign(&facts, 1).await;
    let opened = |key: &str| {
        let report = good(&[&by_url[..], &["--auditor-key", key]].concat(), &card);
        let number = |name: &str| report["details"][name].as_u64().unwrap();
        assert_eq!(number("opened") + number("toOthers"), number("sealed"));
        number("opened")
    };
    let all = good(&by_url, &card)["size"].as_u64().unwrap();
    let (before, after) = (opened(&key), opened(&stranger));
    assert_eq!((before + after, after), (all, 2), "an authorization and a signature");
    assert_eq!(with_key(&by_url, &["--user", &user]), by_user, "what is sealed to the other is not found");

    service.stop();
    let at = last["index"].as_u64().unwrap();
    let kept = Kept { folder: folder.path().to_owned(), card: &card, key: &key, at };
    kept.altered().await;
    kept.erased(all - after, &stranger).await;
}

/// What `fuin` says, which ends well.
fn fuin(arguments: &[&str]) -> String {
    let output = bounded(program("fuin")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// UTC, of Unix milliseconds.
fn day(milliseconds: u64) -> String {
    let days = std::time::Duration::from_millis(milliseconds / 86_400_000 * 86_400_000);
    let text = fuin_attestation::time::utc(days.as_secs());
    text.get(..10).unwrap().to_owned()
}

/// The stopped service's database.
struct Kept<'a> {
    folder: PathBuf,
    card: &'a Path,
    key: &'a str,
    /// Index of an event.
    at: u64,
}

impl Kept<'_> {
    /// A copy on which this was done.
    async fn copy(&self, name: &str, statement: String) -> String {
        let copy = self.folder.join(name);
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(self.folder.join("dev/host")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        let options = SqliteConnectOptions::new().filename(copy.join("fuin.sqlite")).foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        copy.to_str().unwrap().to_owned()
    }

    /// What verification says of such a copy: without a key, and with it.
    async fn broken(&self, name: &str, statement: String) -> (u64, String) {
        let copy = self.copy(name, statement).await;
        let found = broken(&["--dir", &copy], self.card);
        assert_eq!(broken(&["--dir", &copy, "--auditor-key", self.key], self.card), found);
        found
    }

    /// All before a new content key are erased, as rules of keeping may want it: `key` is whose it is.
    async fn erased(&self, from: u64, key: &str) {
        let erase = format!("DELETE FROM audit_details WHERE entry_index < {from}");
        let copy = self.copy("details-erased", erase).await;
        assert_eq!(broken(&["--dir", &copy], self.card).0, 0);
        let report =
            good(&["--dir", &copy, "--details-from", &from.to_string(), "--auditor-key", key], self.card);
        let told = json!({ "sealed": 2, "erased": from, "opened": 2, "toOthers": 0 });
        assert_eq!(report["details"], told);
        // Not one more may be missing.
        let early = (from - 1).to_string();
        assert_eq!(broken(&["--dir", &copy, "--details-from", &early], self.card).0, from - 1);
    }

    async fn altered(&self) {
        let (at, before) = (self.at, self.at - 1);
        let missing = "the sealed detail of the event is missing".to_owned();
        let altered = "the sealed detail is altered, or is that of another event".to_owned();
        let drop = format!("DELETE FROM audit_details WHERE entry_index = {at}");
        assert_eq!(self.broken("detail-dropped", drop).await, (at, missing.clone()));
        let all = "DELETE FROM audit_details".to_owned();
        assert_eq!(self.broken("details-dropped", all).await, (0, missing));
        let flip = format!(
            "UPDATE audit_details SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE entry_index = {at}"
        );
        assert_eq!(self.broken("detail-altered", flip).await, (at, altered.clone()));
        let swap = [(before, self.at + 1000), (at, before), (self.at + 1000, at)].map(|(from, to)| {
            format!("UPDATE audit_details SET entry_index = {to} WHERE entry_index = {from};")
        });
        assert_eq!(self.broken("details-swapped", swap.concat()).await, (before, altered));
    }
}
