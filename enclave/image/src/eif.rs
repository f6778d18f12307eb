//! Place: none.
//!
//! The writer of enclave image files (EIF, version 4). Sections in the order that the usual tools write: kernel, command line, metadata, ramdisks. The
//! reader and the measurement are in `fuin_attestation`.

/// What goes into an image.
pub struct Image<'a> {
    /// The kernel (bzImage).
    pub kernel: &'a [u8],
    /// The kernel's command line, without a final NUL.
    pub cmdline: &'a str,
    /// JSON text; neither measured nor signed.
    pub metadata: &'a str,
    /// The ramdisks in order; the first is measured into PCR1, the others into PCR2.
    pub ramdisks: &'a [Vec<u8>],
}

/// Why an image cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EifError {
    /// A section must not be empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// The command line must be one line of printable ASCII.
    #[error("the command line must be printable ASCII in one line")]
    Cmdline,
    /// The format has room for 32 sections.
    #[error("{0} sections, the format has room for 32")]
    Sections(usize),
}

const HEADER: usize = 548;
const SECTION_HEADER: usize = 12;
const MAX_SECTIONS: usize = 32;
const VERSION: u16 = 4;
/// Hints for a launcher that is not told otherwise, as the usual tools write them.
const DEFAULT_MEMORY: u64 = 1 << 30;
const DEFAULT_CPUS: u64 = 2;

const KERNEL: u16 = 1;
const CMDLINE: u16 = 2;
const RAMDISK: u16 = 3;
const METADATA: u16 = 5;

impl Image<'_> {
    /// The octets of the file; the same input gives the same octets.
    ///
    /// # Errors
    /// [`EifError`].
    pub fn to_octets(&self) -> Result<Vec<u8>, EifError> {
        let sections = self.sections()?;
        let mut header = Vec::with_capacity(HEADER);
        let mut body = Vec::new();
        let mut offsets = Vec::new();
        for (kind, data) in &sections {
            offsets.push((HEADER + body.len()) as u64);
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&0u16.to_be_bytes());
            body.extend_from_slice(&(data.len() as u64).to_be_bytes());
            body.extend_from_slice(data);
        }
        header.extend_from_slice(b".eif");
        header.extend_from_slice(&VERSION.to_be_bytes());
        header.extend_from_slice(&0u16.to_be_bytes()); // flags: x86_64
        header.extend_from_slice(&DEFAULT_MEMORY.to_be_bytes());
        header.extend_from_slice(&DEFAULT_CPUS.to_be_bytes());
        header.extend_from_slice(&0u16.to_be_bytes());
        let count = u16::try_from(sections.len()).map_err(|_| EifError::Sections(sections.len()))?;
        header.extend_from_slice(&count.to_be_bytes());
        table(&mut header, offsets.into_iter());
        table(&mut header, sections.iter().map(|(_, data)| data.len() as u64));
        header.extend_from_slice(&[0; 4]);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&header);
        crc.update(&body);
        header.extend_from_slice(&crc.finalize().to_be_bytes());
        header.append(&mut body);
        Ok(header)
    }

    fn sections(&self) -> Result<Vec<(u16, &[u8])>, EifError> {
        if self.cmdline.is_empty() || !self.cmdline.bytes().all(|c| c == b' ' || c.is_ascii_graphic()) {
            return Err(EifError::Cmdline);
        }
        if self.kernel.is_empty() {
            return Err(EifError::Empty("kernel"));
        }
        if self.metadata.is_empty() {
            return Err(EifError::Empty("metadata"));
        }
        if self.ramdisks.is_empty() || self.ramdisks.iter().any(Vec::is_empty) {
            return Err(EifError::Empty("ramdisk"));
        }
        let mut sections = vec![
            (KERNEL, self.kernel),
            (CMDLINE, self.cmdline.as_bytes()),
            (METADATA, self.metadata.as_bytes()),
        ];
        sections.extend(self.ramdisks.iter().map(|ramdisk| (RAMDISK, ramdisk.as_slice())));
        if sections.len() > MAX_SECTIONS {
            return Err(EifError::Sections(sections.len()));
        }
        Ok(sections)
    }
}

/// A table of 32 numbers, the unused ones zero.
fn table(header: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    for value in values.chain(std::iter::repeat(0)).take(MAX_SECTIONS) {
        header.extend_from_slice(&value.to_be_bytes());
    }
}

/// Octets that `sections` sections add to their data, header included.
#[must_use]
pub const fn overhead(sections: usize) -> usize {
    HEADER + sections * SECTION_HEADER
}

#[cfg(test)]
mod tests;
