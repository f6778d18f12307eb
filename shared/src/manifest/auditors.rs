//! Place: SAM. Auditors in the manifest. One with a sealing key is given the detail of every event from then on.

use super::{Manifest, ManifestError, present};
use crate::bytes::Blob;
use crate::ids::PersonId;
use crate::key::Spki;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Octets of an uncompressed point on P-384.
const POINT: usize = 97;

/// A system auditor: configures nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auditor {
    /// Name.
    pub id: PersonId,
    /// Key that signs the auditor's statements.
    pub key: Spki,
    /// HPKE public key, DHKEM(P-384): 97 octets, uncompressed point. Details are sealed to it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub sealing: Option<Blob>,
}

impl Manifest {
    /// Auditors to whom details are sealed, each with the sealing key.
    pub fn detail_readers(&self) -> impl Iterator<Item = (&PersonId, &Blob)> {
        self.auditors.iter().filter_map(|auditor| auditor.sealing.as_ref().map(|key| (&auditor.id, key)))
    }

    /// Each sealing key is a point on the curve, and nobody's key for anything else.
    pub(super) fn check_auditors(&self) -> Result<(), ManifestError> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(ManifestError::Rule(text)) };
        let keys: Vec<&Blob> = self.detail_readers().map(|(_, key)| key).collect();
        for (at, key) in keys.iter().enumerate() {
            let point =
                key.0.len() == POINT && p384::ecdsa::VerifyingKey::from_sec1_bytes(key.as_slice()).is_ok();
            rule(point, "an auditor's sealing key must be an uncompressed point on P-384")?;
            let again = keys.iter().skip(at + 1).any(|other| other == key)
                || self.custodians.iter().any(|custodian| custodian.sealing == **key)
                // The point of a key ends its SubjectPublicKeyInfo.
                || self.holders().any(|holder| holder.key.0.as_slice().ends_with(key.as_slice()));
            rule(!again, "an auditor's sealing key must be nobody's other key")?;
        }
        Ok(())
    }
}
