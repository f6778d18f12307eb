//! Place: none.
//!
//! Paths inside the image and port numbers around it: the agreement between init, image builder and launcher.

/// The enclave program in ramdisk 2, absolute in the booted image.
pub const WORKLOAD: &str = "/app/fuin-enclave";

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
