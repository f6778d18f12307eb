//! Place: none. Attacks on a service with witnesses. The custodians have seen none of what is kept back: the witnesses alone know better.

use super::{Outcome, holds, refused};
use crate::hostile::signer::{Enrolled, hash};
use crate::hostile::store::Store;
use crate::hostile::world::{Pending, Snapshot, World};
use fuin_custodian::Custodian;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command};
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;

/// Boots on this store, kept as if it were the newest: never operational.
fn never_operational(world: &mut World, what: &str, store: Store) -> Outcome {
    let newest = std::mem::replace(&mut world.host.state().store, store);
    world.reboot();
    let outcome = stays_recovering(world).map_err(|why| format!("{what}: {why}"));
    // It is killed before the true store is back: none of its boots belongs there.
    world.reboot();
    world.host.state().store = newest;
    outcome
}

/// The same with the custodians of then, who know of nothing newer.
pub(crate) fn forgotten(world: &mut World, what: &str, older: &Snapshot) -> Outcome {
    let custodian = Custodian::from_bytes(&older.custodian).map_err(|e| e.to_string())?;
    let knows = std::mem::replace(&mut world.custodian, custodian);
    let outcome = never_operational(world, what, older.store.clone());
    world.custodian = knows;
    outcome
}

fn stays_recovering(world: &World) -> Outcome {
    world.install().map_err(|e| format!("{e:?}"))?;
    let share = world.share().map_err(|e| e.to_string())?;
    let _pending = world.unanswered(Command::ProvideShare(share))?;
    holds("it waits for the witnesses", world.phase() == Phase::Recovering)
}

/// The newest events are missing, and the host shows the checkpoint of then; no custodian has seen a later one.
pub(super) fn truncated_tail(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    let older = world.host.state().store.clone();
    world.works(key);
    never_operational(world, "an older store", older)?;
    world.recover();
    world.works(key);
    Ok(())
}

/// One of the witnesses has lost its memory and cosigns whatever comes: it counts once, which is not enough.
pub(super) fn amnesiac_witness(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    let older = world.host.state().store.clone();
    world.witnesses().amnesia = true;
    world.works(key);
    let mut outcome = never_operational(world, "an older store", older.clone());
    if outcome.is_ok() {
        // Nor may two enclaves part the witnesses between them.
        world.recover();
        outcome = at_most_one_works(world, key);
    }
    world.witnesses().amnesia = false;
    world.witnesses().forget();
    outcome?;
    world.works(key);
    Ok(())
}

/// A second enclave on the same state: once its boot is cosigned, the first releases nothing any more.
pub(super) fn live_twin(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    at_most_one_works(world, key)?;
    world.works(key);
    Ok(())
}

/// Afterwards the world goes on with the second one.
fn at_most_one_works(world: &mut World, key: &Enrolled) -> Outcome {
    let hashes = [hash()];
    // Begun before there is a second one, and by rights the first one's to end.
    let token = world.token(key, &hashes);
    let sign = Command::SignHash(world.sign_request(key, &token, &hashes));
    let common = world.host.state().store.clone();
    let mut first = world.twin(common);
    world.change_sides(&mut first);
    world.install().map_err(|e| format!("{e:?}"))?;
    world.provide().map_err(|e| format!("the second one: {e:?}"))?;

    world.change_sides(&mut first);
    let signed = world.unanswered(sign);
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, key, Purpose::Sign, &hashes);
    let authorized = world.unanswered(Command::Authorize(world.authorize_request(key, evidence, &hashes)));
    world.change_sides(&mut first);
    // What it was told before is nothing to the second one.
    world.oracle.borrow_mut().rebooted();
    world.works(key);
    drop(first);
    for (what, answer) in [("a signature", signed), ("a token", authorized)] {
        unreleased(what, answer)?;
    }
    Ok(())
}

/// Not even when it ended.
fn unreleased(what: &str, answer: Result<Pending, String>) -> Outcome {
    match answer?.recv() {
        Err(_) => Ok(()),
        Ok(answer) => Err(format!("{what} of the first one came out: {answer:?}")),
    }
}

/// Nobody can be asked: nothing comes out, and all of it once they are back.
pub(super) fn out_of_reach(world: &mut World, key: &Enrolled) -> Outcome {
    let hashes = [hash(), hash()];
    let token = world.token(key, &hashes);
    world.witnesses().up = false;
    let ask = |world: &World, hashes: &[_]| {
        let request = world.sign_request(key, &token, hashes);
        (Command::SignHash(request.clone()), world.host.ask(Command::SignHash(request)))
    };
    let pending = [ask(world, &hashes[..1]), ask(world, &hashes[1..])];
    // Spent at once, whatever becomes of the answers.
    let again = world.sign_request(key, &token, &hashes[..1]);
    let again = refused(
        "a hash that was used",
        world.host.call(Command::SignHash(again)),
        &[Fault::HashNotAuthorized.number(), Fault::TokenUnknown.number()],
    );
    std::thread::sleep(std::time::Duration::from_millis(600));
    let early = pending.iter().any(|(_, answer)| answer.try_recv().is_ok());
    world.witnesses().up = true;
    again?;
    holds("nothing came out", !early)?;
    for (command, answer) in pending {
        let answer = crate::hostile::host::Host::answer(&answer).map_err(|e| format!("afterwards: {e:?}"))?;
        holds("they are signatures", matches!(answer, Answer::Signatures { .. }))?;
        world.oracle.borrow_mut().judge(Some(&command), &answer);
    }
    world.works(key);
    Ok(())
}
