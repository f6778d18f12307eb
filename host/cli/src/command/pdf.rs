//! Place: SCA. The PDF that a command reads, and the place of the one that it writes.

use crate::file;
use crate::outcome::Failure;
use fuin_ades::pades::MAX_PDF;
use std::path::Path;

/// Reads `IN.pdf`, if `--output` can be written: known before anything is authorized or spent, not after.
pub fn read(input: &Path, output: &Path) -> Result<Vec<u8>, Failure> {
    if !input.is_file() {
        return Err(Failure::Usage(format!("IN.pdf: {} is no file", input.display())));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    if output.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        let text = "cannot be a file; name one in a folder that exists";
        return Err(Failure::Usage(format!("--output: {} {text}", output.display())));
    }
    Ok(file::read(input, MAX_PDF as u64)?)
}
