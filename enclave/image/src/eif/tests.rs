//! Place: none. What is written here is what the strict reader of the verifier reads; the registers are computed a second time, by hand.

use super::*;
use fuin_attestation::eif::Eif;
use proptest::prelude::*;
use sha2::{Digest, Sha384};

fn register(data: &[u8]) -> [u8; 48] {
    let inner = Sha384::digest(data);
    Sha384::digest([&[0; 48][..], &inner[..]].concat()).into()
}

proptest! {
    #[test]
    fn the_reader_reads_what_is_written(
        kernel in proptest::collection::vec(any::<u8>(), 1..300),
        cmdline in "[ -~]{1,80}",
        metadata in "[ -~]{1,80}",
        ramdisks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..5),
    ) {
        let octets = Image { kernel: &kernel, cmdline: &cmdline, metadata: &metadata, ramdisks: &ramdisks }.to_octets().unwrap();
        let eif = Eif::parse(&octets).unwrap();
        prop_assert_eq!(eif.kernel(), kernel.as_slice());
        prop_assert_eq!(eif.cmdline(), cmdline.as_bytes());
        prop_assert_eq!(eif.metadata(), Some(metadata.as_bytes()));
        prop_assert!(eif.ramdisks().iter().copied().eq(ramdisks.iter().map(Vec::as_slice)));
        let measured = eif.measure();
        let boot = [&kernel[..], cmdline.as_bytes(), &ramdisks[0][..]].concat();
        let rest = ramdisks[1..].concat();
        prop_assert_eq!(measured.pcr0, register(&[&boot[..], &rest[..]].concat()));
        prop_assert_eq!(measured.pcr1, register(&boot));
        prop_assert_eq!(measured.pcr2, register(&rest));
        prop_assert_eq!(octets.len(), overhead(3 + ramdisks.len()) + kernel.len() + cmdline.len() + metadata.len() + ramdisks.concat().len());
    }
}

#[test]
fn the_header_has_the_octets_of_the_format() {
    let octets =
        Image { kernel: b"K", cmdline: "c", metadata: "{}", ramdisks: &[b"R".to_vec()] }.to_octets().unwrap();
    assert_eq!(octets[..28], *b".eif\0\x04\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x04");
    assert_eq!(octets[28..36], 548u64.to_be_bytes());
    assert_eq!(octets[36..44], 561u64.to_be_bytes());
    assert_eq!(octets[284..292], 1u64.to_be_bytes());
    assert_eq!(octets[548..561], *b"\0\x01\0\0\0\0\0\0\0\0\0\x01K");
}

#[test]
fn empty_parts_are_refused() {
    let ramdisks = [b"R".to_vec()];
    let good = || Image { kernel: b"K", cmdline: "c", metadata: "{}", ramdisks: &ramdisks };
    assert_eq!(Image { kernel: b"", ..good() }.to_octets(), Err(EifError::Empty("kernel")));
    assert_eq!(Image { metadata: "", ..good() }.to_octets(), Err(EifError::Empty("metadata")));
    assert_eq!(Image { ramdisks: &[], ..good() }.to_octets(), Err(EifError::Empty("ramdisk")));
    assert_eq!(Image { ramdisks: &[Vec::new()], ..good() }.to_octets(), Err(EifError::Empty("ramdisk")));
}

#[test]
fn a_command_line_with_other_characters_is_refused() {
    let ramdisks = [b"R".to_vec()];
    for cmdline in ["", "a\nb", "a\0", "é"] {
        let image = Image { kernel: b"K", cmdline, metadata: "{}", ramdisks: &ramdisks };
        assert_eq!(image.to_octets(), Err(EifError::Cmdline), "{cmdline:?}");
    }
}

#[test]
fn more_sections_than_the_table_holds_are_refused() {
    let ramdisks = vec![b"R".to_vec(); 30];
    let image = Image { kernel: b"K", cmdline: "c", metadata: "{}", ramdisks: &ramdisks };
    assert_eq!(image.to_octets(), Err(EifError::Sections(33)));
}
