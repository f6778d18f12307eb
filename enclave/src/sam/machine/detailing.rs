//! Place: SAM. Which auditors can open details, and under which content key.

use super::Machine;
use crate::sam::Effect;
use fuin_shared::manifest::Manifest;
use rand_core::CryptoRng;

impl Machine {
    /// A manifest was adopted: what follows is for its auditors, and for none before them.
    pub(super) fn seal_details_to(
        &mut self,
        manifest: &Manifest,
        rng: &mut dyn CryptoRng,
        effects: &mut Vec<Effect>,
    ) {
        let sealed = self.journal().map_or(Ok(()), |journal| journal.seal_details_to(manifest, rng));
        if sealed.is_err() {
            self.halt(effects);
        }
    }

    /// A content key that has served enough gives way to another.
    pub(super) fn renew_details(&mut self, rng: &mut dyn CryptoRng, effects: &mut Vec<Effect>) {
        let renewed = self.journal().map_or(Ok(()), |journal| journal.renew_details(rng));
        if renewed.is_err() {
            self.halt(effects);
        }
    }
}
