//! Place: none. Each row of the table, over HTTP: by `fuin witness serve`, and by somebody else's witness.

use crate::kit::{TestLog, cosigned_at, each_code};
use crate::program::{Serving, post, text, watching};
use base64ct::{Base64, Encoding as _};
use fuin_shared::log::add_checkpoint::Answer;
use fuin_shared::log::cosignature::{CosignedCheckpoint, WitnessKey};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn witness_codes() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let serving = Serving::start(&folder, &[]);
    each_code(&log, &key, &[], |body| post(serving.address, body).unwrap());

    // What it recorded is there after a kill, and served.
    serving.kill();
    let serving = Serving::start(&folder, &[]);
    let conflict = post(serving.address, &log.request(5, 9)).unwrap();
    assert_eq!(conflict.answer(), Answer::Conflict { recorded: 9 });
    let note = newest(serving.address, log.origin());
    let cosigned = CosignedCheckpoint::open(&note, log.key(), &[key]).unwrap();
    assert_eq!(cosigned.checkpoint().size, 9);
}

fn newest(address: SocketAddr, origin: &str) -> String {
    let mut stream = crate::program::connect(address).unwrap();
    let id = hex::encode(Sha256::digest(origin));
    write!(stream, "GET /{id}/checkpoint HTTP/1.0\r\n\r\n").unwrap();
    let reply = crate::program::reply(stream).unwrap();
    assert_eq!(reply.status, 200);
    String::from_utf8(reply.body).unwrap()
}

/// Debian's program: in the search path, or where scripts/setup puts it.
fn peer(name: &str) -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.work/tools/bin");
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search).chain([tools]).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Where `sigsum-witness` 0.11 answers 400: for a proof where none can be, and none where one must be, C2SP says 422; a line
/// of an unknown key it should ignore.
const PECULIAR: [(&str, Answer); 4] = [
    ("a proof at old 0", Answer::Malformed),
    ("equal size with a proof", Answer::Malformed),
    ("no proof", Answer::Malformed),
    ("line of an unknown key", Answer::Malformed),
];

#[test]
fn witness_codes_of_sigsum_witness() {
    let (Some(witness), Some(keys)) = (peer("sigsum-witness"), peer("sigsum-key")) else {
        // Not by a macro: those of a test that passes are not shown.
        let said =
            "SKIPPED: sigsum-witness is not installed; scripts/setup installs it where Debian offers it\n";
        return std::io::stderr().write_all(said.as_bytes()).unwrap();
    };
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let made = Command::new(keys).args(["generate", "-o", text(&path("key"))]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let public = public_key(&std::fs::read_to_string(path("key.pub")).unwrap());
    std::fs::write(path("log.pub"), open_ssh(&log.key().public_key())).unwrap();
    let name = format!("sigsum.org/v1/witness/{}", hex::encode(Sha256::digest(public)));
    let key = WitnessKey::new(&name, &public).unwrap();

    // It takes no port 0: one that is free now will be free soon.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new(witness);
    command.args(["-k", text(&path("key")), "--log-key", text(&path("log.pub"))]);
    command.args(["--state-file", text(&path("state")), &address.to_string()]);
    // Without this its paths are all unknown to it.
    command.env("GODEBUG", "httpmuxgo121=0").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let serving = Serving { child: command.spawn().unwrap(), address };
    for _ in 0..600 {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    each_code(&log, &key, &PECULIAR, |body| post(serving.address, body).unwrap());

    // Its cosignature is a witness's like any other.
    let answer = post(serving.address, &log.request(9, 12)).unwrap().answer();
    assert!(cosigned_at(&log, 12, &key, &answer) > 0);
}

/// The key in a line of OpenSSH.
fn public_key(line: &str) -> [u8; 32] {
    let blob = Base64::decode_vec(line.split(' ').nth(1).unwrap()).unwrap();
    blob[blob.len() - 32..].try_into().unwrap()
}

fn open_ssh(key: &[u8; 32]) -> String {
    let mut blob = Vec::new();
    for part in [b"ssh-ed25519", &key[..]] {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("ssh-ed25519 {} log\n", Base64::encode_string(&blob))
}
