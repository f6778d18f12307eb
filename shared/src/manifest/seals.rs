//! Place: SAM. What the manifest asks of the keys with which programs order seals (SEAL-06): whether each must come with
//! evidence of where it lives, and by whose word.

use super::{Measurement, present};
use crate::bytes::Blob;
use crate::evidence::Pcr;
use crate::pki::Certificate;
use alloc::string::String;
use alloc::vec::Vec;
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

/// Most entries of a list.
const MAX_LIST: usize = 16;
/// Longest age of an attestation document, seconds: about as long as its certificate lives.
const MAX_AGE: u32 = 3 * 3600;

/// Evidence of keys of signature creation applications (SCA).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealPolicy {
    /// Whether a mandate is granted only to a key with evidence: one that anybody may copy is refused.
    pub required: bool,
    /// Whoever certifies keys that cannot leave their hardware: certificates in DER. They must issue for no others, or the
    /// policies below must tell them apart.
    pub anchors: Vec<Blob>,
    /// Certificate policies, dotted: the key's certificate must have one of them. Any will do if there is none.
    pub policies: Vec<String>,
    /// Programs that an attestation document shows; absent where only hardware is taken.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub attested: Option<AttestedPrograms>,
}

/// Enclaves whose keys are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedPrograms {
    /// Their images.
    pub images: Vec<Measurement>,
    /// Longest age of a document when the mandate is granted, seconds.
    pub document_seconds: u32,
}

impl SealPolicy {
    /// Checks what holds of every policy; says which rule is broken.
    ///
    /// # Errors
    /// A sentence for whoever wrote the manifest.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.anchors.is_empty() && self.attested.is_none() {
            return Err("seals needs anchors, attested programs or both");
        }
        if self.anchors.len() > MAX_LIST || !self.anchors.iter().all(issues) {
            return Err(
                "seals may have at most 16 anchors, each the certificate in DER of a CA with an ECDSA key",
            );
        }
        if self.policies.len() > MAX_LIST
            || !self.policies.iter().all(|oid| ObjectIdentifier::new(oid).is_ok())
        {
            return Err("seals may have at most 16 policies, each a dotted object identifier");
        }
        self.attested.as_ref().map_or(Ok(()), AttestedPrograms::check)
    }
}

/// Whether a path can end there.
fn issues(der: &Blob) -> bool {
    Certificate::from_der(der.as_slice()).is_ok_and(|anchor| anchor.is_ca() && anchor.public_key().is_some())
}

impl AttestedPrograms {
    fn check(&self) -> Result<(), &'static str> {
        // Of an enclave in debug mode nothing is known: it shows zeros.
        let known =
            |image: &Measurement| [image.pcr0, image.pcr1, image.pcr2].iter().all(|pcr| *pcr != Pcr([0; 48]));
        if !(1..=MAX_LIST).contains(&self.images.len()) || !self.images.iter().all(known) {
            return Err("seals.attested needs 1 to 16 images, none with a register of zeros");
        }
        if !(1..=MAX_AGE).contains(&self.document_seconds) {
            return Err("seals.attested.document_seconds must be 1 to 10800");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::forge::{Forge, Key};
    use alloc::vec;

    fn policy() -> SealPolicy {
        let key = Key::p256(1);
        let image = Measurement { pcr0: Pcr([1; 48]), pcr1: Pcr([2; 48]), pcr2: Pcr([3; 48]) };
        SealPolicy {
            required: true,
            anchors: vec![Forge::ca("Maker", "Maker", &key, None).der(&key).into()],
            policies: vec!["1.2.3.4".into()],
            attested: Some(AttestedPrograms { images: vec![image], document_seconds: 600 }),
        }
    }

    #[test]
    fn a_policy_names_hardware_programs_or_both() {
        assert_eq!(policy().check(), Ok(()));
        assert_eq!(SealPolicy { attested: None, ..policy() }.check(), Ok(()));
        assert_eq!(SealPolicy { anchors: Vec::new(), ..policy() }.check(), Ok(()));
        for required in [true, false] {
            let none = SealPolicy { required, anchors: Vec::new(), attested: None, ..policy() };
            assert_eq!(none.check(), Err("seals needs anchors, attested programs or both"));
        }
    }

    #[test]
    fn rules_of_seal_policies() {
        let refused = |change: fn(&mut SealPolicy)| {
            let mut changed = policy();
            change(&mut changed);
            assert!(changed.check().is_err());
        };
        refused(|p| p.anchors = vec![vec![0x30, 0].into()]);
        refused(|p| {
            let key = Key::p256(2);
            p.anchors = vec![Forge::end_entity("Nobody", "Nobody", &key).der(&key).into()];
        });
        refused(|p| p.anchors = vec![p.anchors[0].clone(); MAX_LIST + 1]);
        refused(|p| p.policies = vec!["hardware".into()]);
        refused(|p| p.policies = vec!["1.2.3".into(); MAX_LIST + 1]);
        let refused = |change: fn(&mut AttestedPrograms)| {
            let mut changed = policy();
            changed.attested.iter_mut().for_each(change);
            assert!(changed.check().is_err());
        };
        refused(|a| a.images.clear());
        refused(|a| a.images[0].pcr1 = Pcr([0; 48]));
        refused(|a| a.images = vec![a.images[0].clone(); MAX_LIST + 1]);
        refused(|a| a.document_seconds = 0);
        refused(|a| a.document_seconds = MAX_AGE + 1);
    }
}
