//! Place: none. Shares of a root key that another one has replaced.

use super::{Outcome, holds, refused};
use crate::hostile::signer::Enrolled;
use crate::hostile::world::World;
use fuin_custodian::Custodian;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command};
use fuin_shared::phase::Phase;

/// The custodian's state of before a rotation, which somebody kept: alone it brings no boot up, neither while records are under
/// both root keys nor afterwards, when it is not even waited for another share.
pub(super) fn old_share(world: &mut World, key: &Enrolled) -> Outcome {
    world.finish_rotation()?;
    world.learn().map_err(|e| e.to_string())?;
    world.observe();
    let before = world.custodian.to_bytes().to_vec();
    let new = world.rotate()?;
    world.observe();
    boot(world, &before)?;
    holds("the other root key is waited for", world.phase() == Phase::Uninitialized)?;
    world.recover();
    world.works(key);
    world.rewrap()?;
    world.works(key);
    unused(world, key, &before)?;
    world.finish_rotation()?;
    unused(world, key, &before)?;
    holds("the custodian has the new one", world.custodian.root_commitment() == Some(new))?;
    holds("and no old one", world.custodian.former_commitment().is_none())
}

/// Boots on the newest store with what was kept. It must not come up.
fn boot(world: &mut World, kept: &[u8]) -> Outcome {
    let kept = Custodian::from_bytes(kept).map_err(|e| e.to_string())?;
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    let knows = std::mem::replace(&mut world.custodian, kept);
    let share = world.share();
    world.custodian = knows;
    match world.host.call(Command::ProvideShare(share.map_err(|e| e.to_string())?)) {
        Ok(Answer::ShareAccepted { missing: 1 }) => Ok(()),
        other => refused("an old share", other, &[Fault::LedgerBroken.number()]),
    }
}

/// Once nothing needs the former root key its share is refused, and the new one alone is enough.
fn unused(world: &mut World, key: &Enrolled, kept: &[u8]) -> Outcome {
    world.observe();
    boot(world, kept)?;
    holds("the old share is refused", world.phase() == Phase::Halted)?;
    world.recover();
    world.works(key);
    Ok(())
}
