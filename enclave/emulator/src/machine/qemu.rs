//! Place: none. The command line of QEMU.

use std::path::Path;

use super::LaunchError;
use super::child::Child;
use super::run_dir::{RunDir, VHOST};

const REMEDY: &str = "install it (Debian: apt-get install qemu-system-x86), or give --qemu PATH";

/// Starts the machine: q35 without KVM, 512 MiB in memory shared with the backend, one processor, a console file, vsock, nothing else.
pub(super) fn start(program: &Path, run: &RunDir, cmdline: &str) -> Result<Child, LaunchError> {
    // QEMU splits its options at commas; a doubled comma stands for one.
    let path = |name: &Path| name.display().to_string().replace(',', ",,");
    let words = [
        "-M",
        "q35,memory-backend=mem,vmport=off,smm=off,graphics=off",
        "-accel",
        "tcg",
        "-cpu",
        "max",
        "-m",
        "512",
        "-smp",
        "1",
        "-object",
        "memory-backend-memfd,id=mem,size=512M,share=on",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
        "-device",
        "vhost-user-vsock-pci,chardev=c0",
    ];
    let mut arguments: Vec<String> = words.iter().map(ToString::to_string).collect();
    // The character device has to come before the device that uses it.
    let device = arguments.len() - 2;
    let chardev = format!("socket,id=c0,path={}", path(&run.file(VHOST)));
    arguments.splice(device..device, ["-chardev".to_owned(), chardev]);
    let files = [
        ("-serial", format!("file:{}", run.console().display())),
        ("-kernel", run.file("vmlinuz").display().to_string()),
        ("-initrd", run.file("initrd").display().to_string()),
        ("-append", cmdline.to_owned()),
    ];
    arguments.extend(files.into_iter().flat_map(|(name, value)| [name.to_owned(), value]));
    Child::start(program, &arguments, &run.file("qemu.log"), REMEDY)
}
