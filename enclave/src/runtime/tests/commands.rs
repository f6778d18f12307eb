//! Place: none. Commands and their answers.

use super::harness::{INSTANCE, PATIENCE, Running, limits};
use crate::channel::InstanceKeyPairs;
use crate::crypto_module::soft::SoftModule;
use crate::crypto_module::{CryptoModule, SigningJob};
use crate::platform::entropy::testing::rng;
use crate::platform::entropy::{Kernel, Source};
use crate::platform::nsm::{self, testing::SoftwareNsm};
use crate::runtime::{Limits, RunError};
use crate::sam::{Boot, Effect, Input, Machine};
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::evidence::UserData;
use fuin_shared::fault::Fault;
use fuin_shared::frame::Frame;
use fuin_shared::ids::{CredentialId, MandateId, ServiceId};
use fuin_shared::key::PublicKey;
use fuin_shared::message::{
    Answer, Command, EndMandate, EndedBy, Genesis, GetEvidence, SealedRecord, Status,
};
use fuin_shared::phase::Phase;
use std::sync::mpsc::channel;
use std::time::Duration;

fn status() -> Answer {
    Answer::Status(Status { phase: Phase::Booted, instance: INSTANCE, service: None, ledger_size: None })
}

fn evidence() -> Command {
    Command::GetEvidence(GetEvidence { nonce: None })
}

fn end() -> Command {
    let credential = CredentialId::new("seal").unwrap();
    let record = SealedRecord { id: credential.clone(), version: 1, body: vec![1].into() };
    let by = EndedBy::Officer(vec![1].into());
    Command::EndMandate(EndMandate { credential, mandate: MandateId([1; 16]), by, record })
}

fn answer_status(input: Input) -> Vec<Effect> {
    match input {
        Input::Command { ticket, .. } => vec![Effect::Reply { ticket, result: Ok(status()) }],
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_real_machine_says_hello_and_its_status() {
    let keys = InstanceKeyPairs::generate(&mut rng(51));
    let instance = keys.public().id();
    let measurement = nsm::measurement(&SoftwareNsm::new()).unwrap();
    let machine = Machine::new(Boot { keys, crypto_module: Box::new(SoftModule::new()), measurement });
    let enclave = Running::start_with(limits(), machine, vec![Box::new(Kernel)]);
    let mut host = enclave.connection();
    host.ask(7, Command::Status);
    let (id, result) = host.reply();
    assert_eq!(id, 7);
    let Ok(Answer::Status(status)) = result else { panic!("{result:?}") };
    assert_eq!((status.phase, status.instance, status.service), (Phase::Booted, instance, None));
    host.ask(8, evidence());
    assert_eq!(host.reply(), (8, Err(Fault::WrongPhase)));
}

#[test]
fn many_commands_are_answered_by_their_ids() {
    let enclave = Running::start(limits(), |input, _| answer_status(input));
    let mut host = enclave.connection();
    for id in [5, 3, u64::MAX, 0] {
        host.ask(id, Command::Status);
        assert_eq!(host.reply(), (id, Ok(status())));
    }
}

#[test]
fn a_flood_is_refused_as_busy_and_the_first_commands_live() {
    let mut held = Vec::new();
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, command: Command::GetEvidence(_) } => {
            held.push(ticket);
            if held.len() == 4 { vec![Effect::AskHead] } else { Vec::new() }
        }
        Input::Head(_) => {
            held.drain(..).map(|ticket| Effect::Reply { ticket, result: Err(Fault::Internal) }).collect()
        }
        other => answer_status(other),
    });
    let mut host = enclave.connection();
    for id in 0..50 {
        host.ask(id, evidence());
    }
    let (head, _) = host.request();
    for id in 4..50 {
        assert_eq!(host.reply(), (id, Err(Fault::Busy)));
    }
    host.send(&Frame::Reply { id: head, result: Err(Fault::Busy) });
    for id in 0..4 {
        assert_eq!(host.reply(), (id, Err(Fault::Internal)));
    }
    host.ask(50, Command::Status);
    assert_eq!(host.reply(), (50, Ok(status())));
}

