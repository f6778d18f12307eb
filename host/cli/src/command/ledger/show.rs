//! Place: none. `fuin ledger show`: events for eyes and for other programs. It judges nothing.

use super::Trouble;
use super::source::{self, PIECE, Source};
use crate::outcome::Failure;
use fuin_shared::codec;
use fuin_shared::ids::Subject;
use fuin_shared::log::audit::Rule;
use fuin_shared::log::event::Event;
use serde_json::{Value, json};
use std::io::{ErrorKind, Write as _};
use std::time::Duration;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: source::Args,
    #[command(flatten)]
    token: source::Token,
    /// Index of the first entry looked at.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// Most events printed.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    count: u64,
    /// Only events of this kind, such as `signed`.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only events of the credential with this pseudonym, hex.
    #[arg(long, value_name = "SUBJECT")]
    credential: Option<String>,
    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints.
pub async fn run(args: Args) -> Result<(), Failure> {
    let subject = args.credential.as_deref().map(str::parse::<Subject>).transpose();
    let subject = subject.map_err(|_| Failure::Usage("--credential: give 64 hex digits".into()))?;
    let mut source = Source::open(&args.source, args.token).await?;
    let size = source.claimed().await?.1.size;
    eprintln!("not verified: `fuin ledger verify` does that");
    let (mut first, mut left) = (0, args.count);
    if !matches!(source, Source::Archive(_)) {
        // A file is read from its beginning, everything else from where it matters.
        first = args.from / PIECE * PIECE;
    }
    let mut out = std::io::stdout().lock();
    while first < size && left > 0 {
        let piece = source.piece(first, size).await?;
        for (index, entry) in (first..).zip(&piece.entries).skip_while(|(index, _)| *index < args.from) {
            let event: Event =
                codec::decode(entry).map_err(|_| Trouble::broken(index, Rule::Encoding.to_string()))?;
            let wanted = args.kind.as_deref().is_none_or(|kind| event.body.kind() == kind)
                && subject.is_none_or(|s| event.body.credential().is_some_and(|mark| mark.subject == s));
            if !wanted || left == 0 {
                continue;
            }
            left -= 1;
            match writeln!(out, "{}", if args.json { object(index, &event) } else { line(index, &event) }) {
                // Whoever reads has enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                other => other?,
            }
        }
        first += piece.entries.len() as u64;
    }
    Ok(())
}

/// Members of an event's body.
fn members(event: &Event) -> Value {
    let body = serde_json::to_value(&event.body).unwrap_or_default();
    body.get(event.body.kind()).cloned().unwrap_or(body)
}

fn object(index: u64, event: &Event) -> String {
    let kind = event.body.kind();
    json!({ "index": index, "time": event.time, "kind": kind, "event": members(event) }).to_string()
}

fn line(index: u64, event: &Event) -> String {
    let mut text = format!("{index:>8}  {}  {:<18}", time(event.time), event.body.kind());
    append(&mut text, "", &members(event));
    text
}

/// `name=value`, and for members of members `name.member=value`.
fn append(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let dot = if name.is_empty() { "" } else { "." };
                append(text, &format!("{name}{dot}{member}"), value);
            }
        }
        Value::String(value) => *text += &format!(" {name}={value}"),
        other => *text += &format!(" {name}={other}"),
    }
}

/// UTC with milliseconds.
pub fn time(milliseconds: u64) -> String {
    match der::DateTime::from_unix_duration(Duration::from_millis(milliseconds)) {
        Ok(time) => format!("{}.{:03}Z", time.to_string().trim_end_matches('Z'), milliseconds % 1000),
        Err(_) => format!("{milliseconds} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::ids::Digest32;
    use fuin_shared::log::event::{CredentialMark, EventBody};

    #[test]
    fn events_are_readable_lines() {
        let credential = CredentialMark { subject: Subject([1; 32]), sequence: 4 };
        let body = EventBody::Signed {
            credential,
            certificate: Digest32([2; 32]),
            count: 3,
            hashes: Digest32([3; 32]),
        };
        let event = Event { version: 1, time: 1_700_000_000_123, body };
        let printed = line(12, &event);
        assert!(printed.starts_with("      12  2023-11-14T22:13:20.123Z  signed "), "{printed}");
        let subject = "01".repeat(32);
        assert!(printed.contains(&format!(" credential.subject={subject} ")), "{printed}");
        assert!(printed.contains(" credential.sequence=4") && printed.contains(" count=3"), "{printed}");
        let object: Value = serde_json::from_str(&object(12, &event)).unwrap();
        assert_eq!(object["event"]["credential"]["subject"], subject);
        assert_eq!((&object["index"], &object["kind"]), (&json!(12), &json!("signed")));
        assert_eq!(time(u64::MAX), format!("{} ms", u64::MAX));
    }
}
