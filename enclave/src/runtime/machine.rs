//! Place: none. What the event loop drives.

use crate::platform::clock::Millis;
use crate::sam::{Effect, Input, Machine};
use fuin_shared::ids::InstanceId;
use rand_core::CryptoRng;

/// The state machine as the event loop sees it; tests of the runtime drive a scripted one.
pub(super) trait StateMachine {
    /// This boot.
    fn instance(&self) -> InstanceId;
    /// Whether only a new boot helps.
    fn halted(&self) -> bool;
    /// Takes an input; what follows from it is to be done in order.
    fn handle(&mut self, input: Input, now: Millis, rng: &mut dyn CryptoRng) -> Vec<Effect>;
}

impl StateMachine for Machine {
    fn instance(&self) -> InstanceId {
        self.instance()
    }

    fn halted(&self) -> bool {
        self.halted()
    }

    fn handle(&mut self, input: Input, now: Millis, rng: &mut dyn CryptoRng) -> Vec<Effect> {
        self.handle(input, now, rng)
    }
}
