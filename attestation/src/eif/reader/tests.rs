//! Place: none. The reader of pieces against the reader of whole images, and the signature rule by rule.

use super::super::tests::{APPLICATION, BOOT, CMDLINE, KERNEL, plain, register};
use super::*;
use crate::eif::Eif;
use crate::kit::der::{Cert, LEAF, ROOT, spki_of};
use crate::kit::eif::{fix_crc, image, integers};
use crate::kit::{Doc, envelope, key};
use alloc::vec;
use ciborium::Value;
use proptest::prelude::*;

fn read(image: &[u8], piece: usize) -> Result<Measured, EifError> {
    let mut reader = ImageReader::new();
    for octets in image.chunks(piece.max(1)) {
        reader.push(octets)?;
    }
    reader.finish()
}

fn encode(value: &Value) -> Vec<u8> {
    crate::kit::encode(value)
}

/// What the tools sign for this PCR0.
fn payload(pcr0: &[u8]) -> Vec<u8> {
    encode(&Value::Map(vec![("register_index".into(), 0.into()), ("register_value".into(), integers(pcr0))]))
}

/// A signature section: the certificate of key `certificate`, the payload signed by key `signer`.
fn section_of(certificate: &Cert, payload: &[u8], signer: u8) -> Vec<u8> {
    let protected = [0xa1, 0x01, 0x38, 0x22];
    let signature = Doc { signer, ..Doc::new() }.sign(&protected, payload);
    let cose = envelope(&[0x84], &protected, &[0xa0], payload, &signature);
    with_cose(&certificate.der(), &cose)
}

fn with_cose(der: &[u8], cose: &[u8]) -> Vec<u8> {
    let pem = ::der::pem::encode_string("CERTIFICATE", ::der::pem::LineEnding::LF, der).unwrap();
    encode(&Value::Array(vec![Value::Map(vec![
        ("signing_certificate".into(), integers(pem.as_bytes())),
        ("signature".into(), integers(cose)),
    ])]))
}

fn signed(section_data: &[u8]) -> Vec<u8> {
    image(&[
        (section::KERNEL, KERNEL),
        (section::CMDLINE, CMDLINE),
        (section::RAMDISK, BOOT),
        (section::RAMDISK, APPLICATION),
        (section::SIGNATURE, section_data),
    ])
}

fn pcr0() -> [u8; 48] {
    register(&[KERNEL, CMDLINE, BOOT, APPLICATION].concat())
}

#[test]
fn pieces_give_what_the_whole_gives() {
    let whole = plain();
    for piece in [1, 7, 12, 547, 548, 549, 4096] {
        let read = read(&whole, piece).unwrap();
        assert_eq!(read.measurements, Eif::parse(&whole).unwrap().measure(), "{piece}");
        assert_eq!((read.cmdline.as_slice(), read.metadata.as_deref()), (CMDLINE, Some(&b"{}"[..])));
        assert_eq!((read.length, read.sections.len()), (whole.len() as u64, 5));
        assert_eq!(read.signing_certificate, None);
    }
}

#[test]
fn a_signed_image() {
    let certificate = &Cert::chain()[0];
    let read = read(&signed(&section_of(certificate, &payload(&pcr0()), ROOT)), 100).unwrap();
    assert_eq!(read.measurements.pcr0, pcr0());
    assert_eq!(read.measurements.pcr8, Some(register(&certificate.der())));
    assert_eq!(read.signing_certificate, Some(certificate.der()));
}

/// Octets up to 23 are one octet of CBOR, those above are two: every image has a PCR0 that the payload must spell right.
#[test]
fn a_signed_image_whose_register_holds_the_last_short_integer() {
    let certificate = &Cert::chain()[0];
    let (cmdline, pcr0) = (0_u32..)
        .map(|number| format!("panic={number}").into_bytes())
        .map(|cmdline| (cmdline.clone(), register(&[KERNEL, &cmdline, BOOT, APPLICATION].concat())))
        .find(|(_, pcr0)| pcr0.contains(&23) && pcr0.contains(&24))
        .unwrap();
    let section = section_of(certificate, &payload(&pcr0), ROOT);
    let whole = image(&[
        (section::KERNEL, KERNEL),
        (section::CMDLINE, &cmdline),
        (section::RAMDISK, BOOT),
        (section::RAMDISK, APPLICATION),
        (section::SIGNATURE, &section),
    ]);
    assert_eq!(read(&whole, 100).unwrap().measurements.pcr0, pcr0);
}

#[test]
fn members_of_a_signature_section_are_bounded() {
    let section = |certificate: usize, cose: usize| {
        encode(&Value::Array(vec![Value::Map(vec![
            ("signing_certificate".into(), integers(&vec![b'-'; certificate])),
            ("signature".into(), integers(&vec![0x84; cose])),
        ])]))
    };
    for (certificate, cose, what) in [
        (16 * 1024, 4 * 1024, "the certificate is not PEM"),
        (16 * 1024 + 1, 1, "a member is too long"),
        (1, 4 * 1024 + 1, "a member is too long"),
    ] {
        let refused = read(&signed(&section(certificate, cose)), 1000).unwrap_err();
        assert_eq!(refused, EifError::Signature(what), "{certificate} {cose}");
    }
}

