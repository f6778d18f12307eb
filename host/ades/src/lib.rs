//! Place: none (SCA library code, no key and no secret passes here).
//!
//! Builds AdES signatures around a signature value that is made elsewhere. Two halves that know nothing of each other:
//!
//! | module | what it holds |
//! |---|---|
//! | [`cades`] | the CMS `SignedData`: the attributes to be signed (their digest is the DTBS/R) and the assembly around the signature value |
//! | [`pades`] | a PDF's incremental update with room for that CMS, its document digest, and the embedding |
//!
//! A PAdES baseline B-B signature (EN 319 142-1) is made in four steps, of which only the third leaves this crate:
//!
//! 1. [`pades::prepare`] appends a signature field to the PDF and gives the document digest;
//! 2. [`cades::SignedAttributes::build`] binds that digest to the signer's certificate;
//! 3. the holder of the key signs [`cades::SignedAttributes::digest`];
//! 4. [`cades::assemble`] makes the CMS (and verifies the signature value), [`pades::PreparedSignature::embed`] puts it into the PDF.
//!
//! Nothing here reads a clock, a file or a network.
#![forbid(unsafe_code)]

pub mod cades;
pub mod pades;
mod pdf;
