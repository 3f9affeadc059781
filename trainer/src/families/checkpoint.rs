//! Vectors in training, kept beside the model: a training that was stopped goes on from there.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint_file::{CheckpointFile, Saved, contents};
use super::fit::Epoch;
use super::interrupt::{Interrupt, Progress};
use super::learner::Learner;
use super::trained::Vectors;
use crate::error::{CliError, Result};
use crate::output::{Output, with_ending, write_atomically};

/// Written at most this often while nothing stops the training.
const EVERY: Duration = Duration::from_secs(30);

/// What becomes of a checkpoint that lies there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// It is in the way: `train`.
    Refused,
    /// It must be of this training, which goes on from it: `train --resume`.
    Resumed,
    /// Where it is of this training, that goes on from it; else it is replaced: `tune`, which lets none stand but its
    /// own.
    Own,
}

impl Earlier {
    /// What goes on from a checkpoint of so many epochs.
    pub fn go_on(self, epoch: usize) -> String {
        match self {
            Earlier::Refused | Earlier::Resumed => format!(
                "the same command with --resume goes on, and with --epochs {epoch} besides takes the vectors as they \
                 are"
            ),
            Earlier::Own => "the same command goes on".into(),
        }
    }
}

/// Where a training leaves its state.
pub struct Checkpoint {
    path: PathBuf,
    /// What is trained on what: a checkpoint of anything else is refused.
    key: String,
    /// The one to go on from, until it is taken.
    earlier: Cell<Option<CheckpointFile>>,
    written: Cell<Instant>,
    interrupt: Interrupt,
}

impl Checkpoint {
    /// The checkpoint of the training of this key into `model`. Ctrl-C now leaves it before it ends the process.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for one that lies there and is not to be gone on from, [`CliError::Open`].
    pub fn beside(model: &Path, key: String, earlier: Earlier, output: Output) -> Result<Checkpoint> {
        let path = path_beside(model);
        let found = found(&path, &key, earlier, output)?;
        let interrupt = Interrupt::watch(path.clone(), earlier, output);
        Ok(Checkpoint { path, key, earlier: Cell::new(found), written: Cell::new(Instant::now()), interrupt })
    }

    /// Refuses a checkpoint beside `model` of a key that is not one's own, before work is put into what it would be in
    /// the way of.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`], [`CliError::Open`].
    pub fn expect_own(model: &Path, is_own: impl FnOnce(&str) -> bool) -> Result<()> {
        let path = path_beside(model);
        match CheckpointFile::read(&path)? {
            Some(file) if !is_own(file.key()) => {
                let found = "one of another training; remove it, or name another model with -o".into();
                Err(CliError::Checkpoint { path, expected: "no checkpoint but this search's", found })
            }
            _ => Ok(()),
        }
    }

    /// Sets `learner` to the state that was left, if one was and is to be gone on from.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for one that does not fit.
    pub fn resume(&self, learner: &mut dyn Learner) -> Result<Option<Saved>> {
        let Some(file) = self.earlier.take() else { return Ok(None) };
        let saved = file.restore(learner)?;
        self.interrupt.progress().saved(saved.epochs.len());
        Ok(Some(saved))
    }

    /// After an epoch: writes the state if Ctrl-C waits for it or the last writing is a while ago.
    ///
    /// # Errors
    /// [`CliError::Interrupted`] after Ctrl-C, [`CliError::Write`].
    pub fn after(&self, learner: &mut dyn Learner, epochs: &[Epoch], kept: &Vectors) -> Result<()> {
        let mut progress = self.interrupt.progress();
        progress.learnt();
        match progress.waited().is_some() || self.written.get().elapsed() > EVERY {
            true => self.write(&mut progress, learner, epochs, kept),
            false => Ok(()),
        }
    }

    /// After the last epoch: writes the state, for what follows the vectors to be gone on with.
    ///
    /// # Errors
    /// As [`Checkpoint::after`].
    pub fn finish(&self, learner: &mut dyn Learner, epochs: &[Epoch], kept: &Vectors) -> Result<()> {
        let mut progress = self.interrupt.progress();
        match progress.is_unsaved() {
            true => self.write(&mut progress, learner, epochs, kept),
            false => Ok(()),
        }
    }

