//! Place: none. The nonce of a command line.

use crate::outcome::Failure;

/// The octets of `--nonce`, or 32 random ones.
pub fn nonce(given: Option<&str>) -> Result<Vec<u8>, Failure> {
    let Some(text) = given else {
        let mut nonce = vec![0; 32];
        getrandom::fill(&mut nonce)?;
        return Ok(nonce);
    };
    match hex::decode(text) {
        Ok(nonce) if (8..=64).contains(&nonce.len()) => Ok(nonce),
        _ => Err(Failure::Usage("--nonce: give 16 to 128 hexadecimal digits".into())),
    }
}
