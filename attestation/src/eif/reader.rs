//! Place: none. Reads an image that comes by in pieces: the same rules as [`super::Eif`], in memory that does not grow with it.

use super::header::{CRC, HEADER_LENGTH, Header, SECTION_HEADER_LENGTH, SectionHeader};
use super::measure::{Measuring, register};
use super::order::Order;
use super::signature::Signed;
use super::{Architecture, EifError, Measurements, section};
use alloc::vec::Vec;

/// The most that is kept of a section that is shown or verified: command line, metadata, signature.
const MAX_KEPT: u64 = 256 * 1024;

/// What an image is, once all of it was read. Its signature, if it has one, was verified.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The architecture the header names.
    pub architecture: Architecture,
    /// Octets of the image.
    pub length: u64,
    /// Type and size of each section, in order.
    pub sections: Vec<(u16, u64)>,
    /// The kernel's command line.
    pub cmdline: Vec<u8>,
    /// JSON about the build; neither measured nor signed.
    pub metadata: Option<Vec<u8>>,
    /// DER of the certificate whose key signed PCR0; none when the image is unsigned.
    pub signing_certificate: Option<Vec<u8>>,
    /// The registers.
    pub measurements: Measurements,
}

/// Takes an image piece by piece.
#[derive(Default)]
pub struct ImageReader {
    /// Octets of a header that is not complete yet.
    partial: Vec<u8>,
    header: Option<Header>,
    /// The section whose data is under way, and how much of it is missing.
    section: Option<(SectionHeader, u64)>,
    at: u64,
    crc: crc32fast::Hasher,
    order: Order,
    ramdisks: usize,
    measuring: Measuring,
    sections: Vec<(u16, u64)>,
    cmdline: Vec<u8>,
    metadata: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
}

impl ImageReader {
    /// A reader before the first octet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next octets.
    ///
    /// # Errors
    /// [`EifError`] of the first rule that is broken; the reader is of no use afterwards.
    pub fn push(&mut self, mut octets: &[u8]) -> Result<(), EifError> {
        while !octets.is_empty() {
            let taken = if self.header.is_none() {
                self.take_header(octets)?
            } else if let Some((section, missing)) = self.section.take() {
                self.take_data(section, missing, octets)
            } else {
                self.take_section(octets)?
            };
            octets = octets.get(taken..).unwrap_or_default();
            self.at = self.at.saturating_add(taken as u64);
        }
        Ok(())
    }

    /// The end of the image.
    ///
    /// # Errors
    /// [`EifError`] when it ends too early, or one of the rules on the whole is broken: table, checksum, signature.
    pub fn finish(self) -> Result<Measured, EifError> {
        let Some(header) = self.header else { return Err(EifError::Truncated("header")) };
        if self.section.is_some() {
            return Err(EifError::Truncated("section data"));
        }
        if self.sections.len() < header.sections {
            return Err(EifError::Truncated("section header"));
        }
        header.check_unused_entries()?;
        header.crc_is(self.crc.finalize())?;
        self.order.end()?;
        let mut measurements = self.measuring.finish();
        let signed = self.signature.as_deref().map(Signed::read).transpose()?;
        if let Some(signed) = &signed {
            signed.verify(&measurements.pcr0)?;
            measurements.pcr8 = Some(register(&signed.certificate));
        }
        Ok(Measured {
            architecture: header.architecture,
            length: self.at,
            sections: self.sections,
            cmdline: self.cmdline,
            metadata: self.metadata,
            signing_certificate: signed.map(|signed| signed.certificate),
            measurements,
        })
    }

    /// Collects up to `length` octets in `partial`; how many were taken, and whether they are all there.
    fn collect(&mut self, octets: &[u8], length: usize) -> (usize, bool) {
        let missing = length.saturating_sub(self.partial.len());
        let piece = octets.get(..missing).unwrap_or(octets);
        self.partial.extend_from_slice(piece);
        (piece.len(), self.partial.len() == length)
    }

    fn take_header(&mut self, octets: &[u8]) -> Result<usize, EifError> {
        let (taken, complete) = self.collect(octets, HEADER_LENGTH);
        if complete {
            self.header = Some(Header::read(&self.partial)?);
            self.crc.update(self.partial.get(..CRC).unwrap_or_default());
            self.partial.clear();
        }
        Ok(taken)
    }

    fn take_section(&mut self, octets: &[u8]) -> Result<usize, EifError> {
        // Invariant: only called once there is a header.
        let Some(header) = &self.header else { return Err(EifError::Truncated("header")) };
        if self.sections.len() == header.sections {
            return Err(EifError::Trailing(octets.len()));
        }
        let start = self.at.saturating_sub(self.partial.len() as u64);
        let (taken, complete) = self.collect(octets, SECTION_HEADER_LENGTH);
        let head = <[u8; SECTION_HEADER_LENGTH]>::try_from(self.partial.as_slice());
        if let (true, Ok(head), Some(header)) = (complete, head, &self.header) {
            self.crc.update(&head);
            self.partial.clear();
            let section = header.section_header(&head, self.sections.len(), start)?;
            self.open(section)?;
        }
        Ok(taken)
    }

    fn open(&mut self, section: SectionHeader) -> Result<(), EifError> {
        self.order = self.order.next(section.kind)?;
        match self.order {
            Order::Ramdisk => self.ramdisks += 1,
            Order::Metadata => self.metadata = Some(Vec::new()),
            Order::Signature => self.signature = Some(Vec::new()),
            Order::Start | Order::Kernel | Order::Cmdline => {}
        }
        let kept = matches!(section.kind, section::CMDLINE | section::METADATA | section::SIGNATURE);
        if kept && section.size > MAX_KEPT {
            return Err(EifError::SectionSize(section.kind, section.size));
        }
        self.sections.push((section.kind, section.size));
        self.section = (section.size > 0).then_some(section).map(|section| {
            let missing = section.size;
            (section, missing)
        });
        Ok(())
    }

    /// Data of the open section; less than the piece when another section follows in it.
    fn take_data(&mut self, section: SectionHeader, missing: u64, octets: &[u8]) -> usize {
        let most = usize::try_from(missing).unwrap_or(usize::MAX);
        let data = octets.get(..most).unwrap_or(octets);
        self.crc.update(data);
        match self.order {
            Order::Kernel => self.measuring.boot(data),
            Order::Cmdline => {
                self.measuring.boot(data);
                self.cmdline.extend_from_slice(data);
            }
            Order::Ramdisk if self.ramdisks == 1 => self.measuring.boot(data),
            Order::Ramdisk => self.measuring.application(data),
            Order::Metadata => self.metadata.get_or_insert_default().extend_from_slice(data),
            Order::Signature => self.signature.get_or_insert_default().extend_from_slice(data),
            Order::Start => {}
        }
        let left = missing.saturating_sub(data.len() as u64);
        if left > 0 {
            self.section = Some((section, left));
        }
        data.len()
    }
}

#[cfg(test)]
mod tests;
