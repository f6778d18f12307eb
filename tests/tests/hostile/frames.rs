//! Place: none. Octets that are no frames, and frames that break the rules: the connection ends, the enclave dials again and works.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::frame::{self, Frame, MAX_FRAME};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Command, Hello, StoreAnswer, StoreRequest};
use fuin_tests::hostile::signer::{Enrolled, hash};
use fuin_tests::hostile::world::World;
use fuin_tests::signer::random;

type FromHost = Frame<Command, StoreAnswer>;

/// A frame around any octets.
fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

/// Writes to a live connection, which must end; then another one comes up, of the same boot.
fn ends(world: &mut World, what: &str, octets: &[u8]) {
    let (instance, hellos) = {
        let state = world.host.until("both connections are up", |s| s.hellos >= 2);
        (state.instance, state.hellos)
    };
    let connection = world.host.connection();
    world.host.write(connection, octets);
    world.host.closed(connection);
    let state = world.host.until(&format!("the enclave dials again after {what}"), |s| s.hellos > hellos);
    assert_eq!(state.instance, instance, "{what}");
    drop(state);
    world.enclave.assert_alive();
}

#[test]
fn hostile_frames_end_the_connection_and_the_enclave_goes_on() {
    let mut world = World::operational();
    let key = world.enrol();
    let good = codec::encode(&FromHost::Request { id: 77, deadline_ms: 1000, body: Command::Status });
    let with = |change: fn(&mut Vec<u8>)| {
        let mut body = good.clone();
        change(&mut body);
        framed(&body)
    };
    let hello = Hello { version: frame::VERSION, instance: InstanceId([1; 32]) };
    let encoded = |frame: &FromHost| frame::encode(frame).unwrap();
    // What the enclave says to the host, said to it.
    let mirrored =
        Frame::<StoreRequest, StoreAnswer>::Request { id: 1, deadline_ms: 1, body: StoreRequest::Head };
    for (what, octets) in [
        ("a length of zero", vec![0; 4]),
        ("a length over the limit", u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes().to_vec()),
        ("the greatest length", vec![0xff; 4]),
        ("random octets", framed(&random::<64>())),
        ("no CBOR", framed(b"{\"request\":1}")),
        ("octets after the frame's value", with(|b| b.push(0))),
        ("a cut value", with(|b| b.truncate(b.len() - 1))),
        ("an unknown variant", with(|b| b[2] ^= 1)),
        (
            "an indefinite map",
            with(|b| {
                b[0] = 0xbf;
                b.push(0xff)
            }),
        ),
        ("nesting", framed(&[0x81; 5000])),
        ("a text of four gigabytes", framed(&[0x7b, 0, 0, 0, 1, 0, 0, 0, 0])),
        ("a hello", encoded(&Frame::Hello(hello))),
        ("credit", encoded(&Frame::Credit { id: 0, octets: 1 })),
        ("a piece of no stream", encoded(&Frame::Chunk { id: 0, data: Blob::default(), last: true })),
        ("an answer to nothing", encoded(&Frame::Reply { id: u64::MAX, result: Ok(StoreAnswer::Stream) })),
        ("a request of the enclave's kind", frame::encode(&mirrored).unwrap()),
        ("an unknown error number", framed(&codec::encode(&Frame::<u8, u8>::Reply { id: 1, result: Ok(1) }))),
    ] {
        // A piece of no stream for an id that was used may be a late one, so that the connection may go on.
        if what == "a piece of no stream" {
            world.host.write(world.host.connection(), &octets);
        } else {
            ends(&mut world, what, &octets);
        }
    }
    world.works(&key);
}

#[test]
fn a_request_id_in_use_ends_the_connection() {
    let mut world = World::operational();
    let key = world.enrol();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    world.host.state().sink = fuin_tests::hostile::store::Sink::Holds;
    let body = Command::SignHash(world.sign_request(&key, &token, &hashes));
    let frame = frame::encode(&FromHost::Request { id: 1 << 30, deadline_ms: 60_000, body }).unwrap();
    let connection = world.host.connection();
    world.host.write(connection, &frame);
    drop(world.host.until("the commit is asked for", |s| !s.held.is_empty()));
    world.host.write(connection, &frame);
    world.host.closed(connection);
    // The permission was spent by the first of them.
    drop(world.host.until("the event is in the ledger", |s| s.store.signed() == 1));
    assert_eq!(world.sign(&key, &token, &hashes).unwrap_err().number(), 700);
    world.works(&key);
}

#[test]
fn truncated_frames_end_with_their_connection() {
    let mut world = World::operational();
    let key = world.enrol();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    let body = Command::SignHash(world.sign_request(&key, &token, &hashes));
    let whole = frame::encode(&FromHost::Request { id: 1 << 30, deadline_ms: 60_000, body }).unwrap();
    for cut in [1, 3, 4, 5, whole.len() / 2, whole.len() - 1] {
        let connection = world.host.connection();
        world.host.write(connection, &whole[..cut]);
        world.host.hang_up(connection);
        world.host.closed(connection);
        drop(world.host.until("a connection is up", |s| s.hellos > 2));
    }
    assert_eq!(world.host.state().store.signed(), 0, "a part of a frame was acted on");
    assert_eq!(world.sign(&key, &token, &hashes).unwrap().len(), 1);
    // One that never ends is given up by the enclave.
    let connection = world.host.connection();
    world.host.write(connection, &whole[..whole.len() - 1]);
    world.host.closed(connection);
    world.works(&key);
}

#[test]
fn a_flood_of_requests_is_answered_or_refused() {
    let mut world = World::operational();
    let key: Enrolled = world.enrol();
    let answers: Vec<_> = (0..500).map(|_| world.host.ask(Command::Status)).collect();
    for answer in answers {
        // 110: too much in flight. A host that does not read loses its connection.
        if let Ok(Err(fault)) = answer.recv() {
            assert_eq!(fault.number(), 110);
        }
    }
    world.enclave.assert_alive();
    world.works(&key);
}
