//! Ctrl-C in a training: what is in memory alone is saved first, at the end of the epoch that runs; where nothing is, the
//! process ends at once.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::checkpoint::Earlier;
use crate::error::CliError;
use crate::output::Output;

/// What Ctrl-C finds, shared with its handler. Whoever writes the checkpoint holds the lock: it is never left half-way.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<Mutex<Progress>>);

/// What of a training is on the disk.
#[derive(Debug)]
pub struct Progress {
    checkpoint: PathBuf,
    /// How it is gone on from.
    earlier: Earlier,
    /// Epochs that the checkpoint holds.
    saved: usize,
    /// Whether there are more in memory.
    unsaved: bool,
    /// Whether Ctrl-C waits for them.
    pressed: bool,
}

impl Interrupt {
    /// Nothing is saved yet. From now on Ctrl-C asks this.
    pub fn watch(checkpoint: PathBuf, earlier: Earlier, output: Output) -> Interrupt {
        let interrupt = Interrupt(Arc::new(Mutex::new(Progress::new(checkpoint, earlier))));
        let watched = interrupt.clone();
        // Fails where a process trains twice, as tests do: then Ctrl-C is the first one's.
        let _ = ctrlc::set_handler(move || watched.press(output));
        interrupt
    }

    pub fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn press(&self, output: Output) {
        let ending = self.progress().press();
        if stderr().is_terminal() {
            output.note(""); // After the `^C` and the progress bar.
        }
        match ending {
            Some(error) => {
                output.error(&error);
                std::process::exit(error.exit_code().into());
            }
            None => {
                output.note("stopping at the end of this epoch; Ctrl-C again stops at once and loses what is not saved")
            }
        }
    }
}

impl Progress {
    fn new(checkpoint: PathBuf, earlier: Earlier) -> Progress {
        Progress { checkpoint, earlier, saved: 0, unsaved: false, pressed: false }
    }

    /// The checkpoint holds all epochs there are.
    pub fn saved(&mut self, epochs: usize) {
        (self.saved, self.unsaved) = (epochs, false);
    }

    /// There is an epoch more than the checkpoint holds.
    pub fn learnt(&mut self) {
        self.unsaved = true;
    }

    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// What a Ctrl-C that waited ends the training with.
    pub fn waited(&self) -> Option<CliError> {
        self.pressed.then(|| self.ending())
    }

    /// What Ctrl-C ends the process with at once; none where there is something to be saved first.
    fn press(&mut self) -> Option<CliError> {
        let waits = self.unsaved && !self.pressed;
        self.pressed = true;
        (!waits).then(|| self.ending())
    }

    fn ending(&self) -> CliError {
        match self.saved {
            0 => CliError::Stopped,
            epoch => {
                let (checkpoint, go_on) = (self.checkpoint.clone(), self.earlier.go_on(epoch));
                CliError::Interrupted { checkpoint, epoch, go_on }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> Progress {
        Progress::new("m.checkpoint".into(), Earlier::Refused)
    }

    #[test]
    fn only_what_is_in_memory_alone_is_waited_for() {
        let mut progress = new();
        assert!(matches!(progress.press(), Some(CliError::Stopped)), "no epoch is over");

        let mut progress = new();
        progress.learnt();
        assert!(progress.press().is_none() && progress.is_unsaved());
        progress.saved(1);
        assert!(matches!(progress.waited(), Some(CliError::Interrupted { epoch: 1, .. })));

        let mut progress = new();
        progress.saved(5);
        assert!(progress.waited().is_none());
        assert!(matches!(progress.press(), Some(CliError::Interrupted { epoch: 5, .. })), "nothing to wait for");

        let mut progress = new();
        progress.saved(2);
        progress.learnt();
        assert!(progress.press().is_none());
        assert!(matches!(progress.press(), Some(CliError::Interrupted { epoch: 2, .. })), "the second does not wait");
    }

    #[test]
    fn the_way_on_is_the_commands_own() {
        let said = |earlier| {
            let mut progress = Progress::new("m.checkpoint".into(), earlier);
            progress.saved(4);
            progress.press().unwrap().to_string()
        };
        assert!(said(Earlier::Refused).contains("with --resume goes on, and with --epochs 4"));
        assert!(!said(Earlier::Own).contains("--"), "tune has no such flag");
    }
}
