//! Place: SIC. A directory with a file for each device key: PKCS#8 in PEM, mode 0600, named by its fingerprint, so that other
//! programs can use the key too.

use super::{DeviceKeyError, SoftwareDeviceKey};
use fuin_shared::ids::Digest32;
use fuin_shared::message::{Challenge, MeansHint};
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_sic::SignerMeans;
use getrandom::SysRng;
use p256::ecdsa::SigningKey;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rand_core::UnwrapErr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const LARGEST: u64 = 16 * 1024;

/// Device keys in a directory.
#[derive(Debug)]
pub struct DeviceKeyDirectory {
    path: PathBuf,
}

impl DeviceKeyDirectory {
    /// The directory `path`, made with the first key.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes a key and keeps it.
    ///
    /// # Errors
    /// [`DeviceKeyError::File`].
    pub fn generate(&mut self) -> Result<SoftwareDeviceKey, DeviceKeyError> {
        let key = SoftwareDeviceKey::generate(&mut UnwrapErr(SysRng));
        let failed = |source| DeviceKeyError::File { path: self.path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        save(&key, &self.file(&key.fingerprint()))?;
        Ok(key)
    }

    /// The key with this fingerprint.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    pub fn key(&self, fingerprint: &Digest32) -> Result<SoftwareDeviceKey, DeviceKeyError> {
        let path = self.file(fingerprint);
        if !path.is_file() {
            return Err(DeviceKeyError::Unknown { key: *fingerprint, directory: self.path.clone() });
        }
        let key = load(&path)?;
        if key.fingerprint() == *fingerprint { Ok(key) } else { Err(DeviceKeyError::Malformed(path)) }
    }

    fn file(&self, fingerprint: &Digest32) -> PathBuf {
        self.path.join(format!("{fingerprint}.pem"))
    }
}

impl SignerMeans for DeviceKeyDirectory {
    type Error = DeviceKeyError;

    fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        digest: &Digest32,
    ) -> Result<Assertion, DeviceKeyError> {
        match (profile, &challenge.hint) {
            (MeansProfile::DeviceKey, Some(MeansHint::DeviceKey { key })) => self.key(key)?.assertion(digest),
            _ => Err(DeviceKeyError::NotAsked),
        }
    }
}

fn load(path: &Path) -> Result<SoftwareDeviceKey, DeviceKeyError> {
    let failed = |source| DeviceKeyError::File { path: path.to_owned(), source };
    let mut pem = Zeroizing::new(String::new());
    File::open(path).map_err(failed)?.take(LARGEST).read_to_string(&mut pem).map_err(failed)?;
    let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| DeviceKeyError::Malformed(path.to_owned()))?;
    Ok(SoftwareDeviceKey { key })
}

fn save(key: &SoftwareDeviceKey, path: &Path) -> Result<(), DeviceKeyError> {
    let failed = |source| DeviceKeyError::File { path: path.to_owned(), source };
    let pem = key.key.to_pkcs8_pem(LineEnding::LF).map_err(|_| DeviceKeyError::Malformed(path.to_owned()))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(pem.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let parent = path.parent().unwrap_or(Path::new("."));
    File::open(parent).and_then(|d| d.sync_all()).map_err(failed)
}
