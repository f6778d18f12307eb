//! Place: SSA. The listener for ceremonies: apart from the public one, and only a carrier.

use crate::peer::{Peer, instance};
use crate::setup::{Answered, Setup, answered};
use fuin_host::config::CeremonyConfig;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{ManifestChange, ManifestHistory, SignedManifest, service_id};
use fuin_shared::message::{
    Answer, CeremonyStatus, Command, Commit, GetEvidence, HandOver, HandedOver, InstallManifest,
    ManifestChanged, ProvideShare, RecordChange, Status, TakeOver,
};
use fuin_shared::new_epoch::{EpochPlan, NewEpoch};
use fuin_shared::phase::Phase;
use std::net::Ipv4Addr;

async fn start() -> Setup {
    Setup::start_with(|config| {
        config.ceremony = Some(CeremonyConfig { listen: (Ipv4Addr::LOCALHOST, 0).into() });
    })
    .await
}

fn url(setup: &Setup, path: &str) -> String {
    format!("http://{}{path}", setup.host.ceremony_addr().unwrap())
}

async fn post(setup: &Setup, path: &str, body: Vec<u8>) -> Answered {
    answered(setup.client.post(url(setup, path)).body(body)).await
}

/// Answers the next command, which must be this one.
async fn expect(peer: &mut Peer, wanted: Command, answer: Result<Answer, Fault>) {
    let (id, command) = peer.command().await;
    assert_eq!(command, wanted);
    peer.reply(id, answer).await;
}

fn share() -> ProvideShare {
    ProvideShare { statement: Blob(vec![1]), sealed: Blob(vec![2]), other: None }
}

#[tokio::test]
async fn the_public_listener_does_not_lead_to_ceremonies() {
    let setup = start().await;
    for path in
        ["status", "manifest", "manifests", "change", "shares", "approval", "receipt", "share", "hand-over"]
    {
        let path = format!("/ceremony/{path}");
        assert_eq!(answered(setup.client.get(setup.url(&path))).await.status, 404);
        assert_eq!(answered(setup.client.post(setup.url(&path))).await.status, 404);
        // Nor the other way.
        let here = answered(setup.client.delete(url(&setup, &path))).await;
        assert_eq!(here.status, 405, "{path}");
    }
    for path in ["/csc/v2/info", "/readyz", "/ceremony", "/ceremony/", "/"] {
        assert_eq!(answered(setup.client.get(url(&setup, path))).await.status, 404, "{path}");
    }
    assert_eq!(Setup::start().await.host.ceremony_addr(), None);
}

#[tokio::test]
async fn what_is_not_a_message_of_a_ceremony_is_refused_before_the_enclave() {
    let setup = start().await;
    let _peer = setup.peer(1).await;
    for octets in [Vec::new(), b"{}".to_vec(), vec![0xff; 1000]] {
        for path in ["/ceremony/manifest", "/ceremony/share", "/ceremony/change", "/ceremony/epoch"] {
            assert_eq!(post(&setup, path, octets.clone()).await.status, 400, "{path}");
        }
        // There is no manifest to read it by.
        assert_eq!(post(&setup, "/ceremony/approval", octets).await.status, 409);
    }
    let large = vec![0; 300 * 1024];
    assert_eq!(post(&setup, "/ceremony/receipt", large).await.status, 413);
    assert_eq!(answered(setup.client.get(url(&setup, "/ceremony/share"))).await.status, 405);
    assert_eq!(answered(setup.client.get(url(&setup, "/ceremony/epoch"))).await.status, 405);
    assert_eq!(answered(setup.client.post(url(&setup, "/ceremony/status"))).await.status, 405);
    assert_eq!(answered(setup.client.get(url(&setup, "/ceremony/manifest"))).await.status, 404);
}

#[tokio::test]
async fn messages_and_refusals_of_the_enclave_are_carried() {
    let setup = start().await;
    assert_eq!(post(&setup, "/ceremony/share", codec::encode(&share())).await.status, 503);
    let mut peer = setup.peer(1).await;
    let wanted = Command::ProvideShare(share());
    for (answer, status, told) in [
        (Ok(Answer::ShareAccepted { missing: 1 }), 200, "\"missing\":1"),
        (Err(Fault::RootMismatch), 409, "(357)"),
        (Err(Fault::Busy), 429, "in flight"),
        (Ok(Answer::Deleted(crate::authorize::receipt())), 500, "server_error"),
    ] {
        let body = codec::encode(&share());
        let (answered, ()) =
            tokio::join!(post(&setup, "/ceremony/share", body), expect(&mut peer, wanted.clone(), answer));
        assert_eq!(answered.status, status);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
    }
}

