//! Place: CM. Known answers: RFC 6979 appendix A.2.5 and A.2.6, message "sample", each curve with each digest.
//! They cover key loading, nonce derivation, digests longer and shorter than the order, and DER.

use crate::crypto_module::CryptoModule;
use crate::crypto_module::soft::SoftModule;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::key::raw_to_der;

const MESSAGE: &[u8] = b"sample";

struct Answer {
    algorithm: SignatureAlgorithm,
    r: &'static str,
    s: &'static str,
}

const P256_KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const P256: [Answer; 3] = [
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha256,
        r: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        s: "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    },
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha384,
        r: "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
        s: "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
    },
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha512,
        r: "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
        s: "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    },
];

const P384_KEY: &str =
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";
const P384: [Answer; 3] = [
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha256,
        r: "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
        s: "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
    },
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha384,
        r: "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
        s: "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
    },
    Answer {
        algorithm: SignatureAlgorithm::EcdsaSha512,
        r: "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709",
        s: "512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5",
    },
];

/// Signs and compares.
pub(super) fn check() -> Result<(), Fault> {
    compare(KeyAlgorithm::EcdsaP256, P256_KEY, &P256)?;
    compare(KeyAlgorithm::EcdsaP384, P384_KEY, &P384)
}

fn compare(algorithm: KeyAlgorithm, key: &str, answers: &[Answer]) -> Result<(), Fault> {
    let key = SoftModule.load(algorithm, &octets(key)?).map_err(|_| Fault::SelfTest)?;
    for answer in answers {
        let digest = answer.algorithm.hash().digest(MESSAGE);
        let signature = key.sign(answer.algorithm, &digest).map_err(|_| Fault::SelfTest)?;
        let expected =
            raw_to_der(&[octets(answer.r)?, octets(answer.s)?].concat()).map_err(|_| Fault::SelfTest)?;
        if signature != expected {
            return Err(Fault::SelfTest);
        }
    }
    Ok(())
}

fn octets(text: &str) -> Result<Vec<u8>, Fault> {
    hex::decode(text).map_err(|_| Fault::SelfTest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6979_answers_hold_for_each_curve_and_digest() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn a_wrong_answer_fails_the_self_test() {
        let wrong = [Answer { algorithm: SignatureAlgorithm::EcdsaSha256, r: P256[0].r, s: P256[1].s }];
        assert_eq!(compare(KeyAlgorithm::EcdsaP256, P256_KEY, &wrong), Err(Fault::SelfTest));
    }
}
