//! Place: none. Enclave image format: reads an image strictly and computes the registers it will have (PCR0, 1, 2, 8).
//!
//! The image is walked in sequence, and its offset table must say the same, so that no other reader can see another
//! image. Only the order the tools write is accepted: kernel, command line, metadata, ramdisks, signature.
//!
//! Layout, all integers big endian: a header of 548 octets (magic, version, flags, default memory and processors,
//! section count, offset table, size table, CRC-32), then sections of 12 octets header (type `u16`, flags `u16`,
//! size `u64`) and data. Offsets point at section headers; sizes count data only.
//!
//! [`Eif::parse`] reads an image that lies in memory; [`ImageReader`] one that comes by in pieces, in little memory, and
//! verifies its signature.

use alloc::vec::Vec;
mod error;
mod header;
mod measure;
mod order;
mod reader;
mod signature;

pub use error::EifError;
pub use measure::{Measurements, PCR_LENGTH, measure_parts};
pub use reader::{ImageReader, Measured};

use header::{HEADER_LENGTH, Header};
use order::Order;
use signature::Signed;

/// Type numbers of sections.
pub mod section {
    /// Linux kernel.
    pub const KERNEL: u16 = 1;
    /// Kernel command line, without a trailing NUL.
    pub const CMDLINE: u16 = 2;
    /// A ramdisk.
    pub const RAMDISK: u16 = 3;
    /// Signature over PCR0.
    pub const SIGNATURE: u16 = 4;
    /// JSON about the build; neither measured nor signed.
    pub const METADATA: u16 = 5;
}

/// Processor architecture, flag bit 0 of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    X86_64,
    /// Arm, 64 bit.
    Aarch64,
}

/// A parsed image that borrows its parts.
#[derive(Clone, Debug)]
pub struct Eif<'a> {
    architecture: Architecture,
    default_memory: u64,
    default_cpus: u64,
    kernel: &'a [u8],
    cmdline: &'a [u8],
    metadata: Option<&'a [u8]>,
    ramdisks: Vec<&'a [u8]>,
    signature: Option<&'a [u8]>,
    signing_certificate: Option<Vec<u8>>,
}

impl<'a> Eif<'a> {
    /// Parses a whole image.
    ///
    /// # Errors
    /// One [`EifError`] per rule: header, version, flags, table against sequence, order, lengths, CRC, signature shape.
    pub fn parse(image: &'a [u8]) -> Result<Self, EifError> {
        let header = Header::read(image)?;
        let mut parts = Parts::default();
        let mut at = HEADER_LENGTH;
        for index in 0..header.sections {
            let (section, data, next) = header.section(image, index, at)?;
            parts.take(section.kind, data)?;
            at = next;
        }
        if at != image.len() {
            return Err(EifError::Trailing(image.len().saturating_sub(at)));
        }
        header.check_unused_entries()?;
        header.check_crc(image)?;
        parts.order.end()?;
        let signed = parts.signature.map(Signed::read).transpose()?;
        Ok(Self {
            architecture: header.architecture,
            default_memory: header.default_memory,
            default_cpus: header.default_cpus,
            kernel: parts.kernel,
            cmdline: parts.cmdline,
            metadata: parts.metadata,
            ramdisks: parts.ramdisks,
            signature: parts.signature,
            signing_certificate: signed.map(|signed| signed.certificate),
        })
    }

    /// The architecture the header names.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Memory in octets that the tools give when none is asked for.
    #[must_use]
    pub fn default_memory(&self) -> u64 {
        self.default_memory
    }

    /// Processors that the tools give when none are asked for.
    #[must_use]
    pub fn default_cpus(&self) -> u64 {
        self.default_cpus
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> &'a [u8] {
        self.kernel
    }

    /// The kernel command line, as octets without a trailing NUL.
    #[must_use]
    pub fn cmdline(&self) -> &'a [u8] {
        self.cmdline
    }

    /// The ramdisks in order; at least one.
    #[must_use]
    pub fn ramdisks(&self) -> &[&'a [u8]] {
        &self.ramdisks
    }

    /// JSON about the build. Neither measured nor signed: show it as a claim of whoever made the file.
    #[must_use]
    pub fn metadata(&self) -> Option<&'a [u8]> {
        self.metadata
    }

    /// The raw signature section.
    #[must_use]
    pub fn signature(&self) -> Option<&'a [u8]> {
        self.signature
    }

    /// DER of the certificate in the signature section; its measurement is PCR8.
    #[must_use]
    pub fn signing_certificate(&self) -> Option<&[u8]> {
        self.signing_certificate.as_deref()
    }

    /// The registers this image gives.
    #[must_use]
    pub fn measure(&self) -> Measurements {
        let mut measurements = measure_parts(self.kernel, self.cmdline, &self.ramdisks);
        measurements.pcr8 = self.signing_certificate.as_deref().map(measure::register);
        measurements
    }
}

/// Sections as they come by.
#[derive(Default)]
struct Parts<'a> {
    order: Order,
    kernel: &'a [u8],
    cmdline: &'a [u8],
    metadata: Option<&'a [u8]>,
    ramdisks: Vec<&'a [u8]>,
    signature: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn take(&mut self, kind: u16, data: &'a [u8]) -> Result<(), EifError> {
        self.order = self.order.next(kind)?;
        match self.order {
            Order::Start => {}
            Order::Kernel => self.kernel = data,
            Order::Cmdline => self.cmdline = data,
            Order::Metadata => self.metadata = Some(data),
            Order::Ramdisk => self.ramdisks.push(data),
            Order::Signature => self.signature = Some(data),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
