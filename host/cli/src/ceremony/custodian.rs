//! Place: none. A custodian's file: mode 0600, replaced atomically, durable before anything leaves.

use super::token::{CustodianToken, TokenName};
use crate::file;
use anyhow::Context as _;
use fuin_custodian::{Custodian, CustodianError};
use fuin_shared::ids::PersonId;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MAX_STATE: u64 = 1024 * 1024;

/// The custodian and its file.
pub struct CustodianFile {
    path: PathBuf,
    custodian: Custodian,
}

impl CustodianFile {
    /// Reads the custodian.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let octets = Zeroizing::new(file::read(path, MAX_STATE)?);
        let custodian = Custodian::from_bytes(&octets).with_context(|| format!("{}", path.display()))?;
        Ok(Self { path: path.to_owned(), custodian })
    }

    /// Reads the file again, which the custodian's owner may have changed; keys in a token stay where they are.
    pub fn reload(&mut self) -> anyhow::Result<()> {
        let read = Self::load(&self.path)?;
        if !read.custodian.needs_device() {
            *self = read;
        }
        Ok(())
    }

    /// The custodian's keys are needed: in a token, if they are not in the file.
    pub fn unlock(&mut self, token: Option<&TokenName>) -> anyhow::Result<()> {
        if let Some(name) = token {
            let token = CustodianToken::open(name)?;
            let (signing, sealing) = token.public();
            self.custodian.attach(&signing, &sealing, Box::new(token)).map_err(told)?;
        }
        anyhow::ensure!(
            !self.custodian.needs_device(),
            "{}: this custodian's keys are in a token: name it with --pkcs11",
            self.path.display()
        );
        Ok(())
    }

    /// Makes a custodian of this name, and its file; its keys are in the file, or in the token.
    pub fn make(path: &Path, name: PersonId, token: Option<&TokenName>) -> anyhow::Result<Self> {
        let custodian = match token {
            None => Custodian::new(name, &mut UnwrapErr(SysRng)),
            Some(token) => {
                let token = CustodianToken::open_or_make(token)?;
                let (signing, sealing) = token.public();
                Custodian::on_device(name, signing, sealing, Box::new(token)).map_err(told)?
            }
        };
        let new = Self { path: path.to_owned(), custodian };
        new.save()?;
        Ok(new)
    }

    /// Reads the custodian, or makes it.
    pub fn load_or_make(path: &Path, name: &str) -> anyhow::Result<Self> {
        if path.exists() { Self::load(path) } else { Self::make(path, PersonId::new(name)?, None) }
    }

    /// The custodian.
    pub const fn get(&self) -> &Custodian {
        &self.custodian
    }

    /// Changes the custodian and writes its file; gives the result only once it is durable.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Custodian) -> Result<T, CustodianError>,
    ) -> anyhow::Result<T> {
        let result = change(&mut self.custodian).map_err(told)?;
        self.save()?;
        Ok(result)
    }

    /// Shows a checkpoint to the custodian; one that is not newer is no error here, a foreign or forked one is.
    pub fn observe(&mut self, note: &str) -> anyhow::Result<()> {
        if self.custodian.newest_checkpoint().is_some_and(|seen| seen.note == note) {
            return Ok(());
        }
        match self.custodian.observe_checkpoint(note) {
            Ok(true) => self.save(),
            Ok(false) | Err(CustodianError::Older { .. }) => Ok(()),
            Err(error) => Err(error).context("custodian"),
        }
    }

    fn save(&self) -> anyhow::Result<()> {
        file::write(&self.path, &self.custodian.to_bytes(), file::SECRET)
    }
}

/// The refusal's text alone: it has that of its source in it.
pub fn told(refusal: CustodianError) -> anyhow::Error {
    anyhow::anyhow!("{refusal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_custodian_is_made_once() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("custodian.state");
        let made = CustodianFile::load_or_make(&path, "custodian").unwrap();
        let again = CustodianFile::load_or_make(&path, "custodian").unwrap();
        assert_eq!(made.get().manifest_entry(), again.get().manifest_entry());
        std::fs::write(&path, b"").unwrap();
        assert!(CustodianFile::load_or_make(&path, "custodian").is_err());
    }
}
