//! Place: none. The event loop between events.

use super::harness::{Scripted, Still, limits};
use crate::platform::entropy::testing::rng;
use crate::runtime::Limits;
use crate::runtime::commands::{Commands, Places};
use crate::runtime::event_loop::{EventLoop, Workers};
use crate::runtime::workers::ModuleJob;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

#[test]
fn a_seed_that_is_late_is_waited_for_without_spinning() {
    let (signing, _signers) = sync_channel(1);
    let (module, jobs) = sync_channel(1);
    let limits = Limits { reseed: Duration::ZERO, reseed_again: Duration::ZERO, ..limits() };
    let machine = Scripted(|_, _: &mut bool| Vec::new(), false);
    let one = Places { per_connection: 1, total: 1 };
    let commands = Commands::new(one, one, 1);
    let workers = Workers { signing, module };
    let mut events = EventLoop::new(machine, rng(3), Box::new(Still), limits, workers, commands);
    events.look_at_limits();
    assert!(matches!(jobs.try_recv(), Ok(ModuleJob::Seed)));
    // The next question for a seed would be due, but one is under way.
    assert!(!events.wait().is_zero());
    events.look_at_limits();
    assert!(jobs.try_recv().is_err());
}
