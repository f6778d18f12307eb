//! Place: none. A ledger of several tiles over HTTP, of which one octet after the other is another.

use super::super::source::{Args, Token};
use super::*;
use clap::{Args as _, FromArgMatches as _};
use fuin_shared::codec;
use fuin_shared::ids::{Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::log::bundle::append_entry;
use fuin_shared::log::cosignature::Cosigner;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::note::NoteSigner;
use std::collections::HashMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const ORIGIN: &str = "fuin.example/ledger/00";
const SIZE: u64 = 300;

type Resources = HashMap<String, Vec<u8>>;

fn signer() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[3; 32]).unwrap()
}

/// A genesis and many boots.
fn entries() -> Vec<Vec<u8>> {
    let mut audit = Audit::new();
    let (manifest, nonce) = (ManifestHash([2; 32]), Digest32([6; 32]));
    let mut entries = Vec::new();
    while audit.size() < SIZE {
        let body = if entries.is_empty() {
            EventBody::Genesis {
                service: ServiceId([1; 32]),
                manifest,
                ledger: LedgerId([3; 16]),
                shard: 0,
                epoch: 0,
                commitment: RootCommitment([4; 32]),
                approvals: vec![],
            }
        } else {
            let (size, root) = (audit.size(), Digest32(audit.root()));
            EventBody::Boot { nonce, instance: InstanceId([5; 32]), manifest, size, root }
        };
        let entry = codec::encode(&Event { version: 1, time: audit.size(), body, detail: None });
        audit.push(&entry).unwrap();
        entries.push(entry);
    }
    entries
}

/// All that a host serves of it.
fn resources() -> Resources {
    let entries = entries();
    let leaves: Vec<Hash> = entries.iter().map(|e| fuin_shared::log::tree::leaf_hash(e)).collect();
    let mut resources = Resources::new();
    for (path, range) in [("000", 0..256), ("001.p/44", 256..300)] {
        let mut bundle = Vec::new();
        entries[range.clone()].iter().for_each(|entry| append_entry(&mut bundle, entry).unwrap());
        resources.insert(format!("/tile/entries/{path}"), bundle);
        resources.insert(format!("/tile/0/{path}"), leaves[range].concat());
    }
    resources.insert("/tile/1/000.p/1".into(), root_of(&leaves[..256]).to_vec());
    let head = Checkpoint { origin: ORIGIN.into(), size: SIZE, root: root_of(&leaves) };
    resources.insert("/checkpoint".into(), head.sign(&signer()).unwrap().into_bytes());
    resources
}

/// Serves until the test ends; gives the URL.
async fn serve(resources: Resources) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            let found = resources.get(request.split(' ').nth(1).unwrap());
            let (status, body) = found.map_or(("404 Not Found", &[][..]), |body| ("200 OK", &body[..]));
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        }
    });
    url
}

async fn judge(resources: Resources) -> Result<Verified, (u64, String)> {
    judge_under(resources, None).await
}

/// The same, where a quorum is demanded.
async fn judge_under(
    resources: Resources,
    witnesses: Option<&TlogPolicy>,
) -> Result<Verified, (u64, String)> {
    let url = serve(resources).await;
    let command = Args::augment_args(clap::Command::new("verify"));
    let args = command.try_get_matches_from(["verify", "--url", &url]).unwrap();
    let token =
        Token::from_arg_matches(&Token::augment_args(clap::Command::new("x")).get_matches_from(["x"]));
    let mut source = Source::open(&Args::from_arg_matches(&args).unwrap(), token.unwrap()).await.unwrap();
    let signer = signer();
    let demands = Demands { witnesses, ..Demands::default() };
    match check(&mut source, signer.verifier(), demands, &ProgressBar::hidden()).await {
        Ok(verified) => Ok(verified),
        Err(Trouble::Broken(broken)) => Err((broken.index, broken.rule)),
        Err(Trouble::Unusable(error)) => panic!("{error:#}"),
    }
}

