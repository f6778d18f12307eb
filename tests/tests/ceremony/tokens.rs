//! Place: none. An officer and a custodian whose keys are in PKCS#11 tokens: SoftHSM, which nobody here wrote.

use fuin_tests::place::{Enclave, Place, Said, service_in};
use fuin_tests::programs::{bounded, run};
use std::path::{Path, PathBuf};

const PIN: &str = "271828";

/// Where Debian and others put it.
fn module() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = places.into_iter().map(PathBuf::from).find(|place| place.is_file());
    found.expect("SoftHSM is missing: run `scripts/setup` first")
}

/// Tokens of the people in this place, in its own folder.
struct Tokens {
    module: PathBuf,
    settings: PathBuf,
}

impl Tokens {
    fn new(place: &Place, labels: &[&str]) -> Self {
        let (folder, settings) = (place.path("tokens"), place.path("softhsm2.conf"));
        std::fs::create_dir(&folder).unwrap();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            folder.display()
        );
        std::fs::write(&settings, text).unwrap();
        std::fs::write(place.path("pin"), format!("{PIN}\n")).unwrap();
        std::fs::write(place.path("wrong-pin"), "314159\n").unwrap();
        for label in labels {
            let mut command = bounded("softhsm2-util");
            command.env("SOFTHSM2_CONF", &settings).args(["--init-token", "--free", "--label", label]);
            run(command.args(["--pin", PIN, "--so-pin", PIN]));
        }
        Self { module: module(), settings }
    }

    /// The value of `--pkcs11`.
    fn named(&self, token: &str, key: &str, pin: &str) -> String {
        format!("module={},token={token},key={key},pin-file={pin}", self.module.display())
    }

    fn fuin(&self, place: &mut Place, command: &str) -> Said {
        place.fuin_with(command, &[("SOFTHSM2_CONF", self.settings.as_os_str())])
    }

    /// As [`Self::fuin`], with the PIN in the environment.
    fn fuin_pin(&self, place: &mut Place, command: &str, pin: &str) -> Said {
        let settings = self.settings.as_os_str();
        place.fuin_with(command, &[("SOFTHSM2_CONF", settings), ("FUIN_PKCS11_PIN", pin.as_ref())])
    }
}

/// Whether a file under this folder has these octets in it.
fn holds(folder: &Path, name: &str, octets: &[u8]) -> bool {
    let content = std::fs::read(folder.join(name)).unwrap();
    content.windows(octets.len()).any(|window| window == octets)
}

#[test]
fn an_officer_and_a_custodian_with_tokens_found_a_service_and_bring_it_back() {
    let mut place = Place::new(&Enclave::Process);
    let tokens = Tokens::new(&place, &["ada", "kei", "strangers"]);
    let ada = tokens.named("ada", "officer", "pin");
    let kei = tokens.named("kei", "custodian", "pin");

    // One officer and one custodian have files, two of each are needed.
    let made = format!("init officer --name ada --pkcs11 {ada} --entry ada.json");
    tokens.fuin(&mut place, &made).says("key in a token");
    let first = std::fs::read(place.path("ada.json")).unwrap();
    tokens.fuin(&mut place, &made).says("key in a token");
    assert_eq!(std::fs::read(place.path("ada.json")).unwrap(), first, "a key that is there is taken");
    place.fuin("init officer --name ben --key ben.pem --entry ben.json").says("ben");
    tokens
        .fuin(
            &mut place,
            &format!("init custodian --name kei --state kei.state --pkcs11 {kei} --entry kei.json"),
        )
        .says("keys in a token");
    place.fuin("init custodian --name lea --state lea.state --entry lea.json").says("lea");
    place.describe("");
    let made = "init manifest --description service.toml --entry ada.json --entry ben.json --entry kei.json --entry lea.json --output manifest.cbor";
    let service = service_in(&place.fuin(made).says("2 of kei, lea").out);
    let sign = format!("init sign --manifest manifest.cbor --pkcs11 {ada}");
    tokens.fuin(&mut place, &sign).says("signed by ada");
    place.fuin("init sign --manifest manifest.cbor --key ben.pem").says("signatures: 2");
    for name in ["kei", "lea"] {
        // Pins need no key.
        place
            .fuin(&format!("init join --state {name}.state --manifest manifest.cbor --release release.json --service {service}"))
            .says("has joined");
    }
    place.wait_for("booted");
    place.fuin("init install --host HOST --manifest manifest.cbor").says(&service);

    let approve = "approve --host HOST --manifest manifest.cbor --release release.json";
    tokens.fuin(&mut place, &format!("{approve} --pkcs11 {ada}")).says("officers still needed: 1");
    place.fuin(&format!("{approve} --key ben.pem")).says("genesis has begun");
    let give = format!("share --host HOST --state kei.state --pkcs11 {kei}");
    let fails = |tokens: &Tokens, place: &mut Place, token: &str, key: &str, pin: &str, said: &str| {
        let name = tokens.named(token, key, pin);
        tokens.fuin(place, &format!("share --host HOST --state kei.state --pkcs11 {name}")).refuses(said);
    };
    place.share("kei").refuses("keys are in a token: name it with --pkcs11");
    fails(&tokens, &mut place, "kei", "custodian", "wrong-pin", "the PIN is wrong");
    fails(&tokens, &mut place, "mio", "custodian", "pin", "none is called \"mio\"");
    fails(&tokens, &mut place, "ada", "officer", "pin", "no key \"officer\" that one derives with");
    tokens.fuin(&mut place, &give).says("missing: lea");
    place.share("lea").says("the enclave is operational");
    // To follow the ledger takes no key.
    place.share("kei").says("kei follows the ledger");
    place.card();

    place.kill_enclave();
    place.wait_for("uninitialized");
    // The PIN from the environment.
    let named = format!("module={},token=kei,key=custodian", tokens.module.display());
    let give = format!("share --host HOST --state kei.state --pkcs11 {named}");
    tokens.fuin_pin(&mut place, &give, "314159").refuses("the PIN is wrong");
    tokens.fuin_pin(&mut place, &give, PIN).says("1 more needed");
    place.share("lea").says("the enclave is operational");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 2);

    // Somebody else's token is no help, and no key of a token lies in a file.
    let strangers = tokens.named("strangers", "custodian", "pin");
    tokens
        .fuin(
            &mut place,
            &format!("init custodian --name kei --state other.state --pkcs11 {strangers} --entry other.json"),
        )
        .says("keys in a token");
    place.kill_enclave();
    place.wait_for("uninitialized");
    tokens
        .fuin(&mut place, &format!("share --host HOST --state kei.state --pkcs11 {strangers}"))
        .refuses("the device has others than this custodian's");
    let folder = place.path("");
    assert!(!holds(&folder, "kei.state", b"\x67opening"), "a secret half has a place in the state");
    assert!(holds(&folder, "lea.state", b"\x67opening"));
}
