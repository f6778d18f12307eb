//! Place: none. A service whose manifest names issuers of means.

use super::World;
use fuin_shared::codec;
use fuin_shared::manifest::means::MeansPolicy;
use fuin_shared::manifest::service_id;

impl World {
    /// Operational after a genesis, as a process, under a manifest that names these issuers.
    #[must_use]
    pub fn operational_with(means: MeansPolicy) -> Self {
        let mut world = Self::booted();
        world.means = Some(means);
        let manifest = world.manifest();
        world.signed = world.sign_manifest(&manifest);
        world.service = service_id(&codec::encode(&manifest));
        world.join();
        world.install().unwrap();
        world.genesis();
        world
    }
}
