//! Vectors in training, kept beside the model: a training that was stopped goes on from there.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proclivity::model::UserTower;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use sha2::{Digest, Sha256};

use super::fit::Epoch;
use super::learner::Learner;
use super::trained::Vectors;
use crate::dataset::Interactions;
use crate::error::{CliError, Result};
use crate::output::write_atomically;

/// Written at most this often while nothing stops the training.
const EVERY: Duration = Duration::from_secs(30);
/// Names of the vectors that were best so far.
const KEPT: [&str; 3] = ["kept.rows", "kept.bias", "kept.user_rows"];

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Where a training leaves its state.
pub struct Checkpoint {
    path: PathBuf,
    /// What is trained on what: a checkpoint of anything else is refused.
    key: String,
    resume: bool,
    written: Cell<Instant>,
}

/// What a checkpoint knows besides the learner's own state.
pub struct Saved {
    pub epochs: Vec<Epoch>,
    /// The vectors that were best so far.
    pub kept: Vectors,
}

impl Checkpoint {
    /// The checkpoint of a training of `settings` on `data` into `model`. Ctrl-C now stops the training after the epoch it is
    /// in; a second one ends the process at once.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for one that lies there and is not to be resumed from.
    pub fn beside(model: &Path, settings: &str, data: &Interactions, resume: bool) -> Result<Checkpoint> {
        let path = Self::path_beside(model);
        if !resume && path.exists() {
            let found = "one of an earlier training; give --resume to go on with it, or remove it".into();
            return Err(CliError::Checkpoint { path, expected: "no checkpoint", found });
        }
        // Fails where a handler is there already: then it is this one.
        let _ = ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        Ok(Checkpoint { path, key: key(settings, data), resume, written: Cell::new(Instant::now()) })
    }

    fn path_beside(model: &Path) -> PathBuf {
        let mut name = model.as_os_str().to_owned();
        name.push(".checkpoint");
        name.into()
    }

    /// Sets `learner` to the state that was left, if one was and is to be resumed from.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for one of another training, [`CliError::Open`].
    pub fn resume(&self, learner: &mut dyn Learner) -> Result<Option<Saved>> {
        if !self.resume || !self.path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&self.path).map_err(|source| CliError::Open { path: self.path.clone(), source })?;
        let refused = |expected, found: String| CliError::Checkpoint { path: self.path.clone(), expected, found };
        let broken = |found: String| refused("a whole checkpoint", found);
        let file = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| broken(error.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = |name: &str| metadata.get(name).cloned().unwrap_or_default();
        if text("key") != self.key {
            let found = "one of other data or settings; give the same log and flags, or remove it".to_owned();
            return Err(refused("a checkpoint of this training", found));
        }
        for (name, state) in learner.state() {
            *state = numbers(&file, name).ok_or_else(|| broken(absent(name)))?;
        }
        let unread = |error: serde_json::Error| broken(error.to_string());
        let shape: Shape = serde_json::from_str(&text("kept")).map_err(unread)?;
        let rows = numbers(&file, KEPT[0]).ok_or_else(|| broken(absent(KEPT[0])))?;
        let [bias, user_rows] = [KEPT[1], KEPT[2]].map(|name| numbers(&file, name));
        let kept = Vectors { rows, dim: shape.dim, bias, tower: shape.tower(), user_rows };
        Ok(Some(Saved { epochs: serde_json::from_str(&text("epochs")).map_err(unread)?, kept }))
    }

    /// After an epoch: writes the state if Ctrl-C was pressed or the last writing is a while ago.
    ///
    /// # Errors
    /// [`CliError::Interrupted`] after Ctrl-C, [`CliError::Write`].
    pub fn after(&self, learner: &mut dyn Learner, epochs: &[Epoch], kept: &Vectors) -> Result<()> {
        let stop = STOP.load(Ordering::Relaxed);
        if stop || self.written.get().elapsed() > EVERY {
            write_atomically(&self.path, &contents(&self.key, learner, epochs, kept)?)?;
            self.written.set(Instant::now());
        }
        match stop {
            true => Err(CliError::Interrupted { checkpoint: self.path.clone(), epoch: epochs.len() }),
            false => Ok(()),
        }
    }

    /// Removes it: the training is over.
    pub fn remove(&self) {
        // Nothing is lost where it stays.
        let _ = fs::remove_file(&self.path);
    }
}

/// What the vectors are, besides their numbers.
#[derive(serde::Serialize, serde::Deserialize)]
struct Shape {
    dim: usize,
    /// Alpha, regularisation and power of a fold-in, or the power of a pooled history alone.
    tower: Vec<f32>,
}

impl Shape {
    fn of(vectors: &Vectors) -> Shape {
        let tower = match vectors.tower {
            UserTower::FoldIn { alpha, regularization, power } => vec![alpha, regularization, power],
            UserTower::Pool { power } => vec![power],
        };
        Shape { dim: vectors.dim, tower }
    }

    fn tower(&self) -> UserTower {
        match self.tower[..] {
            [alpha, regularization, power] => UserTower::FoldIn { alpha, regularization, power },
            _ => UserTower::Pool { power: self.tower.first().copied().unwrap_or(0.0) },
        }
    }
}

fn contents(key: &str, learner: &mut dyn Learner, epochs: &[Epoch], kept: &Vectors) -> Result<Vec<u8>> {
    let mut tensors: Vec<(&str, Vec<u8>)> = Vec::new();
    tensors.extend(learner.state().into_iter().map(|(name, state)| (name, bytes(state))));
    tensors.push((KEPT[0], bytes(&kept.rows)));
    for (name, numbers) in [(KEPT[1], &kept.bias), (KEPT[2], &kept.user_rows)] {
        tensors.extend(numbers.iter().map(|numbers| (name, bytes(numbers))));
    }
    let views = tensors
        .iter()
        .map(|(name, data)| (*name, TensorView::new(Dtype::F32, vec![data.len() / 4], data).expect("whole numbers")));
    let json = |value: serde_json::Result<String>| value.expect("plain numbers");
    let metadata = [
        ("key".to_owned(), key.to_owned()),
        ("epochs".to_owned(), json(serde_json::to_string(epochs))),
        ("kept".to_owned(), json(serde_json::to_string(&Shape::of(kept)))),
    ];
    Ok(serialize(views, Some(metadata.into_iter().collect())).expect("names are unique"))
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn numbers(file: &SafeTensors, name: &str) -> Option<Vec<f32>> {
    let tensor = file.tensor(name).ok()?;
    let (chunks, rest) = tensor.data().as_chunks();
    rest.is_empty().then(|| chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect())
}

fn absent(name: &str) -> String {
    format!("one without `{name}`; remove it and train again")
}

/// Tells trainings apart: sha256 of settings and data.
fn key(settings: &str, data: &Interactions) -> String {
    let mut hash = Sha256::new();
    hash.update(settings);
    for (user, events) in data.users.iter().zip(&data.events) {
        hash.update(user);
        for event in events {
            hash.update(event.item.to_le_bytes());
            hash.update(event.time.to_le_bytes());
            hash.update(event.strength.to_le_bytes());
            hash.update(event.value.to_le_bytes());
        }
    }
    data.items.iter().for_each(|item| hash.update(item));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
