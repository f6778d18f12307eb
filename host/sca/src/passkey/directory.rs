//! Place: SIC. The software authenticator: a directory with a file for each passkey.

use super::{PasskeyError, SoftwarePasskey};
use fuin_shared::ids::Digest32;
use fuin_shared::message::Challenge;
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_sic::{Authenticator, SignerMeans};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Passkeys in a directory, used through one origin.
#[derive(Debug)]
pub struct PasskeyDirectory {
    path: PathBuf,
    origin: String,
    counting: bool,
}

impl PasskeyDirectory {
    /// The directory `path`; new passkeys are made for `origin`, and count their assertions if `counting`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, origin: impl Into<String>, counting: bool) -> Self {
        Self { path: path.into(), origin: origin.into(), counting }
    }

    fn file(&self, credential_id: &[u8]) -> PathBuf {
        let name: String = credential_id.iter().take(64).map(|b| format!("{b:02x}")).collect();
        self.path.join(format!("{name}.json"))
    }

    /// Holds off other processes while a counter is read, raised and written.
    fn lock(path: &Path) -> Result<File, PasskeyError> {
        let lock = path.with_extension("lock");
        let failed = |source| PasskeyError::File { path: lock.clone(), source };
        let file = File::create(&lock).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }
}

impl Authenticator for PasskeyDirectory {
    type Error = PasskeyError;

    fn assert(
        &mut self,
        rp_id: &str,
        credential_id: &[u8],
        challenge: &Digest32,
    ) -> Result<Assertion, PasskeyError> {
        let path = self.file(credential_id);
        let unknown = || PasskeyError::Unknown {
            rp_id: rp_id.to_owned(),
            credential_id: credential_id.iter().map(|b| format!("{b:02x}")).collect(),
            directory: self.path.clone(),
        };
        if !path.is_file() {
            return Err(unknown());
        }
        let mut passkey = SoftwarePasskey::load(&path)?;
        if passkey.rp_id() != rp_id || passkey.credential_id() != credential_id {
            return Err(unknown());
        }
        if !passkey.counts() {
            return passkey.assertion(challenge);
        }
        let _held = Self::lock(&path)?;
        let mut passkey = SoftwarePasskey::load(&path)?;
        let assertion = passkey.assertion(challenge)?;
        passkey.save(&path)?;
        Ok(assertion)
    }

    fn register(&mut self, rp_id: &str, user: &str, challenge: &Digest32) -> Result<Assertion, PasskeyError> {
        let passkey =
            SoftwarePasskey::generate(rp_id, &self.origin, user, self.counting, &mut UnwrapErr(SysRng));
        let failed = |source| PasskeyError::File { path: self.path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        passkey.save(&self.file(passkey.credential_id()))?;
        Ok(passkey.registration(challenge))
    }
}

impl SignerMeans for PasskeyDirectory {
    type Error = PasskeyError;

    fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        digest: &Digest32,
    ) -> Result<Assertion, PasskeyError> {
        match (profile, &challenge.passkey) {
            (MeansProfile::Passkey, Some(hint)) => {
                self.assert(&hint.relying_party, hint.credential_id.as_slice(), digest)
            }
            _ => Err(PasskeyError::NotAsked),
        }
    }
}