#[tokio::test]
async fn the_status_is_what_enclave_and_store_say() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    let (answered, ()) = tokio::join!(answered(setup.client.get(url(&setup, "/ceremony/status"))), async {
        let status =
            Status { phase: Phase::Uninitialized, instance: instance(1), service: None, ledger_size: None };
        expect(&mut peer, Command::Status, Ok(Answer::Status(status))).await;
        let status = CeremonyStatus {
            genesis: None,
            receipts_missing: Vec::new(),
            shares: vec!["kei".parse().unwrap()],
            shares_missing: 1,
            epoch: Some(1),
            roots: Vec::new(),
            rotation: None,
        };
        expect(&mut peer, Command::CeremonyStatus, Ok(Answer::CeremonyStatus(status))).await;
    });
    assert_eq!(answered.status, 200);
    assert_eq!(answered.body["phase"], "uninitialized");
    assert_eq!(answered.body["shares"], serde_json::json!({ "from": ["kei"], "missing": 1, "epoch": 1 }));
    assert_eq!(answered.body["ledger"]["size"], 0);
}

fn change(n: u8) -> ManifestChange {
    ManifestChange { manifest: vec![n].into(), approvals: vec![vec![n, n].into()] }
}

#[tokio::test]
async fn a_change_and_its_refusals_are_carried() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    let manifest = ManifestHash([7; 32]);
    let changed = ManifestChanged { manifest, version: 2, receipt: crate::authorize::receipt() };
    for (answer, status, told) in [
        (Ok(Answer::ManifestChanged(changed)), 200, "\"version\":2"),
        (Err(Fault::ManifestSignature), 409, "(301)"),
        (Err(Fault::ManifestFixed), 409, "(304)"),
        (Err(Fault::RoleForbidden), 409, "(310)"),
        (Err(Fault::Busy), 429, "in flight"),
        (Ok(Answer::Deleted(crate::authorize::receipt())), 500, "server_error"),
    ] {
        let body = codec::encode(&change(2));
        let wanted = Command::ChangeManifest(change(2));
        let (answered, ()) =
            tokio::join!(post(&setup, "/ceremony/change", body), expect(&mut peer, wanted, answer));
        assert_eq!(answered.status, status);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
    }
}

#[tokio::test]
async fn a_new_epoch_is_carried_to_the_boot() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    let plan = EpochPlan {
        service: ServiceId([1; 32]),
        ledger: "ledger".into(),
        epoch: 1,
        checkpoint: "head".into(),
        manifest: ManifestHash([2; 32]),
        instance: instance(1),
    };
    let epoch = NewEpoch { plan, checkpoint: "note".into(), change: Some(change(2)), approvals: Vec::new() };
    for (answer, status, told) in [
        (Ok(Answer::EpochPlanned { epoch: 1 }), 200, "\"epoch\":1"),
        (Err(Fault::EpochQuorum), 409, "(362)"),
        (Ok(Answer::Deleted(crate::authorize::receipt())), 500, "server_error"),
    ] {
        let body = codec::encode(&epoch);
        let wanted = Command::NewEpoch(Box::new(epoch.clone()));
        let (answered, ()) =
            tokio::join!(post(&setup, "/ceremony/epoch", body), expect(&mut peer, wanted, answer));
        assert_eq!(answered.status, status);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
    }
}

/// A host that keeps a first manifest and two that followed, with that manifest and its service.
async fn with_three_manifests() -> (Setup, Blob, ServiceId) {
    let setup = start().await;
    let manifest = Blob(vec![1]);
    let service = service_id(manifest.as_slice());
    let first = Blob(codec::encode(&SignedManifest { manifest, signatures: Vec::new() }));
    setup.host.keep_manifest(first.clone()).await.unwrap();
    let records = vec![RecordChange::Manifest(change(2)), RecordChange::Manifest(change(3))];
    let size = setup.host.store().head().await.unwrap().size;
    let commit = Commit { first: size, entries: vec![vec![9].into()], checkpoint: "c".into(), records };
    setup.host.store().commit(commit).await.unwrap();
    (setup, first, service)
}

