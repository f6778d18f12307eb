//! Place: none. Images built here by hand, then broken rule by rule.

use super::{Eif, EifError, section};
use crate::kit::eif::{fix_crc, image, integers};
use proptest::prelude::*;
use sha2::{Digest, Sha384};

pub(super) const KERNEL: &[u8] = b"kernel octets";
pub(super) const CMDLINE: &[u8] = b"reboot=k panic=30";
pub(super) const BOOT: &[u8] = b"first ramdisk";
pub(super) const APPLICATION: &[u8] = b"second ramdisk";

pub(super) fn plain() -> Vec<u8> {
    image(&[
        (section::KERNEL, KERNEL),
        (section::CMDLINE, CMDLINE),
        (section::METADATA, b"{}"),
        (section::RAMDISK, BOOT),
        (section::RAMDISK, APPLICATION),
    ])
}

fn refused(image: &[u8]) -> EifError {
    Eif::parse(image).unwrap_err()
}

/// `E(H(data))` written out once more, so that the test does not share the code under test.
pub(super) fn register(data: &[u8]) -> [u8; 48] {
    let mut input = vec![0_u8; 48];
    input.extend_from_slice(&Sha384::digest(data));
    Sha384::digest(&input).into()
}

#[test]
fn parts_and_registers() {
    let bytes = plain();
    let eif = Eif::parse(&bytes).unwrap();
    assert_eq!((eif.kernel(), eif.cmdline()), (KERNEL, CMDLINE));
    assert_eq!(eif.ramdisks(), [BOOT, APPLICATION]);
    assert_eq!((eif.metadata(), eif.signature()), (Some(&b"{}"[..]), None));
    assert_eq!((eif.default_memory(), eif.default_cpus()), (1 << 30, 2));
    let m = eif.measure();
    assert_eq!(m.pcr0, register(&[KERNEL, CMDLINE, BOOT, APPLICATION].concat()));
    assert_eq!(m.pcr1, register(&[KERNEL, CMDLINE, BOOT].concat()));
    assert_eq!(m.pcr2, register(APPLICATION));
    assert_eq!(m.pcr8, None);
}

/// The register 2 of an image with one ramdisk is the known constant.
#[test]
fn one_ramdisk_gives_the_known_constant() {
    let bytes = image(&[(section::KERNEL, KERNEL), (section::CMDLINE, CMDLINE), (section::RAMDISK, BOOT)]);
    assert_eq!(
        hex::encode(Eif::parse(&bytes).unwrap().measure().pcr2),
        "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a"
    );
}

#[test]
fn metadata_is_not_measured() {
    let other = image(&[
        (section::KERNEL, KERNEL),
        (section::CMDLINE, CMDLINE),
        (section::RAMDISK, BOOT),
        (section::RAMDISK, APPLICATION),
    ]);
    assert_eq!(Eif::parse(&plain()).unwrap().measure(), Eif::parse(&other).unwrap().measure());
}

fn signature_section(certificate: &[u8]) -> Vec<u8> {
    let entry = ciborium::Value::Map(vec![
        ("signing_certificate".into(), integers(certificate)),
        ("signature".into(), integers(&[0x84, 0x40])),
    ]);
    let mut out = Vec::new();
    ciborium::into_writer(&ciborium::Value::Array(vec![entry]), &mut out).unwrap();
    out
}

fn signed(section_data: &[u8]) -> Vec<u8> {
    image(&[
        (section::KERNEL, KERNEL),
        (section::CMDLINE, CMDLINE),
        (section::RAMDISK, BOOT),
        (section::SIGNATURE, section_data),
    ])
}

#[test]
fn signing_certificate_gives_register_8() {
    let pem = b"-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let section_data = signature_section(pem);
    let bytes = signed(&section_data);
    let eif = Eif::parse(&bytes).unwrap();
    assert_eq!(eif.signature(), Some(&section_data[..]));
    let der = [0x30, 0x03, 0x02, 0x01, 0x01];
    assert_eq!(eif.signing_certificate(), Some(&der[..]));
    assert_eq!(eif.measure().pcr8, Some(register(&der)));
}

#[test]
fn malformed_signature_sections_are_refused() {
    assert!(matches!(refused(&signed(&[0x80])), EifError::Signature("no entry")));
    assert!(matches!(refused(&signed(&[0x81, 0xa0])), EifError::Signature("no signature")));
    assert!(matches!(refused(&signed(b"text")), EifError::Signature(_)));
    assert!(matches!(
        refused(&signed(&signature_section(b"no pem"))),
        EifError::Signature("the certificate is not PEM")
    ));
    let mut trailing = signature_section(b"x");
    trailing.push(0);
    assert!(matches!(refused(&signed(&trailing)), EifError::Signature(_)));
}

