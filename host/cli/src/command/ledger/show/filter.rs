//! Place: none. Which events are shown (SRG_AA.4): by date, type, user and credential.

use crate::outcome::Failure;
use fuin_shared::ids::{CredentialId, RaClientId, Subject, UserId};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::Event;

/// Arguments.
#[derive(clap::Args)]
#[group(id = "filter")]
pub struct Args {
    /// Only events of this type, such as `signed`.
    #[arg(long, value_name = "TYPE", visible_alias = "type")]
    kind: Option<String>,
    /// Only events of this time or later: RFC 3339 in UTC such as 2026-11-27T09:30:00Z, or a date, which is its first moment.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only events of this credential: its id, or its pseudonym of 64 hex digits.
    #[arg(long, value_name = "ID")]
    credential: Option<String>,
    /// Only events of the credentials of this signer: name of the RA client, a slash, the userID.
    #[arg(long, value_name = "CLIENT/USER")]
    user: Option<String>,
}

/// The same, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    kind: Option<String>,
    /// Unix milliseconds.
    since: Option<u64>,
    until: Option<u64>,
    subject: Option<Subject>,
    credential: Option<CredentialId>,
    user: Option<(RaClientId, UserId)>,
}

impl Filter {
    /// What the arguments say.
    ///
    /// # Errors
    /// [`Failure::Usage`] names the argument.
    pub fn of(args: &Args, keyed: bool) -> Result<Self, Failure> {
        let wrong = |option: &str, text: &str| Failure::Usage(format!("{option}: {text}"));
        let time = |option: &'static str, text: &Option<String>| {
            let read = text.as_deref().map(milliseconds);
            read.map(|read| {
                read.ok_or_else(|| {
                    wrong(option, "give a time in UTC such as 2026-11-27T09:30:00Z, or a date")
                })
            })
            .transpose()
        };
        let (since, until) = (time("--since", &args.since)?, time("--until", &args.until)?);
        let subject = args.credential.as_deref().and_then(|text| text.parse::<Subject>().ok());
        let credential = args.credential.as_deref().filter(|_| subject.is_none()).map(CredentialId::new);
        let credential = credential.transpose().map_err(|_| {
            wrong("--credential", "give the id of a credential, or its pseudonym of 64 hex digits")
        })?;
        let user = args.user.as_deref().map(signer).transpose();
        let user = user
            .map_err(|()| wrong("--user", "give CLIENT/USER: name of the RA client, a slash, the userID"))?;
        for (option, named) in [("--credential", credential.is_some()), ("--user", user.is_some())] {
            if named && !keyed {
                return Err(wrong(option, "that is in the details alone: give --auditor-key"));
            }
        }
        Ok(Self { kind: args.kind.clone(), since, until, subject, credential, user })
    }

    /// Whether this event and all that follow come too late: time does not go back.
    pub fn is_past(&self, event: &Event) -> bool {
        self.until.is_some_and(|until| event.time >= until)
    }

    /// Whether the event itself is wanted.
    pub fn takes_event(&self, event: &Event) -> bool {
        let body = &event.body;
        self.kind.as_deref().is_none_or(|kind| body.kind() == kind)
            && self.since.is_none_or(|since| event.time >= since)
            && self.subject.is_none_or(|s| body.credential().is_some_and(|mark| mark.subject == s))
    }

    /// Whether its detail is.
    pub fn takes_detail(&self, detail: Option<&Detail>) -> bool {
        let concerned = detail.and_then(|detail| detail.credential.as_ref());
        self.credential.as_ref().is_none_or(|id| concerned.is_some_and(|of| of.id == *id))
            && self.user.as_ref().is_none_or(|(client, user)| {
                concerned.is_some_and(|of| of.client == *client && of.user == *user)
            })
    }
}

/// The first slash divides them: names of RA clients have none.
fn signer(text: &str) -> Result<(RaClientId, UserId), ()> {
    let (client, user) = text.split_once('/').ok_or(())?;
    Ok((RaClientId::new(client).map_err(|_| ())?, UserId::new(user).map_err(|_| ())?))
}

