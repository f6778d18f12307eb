//! Place: none. `fuin ledger show`: events for eyes and for other programs. It judges nothing.

mod filter;
mod print;

pub use print::time;

use super::Trouble;
use super::auditor::{self, Details};
use super::source::{self, PIECE, Source};
use crate::outcome::Failure;
use filter::Filter;
use fuin_shared::codec;
use fuin_shared::log::audit::Rule;
use fuin_shared::log::event::Event;
use std::io::{ErrorKind, Write as _};

/// Arguments.
#[derive(clap::Args)]
#[command(
    after_help = "Events come in the order of the ledger, which is that of their time. Of several filters an event must \
                        pass each. --user and --credential with a credential's id look into details: they need --auditor-key, \
                        and find only what is sealed to it."
)]
pub struct Args {
    #[command(flatten)]
    source: source::Args,
    #[command(flatten)]
    token: source::Token,
    #[command(flatten)]
    auditor: auditor::Args,
    /// Index of the first entry looked at.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// Most events printed.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    count: u64,
    #[command(flatten)]
    filter: filter::Args,
    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints.
pub async fn run(args: Args) -> Result<(), Failure> {
    let key = args.auditor.read()?;
    let filter = Filter::of(&args.filter, key.is_some())?;
    let mut source = Source::open(&args.source, args.token).await?;
    let (_, head) = source.claimed().await?;
    let (size, keyed) = (head.size, key.is_some());
    let mut details = Details::new(key);
    eprintln!("not verified: `fuin ledger verify` does that");
    let in_order = matches!(source, Source::Archive(_));
    let (mut first, mut left) = (0, args.count);
    if !in_order {
        // A file is read from its beginning, everything else from where it matters.
        first = args.from / PIECE * PIECE;
        details.begin(&mut source, size).await?;
    }
    let mut out = std::io::stdout().lock();
    'ledger: while first < size && left > 0 {
        let piece = source.piece(first, size).await?;
        let beside = piece.entries.iter().zip(&piece.details);
        for (index, (entry, sealed)) in (first..).zip(beside) {
            let event: Event =
                codec::decode(entry).map_err(|_| Trouble::broken(index, Rule::Encoding.to_string()))?;
            if filter.is_past(&event) {
                break 'ledger;
            }
            if index < args.from || !filter.takes_event(&event) {
                details.pass(index, &event, sealed.as_deref());
                continue;
            }
            let looked = details.look_up(&mut source, size, index, &event, sealed.as_deref()).await?;
            let detail = looked.as_ref().ok().and_then(Option::as_ref);
            // One that is refused may be what was looked for: it is shown.
            if looked.is_ok() && !filter.takes_detail(detail) {
                continue;
            }
            let shown = print::Shown { index, event: &event, detail, refused: looked.as_ref().err(), keyed };
            match writeln!(out, "{}", if args.json { shown.object() } else { shown.line() }) {
                // Whoever reads has enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                other => other?,
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
        first += piece.entries.len() as u64;
    }
    let totals = details.finish().map_err(|error| Failure::Usage(error.to_string()))?;
    if totals.to_others > 0 {
        eprintln!("details of {} events are sealed to others only", totals.to_others);
    }
    Ok(())
}
