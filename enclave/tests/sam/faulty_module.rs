//! Place: CM. A crypto module that breaks: whatever signs what does not verify is not used again.

use super::passkey::TestPasskey;
use super::world::{Enrolled, World, measurement};
use fuin_enclave::channel::InstanceKeyPairs;
use fuin_enclave::crypto_module::soft::SoftModule;
use fuin_enclave::crypto_module::{CryptoModule, Generated, LoadedKey};
use fuin_enclave::sam::{Boot, Machine};
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::phase::Phase;
use rand_core::CryptoRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Loads keys whose signatures fail their check, and fails its own test when that is wanted.
#[derive(Clone, Default)]
struct Faulty {
    broken: Arc<AtomicBool>,
    tests: Arc<AtomicU32>,
}

struct FaultyKey(Arc<dyn LoadedKey>);

impl LoadedKey for FaultyKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm()
    }
    fn spki(&self) -> &[u8] {
        self.0.spki()
    }
    fn sign(&self, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, Fault> {
        Err(Fault::SelfCheck)
    }
}

impl CryptoModule for Faulty {
    fn self_test(&self) -> Result<(), Fault> {
        self.tests.fetch_add(1, Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) { Err(Fault::SelfTest) } else { SoftModule.self_test() }
    }
    fn generate(&self, _: KeyAlgorithm, _: &mut dyn CryptoRng) -> Result<Generated, Fault> {
        Err(Fault::SelfCheck)
    }
    fn load(&self, algorithm: KeyAlgorithm, wrapped: &[u8]) -> Result<Arc<dyn LoadedKey>, Fault> {
        Ok(Arc::new(FaultyKey(SoftModule.load(algorithm, wrapped)?)))
    }
    fn destroy(&self, algorithm: KeyAlgorithm, wrapped: &[u8]) -> Result<(), Fault> {
        SoftModule.destroy(algorithm, wrapped)
    }
}

fn boot(world: &mut World) -> Faulty {
    let (keys, module) = (InstanceKeyPairs::generate(&mut world.rng), Faulty::default());
    let crypto_module = Box::new(module.clone());
    world.machine = Machine::new(Boot { keys, crypto_module, measurement: measurement(world.pcrs) });
    world.install().unwrap();
    world.provide().unwrap();
    module
}

#[test]
fn a_self_test_that_fails_at_work_halts() {
    let mut world = World::operational(5);
    let module = boot(&mut world);
    let tests = |module: &Faulty| module.tests.load(Ordering::Relaxed);
    for hour in 0..3 {
        assert_eq!((world.phase(), tests(&module)), (Phase::Operational, hour));
        world.advance(3599);
        assert_eq!((world.phase(), tests(&module)), (Phase::Operational, hour));
        world.advance(1);
    }
    module.broken.store(true, Ordering::Relaxed);
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.generate("hanako", KeyAlgorithm::EcdsaP256).err(), Some(Fault::Halted));
}

#[test]
fn failed_check_of_a_proof_of_possession_halts() {
    let mut world = World::operational(5);
    let key = world.generate("hanako", KeyAlgorithm::EcdsaP256).unwrap();
    let key = Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(21) };
    world.link_means(&key).unwrap();
    boot(&mut world);
    let info = world.request_info(&key).unwrap();
    assert_eq!(world.sign_request(&key, &info), Err(Fault::SelfCheck));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn failed_check_of_a_new_key_halts() {
    let mut world = World::operational(5);
    boot(&mut world);
    assert!(matches!(world.generate("hanako", KeyAlgorithm::EcdsaP256), Err(Fault::SelfCheck)));
    assert_eq!(world.phase(), Phase::Halted);
}
