//! Place: none. Key files of the development installation: PKCS#8 in PEM, mode 0600, made on first use.

use crate::file;
use anyhow::Context as _;
use fuin_auditor::AuditorKey;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::key::{PublicKey, Spki};
use p384::ecdsa::signature::hazmat::PrehashSigner as _;
use p384::ecdsa::{DerSignature, Signature, SigningKey};
use p384::elliptic_curve::Generate as _;
use p384::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use std::path::Path;
use zeroize::Zeroizing;

const MAX_KEY: u64 = 16 * 1024;

/// A P-384 key of the officer, the RA client, the CA or an auditor.
pub struct DevKey(SigningKey);

impl DevKey {
    /// Reads the key, or makes it.
    pub fn load_or_make(path: &Path) -> anyhow::Result<Self> {
        if path.exists() {
            return Self::load(path);
        }
        let key = SigningKey::try_generate()?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).context("key")?;
        file::write(path, pem.as_bytes(), file::SECRET)?;
        Ok(Self(key))
    }

    /// Reads the key.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let pem = Zeroizing::new(file::read(path, MAX_KEY)?);
        let pem = std::str::from_utf8(&pem).ok();
        let key = pem.and_then(|pem| SigningKey::from_pkcs8_pem(pem).ok());
        key.map(Self).with_context(|| format!("{}: not a P-384 key in PKCS#8 PEM", path.display()))
    }

    /// Public key.
    pub fn public(&self) -> PublicKey {
        PublicKey::P384(*self.0.verifying_key())
    }

    /// Public key as manifests carry it.
    pub fn spki(&self) -> Spki {
        Spki::from(&self.public())
    }

    /// The point of a key to which something is sealed, uncompressed: 97 octets.
    pub fn point(&self) -> Blob {
        self.0.verifying_key().to_sec1_point(false).as_bytes().into()
    }

    /// The key as that of an auditor, who opens details with it.
    pub fn opener(&self) -> anyhow::Result<AuditorKey> {
        AuditorKey::from_scalar(&Zeroizing::new(self.0.to_bytes())).context("not a key to open with")
    }

    /// ECDSA with SHA-384, in DER.
    pub fn sign(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let signature: DerSignature =
            self.0.sign_prehash(&HashAlgorithm::Sha384.digest(message)).context("sign")?;
        Ok(signature.as_bytes().to_vec())
    }

    /// ECDSA with SHA-384, as `r || s`.
    pub fn sign_raw(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let signature: Signature =
            self.0.sign_prehash(&HashAlgorithm::Sha384.digest(message)).context("sign")?;
        Ok(signature.to_bytes().to_vec())
    }

    /// For builders of certificates.
    pub fn signer(&self) -> &SigningKey {
        &self.0
    }
}

/// A secret of `N` random octets in a file, made on first use.
pub fn secret<const N: usize>(path: &Path) -> anyhow::Result<Zeroizing<[u8; N]>> {
    let mut octets = Zeroizing::new([0; N]);
    if path.exists() {
        let found = Zeroizing::new(file::read(path, MAX_KEY)?);
        anyhow::ensure!(found.len() == N, "{}: must hold {N} octets", path.display());
        octets.copy_from_slice(&found);
    } else {
        getrandom::fill(octets.as_mut())?;
        file::write(path, octets.as_ref(), file::SECRET)?;
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("officer.pem");
        let key = DevKey::load_or_make(&path).unwrap();
        let again = DevKey::load_or_make(&path).unwrap();
        assert_eq!(key.public(), again.public());
        let signature = again.sign(b"message").unwrap();
        key.public().verify(HashAlgorithm::Sha384, b"message", &signature).unwrap();
        let raw = again.sign_raw(b"message").unwrap();
        key.public().verify_raw(HashAlgorithm::Sha384, b"message", &raw).unwrap();
        std::fs::write(&path, "text").unwrap();
        assert!(DevKey::load_or_make(&path).err().unwrap().to_string().contains("officer.pem"));
    }
}
