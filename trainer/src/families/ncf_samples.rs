//! What the ranker learns from: held-back parts of training users' histories against candidates of the retrieval stage.
//!
//! On the device a user vector is a fold-in of a history *without* the item in question. So each epoch splits every training
//! history anew, folds in one part and asks for the other.

use std::collections::HashSet;
use std::sync::Arc;

use proclivity::model::Model;
use proclivity::profile::fold_in;
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::ncf::{NcfOptions, POOL};
use crate::dataset::{Interactions, split};
use crate::error::Result;

/// Share of a history that is asked for.
const TARGET_SHARE: f64 = 0.2;

/// One epoch's samples, shuffled.
pub struct Samples {
    /// Folded-in vectors, (users, d).
    pub users: Vec<f32>,
    pub rows: Vec<Sample>,
}

/// Whether this user (a row of [`Samples::users`]) took this item.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub user: u32,
    pub item: u32,
    pub taken: bool,
}

/// Draws the samples of one epoch. Each user has a random stream of its own, so threads do not matter.
///
/// # Errors
/// Whatever the fold-in or the scorer refuses.
pub fn draw(model: &Arc<Model>, data: &Interactions, options: &NcfOptions, epoch: usize) -> Result<Samples> {
    let scorer = CpuScorer::new(Arc::clone(model));
    let histories: Vec<&Vec<u32>> = data.histories.iter().filter(|history| history.len() >= 2).collect();
    let drawn: Result<Vec<(Vec<f32>, Vec<Sample>)>> = (0u32..)
        .zip(&histories)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(user, history)| {
            let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
            rng.set_stream((epoch as u64) << 32 | u64::from(user));
            let (given, targets) = split(history, TARGET_SHARE, &mut rng);
            let vector = fold_in(model, &given.iter().map(|&item| (item, 1.0)).collect::<Vec<_>>())?;
            let mut mask = ItemMask::none(model.item_count());
            given.iter().for_each(|&item| mask.exclude(item));
            let query = Query { user: &vector, mask: &mask, k: POOL, stage: Stage::Retrieval };
            let candidates: Vec<u32> = scorer.score(&query)?.iter().map(|scored| scored.item).collect();
            let owned: HashSet<u32> = history.iter().copied().collect();
            Ok((vector, samples_of(user, &targets, &candidates, &owned, model.item_count(), options, &mut rng)))
        })
        .collect();
    let (users, rows): (Vec<_>, Vec<_>) = drawn?.into_iter().unzip();
    let mut rows = rows.concat();
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream((epoch as u64) << 32 | u64::from(u32::MAX));
    rows.shuffle(&mut rng);
    Ok(Samples { users: users.concat(), rows })
}

/// Each target among the candidates once, and for each of them `negatives` items the user never took: `hard_share` of
/// them from the candidates, the rest from anywhere. Targets that retrieval misses are left out: the ranker never sees
/// their like, and would learn from them that a low retrieval score is a good sign.
fn samples_of(
    user: u32,
    targets: &[u32],
    candidates: &[u32],
    owned: &HashSet<u32>,
    items: usize,
    options: &NcfOptions,
    rng: &mut ChaCha8Rng,
) -> Vec<Sample> {
    let targets: HashSet<u32> = targets.iter().copied().collect();
    let (found, others): (Vec<u32>, Vec<u32>) = candidates.iter().partition(|item| targets.contains(item));
    let mut samples = Vec::with_capacity(found.len() * (1 + options.negatives));
    for &item in &found {
        samples.push(Sample { user, item, taken: true });
        for _ in 0..options.negatives {
            let item = match !others.is_empty() && rng.random_bool(options.hard_share) {
                true => others[rng.random_range(0..others.len())],
                false => rng.random_range(0..items as u32),
            };
            if !owned.contains(&item) {
                samples.push(Sample { user, item, taken: false });
            }
        }
    }
    samples
}
