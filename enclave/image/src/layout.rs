//! Place: none.
//!
//! Paths inside the image and port numbers around it: the agreement between init, image builder and launcher.

/// The enclave program in ramdisk 2, absolute in the booted image.
///
/// Below [`ROOTFS`], because the init of AWS makes that folder the root before it starts anything: so one ramdisk 2 serves both machines.
pub const WORKLOAD: &str = "/rootfs/app/fuin-enclave";

/// The folder that becomes the root of the enclave program on hardware.
pub const ROOTFS: &str = "/rootfs";

/// The program and its arguments for an init of AWS's conventions, one per line, in ramdisk 1.
pub const COMMAND: &str = "/cmd";

/// The environment for such an init, one `NAME=value` per line, in ramdisk 1.
pub const ENVIRONMENT: &str = "/env";

/// The driver of the security module that such an init loads, where the kernel has it as a module.
pub const NSM_MODULE: &str = "/nsm.ko";

/// CID under which an enclave on hardware reaches its parent.
pub const HARDWARE_PARENT_CID: u32 = 3;

/// The boot settings in ramdisk 1, see [`crate::init::settings`].
pub const SETTINGS: &str = "/etc/fuin/boot";

/// The list of kernel modules in ramdisk 1, one file name per line, in load order.
pub const MODULE_ORDER: &str = "/etc/fuin/modules";

/// The folder of the kernel modules in ramdisk 1.
pub const MODULE_DIR: &str = "/lib/fuin-modules";

/// CID under which an emulated enclave reaches its parent.
pub const EMULATED_PARENT_CID: u32 = 2;

/// Port on which the parent awaits the enclave's connections.
pub const PARENT_PORT: u32 = 5000;

/// Port on which the launcher awaits the heartbeat.
pub const HEARTBEAT_PORT: u32 = 9000;

/// Port of the launcher's NSM service.
pub const NSM_PORT: u32 = 9001;

/// The octet of the heartbeat, in both directions.
pub const HEARTBEAT: u8 = 0xB7;

/// Longest NSM request in octets, as in the Linux driver.
pub const NSM_REQUEST_MAX: usize = 0x1000;

/// Longest NSM response in octets, as in the Linux driver.
pub const NSM_RESPONSE_MAX: usize = 0x3000;
