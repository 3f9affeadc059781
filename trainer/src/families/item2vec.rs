//! item2vec (Barkan and Koenigstein 2016, "Item2Vec: Neural Item Embedding for Collaborative Filtering").
//!
//! Skip-gram with negative sampling over sets of items: maximises `sum [ ln sigmoid(u_i . v_j) + sum_(k of m negatives)
//! ln sigmoid(-u_i . v_k) ]` over the pairs (i, j) that stand together in a set, negatives drawn by `frequency^power`. As in
//! Mikolov et al. 2013, an item of frequency f stays in a set with probability `sqrt(t / f)`. A set has no order: each epoch
//! shuffles it, and a window says how many neighbours each item is paired with. Strengths of pairs play no part.
//!
//! Exported as the rows u_i, each of length 1, and a user tower: the history pooled, or folded in, whichever ranks held-out
//! users best. One thread, so that a seed gives the same bits on any machine.

use clap::{Args, ValueEnum};
use proclivity::model::UserTower;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{axpy, dot, expect_within, log_loss, row_mut, sigmoid, small_random, stranger_towers};
use super::trained::Vectors;
use crate::dataset::{Interactions, Negatives, distinct_items};
use crate::error::{CliError, Result};

/// What makes a set of items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemSets {
    /// What a user took at one time; whole histories where the log has no times
    #[default]
    Baskets,
    /// All that a user took
    Histories,
}

/// Settings of item2vec.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct Item2vecOptions {
    /// What stands together
    #[arg(long, value_enum, default_value = "baskets")]
    pub item2vec_sets: ItemSets,
    /// Neighbours on either side of an item in its shuffled set; 0 for the whole set
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub item2vec_window: usize,
    /// Step of the gradient ascent
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub item2vec_learning_rate: f64,
    /// Items drawn for each pair
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub item2vec_negatives: usize,
    /// They are drawn by this power of their frequency
    #[arg(long, value_name = "POWER", default_value_t = 0.75)]
    pub item2vec_popularity_power: f64,
    /// Items more frequent than this share of all are left out of some sets; 1 leaves none out
    #[arg(long, value_name = "SHARE", default_value_t = 0.001)]
    pub item2vec_subsample: f64,
}

impl Item2vecOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        expect_within("--item2vec-learning-rate", self.item2vec_learning_rate, 1e-6..=10.0)?;
        expect_within("--item2vec-negatives", self.item2vec_negatives as f64, 1.0..=1000.0)?;
        expect_within("--item2vec-popularity-power", self.item2vec_popularity_power, 0.0..=2.0)?;
        expect_within("--item2vec-subsample", self.item2vec_subsample, 1e-9..=1.0)
    }
}

/// item2vec in training.
pub struct Item2vec {
    options: Item2vecOptions,
    seed: u64,
    dim: usize,
    /// Of two items or more, none twice.
    sets: Vec<Vec<u32>>,
    /// Probability of an item to stay in a set, (n).
    kept: Vec<f32>,
    negatives: Negatives,
    /// u (n, d), what ships.
    rows: Vec<f32>,
    /// v (n, d).
    contexts: Vec<f32>,
}

impl Item2vec {
    /// Small random u, v of zero.
    ///
    /// # Errors
    /// As [`check_log`].
    pub fn new(training: Training<'_>, options: &Item2vecOptions) -> Result<Item2vec> {
        let Training { data, dim, seed, .. } = training;
        let sets = sets(data, options)?;
        let mut counts = vec![0.0f32; data.items.len()];
        sets.iter().flatten().for_each(|&item| counts[item as usize] += 1.0);
        let total = sets.iter().map(Vec::len).sum::<usize>() as f64;
        let stays = |&count: &f32| (options.item2vec_subsample * total / f64::from(count)).sqrt().min(1.0) as f32;
        let kept = counts.iter().map(stays).collect();
        let negatives = Negatives::by_popularity(&counts, options.item2vec_popularity_power);
        let rows = small_random(data.items.len() * dim, &mut epoch_rng(seed, 0));
        let contexts = vec![0.0; rows.len()];
        Ok(Item2vec { options: *options, seed, dim, sets, kept, negatives, rows, contexts })
    }

