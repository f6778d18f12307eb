//! Place: none. What lies where in the folder of a development installation.

use crate::file;
use crate::installation::DEV_JSON;
use anyhow::Context as _;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The folder, held by this process.
pub struct Layout {
    dir: PathBuf,
    /// Released when the process ends, however it ends.
    _lock: File,
}

impl Layout {
    /// Takes the folder, making it if it is not there.
    ///
    /// # Errors
    /// Another `fuin dev` holds it, or the system refuses.
    pub fn take(dir: &Path) -> anyhow::Result<Self> {
        let dir = std::path::absolute(dir).context("--dir")?;
        file::private_folder(&dir).context("--dir")?;
        let path = dir.join("lock");
        let lock = File::create(&path).with_context(|| format!("--dir: cannot write {}", path.display()))?;
        lock.try_lock().map_err(|_| {
            anyhow::anyhow!(
                "--dir: another `fuin dev` uses {}; stop it first, or choose another folder",
                dir.display()
            )
        })?;
        let layout = Self { dir, _lock: lock };
        for folder in ["keys", "ca", "logs", "nsm", "host"] {
            file::private_folder(&layout.dir.join(folder))?;
        }
        Ok(layout)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Key of the officer, of the RA client, of the CA.
    pub fn key(&self, name: &str) -> PathBuf {
        self.dir.join("keys").join(format!("{name}.pem"))
    }

    /// Certificate of the CA.
    pub fn ca(&self, name: &str) -> PathBuf {
        self.dir.join("ca").join(format!("{name}.pem"))
    }

    /// Log of a part.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }

    /// Folder of the platform's development root.
    pub fn nsm(&self) -> PathBuf {
        self.dir.join("nsm")
    }

    /// Certificate of the platform's development root.
    pub fn evidence_root(&self) -> PathBuf {
        self.nsm().join("nsm-root.pem")
    }

    /// Data of the host.
    pub fn host(&self) -> PathBuf {
        self.dir.join("host")
    }

    /// Folders of the witnesses.
    pub fn witnesses(&self) -> PathBuf {
        self.dir.join("witnesses")
    }

    /// Folder of one witness, counted from 1.
    pub fn witness(&self, number: usize) -> PathBuf {
        self.witnesses().join(number.to_string())
    }

    /// The first signed manifest.
    pub fn manifest(&self) -> PathBuf {
        self.dir.join("manifest.cbor")
    }

    /// State of the custodian.
    pub fn custodian(&self) -> PathBuf {
        self.dir.join("keys").join("custodian.state")
    }

    /// The signer's password at the host.
    pub fn password(&self) -> PathBuf {
        self.dir.join("keys").join("signer.password")
    }

    /// The auditor's token at the host.
    pub fn auditor_token(&self) -> PathBuf {
        self.dir.join("keys").join("auditor.token")
    }

    /// The auditor's key to which details are sealed.
    pub fn auditor_key(&self) -> PathBuf {
        self.key("auditor-sealing")
    }

    /// Key of the RA's identity digests.
    pub fn identity_key(&self) -> PathBuf {
        self.dir.join("keys").join("identity.key")
    }

    /// The signer's passkeys.
    pub fn passkeys(&self) -> PathBuf {
        self.dir.join("passkeys")
    }

    /// The signer's device keys.
    pub fn device_keys(&self) -> PathBuf {
        self.dir.join("device-keys")
    }

    /// The signer's PINs with their generators.
    pub fn pins(&self) -> PathBuf {
        self.dir.join("pins")
    }

    /// Passkeys of the development organization's approvers.
    pub fn approvers(&self) -> PathBuf {
        self.dir.join("approvers")
    }

    /// Service card.
    pub fn service_card(&self) -> PathBuf {
        self.dir.join("service-card.json")
    }

    /// Measurement, for `fuin-verify --release`.
    pub fn release(&self) -> PathBuf {
        self.dir.join("release.json")
    }

    /// `dev.json`.
    pub fn dev_json(&self) -> PathBuf {
        self.dir.join(DEV_JSON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("dev");
        let held = Layout::take(&dir).unwrap();
        assert!(Layout::take(&dir).err().unwrap().to_string().contains("another `fuin dev`"));
        drop(held);
        assert!(Layout::take(&dir).is_ok());
    }
}
