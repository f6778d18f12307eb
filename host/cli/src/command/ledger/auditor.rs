//! Place: none. `--auditor-key`: the details that are sealed to an auditor.

use super::Trouble;
use super::source::Source;
use crate::dev::keys::DevKey;
use crate::outcome::Failure;
use fuin_auditor::{AuditorKey, DetailError, Opened, Opener};
use fuin_shared::codec;
use fuin_shared::log::audit::Rule;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::Event;
use std::path::PathBuf;

/// The auditor's key.
#[derive(clap::Args)]
#[group(id = "auditor")]
pub struct Args {
    /// The auditor's sealing key, PKCS#8 in PEM: opens the details that are sealed to it.
    #[arg(long, value_name = "FILE")]
    auditor_key: Option<PathBuf>,
}

impl Args {
    /// The key, if one was named.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn read(&self) -> Result<Option<AuditorKey>, Failure> {
        let read = |path: &PathBuf| DevKey::load(path).and_then(|key| key.opener());
        let key = self.auditor_key.as_ref().map(read).transpose();
        key.map_err(|error| Failure::Usage(format!("--auditor-key: {error:#}")))
    }
}

/// What became of details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// There are so many.
    pub sealed: u64,
    /// So many are missing that may be.
    pub erased: u64,
    /// Whether there was a key to open them.
    pub keyed: bool,
    /// Of these the key opened so many.
    pub opened: u64,
    /// So many are sealed to others only.
    pub to_others: u64,
}

/// Details met on the way.
pub struct Details {
    opener: Option<Opener>,
    /// Those of entries before this one may be missing.
    from: u64,
    totals: Totals,
}

impl Details {
    /// Before the first event.
    pub fn new(key: Option<AuditorKey>) -> Self {
        let opener = key.map(Opener::new);
        let totals = Totals { keyed: opener.is_some(), ..Totals::default() };
        Self { opener, from: 0, totals }
    }

    /// Those of entries before `index` may be missing.
    pub const fn kept_from(mut self, index: u64) -> Self {
        self.from = index;
        self
    }

    /// Where reading begins later: takes the first event, which says which ledger it is.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn begin(&mut self, source: &mut Source, size: u64) -> Result<(), Trouble> {
        let Some(opener) = &mut self.opener else { return Ok(()) };
        let piece = source.piece(0, size).await?;
        let first = piece.entries.first().and_then(|entry| codec::decode(entry).ok());
        let first = first.ok_or_else(|| Trouble::broken(0, Rule::Encoding.to_string()))?;
        opener.begin(&first);
        Ok(())
    }

    /// Holds what lies beside an event against it, and opens it if there is a key.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn take(
        &mut self,
        index: u64,
        event: &Event,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Detail>, String> {
        self.first(index, event);
        let Some(sealed) = sealed else {
            return match event.detail {
                Some(_) if index >= self.from => Err("the sealed detail of the event is missing".to_owned()),
                Some(_) => {
                    self.totals.erased += 1;
                    Ok(None)
                }
                None => Ok(None),
            };
        };
        let told = |error: DetailError| error.to_string();
        let Some(opener) = &mut self.opener else {
            fuin_auditor::check(event, sealed).map_err(told)?;
            self.totals.sealed += 1;
            return Ok(None);
        };
        let opened = opener.open(index, event, sealed).map_err(told)?;
        self.totals.sealed += 1;
        match opened {
            Opened::Detail(detail) => {
                self.totals.opened += 1;
                Ok(Some(*detail))
            }
            Opened::ToOthers => {
                self.totals.to_others += 1;
                Ok(None)
            }
        }
    }

    /// As [`Self::take`], where events before were not read: looks up the content key beside the event that has it.
    ///
    /// # Errors
    /// [`Trouble`] where the source fails; within it the rule that is broken.
    pub async fn look_up(
        &mut self,
        source: &mut Source,
        size: u64,
        index: u64,
        event: &Event,
        sealed: Option<&[u8]>,
    ) -> Result<Result<Option<Detail>, String>, Trouble> {
        let wanted = sealed.and_then(|sealed| self.opener.as_ref()?.wants(sealed)).filter(|at| *at < index);
        if let (Some(at), Some(opener)) = (wanted, &mut self.opener)
            && let Some((carrying, carrier)) = source.entry(at, size).await?
        {
            let carrying: Event =
                codec::decode(&carrying).map_err(|_| Trouble::broken(at, Rule::Encoding.to_string()))?;
            // One that is not its event's would make details look as if they were sealed to others.
            let learnt = fuin_auditor::check(&carrying, &carrier).and_then(|()| opener.learn(at, &carrier));
            if let Err(error) = learnt {
                return Ok(Err(error.to_string()));
            }
        }
        Ok(self.take(index, event, sealed))
    }

    /// Takes a content key that passes by, so that later details open.
    pub fn pass(&mut self, index: u64, event: &Event, sealed: Option<&[u8]>) {
        self.first(index, event);
        if let (Some(opener), Some(sealed)) = (&mut self.opener, sealed)
            && fuin_auditor::check(event, sealed).is_ok()
        {
            // What is wrong with it is told where it is needed.
            let _ = opener.learn(index, sealed);
        }
    }

    fn first(&mut self, index: u64, event: &Event) {
        if let Some(opener) = self.opener.as_mut().filter(|_| index == 0) {
            opener.begin(event);
        }
    }

    /// What became of them.
    ///
    /// # Errors
    /// A key that opened nothing where there was something to open: names the option, and to whom it is sealed.
    pub fn finish(self) -> anyhow::Result<Totals> {
        let in_vain = self.totals.opened == 0 && self.totals.to_others > 0;
        let Some(opener) = self.opener.filter(|_| in_vain) else { return Ok(self.totals) };
        let others: Vec<_> = opener.others().map(ToString::to_string).collect();
        anyhow::bail!(
            "--auditor-key: none of the {} details that were read is sealed to this key; they are sealed to {}",
            self.totals.to_others,
            others.join(", ")
        )
    }
}
