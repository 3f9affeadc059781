//! The file of a checkpoint: safetensors with the learner's numbers and the vectors that were best so far, and the diary
//! in its header.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use proclivity::model::{ContextSpec, NetworkSpec, RankerSpec, UserTower};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::fit::Epoch;
use super::learner::Learner;
use super::trained::Vectors;
use crate::error::{CliError, Result};

/// Names of the vectors that were best so far.
const KEPT: [&str; 4] = ["kept.rows", "kept.bias", "kept.user_rows", "kept.context.rows"];

/// What a checkpoint knows besides the learner's own state.
#[derive(Debug)]
pub struct Saved {
    pub epochs: Vec<Epoch>,
    /// The vectors that were best so far.
    pub kept: Vectors,
}

/// A checkpoint as it was written.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    bytes: Vec<u8>,
    metadata: HashMap<String, String>,
}

impl CheckpointFile {
    /// The file at `path`, if there is one.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for something else, [`CliError::Open`].
    pub fn read(path: &Path) -> Result<Option<CheckpointFile>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CliError::Open { path: path.into(), source }),
        };
        let header = SafeTensors::read_metadata(&bytes).map_err(|error| broken(path, &error.to_string()))?.1;
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(Some(CheckpointFile { path: path.into(), bytes, metadata }))
    }

    /// What was trained on what.
    pub fn key(&self) -> &str {
        self.text("key")
    }

    /// Sets `learner` to the state that was left.
    ///
    /// # Errors
    /// [`CliError::Checkpoint`] for numbers that are not of such a learner.
    pub fn restore(&self, learner: &mut dyn Learner) -> Result<Saved> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(|error| self.broken(&error.to_string()))?;
        for (name, state) in learner.state() {
            *state = self.numbers(&file, &name, state.len())?;
        }
        let like = learner.vectors();
        let optional = |name, like: Option<Vec<f32>>| like.map(|x| self.numbers(&file, name, x.len())).transpose();
        let kept = Vectors {
            rows: self.numbers(&file, KEPT[0], like.rows.len())?,
            dim: like.dim,
            bias: optional(KEPT[1], like.bias)?,
            tower: self.tower()?,
            user_rows: optional(KEPT[2], like.user_rows)?,
            network: like.network.map(|network| self.network(&file, network)).transpose()?,
            ranker: like.ranker.map(|ranker| self.ranker(&file, ranker)).transpose()?,
            context: like.context.map(|context| self.context(&file, context)).transpose()?,
        };
        Ok(Saved { epochs: self.epochs()?, kept })
    }

    fn epochs(&self) -> Result<Vec<Epoch>> {
        let epochs: Vec<Epoch> =
            serde_json::from_str(self.text("epochs")).map_err(|error| self.broken(&error.to_string()))?;
        match !epochs.is_empty() && epochs.iter().zip(1..).all(|(line, number)| line.epoch == number) {
            true => Ok(epochs),
            false => Err(self.broken("one whose epochs are not counted from 1")),
        }
    }

    fn tower(&self) -> Result<UserTower> {
        let numbers: Vec<f32> =
            serde_json::from_str(self.text("tower")).map_err(|error| self.broken(&error.to_string()))?;
        match numbers[..] {
            [alpha, regularization, power] => Ok(UserTower::FoldIn { alpha, regularization, power }),
            [power] => Ok(UserTower::Pool { power }),
            [] => Ok(UserTower::Network),
            _ => Err(self.broken(&format!("one whose user tower has {} numbers", numbers.len()))),
        }
    }

    /// The network that was kept, of the shape the learner has.
    fn network(&self, file: &SafeTensors, mut like: NetworkSpec) -> Result<NetworkSpec> {
        for (name, _, values) in &mut like.tensors {
            *values = self.numbers(file, &kept_tensor(name), values.len())?;
        }
        Ok(like)
    }

    /// The context that was kept, of the fields the learner has.
    fn context(&self, file: &SafeTensors, like: ContextSpec) -> Result<ContextSpec> {
        Ok(ContextSpec { rows: self.numbers(file, KEPT[3], like.rows.len())?, ..like })
    }

    /// The layers over pairs that were kept, of the shape the learner has.
    fn ranker(&self, file: &SafeTensors, mut like: RankerSpec) -> Result<RankerSpec> {
        for (n, layer) in like.layers.iter_mut().enumerate() {
            let [weight, bias] = layer_tensors(n);
            layer.weight = self.numbers(file, &weight, layer.weight.len())?;
            layer.bias = self.numbers(file, &bias, layer.bias.len())?;
        }
        Ok(like)
    }

    /// The tensor of this name, which must be as long as the learner has it.
    fn numbers(&self, file: &SafeTensors, name: &str, expected: usize) -> Result<Vec<f32>> {
        let tensor = file.tensor(name).map_err(|_| self.broken(&format!("one without `{name}`")))?;
        let (chunks, rest) = tensor.data().as_chunks();
        match tensor.dtype() == Dtype::F32 && rest.is_empty() && chunks.len() == expected {
            true => Ok(chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect()),
            false => {
                let found = format!("{:?} {:?}", tensor.dtype(), tensor.shape());
                Err(self.broken(&format!("one whose `{name}` is {found}, not {expected} numbers in f32")))
            }
        }
    }

    fn text(&self, name: &str) -> &str {
        self.metadata.get(name).map_or("", String::as_str)
    }

    fn broken(&self, found: &str) -> CliError {
        broken(&self.path, found)
    }
}

