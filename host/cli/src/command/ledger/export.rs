//! Place: none. `fuin ledger export`: checkpoint, entries and sealed details in one file. It judges nothing: `verify FILE` does.

use super::Trouble;
use super::source::{self, ARCHIVE_HEADER, Source, append_detail};
use crate::file;
use crate::outcome::Failure;
use fuin_shared::log::bundle::append_entry;
use indicatif::ProgressBar;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: source::Args,
    #[command(flatten)]
    token: source::Token,
    /// Where the archive goes.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Reads all and saves.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut source = Source::open(&args.source, args.token).await?;
    let (note, head) = source.claimed().await?;
    let mut out = file::Staged::create(&args.out, file::PUBLIC)?;
    out.append(ARCHIVE_HEADER)?;
    out.append(&u32::try_from(note.len())?.to_be_bytes())?;
    out.append(note.as_bytes())?;
    let bar = ProgressBar::new(head.size);
    let mut first = 0;
    while first < head.size {
        let piece = source.piece(first, head.size).await?;
        let mut octets = Vec::new();
        for (index, (entry, sealed)) in (first..).zip(piece.entries.iter().zip(&piece.details)) {
            append_entry(&mut octets, entry).map_err(|e| Trouble::broken(index, e.to_string()))?;
            append_detail(&mut octets, sealed.as_deref());
        }
        out.append(&octets)?;
        first += piece.entries.len() as u64;
        bar.set_position(first);
    }
    bar.finish_and_clear();
    out.place()?;
    if args.json {
        println!("{}", json!({ "out": args.out, "size": head.size, "origin": head.origin }));
    } else {
        println!("written: {} ({} entries, not verified)", args.out.display(), head.size);
        println!("verify:  fuin ledger verify {} --vkey VKEY", args.out.display());
    }
    Ok(())
}
