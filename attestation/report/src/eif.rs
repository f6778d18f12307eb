//! Place: none. The report on an image: its registers, what they are made of, and whether they are those of a release.

use crate::options::Unusable;
use crate::page::{Page, pretty, shown};
use crate::release;
use fuin_attestation::References;
use fuin_attestation::anchor::fingerprint;
use fuin_attestation::eif::{Architecture, EifError, Measured, section};
use serde_json::{Map, Value, json};

/// Name of the form of the JSON object.
const SCHEMA: &str = "fuin-verify-eif/1";

/// An image, judged.
#[derive(Clone, Debug)]
pub struct ImageReport {
    image: Option<Measured>,
    references: Option<References>,
    refusal: Option<String>,
}

impl ImageReport {
    /// Of an image that was read, or of the reason why it could not be; held against the content of a `release.json`.
    ///
    /// # Errors
    /// [`Unusable`] when the release is none.
    pub fn new(read: Result<Measured, EifError>, release: Option<&Value>) -> Result<Self, Unusable> {
        let references = release.map(|value| release::references(&[], Some(value))).transpose()?;
        Ok(match read {
            Err(error) => Self { image: None, references, refusal: Some(error.to_string()) },
            Ok(image) => {
                let differs =
                    references.iter().flat_map(References::iter).find_map(
                        |(index, expected)| match register(&image, index) {
                            Some(found) if found == *expected => None,
                            Some(_) => Some(format!("PCR{index} is not that of the release")),
                            None => {
                                Some(format!("the release names PCR{index}, which this image does not give"))
                            }
                        },
                    );
                Self { image: Some(image), references, refusal: differs }
            }
        })
    }

    /// Whether the image is well formed, its signature holds if it has one, and it is the release's if one was named.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.refusal.is_none()
    }

    /// One JSON object of schema `fuin-verify-eif/1`, ended by a line feed.
    #[must_use]
    pub fn json(&self) -> String {
        let image = self.image.as_ref().map(|image| {
            let pcrs: Map<String, Value> = [0, 1, 2, 8]
                .into_iter()
                .filter_map(|index| Some((index.to_string(), hex::encode(register(image, index)?).into())))
                .collect();
            json!({
                "architecture": architecture(image.architecture),
                "length": image.length,
                "sections": image.sections.iter()
                    .map(|(kind, size)| json!({"type": name(*kind), "size": size}))
                    .collect::<Vec<_>>(),
                "cmdline": String::from_utf8_lossy(&image.cmdline),
                "metadata": image.metadata.as_deref().map(metadata),
                "pcrs": pcrs,
                "signing_certificate_sha256": image.signing_certificate.as_deref().map(|der| hex::encode(fingerprint(der))),
            })
        });
        pretty(&json!({
            "schema": SCHEMA,
            "accepted": self.accepted(),
            "error": self.refusal,
            "image": image,
            "release": self.references.is_some(),
        }))
    }

    /// The report a person reads; its last line is the verdict.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = Page::new("enclave image");
        if let Some(image) = &self.image {
            self.describe(image, &mut page);
        }
        page.verdict("image", self.refusal.as_deref());
        page.finish()
    }

    fn describe(&self, image: &Measured, page: &mut Page) {
        page.heading("What it is made of");
        page.row("architecture", architecture(image.architecture));
        page.row("length", format!("{} octets", image.length));
        for (kind, size) in &image.sections {
            page.row(name(*kind), format!("{size} octets"));
        }
        page.row("command line", shown(&String::from_utf8_lossy(&image.cmdline)));
        page.heading("Registers it will have");
        for (index, meaning) in [
            (0, "whole image"),
            (1, "kernel, command line, boot ramdisk"),
            (2, "application: the ramdisks after the first"),
            (8, "who signed the image"),
        ] {
            let value = register(image, index).map(|value| format!("{} {meaning}", hex::encode(value)));
            page.row(&format!("PCR{index}"), value.as_deref().unwrap_or("zero: the image is not signed"));
        }
        page.heading("Checked");
        page.row("form", "offset table equal to the sequence, order, lengths, checksum");
        if let Some(der) = &image.signing_certificate {
            let key = hex::encode(fingerprint(der));
            page.row(
                "signature",
                format!("over the PCR0 computed here, by the key of certificate {key} (SHA-256)"),
            );
        }
        if self.references.is_some() && self.accepted() {
            page.row("release", "every register the release names is that of this image");
        }
        page.heading("Not checked");
        if self.references.is_none() {
            page.point("which image it should be: no --release was given");
        }
        if image.signing_certificate.is_none() {
            page.point("who made it: the image is not signed");
        } else {
            page.point("whether the signing certificate is to be trusted: PCR8 names it");
        }
        page.point("metadata: neither measured nor signed, whatever they say");
    }
}

fn register(image: &Measured, index: u8) -> Option<[u8; 48]> {
    let registers = &image.measurements;
    match index {
        0 => Some(registers.pcr0),
        1 => Some(registers.pcr1),
        2 => Some(registers.pcr2),
        8 => registers.pcr8,
        _ => None,
    }
}

fn architecture(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Aarch64 => "aarch64",
    }
}

fn name(kind: u16) -> &'static str {
    match kind {
        section::KERNEL => "kernel",
        section::CMDLINE => "cmdline",
        section::RAMDISK => "ramdisk",
        section::SIGNATURE => "signature",
        section::METADATA => "metadata",
        _ => "unknown",
    }
}

/// Metadata as they are meant, else as text.
fn metadata(octets: &[u8]) -> Value {
    serde_json::from_slice(octets).unwrap_or_else(|_| String::from_utf8_lossy(octets).into())
}
