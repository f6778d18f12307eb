//! Place: SSA. The ledger over HTTP: paths, widths, who may read what.

use crate::setup::{Setup, answered};
use base64ct::{Base64, Encoding};
use fuin_shared::log::bundle;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::detail::bundle::details;
use fuin_shared::log::nodes::{self, NodeSource as _, Nodes};
use fuin_shared::log::note::NoteSigner;
use fuin_shared::log::tiles::{LevelShape, Tile, TileKind, shape};
use fuin_shared::log::tlog_proof::TlogProof;
use fuin_shared::log::tree::{Hash, leaf_hash, node_hash};
use fuin_shared::message::{Commit, KeptDetail, RecordChange};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

const ORIGIN: &str = "fuin.example/ledger/00";
const TOKEN: &str = "the-token-of-an-auditor";

struct World {
    setup: Setup,
    signer: NoteSigner,
    tree: Nodes,
}

impl World {
    async fn start() -> Self {
        let digest = Sha256::digest(TOKEN).to_vec();
        let setup = Setup::start_with(|config| {
            let other = fuin_shared::ids::Digest32([0; 32]);
            let known = fuin_shared::ids::Digest32::from_slice(&digest).unwrap();
            config.ledger.auditor_token_sha256 = vec![other, known];
        })
        .await;
        Self { setup, signer: NoteSigner::from_seed(ORIGIN, &[3; 32]).unwrap(), tree: Nodes::new() }
    }

    /// Commits entries until there are `size`: entry i is the decimal text of i.
    async fn grow(&mut self, size: u64) {
        while self.tree.size() < size {
            let first = self.tree.size();
            let entries: Vec<Vec<u8>> =
                (first..size.min(first + 4096)).map(|i| i.to_string().into_bytes()).collect();
            entries.iter().for_each(|entry| self.tree.push(leaf_hash(entry)));
            let (size, origin) = (self.tree.size(), ORIGIN.into());
            let head = Checkpoint { origin, size, root: self.tree.root_at(size).unwrap() };
            let checkpoint = head.sign(&self.signer).unwrap();
            let entries = entries.into_iter().map(Into::into).collect();
            let commit = Commit { first, entries, checkpoint, records: vec![] };
            self.setup.host.store().commit(commit).await.unwrap();
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let token = format!("Bearer {TOKEN}");
        let url = self.setup.url(&format!("/ledger/{path}"));
        self.setup.client.get(url).header("authorization", token).send().await.unwrap()
    }

    async fn octets(&self, tile: Tile) -> Vec<u8> {
        let response = self.get(&tile.to_string()).await;
        assert_eq!(response.status(), 200, "{tile}");
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        let cache = response.headers()["cache-control"].to_str().unwrap();
        assert!(cache.ends_with("max-age=31536000, immutable"), "{cache}");
        assert_eq!(cache.starts_with("public"), tile.kind() != TileKind::Entries);
        response.bytes().await.unwrap().to_vec()
    }

    async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }
}

/// The tree as somebody outside knows it: from tiles alone.
#[derive(Default)]
struct Served(HashMap<(u8, u64), Hash>);

impl nodes::NodeSource for Served {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        if level.is_multiple_of(8) {
            return self.0.get(&(level / 8, index)).copied();
        }
        Some(node_hash(&self.node(level - 1, index * 2)?, &self.node(level - 1, index * 2 + 1)?))
    }
}

fn tile(kind: TileKind, index: u64, width: u16) -> Tile {
    Tile::new(kind, index, width).unwrap()
}

