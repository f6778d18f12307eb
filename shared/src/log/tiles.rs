//! Place: none. C2SP tlog-tiles: which tiles a tree has, and their paths.
//!
//! Paths are relative to the ledger's prefix and have no leading slash: `tile/0/x001/x234/067`.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Highest tile level.
pub const MAX_LEVEL: u8 = 63;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of this level, 0 to [`MAX_LEVEL`]: leaf hashes at level 0, then roots of full tiles of the level below.
    Hashes(u8),
    /// Log entries, see [`super::bundle`].
    Entries,
}

/// Name of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// Tile `index` with `width` hashes or entries; `None` unless 1 <= `width` <= 256 and the level is at most 63.
    #[must_use]
    pub const fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let level_fits = match kind {
            TileKind::Hashes(level) => level <= MAX_LEVEL,
            TileKind::Entries => true,
        };
        if level_fits && width >= 1 && width <= TILE_WIDTH { Some(Self { kind, index, width }) } else { None }
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(self) -> TileKind {
        self.kind
    }

    /// Its number within the level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it is full and so never changes its path.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Reads a path; `None` unless it is exactly what [`Tile`] writes.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        // Longest: two digits of level and seven groups for 2^64, far below this.
        if path.len() > 64 {
            return None;
        }
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(decimal(level)?.try_into().ok()?),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((number, width)) => {
                (number, u16::try_from(decimal(width)?).ok().filter(|w| *w < TILE_WIDTH)?)
            }
        };
        let mut index = 0u64;
        let mut groups = number.split('/').peekable();
        while let Some(group) = groups.next() {
            let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        // Writing it again refuses superfluous groups such as x000.
        Self::new(kind, index, width).filter(|tile| tile.to_string() == path)
    }
}

/// The path.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            if place > 0 { write!(f, "x{group:03}/")? } else { write!(f, "{group:03}")? }
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Tiles of one level in a tree of some size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelShape {
    /// Level.
    pub level: u8,
    /// Number of full tiles, with the indices 0 to `full - 1`.
    pub full: u64,
    /// Hashes in the partial tile with the index `full`; 0 means that there is none.
    pub partial: u8,
}

impl LevelShape {
    /// The partial tile of this level as hashes, if there is one.
    #[must_use]
    pub const fn partial_tile(self) -> Option<Tile> {
        Tile::new(TileKind::Hashes(self.level), self.full, self.partial as u16)
    }
}

/// The levels of a tree of `size` leaves, from level 0; none for the empty tree. Entry bundles have the shape of level 0.
#[must_use]
pub fn shape(size: u64) -> Vec<LevelShape> {
    let mut levels = Vec::new();
    let (mut rest, mut level) = (size, 0);
    while rest > 0 {
        let [.., partial] = rest.to_be_bytes();
        rest >>= 8;
        levels.push(LevelShape { level, full: rest, partial });
        level += 1;
    }
    levels
}

/// Decimal number without sign and leading zero.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hashes(level: u8, index: u64, width: u16) -> String {
        Tile::new(TileKind::Hashes(level), index, width).unwrap().to_string()
    }

    #[test]
    fn tile_paths() {
        assert_eq!(hashes(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(hashes(63, 0, 1), "tile/63/000.p/1");
        assert_eq!(hashes(1, 999, 255), "tile/1/999.p/255");
        assert_eq!(hashes(1, 1000, 256), "tile/1/x001/000");
        assert_eq!(hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615");
        let entries = Tile::new(TileKind::Entries, 273, 112).unwrap();
        assert_eq!(entries.to_string(), "tile/entries/273.p/112");
        assert_eq!(Tile::new(TileKind::Hashes(0), 0, 0), None);
        assert_eq!(Tile::new(TileKind::Hashes(0), 0, 257), None);
        assert_eq!(Tile::new(TileKind::Hashes(64), 0, 1), None);
    }

    /// The exact tiles of every size that the requirement names.
    #[test]
    fn tile_paths_by_size() {
        let paths = |size: u64| -> Vec<String> {
            shape(size)
                .into_iter()
                .flat_map(|l| {
                    let last = l.full.checked_sub(1).map(|last| hashes(l.level, last, 256));
                    last.into_iter().chain(l.partial_tile().map(|t| t.to_string()))
                })
                .collect()
        };
        assert_eq!(paths(0), [""; 0]);
        assert_eq!(paths(1), ["tile/0/000.p/1"]);
        assert_eq!(paths(255), ["tile/0/000.p/255"]);
        assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(257), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        assert_eq!(paths(65_536), ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]);
        assert_eq!(
            paths(70_000),
            ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        let l = |level, full, partial| LevelShape { level, full, partial };
        assert_eq!(shape(70_000), [l(0, 273, 112), l(1, 1, 17), l(2, 0, 1)]);
        assert_eq!(shape(u64::MAX).len(), 8);
    }

    #[test]
    fn paths_out_of_form_are_refused() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/x001",
            "tile/0/00a",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/1/2",
            "tile/0/000/",
            "tile/data/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/../000",
            "tile/0/000.p/+1",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn paths_lead_back(level in 0..=MAX_LEVEL, index in any::<u64>(), width in 1..=TILE_WIDTH, entries in any::<bool>()) {
            let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
            let tile = Tile::new(kind, index, width).unwrap();
            prop_assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
        }

        #[test]
        fn parser_never_panics(path in "\\PC*|tile/[0-9e]{0,3}/[x0-9/.p]{0,20}") {
            if let Some(tile) = Tile::parse(&path) {
                prop_assert_eq!(tile.to_string(), path);
            }
        }
    }
}
