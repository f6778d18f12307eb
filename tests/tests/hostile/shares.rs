//! Place: none. Shares that the host brings from elsewhere: refused by the enclave, or by the custodian before.

use crate::world::World;
use ciborium::Value;
use ecdsa::signature::hazmat::PrehashSigner;
use fuin_enclave::ceremony::sharing::split;
use fuin_enclave::channel::seal_to;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
use fuin_shared::ids::{Digest32, RootCommitment};
use fuin_shared::message::{Command, ProvideShare};
use fuin_shared::phase::Phase;
use fuin_shared::statement::{
    Body, HpkeSealed, SHARE_TO_INSTANCE, ShareStatement, SignedStatement, share_aad,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use sha2::{Digest, Sha256};

/// A custodian who has gone bad: the keys of the honest one, and any share.
struct Traitor {
    key: p384::ecdsa::SigningKey,
}

impl Traitor {
    fn new(world: &World) -> Self {
        let state: Value = ciborium::from_reader(&world.custodian.to_bytes()[..]).unwrap();
        let fields = state.as_map().unwrap();
        let (_, scalar) = fields.iter().find(|(name, _)| name.as_text() == Some("signing")).unwrap();
        Self { key: p384::ecdsa::SigningKey::from_slice(scalar.as_bytes().unwrap()).unwrap() }
    }

    /// This share, under this commitment, sealed to the present boot and properly signed.
    fn provide(&self, world: &World, share: &[u8], commitment: RootCommitment) -> ProvideShare {
        let (bundle, _) = world.evidence();
        let bundle: EvidenceBundle = codec::decode(&bundle).unwrap();
        let seen: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
        let aad = share_aad(&world.service, &commitment, world.custodian.id());
        let hpke = seen.instance.hpke.as_slice();
        let sealed: HpkeSealed =
            seal_to(hpke, SHARE_TO_INSTANCE, &aad, share, &mut UnwrapErr(SysRng)).unwrap();
        let sealed: Blob = codec::encode(&sealed).into();
        let body = codec::encode(&ShareStatement {
            service: world.service,
            instance: seen.instance.id(),
            manifest: seen.manifest,
            commitment,
            newest_checkpoint: world.custodian.newest_checkpoint().map(|s| s.note.clone()),
            sealed: Digest32(Sha256::digest(sealed.as_slice()).into()),
        });
        let digest = HashAlgorithm::Sha384.digest(&SignedStatement::message::<ShareStatement>(&body));
        let signature: p384::ecdsa::DerSignature = self.key.sign_prehash(&digest).unwrap();
        let statement = SignedStatement {
            body: body.into(),
            signer: world.custodian.id().clone(),
            signature: signature.as_bytes().to_vec().into(),
        };
        assert!(ShareStatement::DOMAIN.starts_with("fuin/"));
        ProvideShare { statement: codec::encode(&statement).into(), sealed }
    }
}

fn refused(world: &World, share: ProvideShare, number: u16) {
    let refusal = world.host.call(Command::ProvideShare(share)).expect_err("the share was taken");
    assert_eq!(refusal.number(), number);
}

#[test]
fn shares_of_a_foreign_root_are_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    world.observe();
    let commitment = world.custodian.root_commitment().unwrap();
    let before = world.host.state().store.clone();
    let traitor = Traitor::new(&world);
    world.reboot();
    world.install().unwrap();
    // A root key that is not the one of the commitment; and what is no share.
    let foreign = fuin_enclave::ledger::keys::RootKey::new([66; 32]);
    let made = split(&foreign, &world.service, 1, 1, &mut UnwrapErr(SysRng)).unwrap();
    let share = made.shares.first().unwrap().to_octets();
    refused(&world, traitor.provide(&world, &share, commitment), 357);
    refused(&world, traitor.provide(&world, &[66; 32], commitment), 356);
    assert_eq!(world.phase(), Phase::Uninitialized);
    // With its own commitment: the ledger is not this root's.
    let share = traitor.provide(&world, &share, made.commitment);
    let refusal = world.host.call(Command::ProvideShare(share)).unwrap_err();
    assert!(matches!(refusal.number(), 800 | 802), "{refusal:?}");
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.host.state().store, before);
    world.recover();
    world.works(&key);
}

#[test]
fn shares_that_the_host_alters_or_repeats_are_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    world.observe();
    world.reboot();
    world.install().unwrap();
    let good = world.share().unwrap();
    for part in [0.2, 0.5, 0.9] {
        let at = |blob: &Blob| (blob.0.len() as f64 * part) as usize;
        let mut altered = good.clone();
        let place = at(&altered.sealed);
        altered.sealed.0[place] ^= 1;
        refused(&world, altered, 352);
    }
    let mut altered = good.clone();
    let last = altered.statement.0.len() - 1;
    altered.statement.0[last] ^= 1;
    let number = world.host.call(Command::ProvideShare(altered)).unwrap_err().number();
    assert!(matches!(number, 350 | 351), "{number}");
    // Given to this boot, it is of no use to another.
    world.reboot();
    world.install().unwrap();
    refused(&world, good, 352);
    world.provide().unwrap();
    // And never twice.
    let again =
        world.share().map(|share| world.host.call(Command::ProvideShare(share)).unwrap_err().number());
    assert!(!matches!(again, Ok(number) if number != 200), "{again:?}");
    world.works(&key);
}

/// Shares of two services with equal people: neither works for the other.
#[test]
fn a_share_of_another_service_is_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    let other = World::operational();
    let foreign = other.custodian.root_commitment().unwrap();
    world.observe();
    world.reboot();
    world.install().unwrap();
    // The honest custodian of the other service does not take this evidence.
    let (bundle, nonce) = world.evidence();
    let refused_by_custodian =
        other.custodian.provide_share(&bundle, &nonce, fuin_tests::signer::now(), &mut UnwrapErr(SysRng));
    assert!(refused_by_custodian.is_err());
    // One who has gone bad is not named in this manifest with these keys.
    let share = Traitor::new(&other).provide(&world, &[1; 32], foreign);
    refused(&world, share, 351);
    world.provide().unwrap();
    world.works(&key);
}