#[test]
fn signatures_that_do_not_hold() {
    let certificate = Cert::chain()[0].clone();
    let good = payload(&pcr0());
    let refused = |section: &[u8]| match read(&signed(section), 1000) {
        Err(EifError::BadSignature(what)) => what,
        other => panic!("{other:?}"),
    };
    assert!(refused(&section_of(&certificate, &good, LEAF)).contains("did not make it"));
    let mut other = pcr0();
    other[0] ^= 1;
    assert!(refused(&section_of(&certificate, &payload(&other), ROOT)).contains("another PCR0"));
    // PCR0 twice says nothing of PCR2; another register is another payload.
    let register_two = encode(&Value::Map(vec![
        ("register_index".into(), 2.into()),
        ("register_value".into(), integers(&pcr0())),
    ]));
    assert!(refused(&section_of(&certificate, &register_two, ROOT)).contains("another PCR0"));
    let p256 = spki_of(&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], &[4; 65]);
    let weak = Cert { spki: Some(p256), ..certificate.clone() };
    assert!(refused(&section_of(&weak, &good, ROOT)).contains("P-384"));
    assert!(refused(&with_cose(&[0x30, 0x03, 0x02, 0x01, 0x01], &[0x84])).contains("exact DER"));
    assert!(refused(&with_cose(&certificate.der(), &[0x84, 0x40])).contains("COSE_Sign1"));
    let es256 = envelope(&[0x84], &[0xa1, 0x01, 0x26], &[0xa0], &good, &[1; 96]);
    assert!(refused(&with_cose(&certificate.der(), &es256)).contains("ES384"));
    let zero = envelope(&[0x84], &[0xa1, 0x01, 0x38, 0x22], &[0xa0], &good, &[0; 96]);
    assert!(refused(&with_cose(&certificate.der(), &zero)).contains("1..n-1"));
    assert!(key(ROOT).verifying_key() != key(LEAF).verifying_key());
}

#[test]
fn an_image_that_ends_early() {
    let whole = plain();
    for (cut, what) in [
        (0, "header"),
        (547, "header"),
        (548, "section header"),
        (550, "section header"),
        (560, "section data"),
        (562, "section data"),
        (whole.len() - 1, "section data"),
    ] {
        assert_eq!(read(&whole[..cut], 64).unwrap_err(), EifError::Truncated(what), "{cut}");
    }
}

#[test]
fn octets_after_the_end() {
    let mut trailing = plain();
    trailing.extend([1, 2, 3]);
    assert_eq!(read(&trailing, 1 << 20).unwrap_err(), EifError::Trailing(3));
}

#[test]
fn table_and_checksum_count_here_too() {
    let mut unused = plain();
    unused[28 + 8 * 31] = 1;
    fix_crc(&mut unused);
    assert_eq!(read(&unused, 64).unwrap_err(), EifError::UnusedEntry(31));
    let mut table = plain();
    table[28 + 8 + 7] ^= 1;
    fix_crc(&mut table);
    assert_eq!(read(&table, 64).unwrap_err(), EifError::Table(1));
    let mut changed = plain();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(read(&changed, 64).unwrap_err(), EifError::Crc { .. }));
}

#[test]
fn empty_sections_are_sections() {
    let empty = image(&[(section::KERNEL, b""), (section::CMDLINE, b""), (section::RAMDISK, b"")]);
    assert_eq!(read(&empty, 64).unwrap().measurements, Eif::parse(&empty).unwrap().measure());
}

#[test]
fn what_is_kept_is_bounded() {
    let long = vec![b'x'; usize::try_from(MAX_KEPT).unwrap()];
    let with = |metadata: &[u8]| {
        image(&[
            (section::KERNEL, KERNEL),
            (section::CMDLINE, CMDLINE),
            (section::METADATA, metadata),
            (section::RAMDISK, BOOT),
        ])
    };
    assert_eq!(read(&with(&long), 4096).unwrap().metadata, Some(long.clone()));
    let longer = [&long[..], b"x"].concat();
    assert_eq!(
        read(&with(&longer), 4096).unwrap_err(),
        EifError::SectionSize(section::METADATA, MAX_KEPT + 1)
    );
}

proptest! {
    /// Whatever the octets: both readers accept the same images, and nothing panics.
    #[test]
    fn both_readers_agree(at in 0_usize..700, value: u8, piece in 1_usize..600, cut in 0_usize..900) {
        let mut bytes = plain();
        let last = bytes.len() - 1;
        bytes[at.min(last)] = value;
        fix_crc(&mut bytes);
        for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
            let (whole, pieces) = (Eif::parse(bytes), read(bytes, piece));
            prop_assert_eq!(whole.is_ok(), pieces.is_ok());
            if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
                prop_assert_eq!(whole.measure(), pieces.measurements);
            }
        }
    }
}
