//! Place: none. An event with its detail, as a line and as a JSON object.

use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::Event;
use serde_json::{Value, json};
use std::time::Duration;

/// What is shown.
pub struct Shown<'a> {
    pub index: u64,
    pub event: &'a Event,
    /// Its detail, if it was opened.
    pub detail: Option<&'a Detail>,
    /// Why what lies beside it is refused.
    pub refused: Option<&'a String>,
    /// Whether there was a key to open details.
    pub keyed: bool,
}

impl Shown<'_> {
    /// One JSON object.
    pub fn object(&self) -> String {
        let Self { index, event, .. } = self;
        let mut object = json!({ "index": index, "time": event.time, "kind": event.body.kind() });
        object["event"] = members(event);
        if let Some(hash) = &event.detail {
            object["detailHash"] = json!(hash);
        }
        if let Some(detail) = self.detail {
            object["detail"] = json!(detail);
        }
        if let Some(refused) = self.refused {
            object["detailRefused"] = json!(refused);
        }
        object.to_string()
    }

    /// One line.
    pub fn line(&self) -> String {
        let Self { index, event, .. } = self;
        let mut text = format!("{index:>8}  {}  {:<18}", time(event.time), event.body.kind());
        append(&mut text, "", &members(event));
        match (self.detail, self.refused) {
            (_, Some(refused)) => text += &format!("  DETAIL REFUSED: {refused}"),
            (Some(detail), None) => append(&mut text, "detail", &json!(detail)),
            (None, None) if self.keyed && event.detail.is_some() => text += "  detail: sealed to others",
            (None, None) => {}
        }
        text
    }
}

/// Members of an event's body.
fn members(event: &Event) -> Value {
    let body = serde_json::to_value(&event.body).unwrap_or_default();
    body.get(event.body.kind()).cloned().unwrap_or(body)
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
        // What people chose, such as a userID, forges no member of its own.
        Value::String(value) if value.contains([' ', '=', '"', '\\']) => {
            *text += &format!(" {name}={value:?}")
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
    use fuin_shared::ids::{CaId, CredentialId, Digest32, RaClientId, Subject, UserId};
    use fuin_shared::log::detail::Concerned;
    use fuin_shared::log::event::{CredentialMark, EventBody};
    use fuin_shared::role::Role;

    fn event(detail: Option<Digest32>) -> Event {
        let credential = CredentialMark { subject: Subject([1; 32]), sequence: 4 };
        let body = EventBody::Signed {
            credential,
            certificate: Digest32([2; 32]),
            count: 3,
            hashes: Digest32([3; 32]),
        };
        Event { version: 1, time: 1_700_000_000_123, body, detail }
    }

    #[test]
    fn events_are_readable_lines() {
        let event = event(None);
        let shown = Shown { index: 12, event: &event, detail: None, refused: None, keyed: true };
        let printed = shown.line();
        assert!(printed.starts_with("      12  2023-11-14T22:13:20.123Z  signed "), "{printed}");
        let subject = "01".repeat(32);
        assert!(printed.contains(&format!(" credential.subject={subject} ")), "{printed}");
        assert!(printed.contains(" credential.sequence=4") && printed.contains(" count=3"), "{printed}");
        assert!(!printed.contains("detail"), "{printed}");
        let object: Value = serde_json::from_str(&shown.object()).unwrap();
        assert_eq!(object["event"]["credential"]["subject"], subject);
        assert_eq!((&object["index"], &object["kind"]), (&json!(12), &json!("signed")));
        assert_eq!(time(u64::MAX), format!("{} ms", u64::MAX));
    }

    #[test]
    fn details_are_shown_and_names_forge_nothing() {
        let event = event(Some(Digest32([5; 32])));
        let detail = Detail::about(Concerned {
            id: CredentialId::new("key-1").unwrap(),
            client: RaClientId::new("ra").unwrap(),
            user: UserId::new("a detail.credential.user=b").unwrap(),
            authority: CaId::new("ca").unwrap(),
            means: None,
        });
        let detail = detail.by(Role::RaClient, &RaClientId::new("ra").unwrap());
        let shown = Shown { index: 1, event: &event, detail: Some(&detail), refused: None, keyed: true };
        let line = shown.line();
        assert!(line.contains(r#" detail.credential.user="a detail.credential.user=b""#), "{line}");
        assert!(line.contains(" detail.credential.id=key-1 "), "{line}");
        let object: Value = serde_json::from_str(&shown.object()).unwrap();
        assert_eq!(object["detail"]["by"], json!([{ "role": "ra-client", "name": "ra" }]));
        assert_eq!(object["detailHash"], "05".repeat(32));
        let refused = "altered".to_owned();
        let refused = Shown { detail: None, refused: Some(&refused), ..shown };
        assert!(refused.line().ends_with("DETAIL REFUSED: altered"));
        let others = Shown { refused: None, ..refused };
        assert!(others.line().ends_with("detail: sealed to others"));
    }
}