#[test]
fn header_rules() {
    assert_eq!(refused(b""), EifError::Truncated("header"));
    assert_eq!(refused(b".ei"), EifError::Truncated("header"));
    assert_eq!(refused(b"\x7fELF"), EifError::Magic);
    assert_eq!(refused(b"ELF\x7fmore"), EifError::Magic);
    assert_eq!(refused(&plain()[..547]), EifError::Truncated("header"));
    let change = |at: usize, value: u8| {
        let mut bytes = plain();
        bytes[at] = value;
        fix_crc(&mut bytes);
        refused(&bytes)
    };
    assert_eq!(change(5, 3), EifError::Version(3));
    assert_eq!(change(7, 2), EifError::Flags(2));
    assert_eq!(change(27, 0), EifError::SectionCount(0));
    assert_eq!(change(27, 33), EifError::SectionCount(33));
    assert_eq!(change(548 + 3, 1), EifError::SectionFlags(0));
    // As many sections as the table has room for are no fault by themselves.
    assert_eq!(change(27, 32), EifError::Truncated("section header"));
    // One section less than there are: the rest is trailing, one more: the file ends.
    assert_eq!(change(27, 4), EifError::Trailing(12 + APPLICATION.len()));
    assert_eq!(change(27, 6), EifError::Truncated("section header"));
}

#[test]
fn table_must_equal_the_sequence() {
    let mut offset = plain();
    offset[28 + 7] ^= 1;
    fix_crc(&mut offset);
    assert_eq!(refused(&offset), EifError::Table(0));
    let mut size = plain();
    size[284 + 8 + 7] ^= 1;
    fix_crc(&mut size);
    assert_eq!(refused(&size), EifError::Table(1));
    let mut unused = plain();
    unused[28 + 8 * 31] = 1;
    fix_crc(&mut unused);
    assert_eq!(refused(&unused), EifError::UnusedEntry(31));
}

#[test]
fn order_is_fixed() {
    use section::{CMDLINE as C, KERNEL as K, METADATA as M, RAMDISK as R, SIGNATURE as S};
    let sections = |kinds: &[u16]| image(&kinds.iter().map(|k| (*k, &b"data"[..])).collect::<Vec<_>>());
    for (kinds, refusal) in [
        (&[C, K, R][..], EifError::Order(C)),
        (&[K, K, C, R], EifError::Order(K)),
        (&[K, C, C, R], EifError::Order(C)),
        (&[K, C, R, M], EifError::Order(M)),
        (&[K, C, M, M, R], EifError::Order(M)),
        (&[K, R, C], EifError::Order(R)),
        (&[K, C, S, R], EifError::Order(S)),
        (&[K, C, R, S, R], EifError::Order(R)),
        (&[K, C, R, S, S], EifError::Order(S)),
        (&[K, C, 0, R], EifError::SectionType(0)),
        (&[K, C, 6, R], EifError::SectionType(6)),
        (&[K, C, M], EifError::Missing("ramdisk")),
    ] {
        assert_eq!(refused(&sections(kinds)), refusal, "{kinds:?}");
    }
}

#[test]
fn checksum_and_trailing_octets() {
    let mut bytes = plain();
    *bytes.last_mut().unwrap() ^= 1;
    assert!(matches!(refused(&bytes), EifError::Crc { .. }));
    let mut trailing = plain();
    trailing.push(0);
    fix_crc(&mut trailing);
    assert_eq!(refused(&trailing), EifError::Trailing(1));
}

#[test]
fn huge_sizes_are_refused_without_reading_them() {
    let mut bytes = plain();
    bytes[284..292].copy_from_slice(&u64::MAX.to_be_bytes());
    bytes[552..560].copy_from_slice(&u64::MAX.to_be_bytes());
    fix_crc(&mut bytes);
    assert_eq!(refused(&bytes), EifError::Truncated("section data"));
}

proptest! {
    #[test]
    fn never_panics(at in 0_usize..700, value: u8, cut in 0_usize..700) {
        let mut bytes = plain();
        let last = bytes.len() - 1;
        bytes[at.min(last)] = value;
        fix_crc(&mut bytes);
        drop(Eif::parse(&bytes));
        drop(Eif::parse(&bytes[..cut.min(bytes.len())]));
    }
}
