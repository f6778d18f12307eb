//! Place: none. A whole ledger recomputed from its entries, and everything that its source says compared with that.

use super::Trouble;
use super::auditor::{self, Details};
use super::breaks::{Break, Epochs};
use super::source::Source;
use super::witnesses::Cosigned;
use fuin_auditor::AuditorKey;
use fuin_shared::codec;
use fuin_shared::log::audit::{Audit, Rule, Totals};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::log::roots::Roots;
use fuin_shared::log::tiles::{TILE_WIDTH, Tile, TileKind};
use fuin_shared::log::tlog_policy::TlogPolicy;
use fuin_shared::log::tree::{Hash, root_of};
use indicatif::ProgressBar;

/// A ledger that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The newest checkpoint.
    pub head: Checkpoint,
    /// What the events add up to.
    pub totals: Totals,
    /// Hash tiles compared.
    pub tiles: u64,
    /// Signed checkpoints met on the way and at the end.
    pub checkpoints: u64,
    /// Signature lines of the newest checkpoint that are not the ledger's: name and key ID. Not verified.
    pub others: Vec<(String, String)>,
    /// The newest checkpoint that the quorum has cosigned, where one was demanded.
    pub cosigned: Option<Cosigned>,
    /// Size of the older checkpoint with which it is consistent.
    pub since: Option<u64>,
    /// Where epochs began.
    pub breaks: Vec<Break>,
    /// Its root keys, and how many records are sealed under the former one.
    pub roots: (Roots, u64),
    /// The details beside it: none is missing or altered.
    pub details: auditor::Totals,
}

/// What is demanded of a ledger besides its own rules.
#[derive(Default)]
pub struct Demands<'a> {
    /// A quorum of these must have cosigned a checkpoint.
    pub witnesses: Option<&'a TlogPolicy>,
    /// It must be consistent with this checkpoint, a note of whichever epoch.
    pub since: Option<&'a str>,
    /// Details that are sealed to this key must open.
    pub auditor: Option<AuditorKey>,
    /// Details of entries before this one may be missing.
    pub details_from: u64,
}

/// Verifies all of it; `key` is that of its last epoch.
pub async fn check(
    source: &mut Source,
    key: &VerifierKey,
    demands: Demands<'_>,
    bar: &ProgressBar,
) -> Result<Verified, Trouble> {
    check_each(source, key, demands, bar, |_, _| {}).await
}

/// Verifies all of it and shows each entry to `each` on the way.
pub async fn check_each(
    source: &mut Source,
    key: &VerifierKey,
    demands: Demands<'_>,
    bar: &ProgressBar,
    mut each: impl FnMut(u64, &[u8]),
) -> Result<Verified, Trouble> {
    let Demands { witnesses, since, auditor, details_from } = demands;
    let note = source.checkpoint().await?;
    let head = newest(&note, key)?;
    let others = others(&note, key)?;
    bar.set_length(head.size);
    let mut epochs = Epochs::new(key);
    let since = since.map(|note| epochs.open(note)).transpose();
    let since = since.map_err(|e| anyhow::anyhow!("--since: {e}"))?.map(|(head, _)| head);
    if let Some(since) = since.as_ref().filter(|since| since.size > head.size) {
        let rule = format!("the ledger is shorter than the checkpoint of {} entries seen before", since.size);
        return Err(Trouble::broken(head.size, rule));
    }
    let mut run = Run { audit: Audit::new(), agreed: 0, checkpoints: 0, levels: Vec::new(), tiles: 0 };
    let mut details = Details::new(auditor).kept_from(details_from);
    let mut quorum = Quorum { key, witnesses, newest: None, best: None };
    let mut first = 0;
    while first < head.size {
        let piece = source.piece(first, head.size).await?;
        if let Some(leaves) = &piece.leaves {
            // Before the rules of events, so that the first altered entry is the one that is named.
            run.compare_leaves(first, &piece.entries, leaves)?;
        }
        let mut checkpoints = piece.checkpoints.iter().peekable();
        for (entry, sealed) in piece.entries.iter().zip(&piece.details) {
            let at = run.audit.size();
            let manifest = run.audit.manifest();
            let leaf = run.audit.push(entry).map_err(|rule| Trouble::broken(at, rule.to_string()))?;
            epochs.look(&run.audit, manifest)?;
            let event = codec::decode(entry).map_err(|_| Trouble::broken(at, Rule::Encoding.to_string()))?;
            details.take(at, &event, sealed.as_deref()).map_err(|rule| Trouble::broken(at, rule))?;
            run.leaf(source, leaf).await?;
            each(at, entry);
            if let Some(since) = since.as_ref().filter(|since| since.size == at + 1) {
                run.agree(since.size, &since.root, "seen before")?;
            }
            while let Some((size, note)) = checkpoints.next_if(|(size, _)| *size <= at + 1) {
                let wrong =
                    |e: String| Trouble::broken(*size - 1, format!("checkpoint of {size} entries: {e}"));
                let (kept, of_last) = epochs.open(note).map_err(wrong)?;
                if kept.size != *size {
                    return Err(wrong("it is that of another size".into()));
                }
                run.agree(*size, &kept.root, "kept by the host")?;
                // Witnesses of the epochs before are others, and none of them cosigns the ledger any more.
                if of_last {
                    quorum.look(note)?;
                }
            }
        }
        first = run.audit.size();
        bar.set_position(first);
    }
    run.agree(head.size, &head.root, "newest")?;
    let breaks = epochs.finish()?;
    quorum.look(&note)?;
    let cosigned = quorum.finish()?;
    run.partial_tiles(source).await?;
    source.end(head.size).await?;
    bar.finish_and_clear();
    let totals = run.audit.totals().clone();
    let roots = (run.audit.roots().clone(), run.audit.records_left());
    let since = since.map(|since| since.size);
    let (tiles, checkpoints, details) = (run.tiles, run.checkpoints, details.finish()?);
    Ok(Verified { head, totals, tiles, checkpoints, others, cosigned, since, breaks, roots, details })
}

