//! What every family that learns item vectors in epochs has in common.

use std::borrow::Cow;

use proclivity::model::UserTower;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::trained::Vectors;
use crate::dataset::Interactions;
use crate::error::Result;
use crate::evaluate::RatingScale;

/// What a learner learns from.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    pub data: &'a Interactions,
    /// How much each pair counts, in the order of the histories: 1 for a single event of full strength.
    pub strengths: &'a [Vec<f32>],
    /// Width d of the vectors.
    pub dim: usize,
    pub seed: u64,
}

/// A family that learns item vectors in epochs.
pub trait Learner {
    /// Its name in `--family`.
    fn name(&self) -> &'static str;

    /// One pass over the data, `epoch` counted from 1; the loss. Random draws come from [`epoch_rng`], so that a training that was
    /// stopped goes on as if it never was.
    ///
    /// # Errors
    /// [`CliError::Diverged`](crate::error::CliError::Diverged).
    fn epoch(&mut self, epoch: usize) -> Result<f64>;

    /// What ships as things stand.
    fn vectors(&self) -> Vectors;

    /// User towers that are tried on held-out users in the end; without any held out the one of [`Learner::vectors`] ships.
    fn towers(&self) -> Vec<UserTower> {
        Vec::new()
    }

    /// How scores become ratings, for a family that predicts them.
    fn ratings(&self) -> Option<RatingScale> {
        None
    }

    /// Everything that changes from epoch to epoch, by name: written to a checkpoint, and set from one.
    fn state(&mut self) -> State<'_>;
}

/// Tensors of a learner, by name.
pub type State<'a> = Vec<(Cow<'static, str>, &'a mut Vec<f32>)>;

/// The random numbers of one epoch.
pub fn epoch_rng(seed: u64, epoch: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    rng
}