/// What comes of the ledger with one octet of a resource changed.
async fn altered(path: &str, at: usize) -> (u64, String) {
    let mut resources = resources();
    resources.get_mut(path).unwrap()[at] ^= 1;
    judge(resources).await.unwrap_err()
}

#[tokio::test]
async fn whole_ledger_is_good() {
    let verified = judge(resources()).await.unwrap();
    assert_eq!((verified.head.size, verified.tiles, verified.checkpoints), (SIZE, 3, 1));
    assert_eq!(verified.totals.kinds.get("boot"), Some(&(SIZE - 1)));
    assert_eq!(verified.others, []);
}

#[tokio::test]
async fn every_altered_tile_is_noticed_at_its_index() {
    let entry = entries()[0].len() + 2;
    let boot = entries()[1].len() + 2;
    // The last octet of entry 3.
    let (index, rule) = altered("/tile/entries/000", entry + 3 * boot - 1).await;
    assert_eq!((index, rule.as_str()), (3, "the entry is not that of its leaf hash"));
    assert_eq!(altered("/tile/0/000", 7 * 32).await.0, 7);
    assert_eq!(altered("/tile/0/001.p/44", 2 * 32 + 31).await.0, 258);
    let (index, rule) = altered("/tile/1/000.p/1", 5).await;
    assert_eq!(index, 0);
    assert!(rule.starts_with("tile/1/000.p/1: hash 0"), "{rule}");
    let (index, rule) = altered("/checkpoint", ORIGIN.len() + 2).await;
    assert_eq!(index, 0);
    assert!(rule.starts_with("checkpoint: "), "{rule}");
    for path in ["/tile/1/000.p/1", "/tile/0/001.p/44", "/tile/entries/001.p/44"] {
        let mut resources = resources();
        resources.remove(path);
        let (_, rule) = judge(resources).await.unwrap_err();
        assert_eq!(rule, format!("{} is not served", &path[1..]));
        let mut resources = self::resources();
        resources.get_mut(path).unwrap().pop();
        assert!(judge(resources).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn cosignature_lines_are_named_and_not_believed() {
    let mut resources = resources();
    let other = NoteSigner::from_seed("witness.example", &[9; 32]).unwrap();
    let line = other.sign("something else\n").unwrap();
    let line = line.lines().last().unwrap();
    resources.get_mut("/checkpoint").unwrap().extend_from_slice(format!("{line}\n").as_bytes());
    let verified = judge(resources).await.unwrap();
    assert_eq!(verified.others, [("witness.example".into(), other.verifier().id().to_string())]);
}

#[tokio::test]
async fn the_quorum_that_is_demanded_must_have_cosigned() {
    let cosigners =
        [1, 2, 3].map(|n| Cosigner::from_seed(&format!("witness.example/{n}"), &[n; 32]).unwrap());
    let keys = cosigners.iter().map(|c| c.witness().clone()).collect();
    let policy = TlogPolicy::of(keys, 2).unwrap();
    let with = |numbers: &[usize], head: &Checkpoint| {
        let mut resources = resources();
        for number in numbers {
            let line = cosigners[*number].cosign(head, 1_700_000_000).unwrap().to_text();
            resources.get_mut("/checkpoint").unwrap().extend_from_slice(line.as_bytes());
        }
        resources
    };
    let head = judge(resources()).await.unwrap().head;
    let verified = judge_under(with(&[0, 2], &head), Some(&policy)).await.unwrap();
    let cosigned = verified.cosigned.unwrap();
    assert_eq!((cosigned.size, cosigned.missing), (SIZE, vec!["witness.example/2".to_owned()]));
    for few in [&[][..], &[1], &[1, 1]] {
        let (index, rule) = judge_under(with(few, &head), Some(&policy)).await.unwrap_err();
        assert_eq!(index, 0);
        assert!(rule.starts_with("no quorum of witnesses"), "{rule}");
    }
    let other = Checkpoint { size: head.size - 1, ..head.clone() };
    let (_, rule) = judge_under(with(&[0, 1], &other), Some(&policy)).await.unwrap_err();
    assert!(rule.contains("does not verify"), "{rule}");
}
