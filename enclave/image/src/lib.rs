//! Place: none (it prepares the machine that the SAM runs in).
//!
//! The enclave image, from both sides.
//!
//! * [`init`]: the first process of the booted image (bin `fuin-init`): mounts, modules, `/dev/nsm`, heartbeat, workload.
//! * [`layout`]: the paths and ports that init, image builder and launcher share.
//! * [`cpio`]: a deterministic writer of `newc` archives (ramdisks).
//! * [`eif`]: the writer of enclave image files.
//! * [`ramdisk`], [`kernel_modules`]: what goes into the two ramdisks.
//! * [`release`]: the description of a built image, `release.json`.
//! * [`build`]: all of it together (bin `fuin-image`).
//!
//! The feature `tool` (default) holds everything but [`init`] and [`layout`]; the init is compiled without it.

pub mod init;
pub mod layout;

#[cfg(feature = "tool")]
pub mod build;
#[cfg(feature = "tool")]
pub mod cpio;
#[cfg(feature = "tool")]
pub mod eif;
#[cfg(feature = "tool")]
pub mod kernel_modules;
#[cfg(feature = "tool")]
pub mod ramdisk;
#[cfg(feature = "tool")]
pub mod release;
