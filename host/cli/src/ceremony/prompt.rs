//! Place: none. A secret typed at the terminal, which does not show it.

use anyhow::Context as _;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use zeroize::Zeroizing;

const MAX: u64 = 256;

/// Shows again what is typed, however the reading ended.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}

/// Asks for one line.
pub fn secret(question: &str) -> anyhow::Result<Zeroizing<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").context("no terminal")?;
    let before = tcgetattr(&terminal).context("no terminal")?;
    let mut quiet = before.clone();
    quiet.local_flags.remove(LocalFlags::ECHO);
    quiet.local_flags.insert(LocalFlags::ECHONL);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet).context("terminal")?;
    let _restore = Quiet { terminal: &terminal, before };
    (&terminal).write_all(question.as_bytes())?;
    let mut line = Zeroizing::new(String::new());
    BufReader::new((&terminal).take(MAX)).read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    anyhow::ensure!(length > 0, "nothing was typed");
    line.truncate(length);
    Ok(line)
}
