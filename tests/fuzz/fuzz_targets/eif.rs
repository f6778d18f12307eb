#![no_main]
//! Place: none. Enclave images: the reader of whole images and the reader of pieces must agree. The first octet says how large a piece is; when it is
//! odd, the checksum is made right first, so that what lies behind it is reached.

use fuin_attestation::eif::{Eif, EifError, ImageReader, Measured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((mode, image)) = octets.split_first() else { return };
    let mut image = image.to_vec();
    if mode & 1 == 1 && image.len() >= 548 {
        let crc = crc32(image[..544].iter().chain(&image[548..]));
        image[544..548].copy_from_slice(&crc.to_be_bytes());
    }
    let (whole, pieces) = (Eif::parse(&image), read(&image, usize::from(*mode) * 8 + 1));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => assert_eq!(whole.measure(), pieces.measurements),
        // What only the reader of pieces looks at.
        (Ok(_), Err(EifError::BadSignature(_) | EifError::SectionSize(..))) | (Err(_), Err(_)) => {}
        (whole, pieces) => panic!("{:?} against {:?}", whole.map(drop), pieces.map(drop)),
    }
});

fn read(image: &[u8], piece: usize) -> Result<Measured, EifError> {
    let mut reader = ImageReader::new();
    for octets in image.chunks(piece) {
        reader.push(octets)?;
    }
    reader.finish()
}

fn crc32<'a>(octets: impl Iterator<Item = &'a u8>) -> u32 {
    !octets.fold(!0, |crc, octet| {
        (0..8)
            .fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1u32).wrapping_neg()))
    })
}