#[test]
fn answers_come_once_and_free_the_place() {
    let mut held = Vec::new();
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, command: Command::Status } => {
            let mut effects: Vec<_> =
                held.drain(..).map(|ticket| Effect::Reply { ticket, result: Err(Fault::Internal) }).collect();
            effects.push(Effect::Reply { ticket, result: Ok(status()) });
            effects.push(Effect::Reply { ticket, result: Ok(status()) });
            effects
        }
        Input::Command { ticket, .. } => {
            held.push(ticket);
            Vec::new()
        }
        other => panic!("{other:?}"),
    });
    let mut host = enclave.connection();
    for round in 0..3 {
        for id in 0..3 {
            host.ask(round * 10 + id, evidence());
        }
        host.ask(round * 10 + 3, Command::Status);
        for id in 0..3 {
            assert_eq!(host.reply(), (round * 10 + id, Err(Fault::Internal)));
        }
        assert_eq!(host.reply(), (round * 10 + 3, Ok(status())));
    }
}

#[test]
fn restrictions_that_wait_for_witnesses_keep_no_further_one_out() {
    let mut held = Vec::new();
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, command: Command::EndMandate(_) } => {
            held.push(ticket);
            vec![Effect::Waits { ticket }]
        }
        // Work that waits for the witnesses.
        Input::Command { command: Command::Genesis(_), .. } => Vec::new(),
        Input::Command { ticket, .. } => {
            let answers = held.drain(..).map(|ticket| Effect::Reply { ticket, result: Ok(status()) });
            answers.chain([Effect::Reply { ticket, result: Err(Fault::Internal) }]).collect()
        }
        other => panic!("{other:?}"),
    });
    let mut host = enclave.connection();
    for id in 100..105 {
        host.ask(id, Command::Genesis(Genesis { approvals: Vec::new() }));
    }
    assert_eq!(host.reply(), (104, Err(Fault::Busy)), "work has its own places");
    for id in 0..50 {
        host.ask(id, end());
    }
    host.ask(50, Command::Status);
    for id in 0..50 {
        assert_eq!(host.reply(), (id, Ok(status())));
    }
    assert_eq!(host.reply(), (50, Err(Fault::Internal)));
}

#[test]
fn a_deadline_that_has_passed_is_said_before_the_work() {
    let enclave = Running::start(limits(), |input, _| answer_status(input));
    let mut host = enclave.connection();
    host.send(&Frame::Request { id: 1, deadline_ms: 0, body: Command::Status });
    assert_eq!(host.reply(), (1, Err(Fault::Deadline)));
    host.ask(2, Command::Status);
    assert_eq!(host.reply(), (2, Ok(status())));
}

#[test]
fn an_answer_for_a_lost_connection_goes_nowhere_else() {
    let mut held = None;
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, command: Command::Status } => {
            let mut effects = vec![Effect::Reply { ticket, result: Ok(status()) }];
            effects.extend(held.take().map(|ticket| Effect::Reply { ticket, result: Err(Fault::Internal) }));
            effects
        }
        Input::Command { ticket, .. } => {
            held = Some(ticket);
            Vec::new()
        }
        other => panic!("{other:?}"),
    });
    let mut first = enclave.connection();
    first.ask(1, evidence());
    // What was written before the end is read before it.
    drop(first);
    let mut second = enclave.connection();
    for id in [1, 2] {
        second.ask(id, Command::Status);
        assert_eq!(second.reply(), (id, Ok(status())));
    }
}

#[test]
fn a_halted_machine_refuses_all_but_status_and_those_who_wait_are_told() {
    let enclave = Running::start(limits(), |input, halted| match input {
        Input::Command { ticket, command: Command::Status } => {
            vec![Effect::Reply { ticket, result: Ok(status()) }]
        }
        Input::Command { command: Command::GetEvidence(GetEvidence { nonce: Some(_) }), .. } => {
            *halted = true;
            Vec::new()
        }
        _ => Vec::new(),
    });
    let mut host = enclave.connection();
    host.ask(1, evidence());
    host.ask(2, Command::GetEvidence(GetEvidence { nonce: Some(vec![1; 8].into()) }));
    assert_eq!(host.reply(), (1, Err(Fault::Halted)));
    assert_eq!(host.reply(), (2, Err(Fault::Halted)));
    host.ask(3, evidence());
    assert_eq!(host.reply(), (3, Err(Fault::Halted)));
    host.ask(4, Command::Status);
    assert_eq!(host.reply(), (4, Ok(status())));
}

