//! Place: SAM, CM. The known answers are asked for again at intervals, not only at the start (FPT_TST_EXT.1).

use super::Machine;
use crate::platform::clock::Millis;
use crate::platform::entropy::Drbg;
use crate::sam::Effect;

/// Between two tests: an hour of the kernel's clock, wherever that goes.
const INTERVAL: u64 = 3_600_000;

impl Machine {
    /// Tests crypto module and random bit generator when their time has come; one that fails signs nothing more.
    pub(super) fn test_again(&mut self, kernel: Millis, effects: &mut Vec<Effect>) {
        if self.operational().is_none() {
            return;
        }
        let last = *self.tested.get_or_insert(kernel);
        if kernel.0.abs_diff(last.0) < INTERVAL {
            return;
        }
        self.tested = Some(kernel);
        if Drbg::self_test().and_then(|()| self.boot.crypto_module.self_test()).is_err() {
            self.halt(effects);
        }
    }
}
