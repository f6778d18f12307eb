//! Place: SAM. One command with the power cut after each of its effects, in a service of its own each time.

use crate::world::{Fuse, Kind, World};
use fuin_shared::fault::Fault;
use fuin_shared::message::Command;

/// What was cut.
pub struct Cut {
    /// The very command.
    pub command: Command,
}

/// Cuts the power after no effect of the command, after one, and so on to its last; each time the next boot must come up on what
/// is there, and `check` sees what came of it.
pub fn every_effect<S: AsMut<World>>(
    of: Kind,
    ready: impl Fn() -> S,
    act: impl Fn(&mut S) -> Result<(), Fault>,
    check: impl Fn(&mut S, Cut),
) {
    let mut cut = 0;
    loop {
        let mut service = ready();
        service.as_mut().fuse = Some(Fuse::new(of, cut));
        let result = act(&mut service);
        let world = service.as_mut();
        let fuse = world.fuse.take().unwrap();
        if !world.dead {
            assert_eq!(result, Ok(()), "after {cut} effects there are no more");
            break;
        }
        let (command, _) = fuse.lit.unwrap();
        world.reboot();
        assert_eq!(world.provide(), Ok(()), "after {cut} effects");
        check(&mut service, Cut { command });
        cut += 1;
    }
    assert!(cut > 1, "the command has effects");
}
