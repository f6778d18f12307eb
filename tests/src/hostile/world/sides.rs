//! Place: none. Two enclaves of one service, each behind a host of its own; older states of it.

use super::World;
use crate::hostile::host::Host;
use crate::hostile::process::{Enclave, Place, SOCKET};
use crate::hostile::store::Store;
use crate::programs::program;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The half of a world that there can be two of: host and enclave.
pub struct Side {
    host: Host,
    enclave: Enclave,
    side: String,
}

/// An older state of the store, with what the custodian was then.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The store.
    pub store: Store,
    /// [`fuin_custodian::Custodian::to_bytes`].
    pub custodian: Vec<u8>,
}

impl World {
    /// The state of now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let store = self.host.state().store.clone();
        Snapshot { store, custodian: self.custodian.to_bytes().to_vec() }
    }

    /// A second enclave, booted beside the first behind a host of its own, on this store.
    #[must_use]
    pub fn twin(&mut self, store: Store) -> Side {
        let place = self.kind.place.clone();
        self.twin_of(&place, store)
    }

    /// The same, of what runs there.
    #[must_use]
    pub fn twin_of(&mut self, place: &Place, store: Store) -> Side {
        self.boots += 1;
        let side = format!("host-{}", self.boots);
        let host = self.host.beside(&self.folder.path().join(&side).join(SOCKET));
        let witnesses = self.host.state().witnesses.clone();
        {
            let mut state = host.state();
            (state.store, state.witnesses) = (store, witnesses);
        }
        let enclave = Enclave::boot(place, self.folder.path(), &side, &host, None);
        Side { host, enclave, side }
    }

    /// Works with the other enclave from now on; the one of before is kept in its place.
    pub fn change_sides(&mut self, other: &mut Side) {
        std::mem::swap(&mut self.host, &mut other.host);
        std::mem::swap(&mut self.enclave, &mut other.enclave);
        std::mem::swap(&mut self.side, &mut other.side);
    }

    /// Name of the present side.
    #[must_use]
    pub fn side(&self) -> &str {
        &self.side
    }

    /// The program with an octet more, which is another image: nothing in it runs otherwise.
    #[must_use]
    pub fn another_image(&self) -> PathBuf {
        let path = self.folder.path().join("another-image");
        let mut octets = std::fs::read(program("fuin-enclave-process")).unwrap();
        octets.push(0);
        std::fs::write(&path, octets).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        path
    }
}
