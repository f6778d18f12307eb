//! Place: SAM. Whose key a key is: seal approvers and SCAs are the organization's own people and machines, never the
//! service's (SEAL-04). Only keys can be compared; that a person of the service holds no other one is for the RA to see.

use fuin_shared::bytes::Blob;
use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;
use fuin_shared::role::Role;

/// Whether the manifest names this key for somebody who must not be a seal approver, or the key opens a custodian's shares
/// or an auditor's details.
#[must_use]
pub fn is_staff(manifest: &Manifest, key: &Spki) -> bool {
    let custodians = manifest.custodians.iter().map(|custodian| &custodian.sealing);
    let mut sealing = custodians.chain(manifest.detail_readers().map(|(_, key)| key));
    // The point of such a key ends its SubjectPublicKeyInfo.
    let opens = |point: &Blob| !point.0.is_empty() && key.0.as_slice().ends_with(point.as_slice());
    sealing.any(opens) || manifest.conflicts(Role::SealApprover, None, Some(key))
}
