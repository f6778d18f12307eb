//! Place: SIC. A directory with a file for each PIN with its generator, named by its registration.

use super::{PinTotpError, SoftwarePinTotp};
use fuin_shared::ids::Digest32;
use fuin_shared::message::{Challenge, MeansHint};
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_sic::SignerMeans;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// PINs in a directory.
#[derive(Debug)]
pub struct PinTotpDirectory {
    path: PathBuf,
    now: fn() -> u64,
}

impl PinTotpDirectory {
    /// The directory `path`, made with the first PIN; `now` gives Unix seconds.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, now: fn() -> u64) -> Self {
        Self { path: path.into(), now }
    }

    /// Makes a PIN with a generator, keeps them, and has them show themselves.
    ///
    /// # Errors
    /// [`PinTotpError`].
    pub fn register(&mut self) -> Result<Assertion, PinTotpError> {
        let rng = &mut UnwrapErr(SysRng);
        let mut made = SoftwarePinTotp::generate(rng);
        let assertion = made.registration((self.now)(), rng)?;
        let failed = |source| PinTotpError::File { path: self.path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        // Invariant: a registration has a name.
        let name = assertion.registration().expect("a registration");
        made.save(&self.file(&name))?;
        Ok(assertion)
    }

    fn file(&self, registration: &Digest32) -> PathBuf {
        self.path.join(format!("{registration}.json"))
    }

    /// Holds off other processes while the last step is read, raised and written.
    fn lock(path: &Path) -> Result<File, PinTotpError> {
        let lock = path.with_extension("lock");
        let failed = |source| PinTotpError::File { path: lock.clone(), source };
        let file = File::create(&lock).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }
}

impl SignerMeans for PinTotpDirectory {
    type Error = PinTotpError;

    /// The answer holds the PIN: the digest is not in it, and sealing alone binds the one to the other.
    fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        _digest: &Digest32,
    ) -> Result<Assertion, PinTotpError> {
        let (MeansProfile::PinTotp, Some(MeansHint::PinTotp { registration })) = (profile, &challenge.hint)
        else {
            return Err(PinTotpError::NotAsked);
        };
        let path = self.file(registration);
        if !path.is_file() {
            return Err(PinTotpError::Unknown { registration: *registration, directory: self.path.clone() });
        }
        let _held = Self::lock(&path)?;
        let mut found = SoftwarePinTotp::load(&path)?;
        let assertion = found.assertion((self.now)())?;
        found.save(&path)?;
        Ok(assertion)
    }
}
