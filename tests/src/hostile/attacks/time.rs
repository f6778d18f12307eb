//! Place: none. The host puts the clock of the enclave's kernel forward, back, and wrong from the beginning.

use super::{Outcome, holds, refused};
use crate::hostile::host::Refused;
use crate::hostile::process::Place;
use crate::hostile::signer::{Enrolled, hash};
use crate::hostile::world::World;
use crate::signer::now;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::Command;
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;
use std::time::Duration;

const HOUR: i64 = 3600;
/// Seconds that a SAD of this attack lives.
const SHORT: u64 = 4;

/// Nothing lives longer than the signer said, however the clock is put; where time cannot be right, nothing is signed.
pub(super) fn false_time(world: &mut World, key: &Enrolled) -> Outcome {
    if matches!(world.kind().place, Place::Qemu(_)) {
        // The machine's clock is read at its boot alone, and is this one's.
        return Ok(());
    }
    let outcome = put_back(world, key).and_then(|()| put_forward(world, key)).and_then(|()| late(world));
    world.put_clock(0);
    world.recover();
    outcome?;
    world.works(key);
    Ok(())
}

/// A token, and its clock goes back: it ends when it would have, and no later.
fn put_back(world: &mut World, key: &Enrolled) -> Outcome {
    let hashes = [hash()];
    let on = world.trusted();
    let evidence = world.consent_until(&on, key, &hashes, now() + SHORT);
    let token = world.activated(key, evidence, &hashes).map_err(|e| format!("a short token: {e:?}"))?;
    world.put_clock(-HOUR);
    // Another hash is refused as long as the token lives, and then because it does not.
    let probe = world.sign_request(key, &token, &[hash()]);
    expired(world, &Command::SignHash(probe))?;
    let real = world.sign_request(key, &token, &hashes);
    refused("a token that ended", world.host.call(Command::SignHash(real)), &over())?;
    world.put_clock(0);
    world.works(key);
    Ok(())
}

/// A token that has ended, or that was forgotten since.
fn over() -> [u16; 2] {
    [Fault::TokenExpired.number(), Fault::TokenUnknown.number()]
}

/// Asks until the token has ended.
fn expired(world: &World, probe: &Command) -> Outcome {
    let alive = Fault::HashNotAuthorized.number();
    for _ in 0..600 {
        match world.host.call(probe.clone()) {
            Err(Refused::Fault(fault)) if over().contains(&fault.number()) => return Ok(()),
            Err(Refused::Fault(fault)) if fault.number() == alive => {}
            other => return Err(format!("a hash that nobody authorized: {other:?}")),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("the token does not end".to_owned())
}

/// Forward, and back: what ended by it stays so, and SADs of now are of the past.
fn put_forward(world: &mut World, key: &Enrolled) -> Outcome {
    let hashes = [hash()];
    let token = world.token(key, &hashes);
    let on = world.trusted();
    let (unused, _) = world.consent(&on, key, Purpose::Sign, &hashes);
    world.put_clock(HOUR);
    let sign = |world: &World| {
        let request = world.sign_request(key, &token, &hashes);
        let over = [Fault::ClockDoubt.number(), Fault::TokenExpired.number(), Fault::TokenUnknown.number()];
        refused("a token of an hour ago", world.host.call(Command::SignHash(request)), &over)
    };
    let authorize = |world: &World, evidence: &Blob| {
        let request = world.authorize_request(key, evidence.clone(), &hashes);
        let over = [Fault::ClockDoubt.number(), Fault::SadExpired.number(), Fault::SadNonce.number()];
        refused("a SAD of an hour ago", world.host.call(Command::Authorize(request)), &over)
    };
    sign(world)?;
    authorize(world, &unused)?;
    world.put_clock(0);
    sign(world)?;
    authorize(world, &unused)?;
    world.put_clock(-HOUR);
    sign(world)?;
    authorize(world, &unused)
}

/// Wrong from the beginning: a ledger that ends in the future is not taken up.
fn late(world: &mut World) -> Outcome {
    world.put_clock(-HOUR);
    world.observe();
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    let share = Command::ProvideShare(world.share().map_err(|e| e.to_string())?);
    refused("a boot in the past", world.host.call(share), &[Fault::Clock.number()])?;
    holds("it signs nothing", world.phase() != Phase::Operational)
}
