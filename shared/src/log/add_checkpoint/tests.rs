use proptest::prelude::*;

use super::super::note::NoteSigner;
use super::*;

fn note() -> String {
    NoteSigner::from_seed("o", &[1; 32]).unwrap().sign("o\n7\nx\n").unwrap()
}

fn line(hash: u8) -> String {
    Base64::encode_string(&[hash; 32])
}

#[test]
fn request_leads_back() {
    for proof in [vec![], vec![[1; 32]], vec![[2; 32]; 63]] {
        let request = AddCheckpoint::new(5, proof.clone(), &note()).unwrap();
        let again = AddCheckpoint::parse(request.to_text().as_bytes()).unwrap();
        assert_eq!((again.old(), again.proof()), (5, &proof[..]));
        assert_eq!(again.note().to_text(), note());
        assert_eq!(again, request);
    }
    let text = format!("old 5\n{}\n\n{}", line(1), note());
    assert_eq!(AddCheckpoint::new(5, vec![[1; 32]], &note()).unwrap().to_text(), text);
}

#[test]
fn malformed_requests_by_name() {
    use RequestError as E;
    let parse = |s: String| AddCheckpoint::parse(s.as_bytes()).unwrap_err();
    let note = note();
    for old in [
        "old",
        "old ",
        "old 01",
        "old -1",
        "old +1",
        "old 9223372036854775808",
        "old 5 ",
        "Old 5",
        "5",
        "old  5",
        "",
    ] {
        assert_eq!(parse(format!("{old}\n\n{note}")), E::Old, "{old}");
    }
    assert_eq!(parse(format!("old 5\r\n\n{note}")), E::Old);
    assert_eq!(parse(format!("old 5\n{}\n", line(1))), E::NoSeparator);
    assert_eq!(parse("old 5".into()), E::NoSeparator);
    assert_eq!(parse(String::new()), E::NoSeparator);
    for hash in
        ["AA==", &line(1)[..43], &format!("{} ", line(1)), &line(1).replace('=', ""), "x", &line(1).repeat(9)]
    {
        assert_eq!(parse(format!("old 5\n{}\n{hash}\n\n{note}", line(1))), E::Hash(2), "{hash}");
    }
    let hashes = |n: usize| format!("old 5\n{}\n{note}", format!("{}\n", line(1)).repeat(n));
    assert!(AddCheckpoint::parse(hashes(63).as_bytes()).is_ok());
    assert_eq!(parse(hashes(64)), E::TooManyHashes);
    assert_eq!(parse("old 5\n\n".into()), E::Note(NoteError::NoSeparator));
    assert_eq!(parse(format!("old 5\n\n{}", note.trim_end())), E::Note(NoteError::NoFinalNewline));
    assert_eq!(AddCheckpoint::parse(&[0xff; 10]), Err(E::NotUtf8));
    assert_eq!(AddCheckpoint::parse(&vec![b'a'; MAX_BODY + 1]), Err(E::TooLong));
    assert_eq!(AddCheckpoint::new(1 << 63, vec![], &note), Err(E::Old));
    assert_eq!(AddCheckpoint::new(1, vec![[0; 32]; 64], &note), Err(E::TooManyHashes));
    assert!(AddCheckpoint::new(1, vec![], "x").is_err());
}

#[test]
fn answers_lead_back() {
    let cosigned = SignatureLine::parse_all(note().rsplit_once("\n\n").unwrap().1).unwrap();
    for answer in [
        Answer::Cosigned(cosigned),
        Answer::Malformed,
        Answer::Untrusted,
        Answer::UnknownOrigin,
        Answer::Conflict { recorded: 0 },
        Answer::Conflict { recorded: 70_000 },
        Answer::Inconsistent,
    ] {
        let again = Answer::parse(answer.status(), Some(answer.content_type()), answer.body().as_bytes());
        assert_eq!(again, Ok(answer));
    }
}

#[test]
fn malformed_answers_by_name() {
    use AnswerError as E;
    let parse = |status, body: &str| Answer::parse(status, Some(SIZE_TYPE), body.as_bytes());
    assert_eq!(parse(200, ""), Err(E::Lines(NoteError::NoSignature)));
    assert_eq!(parse(200, "ok\n"), Err(E::Lines(NoteError::BadLine(1))));
    for size in ["", "5", "05\n", "5\n\n", " 5\n", "-5\n", "9223372036854775808\n"] {
        assert_eq!(parse(409, size), Err(E::Size), "{size}");
    }
    assert_eq!(Answer::parse(409, Some("text/plain"), b"5\n"), Err(E::Size));
    assert_eq!(Answer::parse(409, None, b"5\n"), Err(E::Size));
    for status in [0, 201, 301, 413, 429, 500] {
        assert_eq!(parse(status, "x"), Err(E::Status(status)));
    }
    assert_eq!(Answer::parse(200, None, &[0xff]), Err(E::NotUtf8));
    assert_eq!(Answer::parse(404, None, &vec![0; MAX_BODY + 1]), Err(E::TooLong));
}

proptest! {
    #[test]
    fn parsers_never_panic_and_are_exact(
        text in "old [0-9]{0,3}\n([A-Za-z0-9+/]{43}=\n){0,2}\n([a\n]{0,5}\n\n(\u{2014} [a+ ]{0,3} [A-Za-z0-9+/]{0,12}={0,2}\n){0,3})?",
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        status in 0u16..600,
    ) {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = Answer::parse(status, Some(SIZE_TYPE), &bytes);
        if let Ok(request) = AddCheckpoint::parse(text.as_bytes()) {
            prop_assert_eq!(request.to_text(), text);
        }
    }
}
