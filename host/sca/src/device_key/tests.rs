use super::*;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Challenge, MeansHint};
use fuin_shared::sad::MeansProfile;
use fuin_sic::SignerMeans;
use std::os::unix::fs::PermissionsExt;

const DIGEST: Digest32 = Digest32([7; 32]);

fn challenge(hint: Option<MeansHint>) -> Challenge {
    Challenge {
        nonce: vec![1; 16].into(),
        instance: InstanceId([2; 32]),
        expires: 1,
        means: Some(MeansProfile::DeviceKey),
        passkey: None,
        hint,
    }
}

#[test]
fn a_kept_key_answers_the_digest_in_a_jws() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let key = DeviceKeyDirectory::new(&path).generate().unwrap();
    let mut directory = DeviceKeyDirectory::new(&path);
    let asked = challenge(Some(MeansHint::DeviceKey { key: key.fingerprint() }));
    let answer = directory.answer(MeansProfile::DeviceKey, &asked, &DIGEST).unwrap();
    let Assertion::DeviceKey { jws } = answer else { panic!("{answer:?}") };
    let parts: Vec<&str> = jws.split('.').collect();
    let header: serde_json::Value =
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(parts[0]).unwrap()).unwrap();
    assert_eq!(
        header,
        json!({ "alg": "ES256", "typ": "fuin-sad+jws", "kid": key.fingerprint().to_string() })
    );
    assert_eq!(Base64UrlUnpadded::decode_vec(parts[1]).unwrap(), DIGEST.0);
    let signature = Base64UrlUnpadded::decode_vec(parts[2]).unwrap();
    let public = PublicKey::from_spki(&key.spki()).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    let sha256 = fuin_shared::algorithm::HashAlgorithm::Sha256;
    public.verify_raw(sha256, signed.as_bytes(), &signature).unwrap();
}

#[test]
fn a_new_key_shows_itself_by_its_fingerprint() {
    let key = SoftwareDeviceKey::generate(&mut rand_core::UnwrapErr(getrandom::SysRng));
    let shown = key.registration(&DIGEST).unwrap();
    assert_eq!(shown.registration(), Some(key.fingerprint()));
}

#[test]
fn its_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = DeviceKeyDirectory::new(folder.path()).generate().unwrap();
    let file = folder.path().join(format!("{}.pem", key.fingerprint()));
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn other_keys_other_files_and_other_questions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut directory = DeviceKeyDirectory::new(folder.path());
    let (key, other) =
        (directory.generate().unwrap().fingerprint(), directory.generate().unwrap().fingerprint());
    assert!(matches!(directory.key(&DIGEST), Err(DeviceKeyError::Unknown { .. })));
    let file = |key: &Digest32| folder.path().join(format!("{key}.pem"));
    std::fs::copy(file(&other), file(&key)).unwrap();
    assert!(matches!(directory.key(&key), Err(DeviceKeyError::Malformed(_))));
    std::fs::write(file(&key), "no key").unwrap();
    assert!(matches!(directory.key(&key), Err(DeviceKeyError::Malformed(_))));
    let asked = challenge(Some(MeansHint::DeviceKey { key: other }));
    assert!(directory.answer(MeansProfile::DeviceKey, &asked, &DIGEST).is_ok());
    for (profile, hint) in
        [(MeansProfile::Passkey, Some(MeansHint::DeviceKey { key: other })), (MeansProfile::DeviceKey, None)]
    {
        let refused = directory.answer(profile, &challenge(hint), &DIGEST);
        assert!(matches!(refused, Err(DeviceKeyError::NotAsked)));
    }
}