#[test]
fn signing_jobs_run_in_the_pool_and_come_back() {
    let key = SoftModule::new().generate(KeyAlgorithm::EcdsaP256, &mut rng(61)).unwrap().key;
    let public = PublicKey::from_spki(key.spki()).unwrap();
    let (results, signed) = channel();
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, .. } => vec![Effect::Sign(SigningJob {
            ticket,
            key: key.clone(),
            algorithm: SignatureAlgorithm::EcdsaSha256,
            digests: vec![vec![1; 32], vec![2; 32]],
        })],
        Input::Signed { ticket, result } => {
            results.send(result).unwrap();
            vec![Effect::Reply { ticket, result: Ok(status()) }]
        }
        other => panic!("{other:?}"),
    });
    let mut host = enclave.connection();
    for id in 0..4 {
        host.ask(id, Command::Status);
    }
    let mut answered: Vec<u64> = (0..4).map(|_| host.reply().0).collect();
    answered.sort_unstable();
    assert_eq!(answered, [0, 1, 2, 3]);
    for _ in 0..4 {
        let signatures = signed.recv_timeout(PATIENCE).unwrap().unwrap();
        assert!(public.verify_digest(&[1; 32], &signatures[0]).is_ok());
        assert!(public.verify_digest(&[2; 32], &signatures[1]).is_ok());
    }
}

#[test]
fn the_module_seals_the_identity_and_attests() {
    let mut asked = None;
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, .. } => {
            asked = Some(ticket);
            vec![Effect::SealIdentity(ServiceId([1; 32]))]
        }
        Input::IdentitySealed(result) => {
            let ticket = asked.take().unwrap();
            match result {
                Ok(()) => vec![Effect::Attest { ticket, user_data: UserData([2; 48]), nonce: None }],
                Err(fault) => vec![Effect::Reply { ticket, result: Err(fault) }],
            }
        }
        Input::Attested { ticket, result } => {
            vec![Effect::Reply { ticket, result: result.map(|document| Answer::Evidence(document.into())) }]
        }
        other => panic!("{other:?}"),
    });
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert!(matches!(host.reply(), (1, Ok(Answer::Evidence(document))) if !document.0.is_empty()));
    host.ask(2, Command::Status);
    assert_eq!(host.reply(), (2, Err(Fault::Nsm)), "PCR16 is sealed once");
}

#[test]
fn the_module_is_asked_for_the_time() {
    let mut asked = None;
    let enclave = Running::start(limits(), move |input, _| match input {
        Input::Command { ticket, .. } => {
            asked = Some(ticket);
            vec![Effect::AskTime]
        }
        Input::Time(result) => {
            // The software module's documents are none that could be read.
            let result = result.map(|_| Answer::ShareAccepted { missing: 0 });
            asked.take().map(|ticket| Effect::Reply { ticket, result }).into_iter().collect()
        }
        other => panic!("{other:?}"),
    });
    let mut host = enclave.connection();
    host.ask(1, Command::Status);
    assert_eq!(host.reply(), (1, Err(Fault::Nsm)));
}

#[test]
fn a_source_that_gets_stuck_stops_the_enclave() {
    struct SoonStuck(u32);
    impl Source for SoonStuck {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
            self.0 += 1;
            if self.0 > 5 {
                out.fill(0);
                return Ok(());
            }
            Kernel.fill(out)
        }
    }
    let limits = Limits { reseed: Duration::from_millis(1), ..limits() };
    let machine = super::harness::Scripted(|input, _: &mut bool| answer_status(input), false);
    let enclave = Running::start_with(limits, machine, vec![Box::new(SoonStuck(0))]);
    assert!(matches!(enclave.ended.recv_timeout(PATIENCE), Ok(Some(RunError::Entropy(Fault::Entropy)))));
}
