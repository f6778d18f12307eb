//! Place: none. `fuin-verify eif`.

use crate::kit::eif::image;
use crate::{Files, Run, run, run_command, run_with};
use std::process::Command;

const SECTIONS: [(u16, &[u8]); 5] =
    [(1, b"kernel"), (2, b"panic=30 \x1b[2J"), (5, b"{\"a\": 1}"), (3, b"boot"), (3, b"application")];

fn last(run: &Run, code: i32, start: &str) {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    assert!(run.last().starts_with(start), "{}", run.last());
}

#[test]
fn an_image_is_measured() {
    let files = Files::new();
    let file = files.write("image.eif", image(&SECTIONS));
    let plain = run(&["eif", &file]);
    last(&plain, 0, "image: ACCEPTED");
    assert!(plain.out.contains("no --release was given") && plain.out.contains("not signed"));
    assert!(!plain.out.contains('\u{1b}'));
    let json = run(&["eif", &file, "--json"]).json();
    assert_eq!(json["schema"], "fuin-verify-eif/1");
    assert_eq!((&json["accepted"], &json["image"]["sections"][3]["type"]), (&true.into(), &"ramdisk".into()));
    assert_eq!(json["image"]["metadata"]["a"], 1);
    let pcrs = json["image"]["pcrs"].as_object().unwrap();
    assert_eq!(pcrs.keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    // Its own registers are its release; any other is another image's.
    let release = files.write("release.json", serde_json::json!({ "pcrs": pcrs }).to_string());
    last(&run(&["eif", &file, "--release", &release]), 0, "image: ACCEPTED");
    let other = files.write("other.eif", image(&[SECTIONS[0], SECTIONS[1], SECTIONS[3]]));
    last(
        &run(&["eif", &other, "--release", &release]),
        1,
        "image: REFUSED (PCR0 is not that of the release)",
    );
    let mut signed = pcrs.clone();
    signed.insert("8".to_owned(), "11".repeat(48).into());
    let release = files.write("signed.json", serde_json::json!({ "pcrs": signed }).to_string());
    last(&run(&["eif", &file, "--release", &release]), 1, "image: REFUSED (the release names PCR8");
}

#[test]
fn what_is_no_image_is_refused() {
    last(&run_with(b"", &["eif", "-"]), 1, "image: REFUSED (the image ends inside its header)");
    last(&run_with(&[7; 1000], &["eif", "-"]), 1, "image: REFUSED (the file does not start with");
    let mut crossed = image(&SECTIONS);
    crossed[28 + 7] ^= 1;
    crate::kit::eif::fix_crc(&mut crossed);
    let run_crossed = run_with(&crossed, &["eif", "-"]);
    last(&run_crossed, 1, "image: REFUSED (the offset table disagrees");
    let json = run_with(&crossed, &["eif", "-", "--json"]).json();
    assert_eq!((&json["accepted"], &json["image"]), (&false.into(), &().into()));
    run(&["eif", "no-such-file"]).unusable("no-such-file");
    run(&["eif", "/"]).unusable("cannot read");
    run_with(&image(&SECTIONS), &["eif", "-", "--release", "no-such-file"]).unusable("--release");
}

/// An image larger than the memory that the program may have.
#[test]
fn a_large_image_needs_little_memory() {
    let kernel = vec![0; 80 << 20];
    let large = image(&[(1, &kernel), SECTIONS[1], SECTIONS[3]]);
    let script = "ulimit -v 65536; exec \"$0\" eif -";
    let mut command = Command::new("sh");
    let run = run_command(command.args(["-c", script, env!("CARGO_BIN_EXE_fuin-verify")]), &large);
    last(&run, 0, "image: ACCEPTED");
}
