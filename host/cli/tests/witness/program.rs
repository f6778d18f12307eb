//! Place: none. Witnesses as processes, and HTTP by hand.

use crate::kit::{Reply, TestLog};
use fuin_shared::log::cosignature::WitnessKey;
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `fuin witness ARGUMENTS`, until it ends.
pub fn fuin(arguments: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["60", env!("CARGO_BIN_EXE_fuin"), "witness"]).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// The text of a path.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The folder of a new witness that watches `log`, and its key.
pub fn watching(place: &Path, log: &TestLog) -> (PathBuf, WitnessKey) {
    let folder = place.join("witness");
    let made = fuin(&["init", "--dir", text(&folder), "--name", "witness.example/w"]);
    assert!(made.status.success(), "{made:?}");
    let key = WitnessKey::parse(String::from_utf8(made.stdout).unwrap().trim()).unwrap();
    let added = fuin(&["add-log", "--dir", text(&folder), "--vkey", &log.key().to_string()]);
    assert!(added.status.success(), "{added:?}");
    (folder, key)
}

/// A program that serves. Killed when dropped.
pub struct Serving {
    pub child: Child,
    pub address: SocketAddr,
}

impl Serving {
    /// `fuin witness serve`, once it says where.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuin"));
        command.args(["witness", "serve", "--dir"]).arg(folder).args(options);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").expect("it says where it serves").1;
        Self { child, address: address.parse().unwrap() }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection on which nothing waits for ever.
pub fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Head of a request for `add-checkpoint` with so many octets. HTTP/1.0: the answer comes whole, and the connection ends.
pub fn head(length: usize) -> String {
    format!("POST /add-checkpoint HTTP/1.0\r\nHost: witness\r\nContent-Length: {length}\r\n\r\n")
}

/// `POST /add-checkpoint`.
pub fn post(address: SocketAddr, body: &str) -> std::io::Result<Reply> {
    let mut stream = connect(address)?;
    stream.write_all((head(body.len()) + body).as_bytes())?;
    reply(stream)
}

/// The whole answer.
pub fn reply(mut stream: TcpStream) -> std::io::Result<Reply> {
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets)?;
    let broken = || Error::from(ErrorKind::UnexpectedEof);
    let end = octets.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(broken)?;
    let head = String::from_utf8_lossy(&octets[..end]).to_lowercase();
    let body = octets[end + 4..].to_vec();
    let field =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned());
    if field("content-length:").is_some_and(|length| length != body.len().to_string()) {
        return Err(broken());
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok(Reply { status, content_type: field("content-type:"), body })
}
