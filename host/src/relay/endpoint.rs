//! Place: SSA. Where enclaves dial: a URI, and the listener it names.

use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tokio_vsock::{VMADDR_CID_ANY, VsockAddr, VsockListener};

/// Longest path of a socket: the system takes 107 octets, and while it is bound it has a longer one.
const MAX_PATH: usize = 90;

/// An octet stream to an enclave.
pub(super) trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Octets for T {}

/// A parsed listener URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `unix:///path/to/socket`: process mode, and the emulation's vsock backend.
    Unix(PathBuf),
    /// `vsock://:PORT`: hardware.
    Vsock(u32),
}

/// Why there is no listener. The text names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not one of the two forms.
    #[error("the enclave listener must be unix:///path or vsock://:PORT")]
    Form,
    /// Others could reach the socket.
    #[error(
        "directory {0} of the enclave socket is open to others: chmod 700 it, or name one that does not exist yet"
    )]
    Open(PathBuf),
    /// Something that is not a socket is in the way.
    #[error("{0} exists and is not a socket: remove it")]
    InTheWay(PathBuf),
    /// Another process listens there.
    #[error("another process listens on {0}: stop it first")]
    Taken(PathBuf),
    /// The system refused.
    #[error("cannot listen for the enclave on {0}: {1}")]
    Io(String, io::Error),
}

impl Endpoint {
    /// Parses the URI.
    ///
    /// # Errors
    /// [`EndpointError::Form`].
    pub fn parse(uri: &str) -> Result<Self, EndpointError> {
        if let Some(path) = uri.strip_prefix("unix://") {
            let path = Path::new(path);
            let fits = path.is_absolute() && path.file_name().is_some() && path.as_os_str().len() <= MAX_PATH;
            return if fits { Ok(Self::Unix(path.into())) } else { Err(EndpointError::Form) };
        }
        let port = uri.strip_prefix("vsock://:").ok_or(EndpointError::Form)?;
        u32::from_str(port).map(Self::Vsock).map_err(|_| EndpointError::Form)
    }

    pub(super) async fn bind(&self) -> Result<Bound, EndpointError> {
        let failed = |e| EndpointError::Io(self.to_string(), e);
        match self {
            Self::Unix(path) => {
                let directory = prepare_directory(path)?;
                remove_stale(path).await?;
                let listener = bind_private(path, directory).map_err(failed)?;
                Ok(Bound::Unix { listener, _file: SocketFile(path.clone()) })
            }
            Self::Vsock(port) => {
                VsockListener::bind(VsockAddr::new(VMADDR_CID_ANY, *port)).map(Bound::Vsock).map_err(failed)
            }
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Vsock(port) => write!(f, "vsock://:{port}"),
        }
    }
}

/// Makes the directory for nobody else. An existing one is never changed (it may be `/tmp`), but others must not be
/// able to put their own socket in the place of ours.
fn prepare_directory(path: &Path) -> Result<&Path, EndpointError> {
    let directory = path.parent().ok_or(EndpointError::Form)?;
    let failed = |e| EndpointError::Io(directory.display().to_string(), e);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let mode = std::fs::metadata(directory).map_err(failed)?.permissions().mode();
    let (others_write, sticky) = (mode & 0o022 != 0, mode & 0o1000 != 0);
    if others_write && !sticky { Err(EndpointError::Open(directory.into())) } else { Ok(directory) }
}

/// Binds in a directory of its own, so that at no moment can anybody else connect, then moves the socket to its place.
fn bind_private(path: &Path, directory: &Path) -> io::Result<UnixListener> {
    let mut random = [0u8; 4];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let private = directory.join(format!(".{}", hex::encode(random)));
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let socket = private.join("s");
    let bound = UnixListener::bind(&socket).and_then(|listener| {
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o600))?;
        std::fs::rename(&socket, path)?;
        Ok(listener)
    });
    let _ = std::fs::remove_dir_all(&private);
    bound
}

/// A host that was killed leaves its socket behind.
async fn remove_stale(path: &Path) -> Result<(), EndpointError> {
    let failed = |e| EndpointError::Io(path.display().to_string(), e);
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failed(e)),
        Ok(found) if !found.file_type().is_socket() => Err(EndpointError::InTheWay(path.into())),
        Ok(_) => match UnixStream::connect(path).await {
            Ok(_) => Err(EndpointError::Taken(path.into())),
            Err(_) => std::fs::remove_file(path).map_err(failed),
        },
    }
}

/// Removes the socket's file when the listener goes.
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Left behind, it is found stale next time.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A listener.
pub(super) enum Bound {
    Unix { listener: UnixListener, _file: SocketFile },
    Vsock(VsockListener),
}

impl Bound {
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Octets>> {
        match self {
            Self::Unix { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
            Self::Vsock(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_and_others_refused() {
        assert_eq!(
            Endpoint::parse("unix:///run/fuin/vm_9000").unwrap(),
            Endpoint::Unix("/run/fuin/vm_9000".into())
        );
        assert_eq!(Endpoint::parse("vsock://:9000").unwrap(), Endpoint::Vsock(9000));
        for uri in [
            "",
            "unix://",
            "unix://relative",
            "unix:///",
            "vsock://3:9000",
            "vsock://:",
            "vsock://:-1",
            "tcp://:1",
        ] {
            assert!(matches!(Endpoint::parse(uri), Err(EndpointError::Form)), "{uri}");
        }
        let long = format!("unix:///{}", "a".repeat(120));
        assert!(matches!(Endpoint::parse(&long), Err(EndpointError::Form)));
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run/enclave");
        let endpoint = Endpoint::Unix(path.clone());
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        let bound = endpoint.bind().await.unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing but the socket stays"
        );
        assert!(matches!(endpoint.bind().await, Err(EndpointError::Taken(_))));
        drop(bound);
        assert!(!path.exists());
        // A socket whose process is gone: bound, never unlinked.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let bound = endpoint.bind().await.unwrap();
        let (_, accepted) = tokio::join!(UnixStream::connect(&path), bound.accept());
        assert!(accepted.is_ok());
    }

    #[tokio::test]
    async fn files_and_open_directories_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(Endpoint::Unix(path.clone()).bind().await, Err(EndpointError::InTheWay(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        let open = home.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(matches!(Endpoint::Unix(open.join("socket")).bind().await, Err(EndpointError::Open(_))));
    }
}
