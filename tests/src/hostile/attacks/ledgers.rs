//! Place: none. Attacks with the ledger: a part of it, and two enclaves on one.

use super::{Outcome, holds, refused};
use crate::hostile::signer::{Enrolled, hash, verify};
use crate::hostile::store::Store;
use crate::hostile::world::{Side, World};
use fuin_shared::message::{Answer, Command};
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;

/// Boots on what the host shows; it must be refused with one of these numbers, and nothing works afterwards. A ledger that
/// ends within a rotation may leave the boot waiting for shares of the other root key, which nobody gives.
pub(crate) fn refused_boot(world: &mut World, what: &str, shown: Store, numbers: &[u16]) -> Outcome {
    world.reboot();
    let rotated = shown.is_rotating();
    world.host.state().shown = Some(shown);
    let booted = world.install().and_then(|()| {
        let share = world.share().unwrap();
        world.host.call(Command::ProvideShare(share))
    });
    world.host.state().shown = None;
    if matches!(booted, Ok(Answer::ShareAccepted { .. })) && rotated {
        return holds("it waits for other shares", world.phase() == Phase::Uninitialized);
    }
    refused(what, booted, numbers)?;
    holds("it has halted", world.phase() == Phase::Halted)
}

/// The newest events are missing, with and without the checkpoint of the moment; the custodian saw them.
pub(super) fn truncated_tail(world: &mut World, key: &Enrolled) -> Outcome {
    let older = world.host.state().store.clone();
    world.works(key);
    world.observe();
    let newest = world.host.state().store.clone();
    let mut cut = newest.clone();
    cut.entries.pop();
    refused_boot(world, "an older state", older, &[801])?;
    refused_boot(world, "a ledger without its last event", cut, &[800, 801])?;
    refused_boot(world, "no ledger", Store::default(), &[801])?;
    world.recover();
    world.works(key);
    Ok(())
}

/// Two enclaves go on from one state, each behind a store of its own. Neither signs what was not authorized to it; of the
/// two ledgers one can be recovered, that of which the custodian saw more. What the other acknowledged is lost with it: in
/// `durable` mode nobody stops it from working until then.
pub(super) fn live_twin(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    let common = world.host.state().store.clone();
    let (home, mut other) = (world.side().to_owned(), world.twin(common));
    let outcome = both_work(world, key, &mut other);
    if world.side() == home {
        world.change_sides(&mut other);
    }
    // The twin's ledger, as its host kept it.
    let forked = world.host.state().store.clone();
    world.change_sides(&mut other);
    drop(other);
    outcome?;

    // The custodian sees one of them; the other one's ledger is refused.
    world.observe();
    refused_boot(world, "the twin's ledger", forked, &[801])?;
    world.recover();
    world.works(key);
    Ok(())
}

/// What is meant for the twin serves the twin alone, once.
fn both_work(world: &mut World, key: &Enrolled, other: &mut Side) -> Outcome {
    world.change_sides(other);
    world.install().map_err(|e| format!("{e:?}"))?;
    let share = world.share().map_err(|e| e.to_string())?;
    // Not judged by the oracle: its receipts are not those of the ledger that will live.
    let booted = world.host.call(Command::ProvideShare(share));
    holds("the twin works", matches!(booted, Ok(Answer::Operational { .. })))?;
    let hashes = [hash()];
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, key, Purpose::Sign, &hashes);
    let request = Command::Authorize(world.authorize_request(key, evidence, &hashes));
    world.change_sides(other);
    refused("a consent to the twin", world.host.call(request.clone()), &[601])?;
    world.change_sides(other);
    let Ok(Answer::Activation { token, .. }) = world.host.call(request) else {
        return Err("the twin refuses its own consent".to_owned());
    };
    let sign = Command::SignHash(world.sign_request(key, &token, &hashes));
    world.change_sides(other);
    refused("a token of the twin", world.host.call(sign.clone()), &[700])?;
    world.works(key);
    world.change_sides(other);
    let Ok(Answer::Signatures { signatures, .. }) = world.host.call(sign.clone()) else {
        return Err("the twin refuses its own token".to_owned());
    };
    verify(key, &hashes, &signatures);
    refused("a token used up", world.host.call(sign), &[700])
}