fn status(phase: Phase, service: Option<ServiceId>) -> Result<Answer, Fault> {
    Ok(Answer::Status(Status { phase, instance: instance(1), service, ledger_size: None }))
}

fn followed() -> Result<Answer, Fault> {
    Ok(Answer::ManifestFollowed { manifest: ManifestHash([7; 32]) })
}

/// A share that is on its way.
fn giving(setup: &Setup) -> tokio::task::JoinHandle<Answered> {
    let request = setup.client.post(url(setup, "/ceremony/share")).body(codec::encode(&share()));
    tokio::spawn(answered(request))
}

/// Every boot gets the first manifest and each that followed, and no share comes in between.
#[tokio::test]
async fn every_boot_is_brought_all_manifests_in_their_order() {
    let (setup, first, service) = with_three_manifests().await;
    let history = setup.client.get(url(&setup, "/ceremony/manifests")).send().await.unwrap();
    let history: ManifestHistory = codec::decode(&history.bytes().await.unwrap()).unwrap();
    assert_eq!(history, ManifestHistory { first: first.clone(), changes: vec![change(2), change(3)] });

    let mut peer = setup.peer(1).await;
    expect(&mut peer, Command::Status, status(Phase::Booted, None)).await;
    let install = InstallManifest { first: first.clone(), current: first };
    let (id, command) = peer.command().await;
    assert_eq!(command, Command::InstallManifest(install));
    // A custodian who is quick has to wait for the rest.
    let share = giving(&setup);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    peer.reply(id, Ok(Answer::ManifestInstalled { service })).await;
    // It has the first of them already, for whatever reason.
    expect(&mut peer, Command::FollowManifest(change(2)), Err(Fault::ManifestForeign)).await;
    expect(&mut peer, Command::FollowManifest(change(3)), followed()).await;
    // Before the share goes out, the host makes sure of them. An officer of then may be an operator by now.
    expect(&mut peer, Command::Status, status(Phase::Uninitialized, Some(service))).await;
    expect(&mut peer, Command::FollowManifest(change(2)), Err(Fault::RoleForbidden)).await;
    expect(&mut peer, Command::FollowManifest(change(3)), Err(Fault::ManifestForeign)).await;
    expect(&mut peer, Command::ProvideShare(self::share()), Ok(Answer::ShareAccepted { missing: 1 })).await;
    assert_eq!(share.await.unwrap().status, 200);
}

/// The last share would halt a boot that lacks one of them.
#[tokio::test]
async fn no_share_goes_out_before_all_manifests_are_there() {
    let (setup, first, service) = with_three_manifests().await;
    let mut peer = setup.peer(1).await;
    expect(&mut peer, Command::Status, status(Phase::Booted, None)).await;
    let install = InstallManifest { first: first.clone(), current: first };
    expect(&mut peer, Command::InstallManifest(install), Ok(Answer::ManifestInstalled { service })).await;
    expect(&mut peer, Command::FollowManifest(change(2)), Err(Fault::Busy)).await;
    let mut share = giving(&setup);
    let refused = loop {
        let (id, command) = tokio::select! {
            answered = &mut share => break answered.unwrap(),
            command = peer.command() => command,
        };
        let answer = match command {
            Command::Status => status(Phase::Uninitialized, Some(service)),
            Command::FollowManifest(_) => Err(Fault::Busy),
            other => panic!("{other:?}"),
        };
        peer.reply(id, answer).await;
    };
    assert_eq!(refused.status, 429);
    // They are brought once more without anybody's doing.
    loop {
        let (id, command) = peer.command().await;
        let last = command == Command::FollowManifest(change(3));
        let answer = match command {
            Command::Status => status(Phase::Uninitialized, Some(service)),
            Command::FollowManifest(_) => followed(),
            other => panic!("{other:?}"),
        };
        peer.reply(id, answer).await;
        if last {
            break;
        }
    }
}

#[tokio::test]
async fn nothing_follows_the_manifest_of_another_service() {
    let (setup, _, _) = with_three_manifests().await;
    let mut peer = setup.peer(1).await;
    let foreign = || status(Phase::Uninitialized, Some(ServiceId([5; 32])));
    expect(&mut peer, Command::Status, foreign()).await;
    let share = giving(&setup);
    expect(&mut peer, Command::Status, foreign()).await;
    let refused = share.await.unwrap();
    assert_eq!(refused.status, 409);
    assert!(refused.body.to_string().contains("another service"), "{}", refused.body);
}

