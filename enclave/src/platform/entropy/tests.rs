use super::testing::rng;
use super::*;
use crate::platform::nsm::Nsm;
use crate::platform::nsm::testing::SoftwareNsm;
use aws_nitro_enclaves_nsm_api::api::{ErrorCode, Request, Response};
use rand_core::Rng;
use std::sync::Arc;

struct Good(Drbg);

impl Source for Good {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        self.0.fill_bytes(out);
        Ok(())
    }
}

/// Gives one octet for ever, after some good draws.
struct Stuck {
    good: Good,
    draws: usize,
}

impl Source for Stuck {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        if self.draws == 0 {
            out.fill(0);
            return Ok(());
        }
        self.draws -= 1;
        self.good.fill(out)
    }
}

fn good(seed: u64) -> Box<dyn Source> {
    Box::new(Good(rng(seed)))
}

fn stuck_after(draws: usize) -> Box<dyn Source> {
    Box::new(Stuck { good: Good(rng(41)), draws })
}

#[test]
fn module_and_kernel_pass_and_give_different_seeds() {
    let sources: Vec<Box<dyn Source>> =
        vec![Box::new(Module(Arc::new(SoftwareNsm::new()))), Box::new(Kernel)];
    let mut gatherer = Gatherer::start(sources).unwrap_or_else(|fault| panic!("{fault}"));
    let (one, two) = (
        gatherer.gather().unwrap_or_else(|f| panic!("{f}")),
        gatherer.gather().unwrap_or_else(|f| panic!("{f}")),
    );
    assert_ne!(*one.0, *two.0);
}

#[test]
fn every_source_changes_the_seed() {
    let seed =
        |a, b| Gatherer::start(vec![good(a), good(b)]).and_then(|mut g| g.gather()).map(|s| *s.0).unwrap();
    assert_eq!(seed(1, 2), seed(1, 2));
    assert_ne!(seed(1, 2), seed(1, 3));
    assert_ne!(seed(1, 2), seed(3, 2));
}

#[test]
fn a_source_stuck_from_the_start_stops_the_start() {
    assert_eq!(Gatherer::start(vec![good(1), stuck_after(0)]).err(), Some(Fault::Entropy));
    assert_eq!(Gatherer::start(vec![stuck_after(0), good(1)]).err(), Some(Fault::Entropy));
    assert_eq!(Gatherer::start(vec![stuck_after(3), good(1)]).err(), Some(Fault::Entropy));
}

#[test]
fn a_source_that_gets_stuck_later_gives_no_seed() {
    let mut gatherer =
        Gatherer::start(vec![stuck_after(5), good(1)]).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(gatherer.gather().is_ok());
    assert_eq!(gatherer.gather().err(), Some(Fault::Entropy));
}

#[test]
fn one_source_is_not_enough_and_equal_sources_are_one() {
    assert_eq!(Gatherer::start(vec![good(1)]).err(), Some(Fault::Entropy));
    assert_eq!(Gatherer::start(vec![good(1), good(1)]).err(), Some(Fault::Entropy));
}

#[test]
fn a_module_that_refuses_is_its_own_fault_and_a_stuck_module_is_an_alarm() {
    struct Fixed(fn() -> Response);
    impl Nsm for Fixed {
        fn process(&self, _: Request) -> Response {
            (self.0)()
        }
    }
    let start =
        |answer| Gatherer::start(vec![Box::new(Module(Arc::new(Fixed(answer)))), Box::new(Kernel)]).err();
    assert_eq!(start(|| Response::Error(ErrorCode::InternalError)), Some(Fault::Nsm));
    assert_eq!(start(|| Response::GetRandom { random: vec![0; 256] }), Some(Fault::Entropy));
    assert_eq!(start(|| Response::GetRandom { random: (0..=255).collect() }), Some(Fault::Entropy));
}
