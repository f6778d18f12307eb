//! Place: none. Frames by hand, lies of the store and about the witnesses while the enclave works.

use super::Campaign;
use crate::hostile::host::Host;
use crate::hostile::mutation::{mutate, octets, structure};
use crate::hostile::store::Sink;
use crate::hostile::witnesses::{CARRIERS, Carrier};
use ciborium::Value;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, Frame};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Command, Hello, StoreAnswer, StoreRequest};
use std::time::Duration;

type FromHost = Frame<Command, StoreAnswer>;

/// Lies that leave the enclave working.
const LIES: [Sink; 7] = [
    Sink::LosesAnswer,
    Sink::LosesCommit,
    Sink::AnswersTwice,
    Sink::AnswersAnother,
    Sink::Holds,
    Sink::Delays,
    Sink::Busy,
];

impl Campaign {
    /// How the store treats the next commit, and what comes of the next question to the witnesses.
    pub(super) fn lie(&mut self) -> Sink {
        if self.is_cosigned() && self.random.one_in(6) {
            self.world.host.count();
            self.world.host.state().carrier = *self.random.pick(&CARRIERS);
        }
        if !self.random.one_in(5) {
            return Sink::Honest;
        }
        let lie = *self.random.pick(&LIES);
        self.world.host.count();
        let mut state = self.world.host.state();
        // A head of before the commit, once: the commit comes again, and the store has it already.
        if lie == Sink::LosesAnswer && self.random.one_in(2) {
            let head = state.store.head();
            state.heads.push_back(Ok(head));
        }
        // No answer at first.
        if lie == Sink::LosesCommit && self.random.one_in(2) {
            state.heads.push_back(Err(Fault::Busy));
        }
        state.sink = lie;
        lie
    }

    /// Ends what a lie has begun.
    pub(super) fn after_lie(&mut self, lie: Sink) {
        let host = &self.world.host;
        if lie == Sink::Holds {
            // Perhaps nothing of the batch needs a commit.
            for _ in 0..40 {
                if !host.state().held.is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            let held = std::mem::take(&mut host.state().held);
            for (connection, id) in held {
                // Answers to earlier ids are answers to nothing.
                let result = Ok(StoreAnswer::Committed);
                host.send(connection, &Frame::Reply { id: id.saturating_sub(1), result });
                host.hang_up(connection);
            }
        }
    }

    /// What is left of a lie is taken back; sometimes a frame is written by hand; then every connection is dealt with.
    pub(super) fn by_hand(&mut self) {
        {
            let mut state = self.world.host.state();
            state.sink = Sink::Honest;
            state.carrier = Carrier::Honest;
            state.heads.clear();
        }
        if self.random.one_in(5) {
            let pick = self.random.below(64);
            if let Some(connection) = self.world.host.connection_soon(pick) {
                self.world.host.count();
                self.write(connection);
            }
        }
        let _ = self.world.host.settle();
    }

    fn write(&mut self, connection: u64) {
        let (id, command) = (self.world.host.new_id(), self.pooled());
        let good =
            frame::encode(&FromHost::Request { id, deadline_ms: 60_000, body: command.clone() }).unwrap();
        let host = self.world.host.clone();
        let encoded = |frame: &FromHost| frame::encode(frame).unwrap();
        let octets = match self.random.below(11) {
            0..3 => return self.altered_octets(connection, good),
            3 => {
                // A part of a frame, and no more.
                let cut = self.random.below(good.len());
                host.write(connection, &good[..cut]);
                return host.hang_up(connection);
            }
            4 => {
                let octets = broken(id, &mut self.random, &structure(&command));
                return self.raw(connection, &octets);
            }
            5 => encoded(&Frame::Reply { id: self.random.next(), result: Ok(StoreAnswer::Committed) }),
            6 => encoded(&Frame::Reply { id: self.random.next() >> 40, result: Err(Fault::SinkRefused) }),
            7 => {
                encoded(&Frame::Chunk { id: self.random.next() >> 50, data: vec![7; 64].into(), last: true })
            }
            8 => encoded(&Frame::Hello(Hello { version: frame::VERSION, instance: InstanceId([1; 32]) })),
            9 => {
                let body = StoreRequest::ReadLedger { first: 0 };
                frame::encode(&Frame::<_, StoreAnswer>::Request { id: 1, deadline_ms: 1, body }).unwrap()
            }
            _ => {
                // The same id twice, perhaps while the first is under way; each has its answer, or none.
                self.world.written.borrow_mut().insert(id, command);
                return host.write(connection, &[good.clone(), good].concat());
            }
        };
        host.write(connection, &octets);
    }

    /// One octet of a frame is another. If it is a command still, its answer is judged as one.
    fn altered_octets(&mut self, connection: u64, mut octets: Vec<u8>) {
        // The length is altered in its low octets only: a frame of a megabyte would be waited for.
        let place = 2 + self.random.below(octets.len() - 2);
        octets[place] ^= 1 << self.random.below(8);
        self.raw(connection, &octets);
    }

    /// Writes octets; if they are a command, its answer is judged as that of one.
    fn raw(&mut self, connection: u64, octets: &[u8]) {
        let host = self.world.host.clone();
        let mut decoder = frame::Decoder::new();
        decoder.push(octets);
        match decoder.next_frame::<Command, StoreAnswer>() {
            Ok(Some(Frame::Request { id, body, .. })) => {
                let answer = host.wait_for(connection, id);
                host.write(connection, octets);
                if let Ok(answer) = Host::answer(&answer) {
                    self.world.oracle.borrow_mut().judge(Some(&body), &answer);
                }
            }
            // The enclave would wait for the rest.
            Ok(None) => {
                host.write(connection, octets);
                host.hang_up(connection);
            }
            _ => host.write(connection, octets),
        }
    }
}

/// A request whose body is a command with a value changed, whether it is a command still or not.
fn broken(id: u64, random: &mut crate::hostile::mutation::Random, body: &Value) -> Vec<u8> {
    let text = |name: &str| Value::Text(name.to_owned());
    let mut request = Value::Map(vec![
        (text("id"), Value::Integer(id.into())),
        (text("deadline_ms"), Value::Integer(1000.into())),
        (text("body"), body.clone()),
    ]);
    mutate(&mut request, body, random);
    let frame: Blob = octets(&Value::Map(vec![(text("request"), request)])).into();
    [&u32::try_from(frame.0.len()).unwrap().to_be_bytes()[..], &frame.0].concat()
}