fn broken(path: &Path, found: &str) -> CliError {
    let found = format!("{found}; remove it and train again");
    CliError::Checkpoint { path: path.into(), expected: "a whole checkpoint of this training", found }
}

/// The file of the training of this key as it stands.
pub fn contents(key: &str, learner: &mut dyn Learner, epochs: &[Epoch], kept: &Vectors) -> Vec<u8> {
    let mut tensors: Vec<(Cow<'_, str>, Vec<u8>)> = Vec::new();
    tensors.extend(learner.state().into_iter().map(|(name, state)| (name, bytes(state))));
    tensors.push((KEPT[0].into(), bytes(&kept.rows)));
    for (name, numbers) in [(KEPT[1], &kept.bias), (KEPT[2], &kept.user_rows)] {
        tensors.extend(numbers.iter().map(|numbers| (name.into(), bytes(numbers))));
    }
    tensors.extend(kept.context.iter().map(|context| (KEPT[3].into(), bytes(&context.rows))));
    let network = kept.network.iter().flat_map(|network| &network.tensors);
    tensors.extend(network.map(|(name, _, values)| (kept_tensor(name).into(), bytes(values))));
    let layers = kept.ranker.iter().flat_map(|ranker| ranker.layers.iter().enumerate());
    tensors.extend(layers.flat_map(|(n, layer)| {
        let [weight, bias] = layer_tensors(n);
        [(weight.into(), bytes(&layer.weight)), (bias.into(), bytes(&layer.bias))]
    }));
    let views = tensors
        .iter()
        .map(|(name, data)| (name, TensorView::new(Dtype::F32, vec![data.len() / 4], data).expect("whole numbers")));
    let tower = match kept.tower {
        UserTower::FoldIn { alpha, regularization, power } => vec![alpha, regularization, power],
        UserTower::Pool { power } => vec![power],
        UserTower::Network => Vec::new(),
    };
    let json = |value: serde_json::Result<String>| value.expect("plain numbers");
    let metadata = [
        ("key".to_owned(), key.to_owned()),
        ("epochs".to_owned(), json(serde_json::to_string(epochs))),
        ("tower".to_owned(), json(serde_json::to_string(&tower))),
    ];
    serialize(views, Some(metadata.into_iter().collect())).expect("names are unique")
}

/// The name of a tensor of the network that was kept.
fn kept_tensor(name: &str) -> String {
    format!("kept.{name}")
}

/// The names of a layer over pairs that was kept.
fn layer_tensors(n: usize) -> [String; 2] {
    ["weight", "bias"].map(|part| kept_tensor(&format!("mlp.{n}.{part}")))
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
pub mod fixture {
    use proclivity::model::UserTower;

    use super::super::learner::{Learner, State};
    use super::super::trained::Vectors;
    use crate::error::Result;

    /// Counts epochs in each of its numbers.
    pub struct Counter {
        pub state: Vec<f32>,
    }

    impl Counter {
        pub fn new(length: usize) -> Counter {
            Counter { state: vec![0.0; length] }
        }
    }

    impl Learner for Counter {
        fn name(&self) -> &'static str {
            "counter"
        }

        fn epoch(&mut self, epoch: usize) -> Result<f64> {
            self.state.iter_mut().for_each(|x| *x += 1.0);
            Ok(1.0 / epoch as f64)
        }

        fn vectors(&self) -> Vectors {
            let rows = self.state.clone();
            let tower = UserTower::Pool { power: 0.5 };
            Vectors {
                dim: 1,
                bias: Some(rows.clone()),
                tower,
                user_rows: Some(rows.clone()),
                network: None,
                ranker: None,
                context: None,
                rows,
            }
        }

        fn state(&mut self) -> State<'_> {
            vec![("state".into(), &mut self.state)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::Counter;
    use super::*;

    fn line(epoch: usize) -> Epoch {
        Epoch { epoch, loss: 0.5, ndcg: Some(0.1), kept: false }
    }

    /// What a learner of three numbers says of the checkpoint of one of `length`, whose best vectors are these.
    fn restored(length: usize, kept: &Vectors, epochs: &[Epoch]) -> Result<Saved> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.checkpoint");
        fs::write(&path, contents("key", &mut Counter::new(length), epochs, kept)).unwrap();
        CheckpointFile::read(&path).unwrap().unwrap().restore(&mut Counter::new(3))
    }

    #[test]
    fn what_was_written_is_read() {
        let mut kept = Counter { state: vec![1.0, 2.0, 3.0] }.vectors();
        assert_eq!(restored(3, &kept, &[line(1), line(2)]).unwrap().kept, kept);
        kept.tower = UserTower::FoldIn { alpha: 1.0, regularization: 2.0, power: 0.5 };
        assert_eq!(restored(3, &kept, &[line(1)]).unwrap().kept.tower, kept.tower);
    }

    #[test]
    fn numbers_of_another_length_are_named() {
        let whole = Counter::new(3).vectors();
        let short = || vec![0.0; 2];
        let cases = [
            ("`state`", restored(4, &whole, &[line(1)])),
            ("`kept.rows`", restored(3, &Vectors { rows: short(), ..whole.clone() }, &[line(1)])),
            ("`kept.bias`", restored(3, &Vectors { bias: Some(short()), ..whole.clone() }, &[line(1)])),
            ("without `kept.bias`", restored(3, &Vectors { bias: None, ..whole.clone() }, &[line(1)])),
            ("`kept.user_rows`", restored(3, &Vectors { user_rows: Some(short()), ..whole.clone() }, &[line(1)])),
            ("epochs", restored(3, &whole, &[])),
            ("epochs", restored(3, &whole, &[line(0)])),
        ];
        for (named, outcome) in cases {
            let error = outcome.unwrap_err();
            let said = error.to_string();
            assert!(error.code() == "checkpoint" && said.contains(named) && said.contains("remove it"), "{said}");
        }
    }

    #[test]
    fn a_file_of_something_else_is_no_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.checkpoint");
        assert!(CheckpointFile::read(&path).unwrap().is_none());
        fs::write(&path, b"user,item\n").unwrap();
        assert_eq!(CheckpointFile::read(&path).unwrap_err().code(), "checkpoint");
    }
}
