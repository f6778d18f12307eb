//! Place: SAM. Credentials whose means others issue: authentication certificates and accounts at a provider. What they have in
//! common is here; the kinds have a file each.

mod cards;
pub mod forge;
mod provider;
mod relinks;

use super::passkey::TestPasskey;
use super::world::{Enrolled, World, pop_action};
use forge::{card, idp};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, RaClientId};
use fuin_shared::key_statement::{KeyAttestation, KeyStatement};
use fuin_shared::manifest::means::MeansPolicy;
use fuin_shared::message::{Answer, Command};
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, Sad, sad_digest};
use fuin_shared::statement::ManageAction;

const IDENTITY: Digest32 = Digest32([7; 32]);

/// The manifest's means: cards and providers for one client, and others that are not open to it.
pub fn policy(now: u64) -> MeansPolicy {
    let mut shows = idp::entry("showing-idp", "ra");
    shows.shows_transaction = true;
    MeansPolicy {
        x509: vec![card::entry("cards", "ra", now), card::entry("other-cards", "other-ra", now)],
        providers: vec![idp::entry("idp", "ra"), shows, idp::entry("other-idp", "other-ra")],
        pin_totp: vec![RaClientId::new("ra").unwrap()],
    }
}

/// A generated key; the passkey of the structure is of no use to it.
pub(super) fn generated(world: &mut World) -> Enrolled {
    let key = world.generate("hanako", KeyAlgorithm::EcdsaP256).unwrap();
    Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(99) }
}

pub(super) fn sad_of(
    world: &mut World,
    key: &Enrolled,
    means: MeansProfile,
    purpose: Purpose,
    hashes: Vec<Blob>,
) -> Sad {
    Sad { means, ..world.sad(&key.id, &key.spki, purpose, hashes) }
}

pub(super) fn digest_of(sad: &Sad) -> Digest32 {
    sad_digest(&sad.to_bytes())
}

/// linkEid with this evidence.
pub(super) fn link(
    world: &mut World,
    key: &Enrolled,
    action: ManageAction,
    evidence: Blob,
) -> Result<Answer, Fault> {
    let statement = world.manage(action, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    world.call(Command::LinkEid(manage))
}

/// linkEid with sealed evidence; the RA names what it sees.
pub(super) fn link_seen(
    world: &mut World,
    key: &Enrolled,
    means: MeansProfile,
    action: impl Fn(Digest32) -> ManageAction,
    answer: impl Fn(&Digest32) -> Assertion,
) -> Result<Answer, Fault> {
    let sad = sad_of(world, key, means, Purpose::Link, Vec::new());
    let assertion = answer(&digest_of(&sad));
    let action = action(assertion.registration().unwrap());
    let sealed = world.sealed(&sad, assertion);
    link(world, key, action, sealed)
}

/// From a linked key to `active`.
pub(super) fn certify(
    world: &mut World,
    key: &Enrolled,
    means: MeansProfile,
    answer: impl Fn(&Digest32) -> Assertion,
) {
    let info = world.request_info(key).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.as_slice());
    let sad = sad_of(world, key, means, Purpose::Pop, vec![digest.into()]);
    let statement = world.manage(pop_action(Some(info)), Some(&key.id));
    let sealed = world.sealed(&sad, answer(&digest_of(&sad)));
    world.call(Command::AuthorizePop(world.signed_manage(&statement, Some(sealed)))).unwrap();
    world.link_certificate(key).unwrap();
}

pub(super) fn authorize(
    world: &mut World,
    key: &Enrolled,
    sad: &Sad,
    assertion: Assertion,
) -> Result<Blob, Fault> {
    let sealed = world.sealed(sad, assertion);
    let request = world.authorize_request(key, sad, sealed);
    world.authorize_call(request)
}

/// What the SAM says of the key after linkEid.
pub(super) fn stated(answer: Answer) -> KeyStatement {
    let Answer::Linked(linked) = answer else { panic!("{answer:?}") };
    let attestation: KeyAttestation = codec::decode(linked.attestation.unwrap().as_slice()).unwrap();
    codec::decode(attestation.key.as_slice()).unwrap()
}
