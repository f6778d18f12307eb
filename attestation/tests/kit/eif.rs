//! Place: none. Test kit: enclave images laid out by hand.

use ciborium::Value;

/// Lays sections out as the tools do and fixes tables and checksum.
pub fn image(sections: &[(u16, &[u8])]) -> Vec<u8> {
    let mut out = vec![0_u8; 548];
    out[..4].copy_from_slice(b".eif");
    out[4..6].copy_from_slice(&4_u16.to_be_bytes());
    out[8..16].copy_from_slice(&(1_u64 << 30).to_be_bytes());
    out[16..24].copy_from_slice(&2_u64.to_be_bytes());
    out[26..28].copy_from_slice(&u16::try_from(sections.len()).unwrap().to_be_bytes());
    for (index, (kind, data)) in sections.iter().enumerate() {
        let offset = out.len() as u64;
        let size = data.len() as u64;
        out[28 + 8 * index..36 + 8 * index].copy_from_slice(&offset.to_be_bytes());
        out[284 + 8 * index..292 + 8 * index].copy_from_slice(&size.to_be_bytes());
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&size.to_be_bytes());
        out.extend_from_slice(data);
    }
    fix_crc(&mut out);
    out
}

/// Makes the checksum right again.
pub fn fix_crc(image: &mut [u8]) {
    let crc = crc32(&[&image[..544], &image[548..]].concat());
    image[544..548].copy_from_slice(&crc.to_be_bytes());
}

/// CRC-32 (IEEE), written out once more so that the test does not share the code under test.
fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// An array of integers, as signature sections write octets.
pub fn integers(octets: &[u8]) -> Value {
    Value::Array(octets.iter().map(|o| Value::from(*o)).collect())
}