    fn write(
        &self,
        progress: &mut Progress,
        learner: &mut dyn Learner,
        epochs: &[Epoch],
        kept: &Vectors,
    ) -> Result<()> {
        write_atomically(&self.path, &contents(&self.key, learner, epochs, kept))?;
        self.written.set(Instant::now());
        progress.saved(epochs.len());
        progress.waited().map_or(Ok(()), Err)
    }

    /// Removes it: the training is over.
    pub fn remove(&self) {
        // Nothing is lost where it stays.
        let _ = fs::remove_file(&self.path);
    }
}

fn path_beside(model: &Path) -> PathBuf {
    with_ending(model, ".checkpoint")
}

/// The checkpoint that the training of this key goes on from.
fn found(path: &Path, key: &str, earlier: Earlier, output: Output) -> Result<Option<CheckpointFile>> {
    let refused =
        |expected, found: &str| Err(CliError::Checkpoint { path: path.into(), expected, found: found.into() });
    if earlier == Earlier::Refused {
        return match path.exists() {
            true => {
                refused("no checkpoint", "one of an earlier training; give --resume to go on with it, or remove it")
            }
            false => Ok(None),
        };
    }
    match (CheckpointFile::read(path)?, earlier) {
        (Some(file), _) if file.key() == key => Ok(Some(file)),
        (Some(_), Earlier::Own) => {
            output.note("train  another recipe is the best now; the checkpoint of the one before is replaced");
            Ok(None)
        }
        (Some(_), _) => refused(
            "a checkpoint of this training",
            "one of other data or settings; give the same log and flags, or remove it",
        ),
        (None, Earlier::Resumed) => {
            output.note(format!("train  no checkpoint {} to go on from: starts anew", path.display()));
            Ok(None)
        }
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint_file::fixture::Counter;
    use super::*;

    const QUIET: Output = Output { json: true };

    /// A checkpoint of this key after one epoch, in a folder.
    fn left(key: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        let checkpoint = Checkpoint::beside(&model, key.into(), Earlier::Refused, QUIET).unwrap();
        let mut learner = Counter::new(3);
        let line = Epoch { epoch: 1, loss: learner.epoch(1).unwrap(), ndcg: None, kept: false };
        let (epochs, kept) = ([line], learner.vectors());
        checkpoint.after(&mut learner, &epochs, &kept).unwrap();
        assert!(!path_beside(&model).exists(), "nothing asks for it yet");
        checkpoint.finish(&mut learner, &epochs, &kept).unwrap();
        (folder, model)
    }

    #[test]
    fn the_last_epoch_is_there_for_what_follows() {
        let (_folder, model) = left("a");
        let checkpoint = Checkpoint::beside(&model, "a".into(), Earlier::Resumed, QUIET).unwrap();
        let mut learner = Counter::new(3);
        let saved = checkpoint.resume(&mut learner).unwrap().unwrap();
        assert_eq!((saved.epochs.len(), learner.state), (1, vec![1.0; 3]));
        checkpoint.remove();
        let anew = Checkpoint::beside(&model, "a".into(), Earlier::Resumed, QUIET).unwrap();
        assert!(anew.resume(&mut Counter::new(3)).unwrap().is_none());
    }

    #[test]
    fn what_lies_there_already_is_known_before_work_is_done() {
        let (_folder, model) = left("a");
        let beside = |key: &str, earlier| Checkpoint::beside(&model, key.into(), earlier, QUIET);
        let said = |key, earlier| beside(key, earlier).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said("a", Earlier::Refused).contains("--resume"));
        assert!(said("b", Earlier::Resumed).contains("other data or settings"));
        let replaced = beside("b", Earlier::Own).unwrap();
        assert!(replaced.resume(&mut Counter::new(3)).unwrap().is_none());
        let own = beside("a", Earlier::Own).unwrap();
        assert!(own.resume(&mut Counter::new(3)).unwrap().is_some());

        assert!(Checkpoint::expect_own(&model, |key| key == "a").is_ok());
        assert!(Checkpoint::expect_own(&model.with_file_name("other"), |_| false).is_ok(), "none is no obstacle");
        let refused = Checkpoint::expect_own(&model, |key| key == "b").unwrap_err().to_string();
        assert!(refused.contains("model.checkpoint") && refused.contains("-o"), "{refused}");
    }
}
