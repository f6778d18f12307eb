//! Place: none.
//!
//! The development root of an installation: `nsm-root.key` (PKCS#8 PEM, mode 0600) and `nsm-root.pem` (the self-signed certificate). It is made once,
//! on first use, and has nothing to do with AWS: another name, another key. Whoever holds the key can make evidence for anything, so a verifier must
//! be told explicitly to accept it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use der::pem::LineEnding;
use der::{DecodePem, Encode, EncodePem};
use p384::ecdsa::SigningKey;
use p384::elliptic_curve::Generate;
use p384::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use x509_cert::Certificate;

use crate::pki::{PkiError, profile, root_certificate};

const KEY: &str = "nsm-root.key";
const CERTIFICATE: &str = "nsm-root.pem";
const LOCK: &str = "nsm-root.lock";

/// Why there is no development root.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The key can be read by others.
    #[error(
        "{0} can be read by others (mode {1:03o}): chmod 600, or remove it together with nsm-root.pem to have a new root made"
    )]
    Exposed(PathBuf, u32),
    /// Only one of the two files is there.
    #[error(
        "{0} is missing while its counterpart is there: restore it, or remove the other to have a new root made"
    )]
    Half(PathBuf),
    /// A file does not hold what it should.
    #[error("{0} is not {1}: restore it, or remove nsm-root.key and nsm-root.pem to have a new root made")]
    Malformed(PathBuf, &'static str),
    /// Key and certificate do not belong together.
    #[error("{0} does not belong to nsm-root.key: restore them, or remove both to have a new root made")]
    Mismatch(PathBuf),
    /// The certificate cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// No random numbers.
    #[error("the system's random number generator failed: {0}")]
    Random(#[from] getrandom::Error),
}

/// The development root: key and certificate.
#[derive(Clone)]
pub struct DevelopmentRoot {
    key: Arc<SigningKey>,
    certificate: Arc<Certificate>,
    der: Arc<[u8]>,
}

impl DevelopmentRoot {
    /// Loads the root from `folder`, or makes folder and root. Safe against several processes doing so at once.
    ///
    /// # Errors
    /// [`RootError`], each naming the file and the remedy.
    pub fn load_or_create(folder: &Path) -> Result<Self, RootError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let lock_path = folder.join(LOCK);
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.lock().map_err(at(&lock_path))?;
        let (key, certificate) = (folder.join(KEY), folder.join(CERTIFICATE));
        match (key.exists(), certificate.exists()) {
            (true, true) => Self::load(&key, &certificate),
            (true, false) => Err(RootError::Half(certificate)),
            // A certificate without a key is what remains if the process ends in the middle of making a root; but it may be a lost key too.
            (false, true) => Err(RootError::Half(key)),
            (false, false) => {
                let root = Self::generate(crate::clock::Clock::now_ms(&crate::clock::SystemClock) / 1000)?;
                root.store(&key, &certificate)?;
                Ok(root)
            }
        }
    }

    /// Makes a root that is kept nowhere. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`RootError::Random`], [`RootError::Pki`].
    pub fn generate(now: u64) -> Result<Self, RootError> {
        let key = SigningKey::try_generate()?;
        let certificate = root_certificate(&key, now)?;
        Self::assemble(key, certificate)
    }

    fn assemble(key: SigningKey, certificate: Certificate) -> Result<Self, RootError> {
        let der = certificate.to_der().map_err(PkiError::from)?;
        Ok(Self { key: Arc::new(key), certificate: Arc::new(certificate), der: der.into() })
    }

    fn load(key_path: &Path, certificate_path: &Path) -> Result<Self, RootError> {
        let mode = fs::metadata(key_path).map_err(at(key_path))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(RootError::Exposed(key_path.to_owned(), mode));
        }
        let pem = zeroizing(fs::read_to_string(key_path).map_err(at(key_path))?);
        let malformed = |path: &Path, what| RootError::Malformed(path.to_owned(), what);
        let key =
            SigningKey::from_pkcs8_pem(&pem).map_err(|_| malformed(key_path, "a P-384 key in PKCS#8 PEM"))?;
        let pem = fs::read(certificate_path).map_err(at(certificate_path))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|_| malformed(certificate_path, "a certificate in PEM"))?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        if *spki != profile::public_key(&key)? {
            return Err(RootError::Mismatch(certificate_path.to_owned()));
        }
        Self::assemble(key, certificate)
    }

    fn store(&self, key_path: &Path, certificate_path: &Path) -> Result<(), RootError> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF).map_err(|error| PkiError::Key(error.to_string()))?;
        // The key last: without it the certificate is of no use, and the error above says what to do.
        write_new(certificate_path, self.certificate_pem()?.as_bytes(), 0o644)?;
        write_new(key_path, pem.as_bytes(), 0o600)
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate, PEM.
    ///
    /// # Errors
    /// [`RootError::Pki`].
    pub fn certificate_pem(&self) -> Result<String, RootError> {
        Ok(self.certificate.to_pem(LineEnding::LF).map_err(PkiError::from)?)
    }

    /// Where the certificate lies in a folder given to [`DevelopmentRoot::load_or_create`].
    #[must_use]
    pub fn certificate_path(folder: &Path) -> PathBuf {
        folder.join(CERTIFICATE)
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

fn zeroizing(text: String) -> der::zeroize::Zeroizing<String> {
    der::zeroize::Zeroizing::new(text)
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> RootError + use<> {
    let path = path.to_owned();
    move |source| RootError::File { path, source }
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), RootError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(at(path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(at(path))
}

#[cfg(test)]
mod tests;
