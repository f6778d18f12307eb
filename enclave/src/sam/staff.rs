//! Place: SAM. Whose key a key is: seal approvers and SCAs are the organization's own people and machines, never the
//! service's (SEAL-04). Only keys can be compared; that a person of the service holds no other one is for the RA to see.

use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;
use fuin_shared::role::Role;

/// Whether the manifest names this key for somebody who must not be a seal approver, or the key opens a custodian's shares.
#[must_use]
pub fn is_staff(manifest: &Manifest, key: &Spki) -> bool {
    // The point of a custodian's other key ends its SubjectPublicKeyInfo.
    let sealing = manifest.custodians.iter().any(|custodian| {
        !custodian.sealing.0.is_empty() && key.0.as_slice().ends_with(custodian.sealing.as_slice())
    });
    sealing || manifest.conflicts(Role::SealApprover, None, Some(key))
}
