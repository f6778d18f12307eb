//! Place: none. The extensions of a certificate: two are read, unknown critical ones refuse (step 16).

use crate::error::{Refusal, Step};
use alloc::format;
use der::Decode;
use der::asn1::ObjectIdentifier;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// What the steps need of a certificate's extensions.
pub(super) struct Extensions {
    /// Basic constraints and whether they are critical.
    pub(super) basic_constraints: Option<(BasicConstraints, bool)>,
    pub(super) key_usage: Option<KeyUsage>,
    unknown_critical: Option<ObjectIdentifier>,
}

impl Extensions {
    /// Reads the list; fails with words when one stands twice or is not what its identifier says.
    pub(super) fn read(list: &[Extension]) -> Result<Self, &'static str> {
        let mut extensions = Self { basic_constraints: None, key_usage: None, unknown_critical: None };
        for (index, extension) in list.iter().enumerate() {
            if list.iter().take(index).any(|other| other.extn_id == extension.extn_id) {
                return Err("an extension stands twice");
            }
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                BASIC_CONSTRAINTS => {
                    let value =
                        BasicConstraints::from_der(value).map_err(|_| "malformed basicConstraints")?;
                    extensions.basic_constraints = Some((value, extension.critical));
                }
                KEY_USAGE => {
                    let value = KeyUsage::from_der(value).map_err(|_| "malformed keyUsage")?;
                    extensions.key_usage = Some(value);
                }
                other if extension.critical => extensions.unknown_critical = Some(other),
                _ => {}
            }
        }
        Ok(extensions)
    }

    /// Step 16.
    pub(super) fn no_unknown_critical(&self, place: &str) -> Result<(), Refusal> {
        match self.unknown_critical {
            None => Ok(()),
            Some(oid) => Err(Refusal::new(Step::CriticalExtension, format!("{place}: {oid}"))),
        }
    }
}
