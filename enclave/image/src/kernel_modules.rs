//! Place: none.
//!
//! The kernel modules that the stock Debian cloud kernel needs in the emulated machine, in load order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Load order for Linux 6.1 as Debian builds it for cloud machines; what a kernel has built in is left out.
pub const LOAD_ORDER: [&str; 11] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "vsock",
    "vmw_vsock_virtio_transport_common",
    "vmw_vsock_virtio_transport",
    "fuse",
    "cuse",
    "virtio-rng",
];

/// Why a module folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModulesError {
    /// Something in it cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A module is neither there nor built in.
    #[error(
        "kernel module {0} is neither under {1} nor in its modules.builtin: is this the folder /lib/modules/VERSION of the kernel in use?"
    )]
    Missing(&'static str, PathBuf),
    /// A module is compressed.
    #[error("{0} is compressed: unpack it first (the init loads plain .ko files)")]
    Compressed(PathBuf),
}

/// One module to put into ramdisk 1.
pub struct Module {
    /// File name.
    pub name: String,
    /// Content.
    pub content: Vec<u8>,
}

/// Collects the modules of [`LOAD_ORDER`] from `folder` (`/lib/modules/VERSION` of the kernel), without those that are built in.
///
/// # Errors
/// [`ModulesError`].
pub fn collect(folder: &Path) -> Result<Vec<Module>, ModulesError> {
    let built_in = built_in(folder)?;
    let mut files = BTreeMap::new();
    index(folder, &mut files)?;
    let mut modules = Vec::new();
    for wanted in LOAD_ORDER {
        let key = normal(wanted);
        match files.get(&key) {
            Some(path) if path.extension().is_some_and(|end| end == "ko") => {
                let content = std::fs::read(path).map_err(at(path))?;
                modules.push(Module { name: format!("{wanted}.ko"), content });
            }
            Some(path) => return Err(ModulesError::Compressed(path.clone())),
            None if built_in.contains(&key) => {}
            None => return Err(ModulesError::Missing(wanted, folder.to_owned())),
        }
    }
    Ok(modules)
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ModulesError + use<> {
    let path = path.to_owned();
    move |source| ModulesError::File { path, source }
}

/// Module names use `-` and `_` alike.
fn normal(name: &str) -> String {
    name.replace('-', "_")
}

fn stem(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    Some(normal(name.split_once(".ko")?.0))
}

fn built_in(folder: &Path) -> Result<BTreeSet<String>, ModulesError> {
    let path = folder.join("modules.builtin");
    let text = std::fs::read_to_string(&path).map_err(at(&path))?;
    Ok(text.lines().filter_map(stem).collect())
}

fn index(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<(), ModulesError> {
    for entry in std::fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let kind = entry.file_type().map_err(at(folder))?;
        // Links are not followed: `build` and `source` point out of the folder.
        if kind.is_dir() {
            index(&entry.path(), files)?;
        } else if kind.is_file()
            && let Some(name) = entry.file_name().to_str().and_then(stem)
        {
            files.insert(name, entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str], built_in: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("kernel")).unwrap();
        for name in files {
            std::fs::write(folder.path().join("kernel").join(name), name).unwrap();
        }
        std::fs::write(folder.path().join("modules.builtin"), built_in).unwrap();
        folder
    }

    fn all_but(left_out: &str) -> Vec<String> {
        LOAD_ORDER.iter().filter(|name| **name != left_out).map(|name| format!("{name}.ko")).collect()
    }

    #[test]
    fn modules_come_in_load_order() {
        let files = all_but("");
        let folder = folder_with(&files.iter().map(String::as_str).collect::<Vec<_>>(), "");
        let names: Vec<_> = collect(folder.path()).unwrap().into_iter().map(|module| module.name).collect();
        assert_eq!(names, files);
    }

    #[test]
    fn what_is_built_in_is_left_out() {
        let files = all_but("virtio-rng");
        let folder = folder_with(
            &files.iter().map(String::as_str).collect::<Vec<_>>(),
            "kernel/drivers/char/hw_random/virtio_rng.ko\n",
        );
        assert_eq!(collect(folder.path()).unwrap().len(), LOAD_ORDER.len() - 1);
    }

    #[test]
    fn a_missing_module_is_named() {
        let files = all_but("cuse");
        let folder = folder_with(&files.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert!(matches!(collect(folder.path()), Err(ModulesError::Missing("cuse", _))));
    }

    #[test]
    fn compressed_modules_are_refused() {
        let mut files = all_but("fuse");
        files.push("fuse.ko.xz".into());
        let folder = folder_with(&files.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert!(
            matches!(collect(folder.path()), Err(ModulesError::Compressed(path)) if path.ends_with("fuse.ko.xz"))
        );
    }
}
