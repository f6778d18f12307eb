//! Place: none. Header and section headers of an image, held against each other.

use super::{Architecture, EifError};

pub(super) const HEADER_LENGTH: usize = 548;
pub(super) const SECTION_HEADER_LENGTH: usize = 12;
const MAX_SECTIONS: usize = 32;
const OFFSETS: usize = 28;
const SIZES: usize = 284;
const CRC: usize = 544;

/// The fields of the header that a reader needs.
pub(super) struct Header {
    pub(super) architecture: Architecture,
    pub(super) default_memory: u64,
    pub(super) default_cpus: u64,
    pub(super) sections: usize,
    table: [(u64, u64); MAX_SECTIONS],
    crc: u32,
}

/// The 12 octets before the data of a section.
pub(super) struct SectionHeader {
    pub(super) kind: u16,
}

impl Header {
    pub(super) fn read(image: &[u8]) -> Result<Self, EifError> {
        if image.get(..4) != Some(b".eif") {
            return Err(if image.len() < 4 { EifError::Truncated("header") } else { EifError::Magic });
        }
        let version = u16::from_be_bytes(array(image, 4, "header")?);
        if version != 4 {
            return Err(EifError::Version(version));
        }
        let flags = u16::from_be_bytes(array(image, 6, "header")?);
        let architecture = match flags {
            0 => Architecture::X86_64,
            1 => Architecture::Aarch64,
            other => return Err(EifError::Flags(other)),
        };
        let count = u16::from_be_bytes(array(image, 26, "header")?);
        let sections = usize::from(count);
        if sections == 0 || sections > MAX_SECTIONS {
            return Err(EifError::SectionCount(count));
        }
        let mut table = [(0, 0); MAX_SECTIONS];
        for (index, entry) in table.iter_mut().enumerate() {
            *entry = (
                u64::from_be_bytes(array(image, OFFSETS + 8 * index, "header")?),
                u64::from_be_bytes(array(image, SIZES + 8 * index, "header")?),
            );
        }
        Ok(Self {
            architecture,
            default_memory: u64::from_be_bytes(array(image, 8, "header")?),
            default_cpus: u64::from_be_bytes(array(image, 16, "header")?),
            sections,
            table,
            crc: u32::from_be_bytes(array(image, CRC, "header")?),
        })
    }

    /// Section `index`, whose header stands at `at`: its kind, its data, and where the next one starts.
    pub(super) fn section<'a>(
        &self,
        image: &'a [u8],
        index: usize,
        at: usize,
    ) -> Result<(SectionHeader, &'a [u8], usize), EifError> {
        let kind = u16::from_be_bytes(array(image, at, "section header")?);
        let flags = u16::from_be_bytes(array(image, at.saturating_add(2), "section header")?);
        let size = u64::from_be_bytes(array(image, at.saturating_add(4), "section header")?);
        if flags != 0 {
            return Err(EifError::SectionFlags(index));
        }
        if self.table.get(index) != Some(&(at as u64, size)) {
            return Err(EifError::Table(index));
        }
        let start = at.saturating_add(SECTION_HEADER_LENGTH);
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let data = end.and_then(|end| image.get(start..end)).ok_or(EifError::Truncated("section data"))?;
        Ok((SectionHeader { kind }, data, start + data.len()))
    }

    pub(super) fn check_unused_entries(&self) -> Result<(), EifError> {
        match self.table.iter().skip(self.sections).position(|entry| *entry != (0, 0)) {
            None => Ok(()),
            Some(position) => Err(EifError::UnusedEntry(self.sections + position)),
        }
    }

    /// The checksum covers the header without its last 4 octets, then everything after the header.
    pub(super) fn check_crc(&self, image: &[u8]) -> Result<(), EifError> {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(image.get(..CRC).ok_or(EifError::Truncated("header"))?);
        hasher.update(image.get(HEADER_LENGTH..).ok_or(EifError::Truncated("header"))?);
        let computed = hasher.finalize();
        if computed != self.crc {
            return Err(EifError::Crc { stated: self.crc, computed });
        }
        Ok(())
    }
}

fn array<const N: usize>(image: &[u8], at: usize, place: &'static str) -> Result<[u8; N], EifError> {
    image.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or(EifError::Truncated(place))
}
