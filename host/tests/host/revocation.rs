//! Place: SSA. Revocation lists on their way to the enclave.

use crate::peer::Peer;
use crate::setup::Setup;
use fuin_host::revocation::RevocationConfig;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, ProvideRevocation};
use fuin_shared::pki::crl::MAX_CRL;
use std::path::Path;

async fn start(folder: &Path) -> Setup {
    let list = |name: &str| RevocationConfig {
        list: folder.join(name),
        issuer: vec![folder.join("ca.der"), folder.join("root.der")],
    };
    let lists = vec![list("missing.crl"), list("large.crl"), list("ca.crl")];
    Setup::start_with(|config| config.revocation = lists).await
}

/// The list that the enclave is brought next.
async fn brought(peer: &mut Peer, answer: Result<Answer, Fault>) -> ProvideRevocation {
    let (id, command) = peer.command().await;
    peer.reply(id, answer).await;
    match command {
        Command::ProvideRevocation(list) => list,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lists_come_to_every_enclave_that_connects_and_what_cannot_be_read_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    write("ca.der", b"ca");
    write("root.der", b"root");
    write("ca.crl", b"first");
    write("large.crl", &vec![0; MAX_CRL + 1]);
    let setup = start(folder.path()).await;
    let mut peer = setup.peer(1).await;
    let first = brought(&mut peer, Ok(Answer::RevocationTaken)).await;
    assert_eq!(first.list.as_slice(), b"first");
    assert_eq!(first.issuer.iter().map(|der| der.0.clone()).collect::<Vec<_>>(), [&b"ca"[..], b"root"]);
    drop(peer);
    write("ca.crl", b"second");
    let mut peer = setup.peer(2).await;
    // A refusal is no reason to stop.
    assert_eq!(brought(&mut peer, Err(Fault::RevocationList)).await.list.as_slice(), b"second");
    drop(peer);
    let mut peer = setup.peer(3).await;
    assert_eq!(brought(&mut peer, Ok(Answer::RevocationTaken)).await.list.as_slice(), b"second");
}

/// Ends the connection, until the relay knows.
async fn gone(setup: &Setup, peer: Peer) {
    drop(peer);
    setup.host.relay().instance().wait_for(Option::is_none).await.unwrap();
}

/// The lists that the enclave is brought next, sorted: a round that began before it came may bring the last ones first.
async fn taken(peer: &mut Peer, many: usize) -> Vec<Vec<u8>> {
    let mut lists = Vec::new();
    for _ in 0..many {
        lists.push(brought(peer, Ok(Answer::RevocationTaken)).await.list.0);
    }
    lists.sort();
    lists
}

#[tokio::test]
async fn a_boot_is_not_brought_again_what_it_has_taken() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    for name in ["ca.der", "same.crl", "other.crl"] {
        write(name, name.as_bytes());
    }
    let list = |name: &str| RevocationConfig {
        list: folder.path().join(name),
        issuer: vec![folder.path().join("ca.der")],
    };
    let lists = vec![list("same.crl"), list("other.crl")];
    let setup = Setup::start_with(|config| config.revocation = lists).await;
    let mut peer = setup.peer(1).await;
    for _ in 0..2 {
        let (id, command) = peer.command().await;
        let Command::ProvideRevocation(list) = command else { panic!("{command:?}") };
        let same = list.list.as_slice() == b"same.crl";
        peer.reply(id, if same { Ok(Answer::RevocationTaken) } else { Err(Fault::RevocationList) }).await;
    }
    gone(&setup, peer).await;
    let mut peer = setup.peer(1).await;
    assert_eq!(taken(&mut peer, 1).await, [b"other.crl"], "it was refused");
    gone(&setup, peer).await;
    // Another boot has nothing yet.
    let mut peer = setup.peer(2).await;
    assert_eq!(taken(&mut peer, 2).await, [&b"other.crl"[..], b"same.crl"]);
    gone(&setup, peer).await;
    // The certificates count as well as the list.
    write("ca.der", b"new");
    let mut peer = setup.peer(2).await;
    while brought(&mut peer, Ok(Answer::RevocationTaken)).await.issuer != [b"new".to_vec().into()] {}
}