/// Another implementation's log, whose signing key is published with it: what we serve is the same, octet for octet.
#[tokio::test]
async fn tile_paths_tessera_log() {
    let seed = Base64::decode_vec("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg").unwrap();
    let signer = NoteSigner::from_seed("example.com/log/testdata", seed[1..].try_into().unwrap()).unwrap();
    let log: HashMap<&str, Vec<u8>> = include_str!("../../../tests/vectors/log/tessera.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(path, octets)| (path, Base64::decode_vec(octets).unwrap()))
        .collect();
    let mut world = World::start().await;
    let entries = bundle::entries(&log["tile/entries/000.p/15"]).unwrap();
    for (size, entry) in (1u64..).zip(entries) {
        world.tree.push(leaf_hash(entry));
        let origin = signer.verifier().name().to_owned();
        let head = Checkpoint { origin, size, root: world.tree.root_at(size).unwrap() };
        let checkpoint = head.sign(&signer).unwrap();
        let entries = vec![entry.to_vec().into()];
        let commit = Commit { first: size - 1, entries, checkpoint, records: vec![] };
        world.setup.host.store().commit(commit).await.unwrap();
        assert_eq!(world.get("checkpoint").await.bytes().await.unwrap(), log[&*format!("checkpoint.{size}")]);
    }
    let tiles: Vec<_> = log.iter().filter(|(path, _)| path.starts_with("tile/")).collect();
    assert_eq!(tiles.len(), 30);
    for (path, octets) in tiles {
        assert_eq!(world.get(path).await.bytes().await.unwrap(), octets, "{path}");
    }
}

/// Every tile of each size is there under its exact path, nothing beyond it is, and the tiles lead to the root.
#[tokio::test]
async fn tile_paths() {
    let mut world = World::start().await;
    assert_eq!(world.status("checkpoint").await, 404);
    assert_eq!(world.status("tile/0/000.p/1").await, 404);
    let last_paths: [(u64, &[&str]); 6] = [
        (1, &["tile/0/000.p/1"]),
        (255, &["tile/0/000.p/255"]),
        (256, &["tile/0/000", "tile/1/000.p/1"]),
        (257, &["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]),
        (65_536, &["tile/0/255", "tile/1/000", "tile/2/000.p/1"]),
        (70_000, &["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]),
    ];
    let mut served = Served::default();
    for (size, paths) in last_paths {
        world.grow(size).await;
        for path in paths {
            assert_eq!(world.status(path).await, 200, "{size}: {path}");
        }
        let response = world.get("checkpoint").await;
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let note = response.text().await.unwrap();
        let head = Checkpoint::open(&note, world.signer.verifier()).unwrap();
        assert_eq!(head.size, size);

        for LevelShape { level, full, partial } in shape(size) {
            let kind = TileKind::Hashes(level);
            // Full tiles that were read at an earlier size never change.
            let known = (0..full).find(|n| !served.0.contains_key(&(level, n * 256 + 255))).unwrap_or(full);
            let tiles = (known..full).map(|index| tile(kind, index, 256));
            for tile in tiles.chain((partial > 0).then(|| tile(kind, full, partial.into()))) {
                let octets = world.octets(tile).await;
                assert_eq!(octets.len(), usize::from(tile.width()) * 32);
                for (at, hash) in (tile.index() * 256..).zip(octets.chunks(32)) {
                    served.0.insert((level, at), hash.try_into().unwrap());
                }
            }
            // One more than there is.
            let beyond = tile(kind, full, u16::from(partial) + 1);
            assert_eq!(world.status(&beyond.to_string()).await, 404, "{size}: {beyond}");
        }
        assert_eq!(nodes::root(&served, size), Some(head.root), "{size}");
    }
    assert_eq!(served.node(8, 0), world.tree.node(8, 0));

    // The partial tiles of every checkpoint before.
    for path in ["tile/0/000.p/1", "tile/0/000.p/255", "tile/1/000.p/1", "tile/0/001.p/1"] {
        assert_eq!(world.status(path).await, 200, "{path}");
    }
    for bundle_of in
        [tile(TileKind::Entries, 273, 112), tile(TileKind::Entries, 0, 256), tile(TileKind::Entries, 0, 1)]
    {
        let octets = world.octets(bundle_of).await;
        let entries = bundle::entries(&octets).unwrap();
        assert_eq!(entries.len(), usize::from(bundle_of.width()));
        for (index, entry) in (bundle_of.index() * 256..).zip(entries) {
            assert_eq!(Some(leaf_hash(entry)), world.tree.node(0, index));
        }
    }
    for path in [
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/00/000",
        "tile/63/000.p/1",
        "tile/8/000.p/1",
        "tile/3/000.p/1",
        "tile/0/274",
        "tile/0/x999/x999/999",
        "tile/entries/273.p/113",
        "tile/entries/274",
        "tile/entries/000.p/0",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/%30%30%30",
        "",
        "tile",
        "checkpoint/",
        "checkpoint/1",
        "entries",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
    ] {
        assert_eq!(world.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn proofs_are_served_and_verify() {
    let mut world = World::start().await;
    assert_eq!(world.status("proof/0").await, 404);
    world.grow(7).await;
    for index in 0..7u64 {
        let response = world.get(&format!("proof/{index}")).await;
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let proof = TlogProof::parse(&response.text().await.unwrap()).unwrap();
        assert_eq!(proof.index, index);
        let head = proof.verify(index.to_string().as_bytes(), world.signer.verifier()).unwrap();
        assert_eq!(head.size, 7);
        assert!(proof.verify(b"something else", world.signer.verifier()).is_err());
    }
    for path in ["proof/7", "proof/00", "proof/-1", "proof/", "proof/1/", "proof/18446744073709551616"] {
        assert_eq!(world.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn entries_are_for_auditors() {
    let mut world = World::start().await;
    world.grow(3).await;
    let url = world.setup.url("/ledger/tile/entries/000.p/3");
    let bare = || world.setup.client.get(&url);
    let refused = answered(bare()).await;
    assert_eq!((refused.status, &refused.headers["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
    // A signer's token is no auditor's.
    let wrong = [
        format!("Bearer {TOKEN}x"),
        "Bearer".into(),
        format!("Basic {TOKEN}"),
        format!("Bearer {}", world.setup.token),
    ];
    for value in wrong {
        assert_eq!(answered(bare().header("authorization", value)).await.status, 401);
    }
    assert_eq!(world.status("tile/entries/000.p/3").await, 200);
    let post = world.setup.client.post(&url).send().await.unwrap();
    assert_eq!((post.status().as_u16(), &post.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));

    // Everything else is open.
    for path in ["checkpoint", "tile/0/000.p/3", "proof/2"] {
        let open = world.setup.client.get(world.setup.url(&format!("/ledger/{path}"))).send().await.unwrap();
        assert_eq!(open.status(), 200, "{path}");
    }
    // Where no auditor is configured, no token opens.
    let closed = Setup::start().await;
    closed.seal().await;
    let request = closed.client.get(closed.url("/ledger/tile/entries/000.p/1"));
    let refused = answered(request.header("authorization", format!("Bearer {TOKEN}"))).await;
    assert_eq!(refused.refusal(), (403, "access_denied", "Entries of the ledger are not served here"));
}

#[tokio::test]
async fn details_are_for_auditors_in_bundles() {
    let mut world = World::start().await;
    world.grow(3).await;
    let origin = ORIGIN.into();
    world.tree.push(leaf_hash(b"3"));
    let checkpoint =
        Checkpoint { origin, size: 4, root: world.tree.root_at(4).unwrap() }.sign(&world.signer).unwrap();
    let records = vec![RecordChange::Detail(KeptDetail { index: 3, sealed: b"sealed"[..].into() })];
    let commit = Commit { first: 3, entries: vec![b"3"[..].into()], checkpoint, records };
    world.setup.host.store().commit(commit).await.unwrap();
    for (first, found) in [(0, vec![(3, &b"sealed"[..])]), (3, vec![(3, b"sealed")]), (4, vec![])] {
        let response = world.get(&format!("details/{first}")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert!(response.headers()["cache-control"].to_str().unwrap().starts_with("private"));
        assert_eq!(details(&response.bytes().await.unwrap()).unwrap(), found, "{first}");
    }
    for path in ["details", "details/", "details/00", "details/-1", "details/x", "details/0/1"] {
        assert_eq!(world.status(path).await, 404, "{path}");
    }
    // Nobody else has them, and where no auditor is configured nobody has.
    let url = world.setup.url("/ledger/details/0");
    assert_eq!(answered(world.setup.client.get(&url)).await.status, 401);
    let signer = format!("Bearer {}", world.setup.token);
    assert_eq!(answered(world.setup.client.get(&url).header("authorization", signer)).await.status, 401);
    let closed = Setup::start().await;
    let request = closed.client.get(closed.url("/ledger/details/0"));
    let refused = answered(request.header("authorization", format!("Bearer {TOKEN}"))).await;
    assert_eq!(refused.refusal(), (403, "access_denied", "Entries of the ledger are not served here"));
}
