//! Place: SAM. Whose key a key is: seal approvers and SCAs are the organization's own people and machines, never the
//! service's (SEAL-04). Only keys can be compared; that a person of the service holds no other one is for the RA to see.

use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;

/// Whether the manifest knows this key as an officer's, a custodian's or an RA/CA client's.
#[must_use]
pub fn is_staff(manifest: &Manifest, key: &Spki) -> bool {
    let officers = manifest.officers.iter().map(|officer| &officer.key);
    let custodians = manifest.custodians.iter().map(|custodian| &custodian.signing);
    let clients = manifest.ra_clients.iter().map(|client| &client.proof_key);
    // The point of a custodian's other key, with which shares are sealed, ends its SubjectPublicKeyInfo.
    let sealing = manifest.custodians.iter().any(|custodian| {
        !custodian.sealing.0.is_empty() && key.0.as_slice().ends_with(custodian.sealing.as_slice())
    });
    sealing || officers.chain(custodians).chain(clients).any(|known| known == key)
}