#[tokio::test]
async fn web_pages_are_refused() {
    let setup = start().await;
    let _peer = setup.peer(1).await;
    for path in ["/ceremony/status", "/ceremony/manifest", "/ceremony/share", "/attestation"] {
        let request = setup.client.post(url(&setup, path)).header("origin", "https://page.example");
        assert_eq!(answered(request).await.status, 403, "{path}");
    }
}

fn status_of(n: u8, phase: Phase) -> Result<Answer, Fault> {
    Ok(Answer::Status(Status { phase, instance: instance(n), service: None, ledger_size: None }))
}

/// Evidence for this reader.
fn asked(reader: u8) -> Command {
    Command::GetEvidence(GetEvidence { nonce: Some(Blob::from(instance(reader).as_ref())) })
}

fn octets(octet: u8) -> Blob {
    Blob(vec![octet; 9])
}

/// All that is carried, up to the answer of the one that gives.
async fn until_given(old: &mut Peer, new: &mut Peer, given: Result<Answer, Fault>) {
    expect(new, Command::Status, status_of(2, Phase::Uninitialized)).await;
    expect(old, Command::Status, status_of(1, Phase::Operational)).await;
    expect(new, asked(1), Ok(Answer::Evidence(octets(1)))).await;
    expect(old, asked(2), Ok(Answer::Evidence(octets(2)))).await;
    expect(old, Command::HandOver(HandOver { evidence: octets(1) }), given).await;
}

#[tokio::test]
async fn a_hand_over_goes_between_the_newest_enclave_and_an_operational_one() {
    let setup = start().await;
    let path = "/ceremony/hand-over";
    assert_eq!(post(&setup, path, Vec::new()).await.status, 503);
    let mut old = setup.peer(1).await;
    for (phase, told) in [(Phase::Operational, "does not wait"), (Phase::Booted, "does not wait")] {
        let status = expect(&mut old, Command::Status, status_of(1, phase));
        let (answered, ()) = tokio::join!(post(&setup, path, Vec::new()), status);
        assert_eq!(answered.status, 409);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
    }
    let status = expect(&mut old, Command::Status, status_of(1, Phase::Uninitialized));
    let (answered, ()) = tokio::join!(post(&setup, path, Vec::new()), status);
    assert_eq!(answered.status, 409);
    assert!(answered.body.to_string().contains("no other enclave is operational"), "{}", answered.body);

    let mut new = setup.peer(2).await;
    // What the giver refuses ends it, and changes nothing.
    let (answered, ()) = tokio::join!(
        post(&setup, path, Vec::new()),
        until_given(&mut old, &mut new, Err(Fault::PeerRefused))
    );
    assert_eq!(answered.status, 409);
    assert!(answered.body.to_string().contains("(359)"), "{}", answered.body);

    // What it was is not known: nothing goes to the other.
    let (answered, ()) =
        tokio::join!(post(&setup, path, Vec::new()), until_given(&mut old, &mut new, Err(Fault::Deadline)));
    assert_eq!(answered.status, 503);
    assert!(answered.body.to_string().contains("custodians give their shares"), "{}", answered.body);

    let handed = HandedOver { statement: octets(3), signature: octets(4), sealed: octets(5) };
    let ledger = LedgerIdentity { origin: "ledger.example/x".into(), vkey: "vkey".into() };
    let taken = Answer::Operational { ledger, checkpoint: "note".into() };
    for (answer, status, told) in [
        (Ok(taken), 200, "\"checkpoint\":\"note\""),
        (Err(Fault::LedgerShortened), 409, "the former enclave has ended"),
        (Ok(Answer::Deleted(crate::authorize::receipt())), 500, "server_error"),
    ] {
        let given = Answer::HandedOver { handed: handed.clone(), receipt: crate::authorize::receipt() };
        let take = TakeOver { evidence: octets(2), handed: handed.clone() };
        let (answered, ()) = tokio::join!(post(&setup, path, Vec::new()), async {
            until_given(&mut old, &mut new, Ok(given)).await;
            expect(&mut new, Command::TakeOver(take), answer).await;
        });
        assert_eq!(answered.status, status, "{}", answered.body);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
        if status == 200 {
            assert_eq!(answered.body["giver"], serde_json::json!(instance(1)));
            assert_eq!(answered.body["taker"], serde_json::json!(instance(2)));
        }
    }
}
