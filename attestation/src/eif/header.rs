//! Place: none. Header and section headers of an image, held against each other.

use super::{Architecture, EifError};

pub(super) const HEADER_LENGTH: usize = 548;
pub(super) const SECTION_HEADER_LENGTH: usize = 12;
const MAX_SECTIONS: usize = 32;
const OFFSETS: usize = 28;
const SIZES: usize = 284;
/// Where the checksum stands; it covers what is before it.
pub(super) const CRC: usize = 544;

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
    /// Octets of data.
    pub(super) size: u64,
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
        let head = array(image, at, "section header")?;
        let section = self.section_header(&head, index, at as u64)?;
        let start = at.saturating_add(SECTION_HEADER_LENGTH);
        let end = usize::try_from(section.size).ok().and_then(|size| start.checked_add(size));
        let data = end.and_then(|end| image.get(start..end)).ok_or(EifError::Truncated("section data"))?;
        Ok((section, data, start + data.len()))
    }

    /// The header of section `index`, which stands at `at` and must be what the table says.
    pub(super) fn section_header(
        &self,
        head: &[u8; SECTION_HEADER_LENGTH],
        index: usize,
        at: u64,
    ) -> Result<SectionHeader, EifError> {
        let kind = u16::from_be_bytes(array(head, 0, "section header")?);
        let flags = u16::from_be_bytes(array(head, 2, "section header")?);
        let size = u64::from_be_bytes(array(head, 4, "section header")?);
        if flags != 0 {
            return Err(EifError::SectionFlags(index));
        }
        if self.table.get(index) != Some(&(at, size)) {
            return Err(EifError::Table(index));
        }
        Ok(SectionHeader { kind, size })
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
        self.crc_is(hasher.finalize())
    }

    /// Compares the stated checksum with the computed one.
    pub(super) fn crc_is(&self, computed: u32) -> Result<(), EifError> {
        if computed != self.crc {
            return Err(EifError::Crc { stated: self.crc, computed });
        }
        Ok(())
    }
}

fn array<const N: usize>(image: &[u8], at: usize, place: &'static str) -> Result<[u8; N], EifError> {
    image.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or(EifError::Truncated(place))
}
