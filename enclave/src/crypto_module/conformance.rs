//! Place: CM. What every crypto module must do: one suite for all of them.

use crate::crypto_module::{CryptoModule, SigningJob};
use crate::platform::entropy::testing::rng;
use crate::sam::Ticket;
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;

/// Panics when the module does not conform.
pub(crate) fn run(module: &dyn CryptoModule) {
    module.self_test().expect("self-test");
    for algorithm in KeyAlgorithm::ALL {
        signs_with_every_digest(module, algorithm);
        refuses_wrong_digests(module, algorithm);
        loads_what_it_wrapped(module, algorithm);
        keys_differ(module, algorithm);
        jobs_are_all_or_nothing(module, algorithm);
    }
    refuses_foreign_octets(module);
}

fn signs_with_every_digest(module: &dyn CryptoModule, algorithm: KeyAlgorithm) {
    let key = module.generate(algorithm, &mut rng(21)).expect("generate").key;
    assert_eq!(key.algorithm(), algorithm);
    let public = PublicKey::from_spki(key.spki()).expect("SubjectPublicKeyInfo");
    assert_eq!(public.algorithm(), algorithm);
    for hash in HashAlgorithm::ALL {
        let signature_algorithm = SignatureAlgorithm::ecdsa_with(hash);
        for message in [&b"one"[..], b"two", b""] {
            let signature = key.sign(signature_algorithm, &hash.digest(message)).expect("sign");
            public.verify(hash, message, &signature).expect("the signature verifies, in strict DER");
            assert!(public.verify(hash, b"three", &signature).is_err());
        }
    }
    // Digests at the edges: all zero bits, all one bits.
    for octet in [0x00, 0xff] {
        let digest = vec![octet; 64];
        let signature = key.sign(SignatureAlgorithm::EcdsaSha512, &digest).expect("sign");
        public.verify_digest(&digest, &signature).expect("verify");
    }
}

fn refuses_wrong_digests(module: &dyn CryptoModule, algorithm: KeyAlgorithm) {
    let key = module.generate(algorithm, &mut rng(22)).expect("generate").key;
    for signature_algorithm in SignatureAlgorithm::ALL {
        for length in [0, 20, 31, 33, 47, 49, 63, 65] {
            assert_eq!(
                key.sign(signature_algorithm, &vec![1; length]),
                Err(Fault::HashLength),
                "{length} octets"
            );
        }
    }
}

fn loads_what_it_wrapped(module: &dyn CryptoModule, algorithm: KeyAlgorithm) {
    let made = module.generate(algorithm, &mut rng(23)).expect("generate");
    let loaded = module.load(algorithm, &made.wrapped).expect("load");
    assert_eq!(loaded.spki(), made.key.spki());
    let digest = HashAlgorithm::Sha256.digest(b"again");
    let signature = loaded.sign(SignatureAlgorithm::EcdsaSha256, &digest).expect("sign");
    PublicKey::from_spki(made.key.spki()).expect("spki").verify_digest(&digest, &signature).expect("verify");
    module.destroy(algorithm, &made.wrapped).expect("destroy");
}

fn keys_differ(module: &dyn CryptoModule, algorithm: KeyAlgorithm) {
    let mut rng = rng(24);
    let one = module.generate(algorithm, &mut rng).expect("generate");
    let two = module.generate(algorithm, &mut rng).expect("generate");
    assert_ne!(one.key.spki(), two.key.spki());
    assert_ne!(one.wrapped, two.wrapped);
}

fn jobs_are_all_or_nothing(module: &dyn CryptoModule, algorithm: KeyAlgorithm) {
    let key = module.generate(algorithm, &mut rng(25)).expect("generate").key;
    let mut job = SigningJob {
        ticket: Ticket(1),
        key,
        algorithm: SignatureAlgorithm::EcdsaSha256,
        digests: vec![vec![1; 32], vec![2; 32]],
    };
    assert_eq!(job.run().expect("run").len(), 2);
    job.digests.push(vec![3; 31]);
    assert_eq!(job.run(), Err(Fault::HashLength));
}

fn refuses_foreign_octets(module: &dyn CryptoModule) {
    let made = module.generate(KeyAlgorithm::EcdsaP256, &mut rng(26)).expect("generate");
    for algorithm in KeyAlgorithm::ALL {
        for octets in [&[][..], &[0; 32], &[0; 48], &[0xff; 48], &[1; 200]] {
            assert_eq!(
                module.load(algorithm, octets).err(),
                Some(Fault::RecordForeign),
                "{} octets",
                octets.len()
            );
        }
    }
    assert_eq!(module.load(KeyAlgorithm::EcdsaP384, &made.wrapped).err(), Some(Fault::RecordForeign));
}
