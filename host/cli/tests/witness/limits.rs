//! Place: none. Clients that are slow, many, or endless: the others are served.

use crate::kit::{TestLog, cosigned_at};
use crate::program::{PATIENCE, Serving, connect, head, post, reply, watching};
use fuin_shared::log::add_checkpoint::{Answer, MAX_BODY};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

#[test]
fn slow_clients_do_not_keep_others_out() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let serving = Serving::start(&folder, &["--connections", "3", "--timeout", "1"]);
    let whole = head(500);
    let mut slow = Vec::new();
    for begun in ["", "POST /add-ch", "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nX-", &whole] {
        for _ in 0..3 {
            let mut stream = connect(serving.address).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            slow.push(stream);
        }
    }
    // One that sends an octet now and then is no better.
    let mut dripping = connect(serving.address).unwrap();
    let dripped = std::thread::spawn(move || {
        let begin = Instant::now();
        while dripping.write_all(b"P").is_ok() && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        begin.elapsed()
    });
    cosigned_at(&log, 5, &key, &post(serving.address, &log.request(0, 5)).unwrap().answer());
    for mut stream in slow {
        let mut said = Vec::new();
        // Cut off, with or without a word.
        if stream.read_to_end(&mut said).is_ok() {
            let said = String::from_utf8_lossy(&said);
            assert!(said.is_empty() || said.contains(" 408 ") || said.contains(" 400 "), "{said}");
        }
    }
    assert!(dripped.join().unwrap() < PATIENCE, "it was let drip");
    cosigned_at(&log, 9, &key, &post(serving.address, &log.request(5, 9)).unwrap().answer());
}

#[test]
fn a_connection_ends_in_time_whatever_it_asks() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, _) = watching(place.path(), &log);
    let serving = Serving::start(&folder, &["--timeout", "1"]);
    let mut stream = connect(serving.address).unwrap();
    let (begin, mut answered) = (Instant::now(), 0);
    let mut octets = [0; 4096];
    while stream.write_all(b"GET /x/checkpoint HTTP/1.1\r\nHost: w\r\n\r\n").is_ok() {
        match stream.read(&mut octets) {
            Ok(1..) => answered += 1,
            _ => break,
        }
        assert!(begin.elapsed() < PATIENCE, "it goes on for ever");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(answered > 5, "an honest connection is served more than once");
}

#[test]
fn large_bodies_are_refused() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let serving = Serving::start(&folder, &[]);
    // Said beforehand, or found on the way.
    for length in [MAX_BODY + 1, usize::MAX >> 2] {
        let mut stream = connect(serving.address).unwrap();
        stream.write_all(head(length).as_bytes()).unwrap();
        let _ = stream.write_all(&vec![b'a'; MAX_BODY + 1]);
        // What it did not read may end the connection before its answer is read.
        if let Ok(reply) = reply(stream) {
            assert_eq!(reply.answer(), Answer::Malformed);
        }
    }
    cosigned_at(&log, 5, &key, &post(serving.address, &log.request(0, 5)).unwrap().answer());
}

#[test]
fn a_stop_does_not_wait_for_slow_clients() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let mut serving = Serving::start(&folder, &["--timeout", "2"]);
    let mut slow = connect(serving.address).unwrap();
    slow.write_all(head(500).as_bytes()).unwrap();
    cosigned_at(&log, 5, &key, &post(serving.address, &log.request(0, 5)).unwrap().answer());
    kill(Pid::from_raw(i32::try_from(serving.child.id()).unwrap()), Signal::SIGTERM).unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}