    /// One step for a pair, with fresh negatives; the loss before it. `slope` (d) is room to work in.
    fn step(&mut self, item: u32, context: u32, slope: &mut [f32], rng: &mut ChaCha8Rng) -> f32 {
        let (dim, rate) = (self.dim, self.options.item2vec_learning_rate as f32);
        let u = row_mut(&mut self.rows, item, dim);
        slope.fill(0.0);
        let mut sum = 0.0;
        for place in 0..=self.options.item2vec_negatives {
            let (other, sign) = match place {
                0 => (Some(context), 1.0),
                _ => (self.negatives.draw(|other| other == context, rng), -1.0),
            };
            let Some(other) = other else { break };
            let v = row_mut(&mut self.contexts, other, dim);
            let x = sign * dot(u, v);
            let push = rate * sign * sigmoid(-x);
            axpy(push, v, slope);
            axpy(push, u, v);
            sum += log_loss(x);
        }
        axpy(1.0, slope, u);
        sum
    }
}

/// Refuses a log where nothing stands together.
///
/// # Errors
/// [`CliError::Flag`].
pub fn check_log(data: &Interactions, options: &Item2vecOptions) -> Result<()> {
    sets(data, options).map(drop)
}

/// The sets of two items or more, of which there must be some.
fn sets(data: &Interactions, options: &Item2vecOptions) -> Result<Vec<Vec<u32>>> {
    let mut sets = match options.item2vec_sets {
        ItemSets::Baskets if data.has_time => baskets(data),
        ItemSets::Baskets | ItemSets::Histories => data.histories.clone(),
    };
    sets.retain(|set| set.len() > 1);
    match sets.is_empty() {
        true => Err(CliError::Flag {
            flag: "--item2vec-sets",
            expected: "sets of two items or more".into(),
            found: "single items only; choose histories, or another family".into(),
        }),
        false => Ok(sets),
    }
}

/// What each user took at one time, each item once.
fn baskets(data: &Interactions) -> Vec<Vec<u32>> {
    let at_once = data.events.iter().flat_map(|events| events.chunk_by(|a, b| a.time == b.time));
    at_once.map(distinct_items).collect()
}

