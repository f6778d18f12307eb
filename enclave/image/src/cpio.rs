//! Place: none.
//!
//! A deterministic writer of `newc` archives, the form in which Linux takes ramdisks. The octets depend on names, modes and contents alone: entries
//! are sorted, times and owners are zero, inode numbers count up, parent folders are added.

use std::collections::BTreeMap;

/// Why an entry cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CpioError {
    /// The name is not a plain relative path.
    #[error("{0:?} is not a plain relative path (no leading slash, no empty, `.` or `..` part)")]
    Name(String),
    /// The name is taken, or a file stands where a folder is needed.
    #[error("{0:?} is in the archive already")]
    Taken(String),
    /// A file is 4 GiB or larger.
    #[error("{0:?} is too large for the format (4 GiB)")]
    Size(String),
}

enum Node {
    Folder,
    File { executable: bool, content: Vec<u8> },
    Device { mode: u32, major: u32, minor: u32 },
}

/// An archive in the making.
#[derive(Default)]
pub struct Archive {
    nodes: BTreeMap<String, Node>,
}

const S_IFDIR: u32 = 0o040_000;
const S_IFREG: u32 = 0o100_000;
const S_IFCHR: u32 = 0o020_000;

/// Archives are padded to this, so that they can be joined.
const BLOCK: usize = 512;

impl Archive {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder (mode 0755) and its parents.
    ///
    /// # Errors
    /// [`CpioError::Name`]; [`CpioError::Taken`] if something else has the name.
    pub fn folder(&mut self, name: &str) -> Result<&mut Self, CpioError> {
        check_name(name)?;
        self.parents(name)?;
        match self.nodes.get(name) {
            Some(Node::Folder) => {}
            Some(_) => return Err(CpioError::Taken(name.to_owned())),
            None => {
                self.nodes.insert(name.to_owned(), Node::Folder);
            }
        }
        Ok(self)
    }

    /// Adds a file (mode 0644).
    ///
    /// # Errors
    /// As [`Archive::folder`].
    pub fn file(&mut self, name: &str, content: Vec<u8>) -> Result<&mut Self, CpioError> {
        self.insert(name, Node::File { executable: false, content })
    }

    /// Adds a program (mode 0755).
    ///
    /// # Errors
    /// As [`Archive::folder`].
    pub fn program(&mut self, name: &str, content: Vec<u8>) -> Result<&mut Self, CpioError> {
        self.insert(name, Node::File { executable: true, content })
    }

    /// Adds a character device with these permissions and this number.
    ///
    /// # Errors
    /// As [`Archive::folder`].
    pub fn character_device(
        &mut self,
        name: &str,
        mode: u32,
        major: u32,
        minor: u32,
    ) -> Result<&mut Self, CpioError> {
        self.insert(name, Node::Device { mode: mode & 0o7777, major, minor })
    }

    fn insert(&mut self, name: &str, node: Node) -> Result<&mut Self, CpioError> {
        check_name(name)?;
        self.parents(name)?;
        if self.nodes.contains_key(name) {
            return Err(CpioError::Taken(name.to_owned()));
        }
        self.nodes.insert(name.to_owned(), node);
        Ok(self)
    }

    fn parents(&mut self, name: &str) -> Result<(), CpioError> {
        for (at, _) in name.match_indices('/') {
            let parent = name.get(..at).unwrap_or_default();
            match self.nodes.get(parent) {
                Some(Node::Folder) => {}
                Some(_) => return Err(CpioError::Taken(parent.to_owned())),
                None => {
                    self.nodes.insert(parent.to_owned(), Node::Folder);
                }
            }
        }
        Ok(())
    }

    /// The archive's octets, a multiple of 512.
    ///
    /// # Errors
    /// [`CpioError::Size`].
    pub fn to_octets(&self) -> Result<Vec<u8>, CpioError> {
        let mut out = Vec::new();
        // A parent's name is a proper prefix of its children's, so it sorts before them.
        for (inode, (name, node)) in (1u32..).zip(&self.nodes) {
            let (mode, links, device, content): (u32, u32, (u32, u32), &[u8]) = match node {
                Node::Folder => (S_IFDIR | 0o755, 2, (0, 0), &[]),
                Node::File { executable, content } => {
                    (S_IFREG | if *executable { 0o755 } else { 0o644 }, 1, (0, 0), content)
                }
                Node::Device { mode, major, minor } => (S_IFCHR | mode, 1, (*major, *minor), &[]),
            };
            entry(&mut out, name, [inode, mode, links], device, content)?;
        }
        entry(&mut out, "TRAILER!!!", [0, 0, 1], (0, 0), &[])?;
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        Ok(out)
    }
}

