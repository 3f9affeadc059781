//! BPR-MF (Rendle et al. 2009, "BPR: Bayesian Personalized Ranking from Implicit Feedback").
//!
//! Maximises `sum_(u,i,j) r_ui ln sigmoid(x_ui - x_uj) - lambda |Theta|^2` with `x_ui = p_u . q_i + b_i`, over pairs (u, i) of
//! the data, of strength r, and items j that u did not take, by stochastic gradient ascent: an epoch takes each pair once, in
//! random order, with newly drawn negatives.
//!
//! Exported as item rows `[q_i, b_i]` of width d, scaled to a mean squared length of 1, and a user tower: a stranger has no p_u, so its vector is folded in from the
//! history or pooled, whichever ranks held-out users best. One thread, so that a seed gives the same bits on any machine.

use clap::Args;
use proclivity::model::UserTower;
use serde::Serialize;

use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{
    Factors, Owned, dot, expect_within, log_loss, row, row_mut, shuffled_pairs, sigmoid, stranger_towers, unit_scale,
};
use super::trained::Vectors;
use crate::dataset::{NegativeSampling, Negatives};
use crate::error::{CliError, Result};

/// Settings of BPR.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct BprOptions {
    /// Step of the gradient ascent
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub bpr_learning_rate: f64,
    /// Weight of the squared vectors, for each sample
    #[arg(long, value_name = "NUMBER", default_value_t = 0.01)]
    pub bpr_regularization: f64,
    /// Items not taken, drawn for each item taken
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub bpr_negatives: usize,
    /// What they are drawn from: uniform or popularity
    #[arg(long, value_enum, default_value = "uniform")]
    pub bpr_negative_sampling: NegativeSampling,
    /// With popularity: the power of an item's number of users
    #[arg(long, value_name = "POWER", default_value_t = 0.75)]
    pub bpr_popularity_power: f64,
}

impl BprOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        expect_within("--bpr-learning-rate", self.bpr_learning_rate, 1e-6..=10.0)?;
        expect_within("--bpr-regularization", self.bpr_regularization, 0.0..=1.0)?;
        expect_within("--bpr-negatives", self.bpr_negatives as f64, 1.0..=1000.0)?;
        expect_within("--bpr-popularity-power", self.bpr_popularity_power, 0.0..=2.0)?;
        match self.bpr_negative_sampling {
            NegativeSampling::Uniform | NegativeSampling::Popularity => Ok(()),
            NegativeSampling::InBatch => Err(CliError::Flag {
                flag: "--bpr-negative-sampling",
                expected: "uniform or popularity".into(),
                found: "in-batch, and BPR takes one pair at a time".into(),
            }),
        }
    }
}

/// BPR-MF in training.
pub struct Bpr<'a> {
    training: Training<'a>,
    options: BprOptions,
    owned: Owned,
    negatives: Negatives,
    factors: Factors,
}