impl Learner for Item2vec {
    fn name(&self) -> &'static str {
        "item2vec"
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let mut rng = epoch_rng(self.seed, epoch);
        let mut order: Vec<usize> = (0..self.sets.len()).collect();
        order.shuffle(&mut rng);
        let (mut sum, mut count, mut slope) = (0.0, 0, vec![0.0; self.dim]);
        for at in order {
            let stays = |&item: &u32| rng.random::<f32>() < self.kept[item as usize];
            let mut set: Vec<u32> = self.sets[at].iter().copied().filter(stays).collect();
            set.shuffle(&mut rng);
            let window = if self.options.item2vec_window == 0 { set.len() } else { self.options.item2vec_window };
            for (place, &item) in set.iter().enumerate() {
                let near = place.saturating_sub(window)..(place + window + 1).min(set.len());
                for &context in near.filter(|&other| other != place).map(|other| &set[other]) {
                    sum += f64::from(self.step(item, context, &mut slope, &mut rng));
                    count += 1;
                }
            }
        }
        Ok(sum / count.max(1) as f64)
    }

    fn vectors(&self) -> Vectors {
        let mut rows = self.rows.clone();
        for row in rows.chunks_exact_mut(self.dim) {
            let length = dot(row, row).sqrt();
            row.iter_mut().filter(|_| length > 0.0).for_each(|x| *x /= length);
        }
        let tower = UserTower::Pool { power: 0.5 };
        Vectors { rows, dim: self.dim, bias: None, tower, user_rows: None, network: None, context: None, ranker: None }
    }

    fn towers(&self) -> Vec<UserTower> {
        stranger_towers()
    }

    fn state(&mut self) -> State<'_> {
        vec![("rows".into(), &mut self.rows), ("contexts".into(), &mut self.contexts)]
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::fixture::{resumes, separation, tastes};
    use super::*;
    use crate::dataset::fixture::interactions;

    fn new(data: &Interactions, dim: usize, options: Item2vecOptions) -> Result<Item2vec> {
        Item2vec::new(Training { data, strengths: &[], dim, seed: 1 }, &options)
    }

    const OPTIONS: Item2vecOptions = Item2vecOptions {
        item2vec_sets: ItemSets::Baskets,
        item2vec_window: 0,
        item2vec_learning_rate: 0.1,
        item2vec_negatives: 3,
        item2vec_popularity_power: 0.75,
        item2vec_subsample: 1.0,
    };

    #[test]
    fn what_stands_together_comes_together() {
        let (data, _) = tastes();
        for window in [0, 2] {
            let options = Item2vecOptions { item2vec_window: window, ..OPTIONS };
            let mut model = new(&data, 8, options).unwrap();
            let losses: Vec<f64> = (1..=12).map(|epoch| model.epoch(epoch).unwrap()).collect();
            assert!(losses[11] < 0.9 * losses[0], "{losses:?}");
            let rows = model.vectors().rows;
            assert!(separation(&rows, 8) > 0.5, "{}", separation(&rows, 8));
            assert!(rows.chunks_exact(8).all(|row| (dot(row, row) - 1.0).abs() < 1e-5), "of length 1");
        }
    }

    /// A step moves every number by the slope of the objective, found by differences in float64.
    #[test]
    fn a_step_follows_the_gradient() {
        // Two items: the one negative of a pair's context is the other item.
        let options = Item2vecOptions { item2vec_negatives: 1, ..OPTIONS };
        let mut model = new(&interactions(2, vec![vec![0, 1]]), 3, options).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        model.contexts = small_random(6, &mut rng);
        let read = |model: &Item2vec| {
            model.rows[..3].iter().chain(&model.contexts).map(|&x| f64::from(x)).collect::<Vec<f64>>()
        };
        let objective = |t: &[f64]| {
            let x = |other: usize| (0..3).map(|k| t[k] * t[3 + 3 * other + k]).sum::<f64>();
            -(1.0 + (-x(1)).exp()).ln() - (1.0 + x(0).exp()).ln()
        };
        let before = read(&model);
        let loss = model.step(0, 1, &mut [0.0; 3], &mut rng);
        assert!((f64::from(loss) + objective(&before)).abs() < 1e-6);
        for (at, after) in read(&model).iter().enumerate() {
            let moved = |delta: f64| {
                let mut t = before.clone();
                t[at] += delta;
                objective(&t)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((after - before[at] - 0.1 * slope).abs() < 1e-6, "{at}: {after} {slope}");
        }
    }

    #[test]
    fn baskets_are_what_was_taken_at_one_time() {
        let mut data = interactions(5, vec![vec![0, 1, 2, 3], vec![4, 0]]);
        for (event, time) in data.events.iter_mut().flatten().zip([7, 7, 8, 9, 5, 5]) {
            event.time = time;
        }
        let repeated = data.events[0][1];
        data.events[0].insert(1, repeated);
        let sets = |data: &Interactions, item2vec_sets| {
            new(data, 2, Item2vecOptions { item2vec_sets, ..OPTIONS }).unwrap().sets
        };
        assert_eq!(sets(&data, ItemSets::Baskets), data.histories, "a log without times has no baskets");
        data.has_time = true;
        assert_eq!(sets(&data, ItemSets::Baskets), [vec![0, 1], vec![4, 0]]);
        assert_eq!(sets(&data, ItemSets::Histories), data.histories);
        data.events.iter_mut().flatten().zip(0..).for_each(|(event, time)| event.time = time);
        let refused = new(&data, 2, OPTIONS).map(drop).unwrap_err();
        assert!(refused.to_string().contains("choose histories"), "{refused}");
    }

    #[test]
    fn frequent_items_are_left_out_of_some_sets() {
        let data = interactions(3, vec![vec![0, 1], vec![0, 2], vec![0, 1], vec![0, 2]]);
        let options = Item2vecOptions { item2vec_subsample: 0.25, ..OPTIONS };
        let kept = new(&data, 2, options).unwrap().kept;
        assert_eq!(kept, [0.5f32.sqrt(), 1.0, 1.0]);
    }

    #[test]
    fn a_resumed_training_goes_on_as_if_never_stopped() {
        let (data, _) = tastes();
        resumes(|| new(&data, 8, OPTIONS).unwrap());
    }
}
