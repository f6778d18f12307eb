//! Place: none. Manifests that the host brings: the enclave becomes another service, never this one.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::manifest::SignedManifest;
use fuin_shared::message::{Command, Genesis, InstallManifest};
use fuin_shared::phase::Phase;
use fuin_tests::hostile::people::Person;
use fuin_tests::hostile::world::World;
use fuin_tests::signer::now;

fn install(world: &World, first: &Blob, current: &Blob) -> Result<(), u16> {
    let command = InstallManifest { first: first.clone(), current: current.clone() };
    world.host.call(Command::InstallManifest(command)).map(drop).map_err(|r| r.number())
}

#[test]
fn manifests_without_the_officers_word_are_refused() {
    let mut world = World::booted();
    let good = world.signed.clone();
    let unsigned = |change: &dyn Fn(&mut SignedManifest)| {
        let mut signed: SignedManifest = codec::decode(good.as_slice()).unwrap();
        change(&mut signed);
        Blob::from(codec::encode(&signed))
    };
    let nobody = Person::new("officer");
    let forged = unsigned(&|s| {
        s.signatures[0].signature = nobody.sign(&SignedManifest::message(s.manifest.as_slice()));
    });
    for (manifest, number) in [
        (unsigned(&|s| s.signatures.clear()), 301),
        (forged, 301),
        (
            unsigned(&|s| {
                let name = s.manifest.0.windows(12).position(|w| w == b"Test service").unwrap();
                s.manifest.0[name] ^= 1;
            }),
            301,
        ),
        (unsigned(&|s| s.manifest.0.truncate(100)), 300),
        (Blob::from(&b"no manifest"[..]), 300),
        (Blob::default(), 300),
    ] {
        assert_eq!(install(&world, &manifest, &manifest), Err(number));
        assert_eq!(world.phase(), Phase::Booted);
    }
    // The current one must be of the same service.
    let mut other = world.manifest();
    other.name = "Another".to_owned();
    let other = world.sign_manifest(&other);
    assert_eq!(install(&world, &good, &other), Err(303));
    assert_eq!(install(&world, &good, &good), Ok(()));
    // There is no second one in a boot.
    assert_eq!(install(&world, &other, &other), Err(200));
    world.enclave.assert_alive();
}

/// It is taken, as the first of a chain may have ended long ago, and then founds nothing.
#[test]
fn ended_manifest_founds_nothing() {
    let mut world = World::booted();
    let mut ended = world.manifest();
    ended.not_after = now() - 10;
    world.signed = world.sign_manifest(&ended);
    world.install().unwrap();
    let genesis = Command::Genesis(Genesis { approvals: Vec::new() });
    assert_eq!(world.host.call(genesis).map_err(|r| r.number()).map(drop), Err(302));
    assert_eq!(world.phase(), Phase::Uninitialized);
}

/// What the signer's device answers to evidence of a boot that is not ready, of a stale nonce, and of another service.
#[test]
fn evidence_that_the_host_passes_off_is_refused_by_the_signers_device() {
    let mut world = World::operational();
    let key = world.enrol();
    let (old, nonce) = world.evidence();
    let other = World::operational();
    let (foreign, foreign_nonce) = other.evidence();
    let sic = world.sic();
    assert!(sic.check_evidence(&old, &nonce, now()).is_ok());
    assert!(sic.check_evidence(&old, &fuin_tests::signer::random::<32>(), now()).is_err());
    assert!(sic.check_evidence(&old, &nonce, now() + 4000).is_err());
    assert!(sic.check_evidence(&foreign, &foreign_nonce, now()).is_err());
    world.observe();
    world.reboot();
    world.install().unwrap();
    let (unready, nonce) = world.evidence();
    assert!(sic.check_evidence(&unready, &nonce, now()).is_err());
    world.provide().unwrap();
    world.works(&key);
}
