use super::*;
use crate::platform::entropy::testing::rng;

const INFO: &[u8] = b"fuin/test/v1";

#[test]
fn what_is_sealed_to_the_instance_opens_once_more_and_only_in_its_context() {
    let mut rng = rng(1);
    let (keys, other) = (InstanceKeyPairs::generate(&mut rng), InstanceKeyPairs::generate(&mut rng));
    let public = keys.public();
    assert_eq!(public.hpke.as_slice().len(), 97);
    let sealed = seal_to(public.hpke.as_slice(), INFO, b"aad", b"a share", &mut rng).unwrap();
    let (enc, text) = (sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice());
    assert_eq!(keys.open(INFO, b"aad", enc, text).unwrap().as_slice(), b"a share");

    let refused = |result: Result<Zeroizing<Vec<u8>>, Fault>| result.err() == Some(Fault::Malformed);
    assert!(refused(other.open(INFO, b"aad", enc, text)), "another instance");
    assert!(refused(keys.open(b"fuin/other/v1", b"aad", enc, text)), "another use");
    assert!(refused(keys.open(INFO, b"other", enc, text)), "another context");
    assert!(refused(keys.open(INFO, b"aad", &enc[1..], text)), "short encapsulation");
    assert!(refused(keys.open(INFO, b"aad", &[4; 97], text)), "no point of the curve");
    assert!(refused(keys.open(INFO, b"aad", enc, &[])), "no ciphertext");
    for position in 0..text.len() {
        let mut altered = text.to_vec();
        altered[position] ^= 1;
        assert!(refused(keys.open(INFO, b"aad", enc, &altered)), "octet {position} altered");
    }
}

#[test]
fn sealing_to_hostile_public_keys_is_refused() {
    let mut rng = rng(2);
    for public in [&[][..], &[4; 97], &[0; 97], &[0; 1], &[2; 49]] {
        assert_eq!(seal_to(public, INFO, b"", b"x", &mut rng).err(), Some(Fault::Malformed));
    }
}

#[test]
fn signatures_verify_under_the_public_key_and_no_other_message() {
    let keys = InstanceKeyPairs::generate(&mut rng(3));
    let public = keys.public().signing.key().unwrap();
    let signature = keys.sign(b"message").unwrap();
    assert!(public.verify(HashAlgorithm::Sha384, b"message", &signature).is_ok());
    assert!(public.verify(HashAlgorithm::Sha384, b"massage", &signature).is_err());
    assert!(public.verify(HashAlgorithm::Sha256, b"message", &signature).is_err());
}

#[test]
fn each_boot_has_other_keys_and_another_name() {
    let mut rng = rng(4);
    let (one, two) =
        (InstanceKeyPairs::generate(&mut rng).public(), InstanceKeyPairs::generate(&mut rng).public());
    assert_ne!(one.hpke, two.hpke);
    assert_ne!(one.signing, two.signing);
    assert_ne!(one.id(), two.id());
}

#[test]
fn self_test_passes_and_notices_a_wrong_pair() {
    let mut rng = rng(5);
    let mut keys = InstanceKeyPairs::generate(&mut rng);
    keys.self_test(&mut rng).unwrap();
    let other = InstanceKeyPairs::generate(&mut rng);
    let good = std::mem::replace(&mut keys.public.hpke, other.public.hpke.clone());
    assert_eq!(keys.self_test(&mut rng), Err(Fault::SelfTest));
    keys.public.hpke = good;
    keys.verifying = other.verifying.clone();
    assert_eq!(keys.self_test(&mut rng), Err(Fault::SelfTest));
}
