use super::*;
use ciborium::Value;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::key::PublicKey;
use fuin_sic::Authenticator;
use getrandom::SysRng;
use rand_core::UnwrapErr;

const CHALLENGE: Digest32 = Digest32([7; 32]);

fn passkey(counting: bool) -> SoftwarePasskey {
    SoftwarePasskey::generate("rp.example", "https://rp.example", "user", counting, &mut UnwrapErr(SysRng))
}

fn verify(passkey: &SoftwarePasskey, assertion: &Assertion) -> (u8, u32) {
    let Assertion::Passkey { client_data, authenticator_data, signature, .. } = assertion else {
        panic!("assertion")
    };
    let mut message = authenticator_data.0.clone();
    message.extend(Sha256::digest(&client_data.0));
    let key = PublicKey::P256(*passkey.key.verifying_key());
    key.verify(HashAlgorithm::Sha256, &message, signature.as_slice()).unwrap();
    assert_eq!(authenticator_data.0[..32], *Sha256::digest(b"rp.example"));
    assert_eq!(authenticator_data.0.len(), 37);
    (authenticator_data.0[32], u32::from_be_bytes(authenticator_data.0[33..].try_into().unwrap()))
}

#[test]
fn assertions_verify_with_presence_and_verification() {
    let mut passkey = passkey(false);
    for _ in 0..2 {
        let assertion = passkey.assertion(&CHALLENGE).unwrap();
        assert_eq!(verify(&passkey, &assertion), (0x05, 0));
    }
}

#[test]
fn a_counting_passkey_counts_and_stops_at_the_end() {
    let mut passkey = passkey(true);
    for n in 1..3 {
        let assertion = passkey.assertion(&CHALLENGE).unwrap();
        assert_eq!(verify(&passkey, &assertion), (0x05, n));
    }
    passkey.counter = Some(u32::MAX);
    assert!(passkey.assertion(&CHALLENGE).is_err());
}

#[test]
fn registration_carries_the_key() {
    let passkey = passkey(false);
    let Assertion::PasskeyRegistration { client_data, attestation_object } = passkey.registration(&CHALLENGE)
    else {
        panic!("registration")
    };
    assert!(client_data.0.starts_with(br#"{"type":"webauthn.create","challenge":"BwcH"#));
    let object: Value = ciborium::from_reader(attestation_object.as_slice()).unwrap();
    let Value::Map(entries) = object else { panic!("map") };
    let names: Vec<_> = entries.iter().map(|(k, _)| k.as_text().unwrap()).collect();
    assert_eq!(names, ["fmt", "attStmt", "authData"]);
    let data = entries[2].1.as_bytes().unwrap();
    assert_eq!(data[32], 0x45);
    assert_eq!(data[53..55], [0, 16]);
    assert_eq!(data[55..71], passkey.credential_id);
    let Value::Map(cose) = ciborium::from_reader::<Value, _>(&data[71..]).unwrap() else {
        panic!("COSE key")
    };
    let labels: Vec<i128> = cose.iter().map(|(k, _)| i128::from(k.as_integer().unwrap())).collect();
    assert_eq!(labels, [1, 3, -1, -2, -3]);
    let mut point = vec![4];
    point.extend(cose[3].1.as_bytes().unwrap());
    point.extend(cose[4].1.as_bytes().unwrap());
    assert_eq!(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap(), *passkey.key.verifying_key());
}

#[test]
fn a_directory_finds_its_passkey_again_and_no_other() {
    let place = tempfile::tempdir().unwrap();
    let mut directory = PasskeyDirectory::new(place.path().join("keys"), "https://rp.example", true);
    directory.register("rp.example", "user", &CHALLENGE).unwrap();
    let file = std::fs::read_dir(place.path().join("keys")).unwrap().next().unwrap().unwrap().path();
    let stored = SoftwarePasskey::load(&file).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for n in 1..3 {
        let assertion = directory.assert("rp.example", stored.credential_id(), &CHALLENGE).unwrap();
        assert_eq!(verify(&stored, &assertion).1, n);
    }
    assert!(matches!(
        directory.assert("other.example", stored.credential_id(), &CHALLENGE),
        Err(PasskeyError::Unknown { .. })
    ));
    assert!(matches!(
        directory.assert("rp.example", &[0; 16], &CHALLENGE),
        Err(PasskeyError::Unknown { .. })
    ));
    std::fs::write(&file, b"{}").unwrap();
    assert!(matches!(
        directory.assert("rp.example", stored.credential_id(), &CHALLENGE),
        Err(PasskeyError::Malformed(_))
    ));
}