fn check_name(name: &str) -> Result<(), CpioError> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
    // The kernel's PATH_MAX.
    if name.len() < 4096 && name.split('/').all(plain) && name != "TRAILER!!!" {
        Ok(())
    } else {
        Err(CpioError::Name(name.to_owned()))
    }
}

fn entry(
    out: &mut Vec<u8>,
    name: &str,
    [inode, mode, links]: [u32; 3],
    device: (u32, u32),
    content: &[u8],
) -> Result<(), CpioError> {
    let size = u32::try_from(content.len()).map_err(|_| CpioError::Size(name.to_owned()))?;
    let name_size = u32::try_from(name.len() + 1).map_err(|_| CpioError::Name(name.to_owned()))?;
    // inode, mode, uid, gid, links, mtime, size, device (major, minor), rdevice (major, minor), name size, check
    let fields = [inode, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name_size, 0];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(4), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn sample() -> Archive {
        let mut archive = Archive::new();
        archive.program("init", b"#!".to_vec()).unwrap();
        archive.file("etc/fuin/boot", b"x = 1\n".to_vec()).unwrap();
        archive.character_device("dev/console", 0o600, 5, 1).unwrap();
        archive.folder("proc").unwrap();
        archive
    }

    #[test]
    fn the_first_entry_has_the_octets_of_the_format() {
        let mut archive = Archive::new();
        archive.program("init", b"abc".to_vec()).unwrap();
        let octets = archive.to_octets().unwrap();
        let head = "070701\
            00000001000081ED000000000000000000000001000000000000000300000000000000000000000000000000\
            0000000500000000init\0";
        assert!(octets.starts_with(head.as_bytes()));
        assert_eq!(octets[head.len()..head.len() + 8], *b"\0abc\x00070");
        assert_eq!(octets.len() % 512, 0);
    }

    #[test]
    fn the_order_of_adding_does_not_matter() {
        let mut other = Archive::new();
        other.folder("proc").unwrap();
        other.character_device("dev/console", 0o600, 5, 1).unwrap();
        other.folder("etc").unwrap();
        other.file("etc/fuin/boot", b"x = 1\n".to_vec()).unwrap();
        other.program("init", b"#!".to_vec()).unwrap();
        assert_eq!(other.to_octets().unwrap(), sample().to_octets().unwrap());
    }

    #[test]
    fn names_that_are_not_plain_are_refused() {
        for name in ["", "/init", "a//b", "a/", "../a", "./a", "a/..", "TRAILER!!!", "a\0b"] {
            assert_eq!(
                Archive::new().file(name, Vec::new()).err(),
                Some(CpioError::Name(name.into())),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_name_cannot_be_taken_twice_and_a_file_is_no_folder() {
        let mut archive = sample();
        assert_eq!(archive.file("init", Vec::new()).err(), Some(CpioError::Taken("init".into())));
        assert_eq!(archive.file("init/x", Vec::new()).err(), Some(CpioError::Taken("init".into())));
        assert_eq!(archive.folder("init").err(), Some(CpioError::Taken("init".into())));
    }

    #[test]
    fn the_cpio_tool_reads_it_where_there_is_one() {
        let Ok(mut child) = Command::new("cpio")
            .arg("-tv")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        else {
            eprintln!("no cpio tool here: not compared");
            return;
        };
        child.stdin.take().unwrap().write_all(&sample().to_octets().unwrap()).unwrap();
        let listing = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let names: Vec<_> = listing.lines().map(|line| line.split_whitespace().last().unwrap()).collect();
        assert_eq!(names, ["dev", "dev/console", "etc", "etc/fuin", "etc/fuin/boot", "init", "proc"]);
        assert!(listing.lines().next().unwrap().starts_with("drwxr-xr-x"));
    }

    proptest! {
        #[test]
        fn parents_come_before_their_children(names in proptest::collection::btree_set("[a-c.-]{1,2}(/[a-c.-]{1,2}){0,3}", 1..8)) {
            let mut archive = Archive::new();
            for name in &names {
                let _ = archive.folder(name);
            }
            let mut seen = std::collections::BTreeSet::new();
            for name in archive.nodes.keys() {
                if let Some((parent, _)) = name.rsplit_once('/') {
                    prop_assert!(seen.contains(parent));
                }
                seen.insert(name.as_str());
            }
        }
    }
}
