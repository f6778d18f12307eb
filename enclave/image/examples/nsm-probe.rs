//! Place: none.
//!
//! An enclave program for tests: puts every NSM request through the unmodified `aws-nitro-enclaves-nsm-api` crate and `/dev/nsm`, sends what came
//! back to the parent, and ends. `nsm-probe --connect vsock://CID:PORT`.
//!
//! Report: one frame of a 4-octet big-endian length and a CBOR array of `[name, response]`, the responses as the crate encodes them. Then the parent
//! may have octets echoed until it closes its side.

use std::io::{Read, Write};
use std::time::Duration;

use aws_nitro_enclaves_nsm_api::api::{ErrorCode, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::{nsm_exit, nsm_init, nsm_process_request};
use ciborium::Value;
use serde_bytes::ByteBuf;
use vsock::VsockStream;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Octets per write: some kernels stall on larger ones with this vsock backend.
const PIECE: usize = 16 * 1024;

fn main() -> Outcome<()> {
    let address = std::env::args()
        .skip_while(|arg| arg != "--connect")
        .nth(1)
        .ok_or("--connect vsock://CID:PORT is missing")?;
    let parts = address.strip_prefix("vsock://").and_then(|rest| rest.split_once(':'));
    let (cid, port) = parts.ok_or("the address is not vsock://CID:PORT")?;
    let device = nsm_init();
    if device < 0 {
        return Err("/dev/nsm cannot be opened".into());
    }
    let mut report: Vec<Value> = requests()
        .into_iter()
        .map(|(name, request)| entry(name, &nsm_process_request(device, request)))
        .collect::<Outcome<_>>()?;
    report.push(entry("parallel", &in_parallel(device))?);
    nsm_exit(device);

    let mut octets = Vec::new();
    ciborium::into_writer(&Value::Array(report), &mut octets)?;
    let mut stream = VsockStream::connect_with_cid_port(cid.parse()?, port.parse()?)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&u32::try_from(octets.len())?.to_be_bytes())?;
    for piece in octets.chunks(PIECE) {
        stream.write_all(piece)?;
    }
    let mut buffer = vec![0; PIECE];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => stream.write_all(buffer.get(..length).unwrap_or_default())?,
        }
    }
}

fn entry(name: &str, response: &Response) -> Outcome<Value> {
    Ok(Value::Array(vec![name.into(), Value::serialized(response)?]))
}

fn attestation(user_data: usize, nonce: usize, public_key: usize) -> Request {
    let field = |length: usize, octet: u8| (length > 0).then(|| ByteBuf::from(vec![octet; length]));
    Request::Attestation {
        user_data: field(user_data, 1),
        nonce: field(nonce, 2),
        public_key: field(public_key, 3),
    }
}

fn extend(index: u16, data: &[u8]) -> Request {
    Request::ExtendPCR { index, data: data.to_vec() }
}

fn requests() -> Vec<(&'static str, Request)> {
    vec![
        ("describe", Request::DescribeNSM),
        ("random", Request::GetRandom),
        ("random again", Request::GetRandom),
        ("pcr 0", Request::DescribePCR { index: 0 }),
        ("pcr 16", Request::DescribePCR { index: 16 }),
        ("pcr 32", Request::DescribePCR { index: 32 }),
        ("attestation before", attestation(0, 0, 0)),
        ("extend 16", extend(16, b"hello")),
        ("extend 16 again", extend(16, &[9; 48])),
        ("extend 0", extend(0, b"hello")),
        ("extend 40", extend(40, b"hello")),
        ("lock 16", Request::LockPCR { index: 16 }),
        ("lock 16 again", Request::LockPCR { index: 16 }),
        ("lock 3", Request::LockPCR { index: 3 }),
        ("lock 32", Request::LockPCR { index: 32 }),
        ("extend locked 16", extend(16, b"hello")),
        ("lock range 33", Request::LockPCRs { range: 33 }),
        ("lock range 18", Request::LockPCRs { range: 18 }),
        ("describe after", Request::DescribeNSM),
        ("attestation full", attestation(512, 512, 1024)),
        ("attestation 1024", attestation(1024, 1024, 1024)),
        ("user data 5000", attestation(5000, 0, 0)),
    ]
}

/// Several threads on one descriptor: the number of good answers, as a random response of that length.
fn in_parallel(device: i32) -> Response {
    let worker = || {
        let good = |_: &u32| matches!(nsm_process_request(device, Request::GetRandom), Response::GetRandom { random } if random.len() == 256);
        (0..10u32).filter(good).count()
    };
    let good: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    if good == 40 {
        Response::GetRandom { random: vec![0; good] }
    } else {
        Response::Error(ErrorCode::InternalError)
    }
}
