//! Place: none. What a person sees while things come up: a spinner on a terminal, plain lines elsewhere; on standard error.

use indicatif::ProgressBar;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(120);

/// Progress of the whole session.
pub struct Progress {
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { began: Instant::now(), bar }
    }

    /// What is being done now.
    pub fn step(&self, text: &str) {
        match &self.bar {
            Some(bar) => {
                if bar.is_finished() {
                    bar.reset();
                    bar.enable_steady_tick(TICK);
                }
                bar.set_message(text.to_owned());
            }
            None => self.line(text),
        }
    }

    /// Something that stays to be read.
    pub fn note(&self, text: &str) {
        match &self.bar {
            // A finished bar would swallow the line.
            Some(bar) if bar.is_finished() => eprintln!("{text}"),
            Some(bar) => bar.println(text),
            None => self.line(text),
        }
    }

    /// Nothing is being done now.
    pub fn rest(&self) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        eprintln!("[{:7.1} s] {text}", self.began.elapsed().as_secs_f64());
    }
}
