//! Place: none. A PDF that lacks nothing but its CMS signature.

use super::PadesError;
use super::dictionary::Places;
use der::{Decode, Encode};
use fuin_shared::algorithm::HashAlgorithm;
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::ops::Range;

/// A PDF prepared for one signature.
#[derive(Debug, Clone)]
pub struct PreparedSignature {
    octets: Vec<u8>,
    field_name: String,
    contents: Range<usize>,
}

impl PreparedSignature {
    /// Fills the byte range into `octets`; `body` is where the signature dictionary starts.
    pub(super) fn new(
        mut octets: Vec<u8>,
        field_name: String,
        body: usize,
        places: &Places,
    ) -> Result<Self, PadesError> {
        let shift = |range: &Range<usize>| body + range.start..body + range.end;
        let contents = shift(&places.contents);
        let place = shift(&places.byte_range);
        let text =
            format!("[0 {} {} {}]", contents.start, contents.end, octets.len().saturating_sub(contents.end));
        let target = octets.get_mut(place).and_then(|place| place.get_mut(..text.len()));
        let target = target.ok_or_else(|| PadesError::malformed("the byte range does not fit"))?;
        target.copy_from_slice(text.as_bytes());
        Ok(Self { octets, field_name, contents })
    }

    /// Name of the field that will hold the signature.
    #[must_use]
    pub fn field_name(&self) -> &str {
        &self.field_name
    }

    /// The `/ByteRange`: offset and length of the part before the contents, and of the part after it.
    #[must_use]
    pub fn byte_range(&self) -> [usize; 4] {
        [0, self.contents.start, self.contents.end, self.octets.len().saturating_sub(self.contents.end)]
    }

    /// Octets reserved for the CMS signature.
    #[must_use]
    pub fn reserved(&self) -> usize {
        self.contents.len().saturating_sub(2) / 2
    }

    /// The two parts of the file that are signed.
    #[must_use]
    pub fn signed_parts(&self) -> [&[u8]; 2] {
        let before = self.octets.get(..self.contents.start).unwrap_or_default();
        let after = self.octets.get(self.contents.end..).unwrap_or_default();
        [before, after]
    }

    /// Digest of the signed parts: the document digest.
    #[must_use]
    pub fn document_digest(&self, hash: HashAlgorithm) -> Vec<u8> {
        let [before, after] = self.signed_parts();
        match hash {
            HashAlgorithm::Sha256 => {
                Sha256::new().chain_update(before).chain_update(after).finalize().to_vec()
            }
            HashAlgorithm::Sha384 => {
                Sha384::new().chain_update(before).chain_update(after).finalize().to_vec()
            }
            HashAlgorithm::Sha512 => {
                Sha512::new().chain_update(before).chain_update(after).finalize().to_vec()
            }
        }
    }

    /// The signed PDF: `cms`, a DER `ContentInfo`, put into its place.
    ///
    /// # Errors
    /// [`PadesError::DoesNotFit`] when it is larger than what was reserved, [`PadesError::NotCms`] when it is not DER.
    pub fn embed(&self, cms: &[u8]) -> Result<Vec<u8>, PadesError> {
        // The rest of the place is zeros, so a reader finds the end of the CMS by its own length alone.
        let whole = der::asn1::AnyRef::from_der(cms).map_err(|_| PadesError::NotCms)?;
        if der::Tagged::tag(&whole) != der::Tag::Sequence || whole.to_der().ok().as_deref() != Some(cms) {
            return Err(PadesError::NotCms);
        }
        let does_not_fit = PadesError::DoesNotFit { needed: cms.len(), reserved: self.reserved() };
        if cms.len() > self.reserved() {
            return Err(does_not_fit);
        }
        let mut octets = self.octets.clone();
        let text = hex::encode_upper(cms);
        let start = self.contents.start + 1;
        let Some(place) = octets.get_mut(start..start + text.len()) else { return Err(does_not_fit) };
        place.copy_from_slice(text.as_bytes());
        Ok(octets)
    }
}