/// Unix milliseconds of a time or of the first moment of a day.
fn milliseconds(text: &str) -> Option<u64> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let time: der::DateTime = whole.parse().ok()?;
    time.unix_duration().as_secs().checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::ids::CaId;
    use fuin_shared::log::detail::Concerned;
    use fuin_shared::log::event::{AlarmKind, CredentialMark, EventBody};

    fn args(change: impl FnOnce(&mut Args)) -> Args {
        let mut args = Args { kind: None, since: None, until: None, credential: None, user: None };
        change(&mut args);
        args
    }

    fn refused(args: &Args, keyed: bool, told: &str) {
        let Err(Failure::Usage(text)) = Filter::of(args, keyed) else { panic!("{told}") };
        assert!(text.starts_with(told), "{text}");
    }

    #[test]
    fn what_cannot_be_looked_for_names_the_option() {
        refused(&args(|a| a.since = Some("yesterday".into())), true, "--since: ");
        refused(&args(|a| a.until = Some("2026-13-01".into())), true, "--until: ");
        refused(&args(|a| a.credential = Some("a/b".into())), true, "--credential: give the id");
        refused(&args(|a| a.user = Some("hanako".into())), true, "--user: give CLIENT/USER");
        refused(&args(|a| a.user = Some("ra/hanako".into())), false, "--user: that is in the details alone");
        refused(
            &args(|a| a.credential = Some("key-1".into())),
            false,
            "--credential: that is in the details",
        );
        assert!(Filter::of(&args(|a| a.credential = Some("ab".repeat(32))), false).is_ok());
    }

    #[test]
    fn events_pass_by_time_type_and_subject() {
        let time = milliseconds("2026-11-27").unwrap();
        assert_eq!(milliseconds("2026-11-27T00:00:00Z"), Some(time));
        let credential = CredentialMark { subject: Subject([1; 32]), sequence: 4 };
        let event = |time, body| Event { version: 1, time, body, detail: None };
        let alarm = event(time, EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 });
        let left = event(time, EventBody::TransactionExtended { credential, left: 1 });
        let of = |change: fn(&mut Args)| Filter::of(&args(change), false).unwrap();
        assert!(of(|a| a.since = Some("2026-11-27".into())).takes_event(&alarm));
        assert!(!of(|a| a.since = Some("2026-11-27T00:00:01Z".into())).takes_event(&alarm));
        assert!(of(|a| a.until = Some("2026-11-27".into())).is_past(&alarm));
        assert!(!of(|a| a.until = Some("2026-11-28".into())).is_past(&alarm));
        let kind = of(|a| a.kind = Some("alarm".into()));
        assert!(kind.takes_event(&alarm) && !kind.takes_event(&left));
        let subject = of(|a| a.credential = Some("01".repeat(32)));
        assert!(!subject.takes_event(&alarm) && subject.takes_event(&left));
    }

    #[test]
    fn details_pass_by_user_and_credential() {
        let detail = |client: &str, user: &str| {
            Detail::about(Concerned {
                id: CredentialId::new("key-1").unwrap(),
                client: RaClientId::new(client).unwrap(),
                user: UserId::new(user).unwrap(),
                authority: CaId::new("ca").unwrap(),
                means: None,
            })
        };
        let by_user = Filter::of(&args(|a| a.user = Some("ra/a/b".into())), true).unwrap();
        assert!(by_user.takes_detail(Some(&detail("ra", "a/b"))));
        assert!(!by_user.takes_detail(Some(&detail("ra", "a"))));
        assert!(!by_user.takes_detail(Some(&detail("other", "a/b"))));
        assert!(!by_user.takes_detail(Some(&Detail::default())) && !by_user.takes_detail(None));
        let by_id = Filter::of(&args(|a| a.credential = Some("key-1".into())), true).unwrap();
        assert!(by_id.takes_detail(Some(&detail("ra", "a"))) && !by_id.takes_detail(None));
        assert!(Filter::default().takes_detail(None));
    }
}
