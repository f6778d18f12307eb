//! Place: none. One certificate for the catalogue, made once.

use der::Encode;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;
use x509_cert::builder::{Builder, CertificateBuilder, profile::cabf::Root};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

/// 2025-06-15 08:00:00 UTC.
pub const NOT_BEFORE: u64 = 1_749_974_400;
/// 2027-06-15 08:00:00 UTC.
pub const NOT_AFTER: u64 = 1_813_046_400;
pub const SUBJECT: &str = "CN=Taro Yamada,O=Example,C=JP";

pub fn der() -> &'static [u8] {
    static DER: OnceLock<Vec<u8>> = OnceLock::new();
    DER.get_or_init(|| {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let spki = SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).unwrap();
        let at = |seconds| Time::try_from(std::time::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        let validity = Validity::new(at(NOT_BEFORE), at(NOT_AFTER));
        let profile = Root::new(false, Name::from_str(SUBJECT).unwrap()).unwrap();
        let serial = SerialNumber::from(0x1234_5678u32);
        let builder = CertificateBuilder::new(profile, serial, validity, spki).unwrap();
        builder.build::<_, p256::ecdsa::DerSignature>(&key).unwrap().to_der().unwrap()
    })
}
