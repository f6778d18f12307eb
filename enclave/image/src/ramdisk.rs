//! Place: none.
//!
//! The two ramdisks. The first holds what depends on the machine (init, modules, settings); the second the enclave program alone, so that its
//! measurement (PCR2) is the same wherever it runs.

use crate::cpio::{Archive, CpioError};
use crate::init::settings::Settings;
use crate::kernel_modules::Module;
use crate::layout;

/// Ramdisk 1 of the emulated machine, with our own init.
///
/// # Errors
/// [`CpioError`].
pub fn boot(init: &[u8], modules: &[Module], settings: &Settings) -> Result<Vec<u8>, CpioError> {
    let mut archive = Archive::new();
    archive.program("init", init.to_vec())?;
    for folder in ["dev", "proc", "sys", "tmp"] {
        archive.folder(folder)?;
    }
    // Before /dev is mounted: the kernel opens the console for PID 1, and the start-up code of a Rust program wants /dev/null without it.
    archive.character_device("dev/console", 0o600, 5, 1)?;
    archive.character_device("dev/null", 0o666, 1, 3)?;
    archive.file(relative(layout::SETTINGS), settings.to_string().into_bytes())?;
    let list: String = modules.iter().map(|module| format!("{}\n", module.name)).collect();
    archive.file(relative(layout::MODULE_ORDER), list.into_bytes())?;
    for module in modules {
        archive.file(&format!("{}/{}", relative(layout::MODULE_DIR), module.name), module.content.clone())?;
    }
    archive.to_octets()
}

/// Ramdisk 1 of a Nitro enclave, with an init of AWS's conventions: it loads `/nsm.ko` where that is there, answers the heartbeat, makes `/rootfs` the
/// root, mounts the usual file systems there, and starts what `/cmd` says.
///
/// # Errors
/// [`CpioError`].
pub fn nitro(init: &[u8], nsm_module: Option<&[u8]>, parent_port: u32) -> Result<Vec<u8>, CpioError> {
    let mut archive = Archive::new();
    archive.program("init", init.to_vec())?;
    for folder in ["dev", "proc", "run", "sys", "tmp"] {
        archive.folder(folder)?;
        archive.folder(&format!("{}/{folder}", relative(layout::ROOTFS)))?;
    }
    archive.character_device("dev/console", 0o600, 5, 1)?;
    archive.character_device("dev/null", 0o666, 1, 3)?;
    let program = layout::WORKLOAD.trim_start_matches(layout::ROOTFS);
    let command = format!("{program}\n--connect\nvsock://{}:{parent_port}\n", layout::HARDWARE_PARENT_CID);
    archive.file(relative(layout::COMMAND), command.into_bytes())?;
    // It must be there; the enclave program reads no environment.
    archive.file(relative(layout::ENVIRONMENT), b"LANG=C\n".to_vec())?;
    if let Some(module) = nsm_module {
        archive.file(relative(layout::NSM_MODULE), module.to_vec())?;
    }
    archive.to_octets()
}

/// Ramdisk 2, the same on every machine.
///
/// # Errors
/// [`CpioError`].
pub fn workload(enclave: &[u8]) -> Result<Vec<u8>, CpioError> {
    let mut archive = Archive::new();
    archive.program(relative(layout::WORKLOAD), enclave.to_vec())?;
    archive.to_octets()
}

fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(octets: &[u8], text: &str) -> bool {
        octets.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn the_first_ramdisk_holds_everything_but_the_enclave_program() {
        let module = Module { name: "vsock.ko".into(), content: b"module octets".to_vec() };
        let octets = boot(b"the init", &[module], &Settings::emulation()).unwrap();
        for text in [
            "the init",
            "module octets",
            "parent_cid = 2\n",
            "vsock.ko\n",
            "etc/fuin/boot",
            "lib/fuin-modules/vsock.ko",
            "dev/console",
        ] {
            assert!(contains(&octets, text), "{text}");
        }
        assert!(!contains(&octets, "fuin-enclave"));
    }

    #[test]
    fn the_first_ramdisk_of_hardware_names_cid_3_and_the_program_below_the_new_root() {
        let octets = nitro(b"the init", Some(b"the driver"), 5000).unwrap();
        for text in [
            "/app/fuin-enclave\n--connect\nvsock://3:5000\n",
            "the init",
            "nsm.ko",
            "the driver",
            "rootfs/dev",
            "rootfs/proc",
        ] {
            assert!(contains(&octets, text), "{text}");
        }
        assert!(!contains(&octets, "parent_cid") && !contains(&octets, "rootfs/app"));
        assert!(!contains(&nitro(b"the init", None, 5000).unwrap(), "nsm.ko"));
        assert!(contains(&nitro(b"the init", None, 5001).unwrap(), "vsock://3:5001\n"));
    }

    #[test]
    fn the_second_ramdisk_depends_on_the_program_alone() {
        let octets = workload(b"the program").unwrap();
        assert!(contains(&octets, "rootfs/app/fuin-enclave") && contains(&octets, "the program"));
        assert_eq!(octets, workload(b"the program").unwrap());
    }
}