impl<'a> Bpr<'a> {
    /// Small random vectors, biases of zero.
    pub fn new(training: Training<'a>, options: &BprOptions) -> Bpr<'a> {
        let Training { data, dim, seed, .. } = training;
        let negatives = match options.bpr_negative_sampling {
            NegativeSampling::Popularity => Negatives::by_popularity(&data.popularity(), options.bpr_popularity_power),
            NegativeSampling::Uniform | NegativeSampling::InBatch => Negatives::Uniform(data.items.len() as u32),
        };
        let factors = Factors::new(data, dim, &mut epoch_rng(seed, 0));
        Bpr { training, options: *options, owned: Owned::new(data), negatives, factors }
    }

    /// One step for user `u`, who took `i` and not `j`; the loss before it.
    fn step(&mut self, u: u32, i: u32, j: u32, strength: f32) -> f32 {
        let Factors { users, items, dim } = &mut self.factors;
        let (dim, rate) = (*dim, self.options.bpr_learning_rate as f32);
        let shrink = rate * self.options.bpr_regularization as f32;
        let user = row_mut(users, u, dim);
        let x = dot(user, row(items, i, dim)) - dot(user, row(items, j, dim));
        let push = rate * strength * sigmoid(-x);
        let ranges = [i, j].map(|item| item as usize * dim..(item as usize + 1) * dim);
        let [taken, other] = items.get_disjoint_mut(ranges).expect("an item is not its own negative");
        for ((p, a), b) in user.iter_mut().zip(taken).zip(other) {
            let was = (*p, *a, *b);
            *p += push * (was.1 - was.2) - shrink * was.0;
            *a += push * was.0 - shrink * was.1;
            *b -= push * was.0 + shrink * was.2;
        }
        user[dim - 1] = 1.0; // beside the bias
        strength * log_loss(x)
    }
}

impl Learner for Bpr<'_> {
    fn name(&self) -> &'static str {
        "bpr"
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let Training { data, strengths, seed, .. } = self.training;
        let mut rng = epoch_rng(seed, epoch);
        let (mut sum, mut count) = (0.0, 0);
        for (user, place) in shuffled_pairs(data, &mut rng) {
            let (at, place) = (user as usize, place as usize);
            for _ in 0..self.options.bpr_negatives {
                // Someone who took everything has no negatives, and teaches nothing.
                let Some(other) = self.negatives.draw(|item| self.owned.contains(user, item), &mut rng) else { break };
                sum += f64::from(self.step(user, data.histories[at][place], other, strengths[at][place]));
                count += 1;
            }
        }
        Ok(sum / count.max(1) as f64)
    }

    fn vectors(&self) -> Vectors {
        let Factors { items, dim, .. } = &self.factors;
        let tower = self.towers().swap_remove(0);
        Vectors {
            rows: unit_scale(items, *dim),
            dim: *dim,
            bias: None,
            tower,
            user_rows: None,
            network: None,
            context: None,
            ranker: None,
        }
    }

    fn towers(&self) -> Vec<UserTower> {
        stranger_towers()
    }

    fn state(&mut self) -> State<'_> {
        vec![("users".into(), &mut self.factors.users), ("items".into(), &mut self.factors.items)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{resumes, tastes};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: BprOptions = BprOptions {
        bpr_learning_rate: 0.1,
        bpr_regularization: 0.01,
        bpr_negatives: 2,
        bpr_negative_sampling: NegativeSampling::Popularity,
        bpr_popularity_power: 0.5,
    };

    /// A step moves every number by the slope of the objective, found by differences in float64.
    #[test]
    fn a_step_follows_the_gradient() {
        let data = interactions(3, vec![vec![0, 2], vec![1]]);
        let strengths = [vec![0.5, 1.0], vec![1.0]];
        let mut bpr = Bpr::new(Training { data: &data, strengths: &strengths, dim: 4, seed: 3 }, &OPTIONS);
        bpr.factors.items[3] = 0.4; // a bias
        let objective = |users: &[f64], items: &[f64]| {
            let score = |item: usize| (0..4).map(|k| users[k] * items[item * 4 + k]).sum::<f64>();
            let squares = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
            let shrunk = squares(&users[..3]) + squares(&items[..4]) + squares(&items[4..8]);
            -0.5 * (1.0 + (score(1) - score(0)).exp()).ln() - 0.5 * 0.01 * shrunk
        };
        let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let (users, items) = (wide(&bpr.factors.users), wide(&bpr.factors.items));
        bpr.step(0, 0, 1, 0.5);
        let moved = |at: usize, delta: f64| {
            let (mut users, mut items) = (users.clone(), items.clone());
            if at < 8 {
                users[at] += delta
            } else {
                items[at - 8] += delta
            }
            objective(&users, &items)
        };
        let after = [wide(&bpr.factors.users), wide(&bpr.factors.items)].concat();
        for (at, (after, before)) in after.iter().zip(users.iter().chain(&items)).enumerate() {
            let slope = if at == 3 { 0.0 } else { (moved(at, 1e-5) - moved(at, -1e-5)) / 2e-5 };
            assert!((after - before - 0.1 * slope).abs() < 1e-6, "{at}: {after} {before} {slope}");
        }
    }

    #[test]
    fn the_loss_falls_and_a_seed_repeats_it() {
        let (data, strengths) = tastes();
        let train = |seed| {
            let mut bpr = Bpr::new(Training { data: &data, strengths: &strengths, dim: 8, seed }, &OPTIONS);
            let losses: Vec<f64> = (1..=15).map(|epoch| bpr.epoch(epoch).unwrap()).collect();
            (losses, bpr.vectors().rows)
        };
        let (losses, rows) = train(1);
        assert!(losses[14] < 0.5 * losses[0], "{losses:?}");
        assert_eq!(train(1), (losses, rows.clone()));
        assert_ne!(train(2).1, rows);
    }

    #[test]
    fn a_resumed_training_goes_on_as_if_never_stopped() {
        let (data, strengths) = tastes();
        resumes(|| Bpr::new(Training { data: &data, strengths: &strengths, dim: 8, seed: 1 }, &OPTIONS));
    }

    #[test]
    fn who_took_everything_is_passed_over() {
        let data = interactions(2, vec![vec![0, 1]]);
        let strengths = [vec![1.0; 2]];
        let mut bpr = Bpr::new(Training { data: &data, strengths: &strengths, dim: 4, seed: 1 }, &OPTIONS);
        let before = bpr.vectors().rows;
        assert_eq!(bpr.epoch(1).unwrap(), 0.0);
        assert_eq!(bpr.vectors().rows, before, "nothing to learn");
    }
}
