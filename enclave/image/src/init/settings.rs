//! Place: none.
//!
//! The boot settings: a small measured text file of ramdisk 1 that says where the parent is. One `name = number` per line; every name exactly
//! once, nothing else. The host cannot change it without changing PCR0 and PCR1.

use std::fmt;

use crate::layout;

/// Where the enclave finds its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// CID of the parent: 3 on hardware, 2 in emulation.
    pub parent_cid: u32,
    /// Vsock port on which the parent awaits the enclave program.
    pub parent_port: u32,
    /// Vsock port of the heartbeat.
    pub heartbeat_port: u32,
    /// Vsock port of the NSM service.
    pub nsm_port: u32,
}

/// What is wrong with a settings file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A line is not `name = number`.
    #[error("line {0} is not `name = number`")]
    Line(usize),
    /// A name is not known.
    #[error("unknown setting {0:?}")]
    Unknown(String),
    /// A name stands there twice.
    #[error("setting {0:?} is given twice")]
    Twice(String),
    /// A name is missing.
    #[error("setting {0:?} is missing")]
    Missing(&'static str),
}

const NAMES: [&str; 4] = ["parent_cid", "parent_port", "heartbeat_port", "nsm_port"];

impl Settings {
    /// The settings of an emulated enclave.
    #[must_use]
    pub const fn emulation() -> Self {
        Self {
            parent_cid: layout::EMULATED_PARENT_CID,
            parent_port: layout::PARENT_PORT,
            heartbeat_port: layout::HEARTBEAT_PORT,
            nsm_port: layout::NSM_PORT,
        }
    }

    /// Reads a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] naming the line or the setting.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let mut values: [Option<u32>; NAMES.len()] = [None; NAMES.len()];
        for (index, line) in text.lines().enumerate() {
            let bad = || SettingsError::Line(index + 1);
            let (name, value) = line.split_once('=').ok_or_else(bad)?;
            let (name, value) = (name.trim(), value.trim());
            if value.is_empty() || !value.bytes().all(|c| c.is_ascii_digit()) {
                return Err(bad());
            }
            let value = value.parse().map_err(|_| bad())?;
            let known = NAMES.iter().zip(values.iter_mut()).find(|(known, _)| **known == name);
            let (_, slot) = known.ok_or_else(|| SettingsError::Unknown(name.to_owned()))?;
            if slot.replace(value).is_some() {
                return Err(SettingsError::Twice(name.to_owned()));
            }
        }
        let [parent_cid, parent_port, heartbeat_port, nsm_port] = values;
        Ok(Self {
            parent_cid: parent_cid.ok_or(SettingsError::Missing("parent_cid"))?,
            parent_port: parent_port.ok_or(SettingsError::Missing("parent_port"))?,
            heartbeat_port: heartbeat_port.ok_or(SettingsError::Missing("heartbeat_port"))?,
            nsm_port: nsm_port.ok_or(SettingsError::Missing("nsm_port"))?,
        })
    }
}

/// The text form that [`Settings::parse`] reads.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "parent_cid = {}", self.parent_cid)?;
        writeln!(f, "parent_port = {}", self.parent_port)?;
        writeln!(f, "heartbeat_port = {}", self.heartbeat_port)?;
        writeln!(f, "nsm_port = {}", self.nsm_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let settings = Settings::emulation();
        assert_eq!(Settings::parse(&settings.to_string()), Ok(settings));
    }

    #[test]
    fn a_missing_setting_is_named() {
        let text = "parent_cid = 2\nparent_port = 5000\nnsm_port = 9001\n";
        assert_eq!(Settings::parse(text), Err(SettingsError::Missing("heartbeat_port")));
    }

    #[test]
    fn unknown_double_and_malformed_lines_are_refused() {
        assert_eq!(Settings::parse("colour = 1\n"), Err(SettingsError::Unknown("colour".into())));
        assert_eq!(
            Settings::parse("nsm_port = 1\nnsm_port = 1\n"),
            Err(SettingsError::Twice("nsm_port".into()))
        );
        assert_eq!(Settings::parse("nsm_port\n"), Err(SettingsError::Line(1)));
        assert_eq!(Settings::parse("nsm_port = +1\n"), Err(SettingsError::Line(1)));
        assert_eq!(Settings::parse("nsm_port = 4294967296\n"), Err(SettingsError::Line(1)));
        assert_eq!(Settings::parse("nsm_port = 1\n\n"), Err(SettingsError::Line(2)));
    }
}
