//! Place: SIC. The file of a PIN with its generator: JSON, mode 0600, replaced atomically, durable before a password leaves,
//! so that none is given twice.

use super::{PinTotpError, SoftwarePinTotp};
use fuin_shared::sad;
use fuin_shared::totp;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const LARGEST: u64 = 16 * 1024;

impl SoftwarePinTotp {
    /// Reads the one in `path`.
    pub(super) fn load(path: &Path) -> Result<Self, PinTotpError> {
        let failed = |source| PinTotpError::File { path: path.to_owned(), source };
        let mut octets = Zeroizing::new(Vec::new());
        File::open(path).map_err(failed)?.take(LARGEST).read_to_end(&mut octets).map_err(failed)?;
        let malformed = || PinTotpError::Malformed(path.to_owned());
        let found: Self = serde_json::from_slice(&octets).map_err(|_| malformed())?;
        let usable = found.version == 1
            && sad::PIN.contains(&found.pin.as_slice().len())
            && totp::SECRET.contains(&found.secret.as_slice().len())
            && totp::DIGITS.contains(&found.digits);
        if usable { Ok(found) } else { Err(malformed()) }
    }

    /// Writes it to `path`, atomically and durably.
    pub(super) fn save(&self, path: &Path) -> Result<(), PinTotpError> {
        let failed = |source| PinTotpError::File { path: path.to_owned(), source };
        let temporary = path.with_extension("new");
        // Invariant: a structure of texts and numbers always serializes.
        let octets = Zeroizing::new(serde_json::to_vec(self).expect("texts and numbers"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed)?;
        file.write_all(&octets).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)?;
        let parent = path.parent().unwrap_or(Path::new("."));
        File::open(parent).and_then(|d| d.sync_all()).map_err(failed)
    }
}
