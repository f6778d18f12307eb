//! Place: SSA. Paths, methods, sizes: always JSON, always a request id.

use crate::setup::{Setup, answered};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn unknown_paths_methods_and_verbs() {
    let setup = Setup::start().await;
    for (path, status) in [
        ("/", 404),
        ("/csc", 404),
        ("/csc/v3/info", 404),
        ("/csc/v2", 404),
        ("/csc/v2/nothing", 404),
        ("/csc/v2/credentials/authorizeCheck", 501),
        ("/csc/v1/credentials/sendOTP", 501),
        ("/csc/v2/signatures/signDoc", 501),
        ("/csc/v1/signatures/timestamp", 501),
        ("/csc/v2/oauth2/token", 501),
        ("/csc//v2///info/", 200),
    ] {
        assert_eq!(setup.post(path, "{}").await.status, status, "{path}");
    }
    let get = answered(setup.client.get(setup.url("/csc/v2/credentials/list"))).await;
    assert_eq!((get.status, get.headers["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(get.refusal().1, "invalid_request");
    assert_eq!(answered(setup.client.get(setup.url("/attestation"))).await.status, 405);
    assert_eq!(setup.post("/healthz", "").await.status, 405);
    assert_eq!(answered(setup.client.get(setup.url("/healthz"))).await.status, 200);
    let head = setup.client.head(setup.url("/csc/v2/info")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn info_is_complete_in_both_versions() {
    let setup = Setup::start_with(|c| c.info.specs_v2 = "2.2.0.0".into()).await;
    let v1 = setup.post_with("/csc/v1/info", None, "{\"lang\":\"fr-FR\"}").await.body;
    let v2 = answered(setup.client.get(setup.url("/csc/v2/info"))).await.body;
    for info in [&v1, &v2] {
        for member in ["specs", "name", "logo", "region", "lang", "description"] {
            assert!(info[member].is_string(), "{member}");
        }
        assert_eq!(info["authType"], json!(["basic"]));
        for name in info["methods"].as_array().unwrap() {
            assert!(!["credentials/sendOTP", "signatures/signDoc"].contains(&name.as_str().unwrap()));
        }
    }
    assert_eq!((v1["specs"].as_str(), v2["specs"].as_str()), (Some("1.0.4.0"), Some("2.2.0.0")));
    assert_eq!(v2["signature_formats"], json!({ "formats": [], "envelope_properties": [] }));
    assert_eq!(v2["signAlgorithms"]["algoParams"], json!([]));
    let logo = setup.client.get(v2["logo"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(logo.headers()["content-type"], "image/png");
    assert!(logo.bytes().await.unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_with_json() {
    let setup = Setup::start_with(|c| c.limits.body_octets = 2000).await;
    let answer = setup.post("/csc/v2/signatures/signHash", "x".repeat(2001)).await;
    assert_eq!((answer.status, answer.refusal().1), (413, "invalid_request"));
    assert_eq!(setup.post("/attestation", "x".repeat(2001)).await.status, 413);
    // By its length alone, before a single octet of it came.
    let mut stream = tokio::net::TcpStream::connect(setup.host.local_addr()).await.unwrap();
    stream.write_all(b"POST /csc/v2/info HTTP/1.1\r\nhost: x\r\ncontent-length: 2001\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 1000];
    let n = stream.read(&mut answer).await.unwrap();
    assert!(answer[..n].starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer[..n]));
    // Without a length, in chunks.
    let mut stream = tokio::net::TcpStream::connect(setup.host.local_addr()).await.unwrap();
    stream
        .write_all(b"POST /csc/v2/info HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(format!("bb8\r\n{}\r\n0\r\n\r\n", "x".repeat(3000)).as_bytes()).await.unwrap();
    let mut answer = vec![0; 1000];
    let n = stream.read(&mut answer).await.unwrap();
    assert!(answer[..n].starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer[..n]));
    assert_eq!(setup.post("/csc/v2/info", "").await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let setup = Setup::start_with(|c| c.limits.body_ms = 20).await;
    let mut stream = tokio::net::TcpStream::connect(setup.host.local_addr()).await.unwrap();
    stream.write_all(b"POST /csc/v2/info HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    let mut answer = vec![0; 1000];
    let n = stream.read(&mut answer).await.unwrap();
    assert!(answer[..n].starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer[..n]));
}

#[tokio::test]
async fn readiness_follows_the_enclave() {
    use fuin_shared::fault::Fault;
    use fuin_shared::message::{Answer, Status};
    use fuin_shared::phase::Phase;
    let setup = Setup::start().await;
    let ready = || answered(setup.client.get(setup.url("/readyz")));
    assert_eq!(ready().await.status, 503);
    let mut peer = setup.peer(1).await;
    let at = |phase| {
        Ok(Answer::Status(Status {
            phase,
            instance: crate::peer::instance(1),
            service: None,
            ledger_size: None,
        }))
    };
    for (result, status) in
        [(at(Phase::Recovering), 503), (at(Phase::Operational), 200), (Err(Fault::Halted), 503)]
    {
        let (answer, ()) = tokio::join!(ready(), async {
            let (id, _) = peer.command().await;
            peer.reply(id, result).await;
        });
        assert_eq!(answer.status, status);
        assert_eq!(answer.body["ready"], json!(status == 200));
    }
}

#[tokio::test]
async fn the_callers_request_id_comes_back() {
    let setup = Setup::start().await;
    let answer =
        answered(setup.client.post(setup.url("/csc/v2/info")).header("x-request-id", "abc-123")).await;
    assert_eq!(answer.headers["x-request-id"], "abc-123");
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let setup = Setup::start_with(|c| c.limits.head_ms = 20).await;
    let mut stream = tokio::net::TcpStream::connect(setup.host.local_addr()).await.unwrap();
    stream.write_all(b"POST /csc/v2/info HT").await.unwrap();
    let mut rest = Vec::new();
    // Until the host closes.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert_eq!(setup.post("/csc/v2/info", "").await.status, 200);
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_for_its_place() {
    let setup = Setup::start_with(|c| c.limits.http_connections = 1).await;
    let first = tokio::net::TcpStream::connect(setup.host.local_addr()).await.unwrap();
    let second = tokio::spawn(setup.client.post(setup.url("/csc/v2/info")).send());
    drop(first);
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_stop_answers_what_is_in_flight_and_takes_nothing_new() {
    use fuin_shared::fault::Fault;
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let address = setup.host.local_addr();
    let request = tokio::spawn(setup.client.get(setup.url("/readyz")).send());
    let (id, _) = peer.command().await;
    let idle = tokio::net::TcpStream::connect(address).await.unwrap();
    let stop = tokio::spawn(setup.host.shutdown());
    peer.reply(id, Err(Fault::WrongPhase)).await;
    assert_eq!(request.await.unwrap().unwrap().status(), 503);
    stop.await.unwrap();
    drop(idle);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
