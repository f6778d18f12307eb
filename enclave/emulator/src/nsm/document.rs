//! Place: none. The attestation document: COSE_Sign1, untagged, ES384; the payload in the field order and form of real ones.

use aws_nitro_enclaves_nsm_api::api::ErrorCode;
use p384::ecdsa::Signature;
use p384::ecdsa::signature::Signer;

use super::encoding::Encoder;
use super::registers::Registers;
use crate::pki::Chain;

/// `{1: -35}`: ES384.
const PROTECTED: [u8; 4] = [0xa1, 0x01, 0x38, 0x22];

pub(super) struct Fields<'a> {
    pub(super) module_id: &'a str,
    pub(super) timestamp: u64,
    pub(super) registers: &'a Registers,
    pub(super) public_key: Option<&'a [u8]>,
    pub(super) user_data: Option<&'a [u8]>,
    pub(super) nonce: Option<&'a [u8]>,
}

pub(super) fn sign(fields: &Fields<'_>, chain: &Chain) -> Result<Vec<u8>, ErrorCode> {
    let payload = payload(fields, chain);
    let mut to_be_signed = Encoder::new();
    to_be_signed.array(4).text("Signature1").octets(&PROTECTED).octets(&[]).octets(&payload);
    let signature: Signature =
        chain.key.try_sign(&to_be_signed.finish()).map_err(|_| ErrorCode::InternalError)?;
    let mut document = Encoder::new();
    document.array(4).octets(&PROTECTED).map(0).octets(&payload).octets(&signature.to_bytes());
    Ok(document.finish())
}

fn payload(fields: &Fields<'_>, chain: &Chain) -> Vec<u8> {
    let mut payload = Encoder::new();
    payload.open_map();
    payload.text("module_id").text(fields.module_id);
    payload.text("digest").text("SHA384");
    payload.text("timestamp").unsigned(fields.timestamp);
    payload.text("pcrs").map(fields.registers.locked().count());
    for (index, value) in fields.registers.locked() {
        payload.unsigned(u64::from(index)).octets(value);
    }
    payload.text("certificate").octets(&chain.leaf);
    payload.text("cabundle").array(chain.bundle.len());
    for certificate in &chain.bundle {
        payload.octets(certificate);
    }
    payload.text("public_key").octets_or_null(fields.public_key);
    payload.text("user_data").octets_or_null(fields.user_data);
    payload.text("nonce").octets_or_null(fields.nonce);
    payload.close();
    payload.finish()
}
