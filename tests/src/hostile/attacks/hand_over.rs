//! Place: none. The host hands the service over as it likes: to another image, twice, under altered words, with the one that gave
//! alive beside the one that took.

use super::{Outcome, holds, refused};
use crate::hostile::process::Place;
use crate::hostile::signer::{Enrolled, hash};
use crate::hostile::world::World;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, GetChallenge, GetEvidence, HandOver, TakeOver};
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;

/// Evidence for this reader.
fn evidence(world: &World, reader: InstanceId) -> Result<Blob, String> {
    let nonce = Some(Blob::from(reader.as_ref()));
    match world.host.call(Command::GetEvidence(GetEvidence { nonce })) {
        Ok(Answer::Evidence(bundle)) => Ok(bundle),
        other => Err(format!("evidence: {other:?}")),
    }
}

fn instance(world: &World) -> Result<InstanceId, String> {
    world.host.state().instance.ok_or_else(|| "nobody has dialled".to_owned())
}

fn altered(octets: &Blob) -> Blob {
    let mut altered = octets.clone();
    let middle = altered.0.len() / 2;
    altered.0[middle] ^= 1;
    altered
}

/// One takes over, once; nobody else does, and the one that gave does nothing any more.
pub(super) fn handed_to_others(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    another_image(world)?;
    let (giver, common) = (instance(world)?, world.host.state().store.clone());
    let mut side = world.twin(common);
    world.change_sides(&mut side);
    world.install().map_err(|e| format!("{e:?}"))?;
    let (taker, offered) = (instance(world)?, evidence(world, giver)?);
    world.change_sides(&mut side);

    let hashes = [hash()];
    let token = world.token(key, &hashes);
    let give = |evidence: &Blob| Command::HandOver(HandOver { evidence: evidence.clone() });
    let peer = [Fault::PeerRefused.number()];
    refused("a hand-over on altered evidence", world.host.call(give(&altered(&offered))), &peer)?;
    refused("a hand-over to itself", world.host.call(give(&evidence(world, giver)?)), &peer)?;
    let backed = evidence(world, taker)?;
    world.oracle.borrow_mut().may_inherit(offered.clone());
    let Ok(Answer::HandedOver { handed, .. }) = world.call(give(&offered)) else {
        return Err("no hand-over to the service's own image".to_owned());
    };
    ended(world, key, &token, &offered)?;

    // It opens at one boot, on the ledger that ends with it.
    let store = world.host.state().store.clone();
    world.change_sides(&mut side);
    world.oracle.borrow_mut().rebooted();
    world.host.state().store = store;
    let take = TakeOver { evidence: backed, handed };
    let mut forged = take.clone();
    forged.handed.statement = altered(&take.handed.statement);
    let wrong = [Fault::StatementSignature.number()];
    refused("an altered hand-over", world.host.call(Command::TakeOver(forged)), &wrong)?;
    holds("it has no root key", world.phase() == Phase::Uninitialized)?;
    world.call(Command::TakeOver(take.clone())).map_err(|e| format!("the taker: {e:?}"))?;
    world.works(key);
    let again = Command::TakeOver(take);
    refused("a hand-over taken twice", world.host.call(again.clone()), &[Fault::WrongPhase.number()])?;
    // The one that gave is kept alive.
    world.change_sides(&mut side);
    ended(world, key, &token, &offered)?;
    world.change_sides(&mut side);
    drop(side);

    // A second taker, and another boot of the first.
    let store = world.host.state().store.clone();
    let mut side = world.twin(store);
    world.change_sides(&mut side);
    world.install().map_err(|e| format!("{e:?}"))?;
    let second = refused("a hand-over that was another's", world.host.call(again.clone()), &peer);
    world.change_sides(&mut side);
    drop(side);
    second?;
    world.observe();
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    refused("a hand-over to an earlier boot", world.host.call(again), &peer)?;
    world.provide().map_err(|e| format!("{e:?}"))?;
    world.works(key);
    Ok(())
}

/// The same program with an octet more is another image, and none of the manifest's.
fn another_image(world: &mut World) -> Outcome {
    let giver = instance(world)?;
    let (store, image) = (world.host.state().store.clone(), world.another_image());
    let mut side = world.twin_of(&Place::Program(image), store);
    world.change_sides(&mut side);
    let offered = world.install().map_err(|e| format!("{e:?}")).and_then(|()| evidence(world, giver));
    world.change_sides(&mut side);
    drop(side);
    let give = Command::HandOver(HandOver { evidence: offered? });
    refused("a hand-over to another image", world.host.call(give), &[Fault::PeerRefused.number()])
}

/// Whoever has handed over signs, authorizes, shows and hands over nothing.
fn ended(world: &World, key: &Enrolled, token: &Blob, offered: &Blob) -> Outcome {
    let over = [Fault::Halted.number()];
    let hashes = [hash()];
    let sign = Command::SignHash(world.sign_request(key, token, &hashes));
    refused("a signature by the one that gave", world.host.call(sign), &over)?;
    let authorize = world.authorize_request(key, vec![0; 64].into(), &hashes);
    refused("a token of the one that gave", world.host.call(Command::Authorize(authorize)), &over)?;
    let (credential, record) = (key.id.clone(), world.record(&key.id));
    let challenge = GetChallenge { credential, purpose: Purpose::Sign, record };
    refused("a nonce of the one that gave", world.host.call(Command::GetChallenge(challenge)), &over)?;
    let show = Command::GetEvidence(GetEvidence { nonce: None });
    refused("evidence of the one that gave", world.host.call(show), &over)?;
    let again = Command::HandOver(HandOver { evidence: offered.clone() });
    refused("a second hand-over", world.host.call(again), &over)?;
    holds("the one that gave has ended", world.phase() == Phase::Halted)
}