/// The newest checkpoint, which must be of the last epoch, and that the one of the key.
fn newest(note: &str, key: &VerifierKey) -> Result<Checkpoint, Trouble> {
    Checkpoint::open(note, key).map_err(|error| {
        let origin = Note::parse(note.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
        let other = origin.map(|head| head.origin).filter(|origin| origin != key.name());
        Trouble::broken(0, match other {
            Some(origin) => format!(
                "checkpoint: it is of the origin {origin}, not of {}: another ledger, or a new epoch since; then take key and card of the new epoch from evidence",
                key.name()
            ),
            None => format!("checkpoint: {error}"),
        })
    })
}

/// Names and key IDs of the signature lines that are not the ledger's.
fn others(note: &str, key: &VerifierKey) -> Result<Vec<(String, String)>, Trouble> {
    let note = Note::parse(note.as_bytes())?;
    let foreign = note.signatures().iter().filter(|line| (line.name(), line.id()) != (key.name(), key.id()));
    Ok(foreign.map(|line| (line.name().to_owned(), line.id().to_string())).collect())
}

/// The cosignatures met on the way.
struct Quorum<'a> {
    key: &'a VerifierKey,
    witnesses: Option<&'a TlogPolicy>,
    newest: Option<Cosigned>,
    best: Option<Cosigned>,
}

impl Quorum<'_> {
    fn look(&mut self, note: &str) -> Result<(), Trouble> {
        let Some(witnesses) = self.witnesses else { return Ok(()) };
        let (cosigned, enough) = Cosigned::under(note, self.key, witnesses)?;
        if enough && self.best.as_ref().is_none_or(|best| best.size <= cosigned.size) {
            self.best = Some(cosigned.clone());
        }
        self.newest = Some(cosigned);
        Ok(())
    }

    /// Without a quorum nothing of the ledger is accepted: another copy could exist.
    fn finish(self) -> Result<Option<Cosigned>, Trouble> {
        match (self.best, self.newest) {
            (Some(best), _) => Ok(Some(best)),
            (None, Some(newest)) => Err(Trouble::broken(0, newest.too_few())),
            (None, None) => Ok(None),
        }
    }
}

struct Run {
    audit: Audit,
    /// Size at which the tree last agreed with a signed checkpoint.
    agreed: u64,
    checkpoints: u64,
    /// Hashes of the unfinished tile of each level, and the number of finished ones.
    levels: Vec<(u64, Vec<Hash>)>,
    tiles: u64,
}

impl Run {
    /// The tree of the entries so far is that of a signed checkpoint.
    fn agree(&mut self, size: u64, root: &Hash, which: &str) -> Result<(), Trouble> {
        if self.audit.size() != size || self.audit.root() != *root {
            let rule =
                format!("entries {} to {size} lead to another root than the checkpoint {which}", self.agreed);
            return Err(Trouble::broken(self.agreed, rule));
        }
        self.agreed = size;
        self.checkpoints += 1;
        Ok(())
    }

    fn compare_leaves(&mut self, first: u64, entries: &[Vec<u8>], leaves: &[Vec<u8>]) -> Result<(), Trouble> {
        for (at, (index, entry)) in (first..).zip(entries).enumerate() {
            let hash = fuin_shared::log::tree::leaf_hash(entry);
            if leaves.get(at).is_none_or(|leaf| leaf[..] != hash) {
                return Err(Trouble::broken(index, "the entry is not that of its leaf hash"));
            }
        }
        self.tiles += 1;
        Ok(())
    }

    /// Takes a leaf, and compares the tiles above the leaves that are full with it.
    async fn leaf(&mut self, source: &Source, leaf: Hash) -> Result<(), Trouble> {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= usize::from(level) {
                self.levels.push((0, Vec::new()));
            }
            let Some((number, hashes)) = self.levels.get_mut(usize::from(level)) else { return Ok(()) };
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return Ok(());
            }
            let (index, full) = (*number, std::mem::take(hashes));
            *number += 1;
            self.compare(source, level, index, &full).await?;
            hash = root_of(&full);
        }
        Ok(())
    }

    async fn partial_tiles(&mut self, source: &Source) -> Result<(), Trouble> {
        for (level, (index, hashes)) in (0..).zip(std::mem::take(&mut self.levels)) {
            if !hashes.is_empty() {
                self.compare(source, level, index, &hashes).await?;
            }
        }
        Ok(())
    }

    /// A tile as recomputed; leaves were compared before.
    async fn compare(
        &mut self,
        source: &Source,
        level: u8,
        index: u64,
        hashes: &[Hash],
    ) -> Result<(), Trouble> {
        let width = u16::try_from(hashes.len()).unwrap_or(TILE_WIDTH);
        let Some(tile) = Tile::new(TileKind::Hashes(level), index, width).filter(|_| level > 0) else {
            return Ok(());
        };
        let Some(served) = source.tile(tile).await? else { return Ok(()) };
        if served != hashes.concat() {
            let equal = served.chunks(32).zip(hashes).take_while(|(served, hash)| **served == **hash).count();
            let at = index.saturating_mul(TILE_WIDTH.into()).saturating_add(equal as u64);
            let first = at.checked_shl(u32::from(level) * 8).unwrap_or(0);
            return Err(Trouble::broken(
                first,
                format!("{tile}: hash {equal} is not that of the entries below"),
            ));
        }
        self.tiles += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
