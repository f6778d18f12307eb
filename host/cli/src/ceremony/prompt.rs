//! Place: none. A secret typed at the terminal, which does not show it.

use anyhow::{Context as _, bail, ensure};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use zeroize::Zeroizing;

/// Octets of the secret and the end of its line.
const MAX: usize = 257;
/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

/// Shows again what is typed, however the reading ended. What was typed and not read goes to nobody.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

/// Asks for one line.
pub fn secret(question: &str) -> anyhow::Result<Zeroizing<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").context("no terminal")?;
    let before = tcgetattr(&terminal).context("no terminal")?;
    let mut quiet = before.clone();
    // Ctrl-C ends the line here in place of the program, which would leave the terminal as it is meanwhile.
    quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
    quiet.local_flags.insert(LocalFlags::ECHONL | LocalFlags::ICANON);
    quiet.control_chars[SpecialCharacterIndices::VEOL as usize] = INTERRUPT;
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet).context("terminal")?;
    let _restore = Quiet { terminal: &terminal, before };
    (&terminal).write_all(question.as_bytes())?;
    line(&terminal)
}

/// One line, of which nothing stays elsewhere: no buffer grows or is left behind.
fn line(mut from: impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut octets = Zeroizing::new([0; MAX]);
    let mut filled = 0;
    let length = loop {
        let rest = octets.get_mut(filled..).unwrap_or_default();
        ensure!(!rest.is_empty(), "more than {} octets were typed", MAX - 1);
        let read = from.read(rest)?;
        ensure!(read > 0, "the line has no end");
        let new = rest.get(..read).unwrap_or_default();
        if new.contains(&INTERRUPT) {
            bail!("interrupted");
        }
        if let Some(end) = new.iter().position(|octet| *octet == b'\n') {
            break filled + end;
        }
        filled += read;
    };
    let typed = std::str::from_utf8(octets.get(..length).unwrap_or_default());
    let typed = typed.map_err(|_| anyhow::anyhow!("not UTF-8"))?.trim_end_matches('\r');
    ensure!(!typed.is_empty(), "nothing was typed");
    Ok(Zeroizing::new(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[u8]) -> Result<String, String> {
        line(typed).map(|secret| secret.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_line_is_the_secret() {
        assert_eq!(read(b"1234\n"), Ok("1234".to_owned()));
        assert_eq!(read(b" 1 2\r\nmore"), Ok(" 1 2".to_owned()));
        let longest = "x".repeat(MAX - 1);
        assert_eq!(read(format!("{longest}\n").as_bytes()), Ok(longest));
        // Piece by piece.
        assert_eq!(line(b"12".chain(&b"34\n"[..])).unwrap().as_str(), "1234");
    }

    #[test]
    fn a_line_without_its_end_is_refused() {
        assert_eq!(read(b"1234"), Err("the line has no end".to_owned()));
        assert_eq!(read(b""), Err("the line has no end".to_owned()));
        let long = "x".repeat(MAX);
        assert_eq!(read(format!("{long}\n").as_bytes()), Err("more than 256 octets were typed".to_owned()));
    }

    #[test]
    fn an_interrupted_line_is_refused() {
        assert_eq!(read(b"12\x03"), Err("interrupted".to_owned()));
        assert_eq!(read(b"12\x0334\n"), Err("interrupted".to_owned()));
    }

    #[test]
    fn a_line_that_is_no_secret_is_refused() {
        assert_eq!(read(b"\r\n"), Err("nothing was typed".to_owned()));
        assert_eq!(read(b"\xff\n"), Err("not UTF-8".to_owned()));
    }
}
