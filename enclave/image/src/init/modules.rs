//! Place: none.
//!
//! Kernel modules of ramdisk 1. The list gives the load order; a kernel that has everything built in comes with an empty or absent list.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};

use super::InitError;

/// Loads the modules that `list` names from `folder`, in its order. Returns lines worth printing.
///
/// # Errors
/// [`InitError::ModuleName`], [`InitError::File`], [`InitError::Module`].
pub fn load_listed(list: &Path, folder: &Path) -> Result<Vec<String>, InitError> {
    let text = match std::fs::read_to_string(list) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(InitError::File { path: list.display().to_string(), source });
        }
    };
    let names = parse_list(&text)?;
    let mut notes = Vec::new();
    for name in &names {
        let path = folder.join(name);
        let file = File::open(&path)
            .map_err(|source| InitError::File { path: path.display().to_string(), source })?;
        match finit_module(file, c"", ModuleInitFlags::empty()) {
            Ok(()) => {}
            Err(Errno::EEXIST) => notes.push(format!("module {name} is there already")),
            Err(source) => {
                return Err(InitError::Module { name: name.clone(), source });
            }
        }
    }
    notes.push(format!("{} kernel modules loaded", names.len()));
    Ok(notes)
}

/// One plain file name per line.
fn parse_list(text: &str) -> Result<Vec<String>, InitError> {
    let plain = |name: &str| {
        name.ends_with(".ko")
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
    };
    text.lines()
        .map(
            |name| {
                if plain(name) { Ok(name.to_owned()) } else { Err(InitError::ModuleName(name.to_owned())) }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_list_is_kept() {
        let names = parse_list("virtio_ring.ko\nvirtio.ko\nvirtio-rng.ko\n").unwrap();
        assert_eq!(names, ["virtio_ring.ko", "virtio.ko", "virtio-rng.ko"]);
    }

    #[test]
    fn names_with_a_path_or_another_ending_are_refused() {
        for bad in ["../virtio.ko", "virtio.ko.xz", "", "a b.ko"] {
            assert!(matches!(parse_list(&format!("{bad}\n")), Err(InitError::ModuleName(_))), "{bad:?}");
        }
    }

    #[test]
    fn no_list_means_no_modules() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load_listed(&folder.path().join("none"), folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_listed_module_that_is_absent_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        std::fs::write(&list, "virtio.ko\n").unwrap();
        let error = load_listed(&list, folder.path()).unwrap_err();
        assert!(matches!(error, InitError::File { path, .. } if path.ends_with("virtio.ko")));
    }
}
