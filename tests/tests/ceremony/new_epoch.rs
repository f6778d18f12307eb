//! Place: none. The only witness of a service is lost, and officers and custodians go on in a new epoch.

use fuin_tests::place::{Enclave, Place, Said};
use fuin_tests::programs::{bounded, program};
use serde_json::Value;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// `fuin ...` in the folder of the place; `HOST` stands for the listener for ceremonies.
fn fuin(place: &Place, command: &str) -> Said {
    let mut fuin = bounded(program("fuin"));
    fuin.current_dir(place.path(""));
    fuin.args(
        command.split_whitespace().map(|word| if word == "HOST" { place.ceremony.as_str() } else { word }),
    );
    said(fuin.output().unwrap())
}

fn said(Output { status, stdout, stderr }: Output) -> Said {
    Said {
        status: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// A witness of its own, which serves.
struct Witness {
    name: &'static str,
    vkey: String,
    url: String,
    child: Child,
}

impl Witness {
    fn new(place: &Place, name: &'static str) -> Self {
        let made = fuin(place, &format!("witness init --dir {name} --name witness.example/{name}"));
        let vkey = made.says("witness.example/").out.trim().to_owned();
        let mut serve = Command::new(program("fuin"));
        serve.current_dir(place.path("")).args(["witness", "serve", "--dir", name, "--address-file"]);
        let address = place.path(&format!("{name}.address"));
        let child = serve.arg(&address).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begin = Instant::now();
        let url = loop {
            match std::fs::read_to_string(&address) {
                Ok(text) if text.ends_with('\n') => break format!("http://{}", text.trim()),
                _ => assert!(begin.elapsed() < Duration::from_secs(120), "{name} does not serve"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { name, vkey, url, child }
    }

    /// Has it watch the ledger that the host waits for.
    fn watch(&self, place: &mut Place) -> String {
        let begin = Instant::now();
        let asked = loop {
            let state = place.wait_for("recovering");
            if let Some(vkey) = state["witnessesAsked"]["vkey"].as_str() {
                break vkey.to_owned();
            }
            assert!(begin.elapsed() < Duration::from_secs(120), "nobody was asked");
            std::thread::sleep(Duration::from_millis(50));
        };
        fuin(place, &format!("witness add-log --dir {} --vkey {asked}", self.name)).says("watched: ");
        asked
    }

    /// Gone for ever.
    fn lose(&mut self, place: &Place) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_dir_all(place.path(self.name)).unwrap();
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The host asks this witness from now on.
fn ask(place: &mut Place, witness: &Witness) {
    place.kill_both(|place| {
        let path = place.path("host.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let before = text.split("\n[[witnesses]]").next().unwrap();
        let entry =
            format!("{before}\n[[witnesses]]\nurl = \"{}\"\nvkey = \"{}\"\n", witness.url, witness.vkey);
        std::fs::write(path, entry).unwrap();
    });
}

/// The last custodian's part, which ends only when the witness has cosigned: meanwhile it is told of the ledger.
fn last_share(place: &mut Place, name: &str, witness: &Witness) -> String {
    let mut share = bounded(program("fuin"));
    share.current_dir(place.path("")).args(["ceremony", "share", "--host", &place.ceremony]);
    share.args(["--state", &format!("{name}.state")]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let share = share.spawn().unwrap();
    let asked = witness.watch(place);
    said(share.wait_with_output().unwrap()).says("the enclave is operational");
    asked
}

fn cosigned_checkpoint(place: &Place) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("{}/ledger/checkpoint", place.public);
    runtime.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() })
}

#[test]
fn a_service_whose_witness_is_lost_goes_on_in_a_new_epoch() {
    let mut place = Place::new(&Enclave::Process);
    let mut first = Witness::new(&place, "first");
    ask(&mut place, &first);
    let release = format!(
        "release = \"cosigned\"\nwitnesses = {{ witnesses = [\"{}\"], threshold = 1, faults = 0 }}\n",
        first.vkey
    );
    place.found(&release);
    place.approve("ada").says("officers still needed: 1");
    place.approve("cem").says("genesis has begun");
    place.share("lea").says("missing: kei, mio");
    place.share("kei").says("missing: mio");
    let before = last_share(&mut place, "mio", &first);
    place.share("lea").says("lea follows the ledger");
    place.share("kei").says("kei follows the ledger");
    let old_card = place.card();
    std::fs::write(place.path("cosigned"), cosigned_checkpoint(&place)).unwrap();

    place.tell("founding");

    // The witness is lost. Another manifest alone leads nowhere, for it needs the witness too.
    first.lose(&place);
    let second = Witness::new(&place, "second");
    ask(&mut place, &second);
    place.wait_for("uninitialized");
    let evidence = "--host HOST --manifest all --release release.json";
    fuin(&place, "manifest show --host HOST --save all").says("version    1");
    let named = format!(
        "manifest draft --host HOST -o manifest.draft --add-witness {} --remove-witness witness.example/first",
        second.vkey
    );
    fuin(&place, &named).says("signatures needed: 2");
    let draft =
        format!("new-epoch draft {evidence} --checkpoint cosigned --change manifest.draft -o epoch.draft");
    place.fuin(&draft).refuses("quorum");
    for name in ["ada", "ben"] {
        fuin(&place, &format!("manifest sign --draft manifest.draft --key {name}.pem")).says("signed by");
    }
    let drafted = place.fuin(&draft).says("begins     epoch 1").says("by witness.example/first");
    assert!(!drafted.out.contains("WARNING") && drafted.out.contains(&second.vkey), "{}", drafted.out);

    // Each officer verifies and signs; one alone begins nothing, and no stranger signs.
    place.fuin("new-epoch begin --host HOST --draft epoch.draft").refuses("(362)");
    let sign = |name: &str| format!("new-epoch sign {evidence} --draft epoch.draft --key {name}.pem");
    place.fuin(&sign("ada")).says("signatures: 1 of 2 (ada)");
    place.fuin("new-epoch begin --host HOST --draft epoch.draft").refuses("(362)");
    place.fuin("init officer --name eve --key eve.pem --entry eve.json").says("eve");
    assert_eq!(place.fuin(&sign("eve")).status, 2);
    place.fuin(&sign("cem")).says("signatures: 2 of 2 (ada, cem)");
    let begun = place.fuin("new-epoch begin --host HOST --draft epoch.draft --json");
    let begun: Value = serde_json::from_str(&begun.says("epoch").out).unwrap();
    assert_eq!(begun["epoch"], 1);

    // Custodians give their shares as always, and the new witness is told of the new origin.
    place.fuin("status --host HOST").says("planned:     epoch 1");
    place.share("lea").says("officers planned epoch 1").says("1 more needed");
    let after = last_share(&mut place, "mio", &second);
    assert_ne!(before, after);
    fuin(&place, "manifest show --host HOST --save all").says("version    2");
    let status = format!("status {evidence} --card new-card.json");
    let shown = place.fuin(&status).says("BREAK:           epoch 1 since entry 1");
    assert!(shown.out.contains(old_card["ledger"]["origin"].as_str().unwrap()), "{}", shown.out);
    let card: Value = serde_json::from_slice(&std::fs::read(place.path("new-card.json")).unwrap()).unwrap();
    assert_eq!(card["ledger"]["vkey"], after);

    place.tell("a new epoch");

    // What is published is of the new origin.
    assert!(cosigned_checkpoint(&place).starts_with(card["ledger"]["origin"].as_str().unwrap()));

    // An auditor sees the break; the old card says what became of it.
    let verify = "ledger verify --dir data --card new-card.json --manifest all --since cosigned";
    let verified = fuin(&place, verify).says("BREAK:       entry 1 begins epoch 1").says("ledger: GOOD");
    assert!(verified.out.contains("a quorum of the manifest that was current"), "{}", verified.out);
    let json: Value = serde_json::from_str(&fuin(&place, &format!("{verify} --json")).out).unwrap();
    assert_eq!((&json["breaks"][0]["quorum"], &json["breaks"][0]["index"]), (&true.into(), &1.into()));
    fuin(&place, "ledger export --dir data --out saved").says("saved");
    fuin(&place, "ledger verify saved --card new-card.json").says("begins epoch 1").says("ledger: GOOD");
    let old = fuin(&place, "ledger verify --dir data --card service-card.json");
    assert_eq!(old.status, 1);
    assert!(old.out.contains("new epoch"), "{}{}", old.out, old.err);

    // The next boot goes over the break, also with a custodian who has not seen it.
    place.kill_enclave();
    place.wait_for("uninitialized");
    // What was approved for another boot is not used again.
    place.fuin("new-epoch begin --host HOST --draft epoch.draft").refuses("refuses");
    place.share("kei").says("another origin than the one that you follow");
    place.share("lea").says("the enclave is operational");
    place.share("kei").says("NEW EPOCH");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 3);
}
