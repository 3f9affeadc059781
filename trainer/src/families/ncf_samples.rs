//! What the ranker learns from: held-back parts of training users' histories against candidates of the retrieval stage.
//!
//! On the device a user vector is a fold-in of a history *without* the item in question. So each epoch splits every training
//! history anew, folds in one part and asks for the other.

use std::collections::HashSet;
use std::sync::Arc;

use proclivity::model::Model;
use proclivity::profile::User;
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::ncf::{NcfOptions, POOL};
use crate::dataset::{Interactions, NegativeSampling, Negatives, split};
use crate::error::Result;

/// Share of a history that is asked for.
const TARGET_SHARE: f64 = 0.2;

/// Users whose held-back items are each other's negatives with `--ncf-negative-sampling in-batch`.
const BATCH: usize = 256;

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
    let asked: Result<Vec<Asked>> = (0u32..)
        .zip(&histories)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(user, history)| ask(model, &scorer, user, history, stream(options.seed, epoch, user)))
        .collect();
    let mut asked = asked?;
    let everywhere = match options.negative_sampling {
        NegativeSampling::Popularity => Negatives::by_popularity(&data.popularity(), options.popularity_power),
        NegativeSampling::Uniform | NegativeSampling::InBatch => Negatives::Uniform(model.item_count() as u32),
    };
    let samples = |batch: &mut [Asked], negatives: &Negatives| -> Vec<Sample> {
        batch.iter_mut().flat_map(|asked| asked.samples(negatives, options)).collect()
    };
    let rows: Vec<Vec<Sample>> = asked
        .par_chunks_mut(BATCH)
        .map(|batch| match options.negative_sampling {
            NegativeSampling::InBatch => {
                let found = batch.iter().flat_map(|asked| &asked.found).copied().collect();
                samples(batch, &Negatives::Listed(found))
            }
            NegativeSampling::Uniform | NegativeSampling::Popularity => samples(batch, &everywhere),
        })
        .collect();
    let users = asked.into_iter().map(|asked| asked.vector).collect::<Vec<_>>();
    let mut rows = rows.concat();
    rows.shuffle(&mut stream(options.seed, epoch, u32::MAX));
    Ok(Samples { users: users.concat(), rows })
}

fn stream(seed: u64, epoch: usize, user: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((epoch as u64) << 32 | u64::from(user));
    rng
}

/// A user whose held-back items retrieval was asked for.
struct Asked<'a> {
    user: u32,
    /// Folded in from the rest of the history, (d).
    vector: Vec<f32>,
    history: &'a [u32],
    /// Candidates that were held back, and the others.
    found: Vec<u32>,
    others: Vec<u32>,
    rng: ChaCha8Rng,
}

fn ask<'a>(
    model: &Arc<Model>,
    scorer: &CpuScorer,
    user: u32,
    history: &'a [u32],
    mut rng: ChaCha8Rng,
) -> Result<Asked<'a>> {
    let (given, targets) = split(history, TARGET_SHARE, &mut rng);
    let known = User::of_history(model, &given.iter().map(|&item| (item, 1.0)).collect::<Vec<_>>())?;
    let mut mask = ItemMask::none(model.item_count());
    given.iter().for_each(|&item| mask.exclude(item));
    let query = Query::of(&known, &mask, POOL, Stage::Retrieval);
    let targets: HashSet<u32> = targets.into_iter().collect();
    let candidates = scorer.score(&query)?;
    let (found, others) = candidates.iter().map(|scored| scored.item).partition(|item| targets.contains(item));
    Ok(Asked { user, vector: known.vector, history, found, others, rng })
}

impl Asked<'_> {
    /// Each target among the candidates once, and for each of them `options.negatives` items the user never took:
    /// `hard_share` of them from the candidates, the rest from `negatives`. Targets that retrieval misses are left out: the
    /// ranker never sees their like, and would learn from them that a low retrieval score is a good sign.
    fn samples(&mut self, negatives: &Negatives, options: &NcfOptions) -> Vec<Sample> {
        let owned: HashSet<u32> = self.history.iter().copied().collect();
        let (user, rng) = (self.user, &mut self.rng);
        let mut samples = Vec::with_capacity(self.found.len() * (1 + options.negatives));
        for &item in &self.found {
            samples.push(Sample { user, item, taken: true });
            for _ in 0..options.negatives {
                let hard = !self.others.is_empty() && rng.random_bool(options.hard_share);
                let item = match hard {
                    true => Some(self.others[rng.random_range(0..self.others.len())]),
                    false => negatives.draw(|item| owned.contains(&item), rng),
                };
                samples.extend(item.map(|item| Sample { user, item, taken: false }));
            }
        }
        samples
    }
}
