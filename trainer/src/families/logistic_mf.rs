//! Matrix factorisation with sampled logistic loss (Rendle et al. 2020, "Neural Collaborative Filtering vs. Matrix
//! Factorization Revisited", section 3).
//!
//! Minimises `sum_(u,i) [ r_ui ln(1 + e^-x_ui) + sum_(j of m negatives) ln(1 + e^x_uj) ] + lambda |Theta|^2` with
//! `x_ui = b_u + b_i + p_u . q_i`, over pairs (u, i) of the data, of strength r, each with m newly drawn items that u did not
//! take, by stochastic gradient descent in random order. (The paper's global bias is in b_u, which starts at `-ln m`.)
//!
//! Exported as item rows `[q_i, b_i]` of width d, scaled to a mean squared length of 1, and a user tower: a stranger has no p_u, so its vector is folded in from the
//! history or pooled, whichever ranks held-out users best. One thread, so that a seed gives the same bits on any machine.

use clap::Args;
use proclivity::model::UserTower;
use serde::Serialize;

use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{
    Factors, Owned, dot, expect_within, log_loss, row_mut, shuffled_pairs, sigmoid, stranger_towers, unit_scale,
};
use super::trained::Vectors;
use crate::dataset::Negatives;
use crate::error::Result;

/// Settings of the factorisation.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct LogisticMfOptions {
    /// Step of the gradient descent
    #[arg(long, value_name = "NUMBER", default_value_t = 0.02)]
    pub logistic_mf_learning_rate: f64,
    /// Weight of the squared vectors and biases, for each sample
    #[arg(long, value_name = "NUMBER", default_value_t = 0.005)]
    pub logistic_mf_regularization: f64,
    /// Items not taken, drawn for each item taken
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    pub logistic_mf_negatives: usize,
}

impl LogisticMfOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`crate::error::CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        expect_within("--logistic-mf-learning-rate", self.logistic_mf_learning_rate, 1e-6..=10.0)?;
        expect_within("--logistic-mf-regularization", self.logistic_mf_regularization, 0.0..=1.0)?;
        expect_within("--logistic-mf-negatives", self.logistic_mf_negatives as f64, 1.0..=1000.0)
    }
}

/// The factorisation in training.
pub struct LogisticMf<'a> {
    training: Training<'a>,
    options: LogisticMfOptions,
    owned: Owned,
    negatives: Negatives,
    factors: Factors,
    /// (users).
    user_bias: Vec<f32>,
}

impl<'a> LogisticMf<'a> {
    /// Small random vectors.
    pub fn new(training: Training<'a>, options: &LogisticMfOptions) -> LogisticMf<'a> {
        let Training { data, dim, seed, .. } = training;
        let factors = Factors::new(data, dim, &mut epoch_rng(seed, 0));
        let negatives = Negatives::Uniform(data.items.len() as u32);
        let user_bias = vec![-(options.logistic_mf_negatives as f32).ln(); data.users.len()];
        LogisticMf { training, options: *options, owned: Owned::new(data), negatives, factors, user_bias }
    }

    /// One step for a user and an item, `taken` (1) or not (-1), that counts `strength`; the loss before it.
    fn step(&mut self, user: u32, item: u32, taken: f32, strength: f32) -> f32 {
        let Factors { users, items, dim } = &mut self.factors;
        let (dim, rate) = (*dim, self.options.logistic_mf_learning_rate as f32);
        let shrink = rate * self.options.logistic_mf_regularization as f32;
        let (p, q) = (row_mut(users, user, dim), row_mut(items, item, dim));
        let bias = &mut self.user_bias[user as usize];
        let x = *bias + dot(p, q);
        let push = rate * strength * taken * sigmoid(-taken * x);
        for (p, q) in p.iter_mut().zip(q) {
            let was = (*p, *q);
            *p += push * was.1 - shrink * was.0;
            *q += push * was.0 - shrink * was.1;
        }
        p[dim - 1] = 1.0; // beside the bias
        *bias += push - shrink * *bias;
        strength * log_loss(taken * x)
    }
}

impl Learner for LogisticMf<'_> {
    fn name(&self) -> &'static str {
        "logistic-mf"
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let Training { data, strengths, seed, .. } = self.training;
        let mut rng = epoch_rng(seed, epoch);
        let (mut sum, mut count) = (0.0, 0);
        for (user, place) in shuffled_pairs(data, &mut rng) {
            let (at, place) = (user as usize, place as usize);
            sum += f64::from(self.step(user, data.histories[at][place], 1.0, strengths[at][place]));
            count += 1;
            for _ in 0..self.options.logistic_mf_negatives {
                let Some(other) = self.negatives.draw(|item| self.owned.contains(user, item), &mut rng) else { break };
                sum += f64::from(self.step(user, other, -1.0, 1.0));
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
        let Factors { users, items, .. } = &mut self.factors;
        let user_bias = &mut self.user_bias;
        vec![("users".into(), users), ("items".into(), items), ("user_bias".into(), user_bias)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{resumes, tastes};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: LogisticMfOptions = LogisticMfOptions {
        logistic_mf_learning_rate: 0.1,
        logistic_mf_regularization: 0.01,
        logistic_mf_negatives: 3,
    };

    /// A step moves every number by the slope of the objective, found by differences in float64.
    #[test]
    fn a_step_follows_the_gradient() {
        let data = interactions(2, vec![vec![0], vec![1]]);
        let strengths = [vec![0.5], vec![1.0]];
        for (taken, strength) in [(1.0, 0.5), (-1.0, 1.0)] {
            let mut model = LogisticMf::new(Training { data: &data, strengths: &strengths, dim: 4, seed: 3 }, &OPTIONS);
            model.factors.items[3] = 0.4; // a bias
            // Of user and item 0: p, q, b_u.
            let read = |model: &LogisticMf| {
                let Factors { users, items, .. } = &model.factors;
                let all = users[..4].iter().chain(&items[..4]).chain(&model.user_bias[..1]);
                all.map(|&x| f64::from(x)).collect::<Vec<f64>>()
            };
            let objective = |t: &[f64]| {
                let x = t[8] + (0..4).map(|k| t[k] * t[4 + k]).sum::<f64>();
                let shrunk: f64 = t.iter().enumerate().filter(|(at, _)| *at != 3).map(|(_, x)| x * x).sum();
                f64::from(strength) * (1.0 + (-f64::from(taken) * x).exp()).ln() + 0.5 * 0.01 * shrunk
            };
            let before = read(&model);
            model.step(0, 0, taken, strength);
            for (at, after) in read(&model).iter().enumerate() {
                let moved = |delta: f64| {
                    let mut t = before.clone();
                    t[at] += delta;
                    objective(&t)
                };
                let slope = if at == 3 { 0.0 } else { (moved(1e-5) - moved(-1e-5)) / 2e-5 };
                assert!((after - before[at] + 0.1 * slope).abs() < 1e-6, "{at}: {after} {slope}");
            }
        }
    }

    #[test]
    fn the_loss_falls_and_a_seed_repeats_it() {
        let (data, strengths) = tastes();
        let train = |seed| {
            let mut model = LogisticMf::new(Training { data: &data, strengths: &strengths, dim: 8, seed }, &OPTIONS);
            let losses: Vec<f64> = (1..=15).map(|epoch| model.epoch(epoch).unwrap()).collect();
            (losses, model.vectors().rows)
        };
        let (losses, rows) = train(1);
        assert!(losses[14] < 0.6 * losses[0], "{losses:?}");
        assert_eq!(train(1), (losses, rows.clone()));
        assert_ne!(train(2).1, rows);
    }

    #[test]
    fn a_resumed_training_goes_on_as_if_never_stopped() {
        let (data, strengths) = tastes();
        resumes(|| LogisticMf::new(Training { data: &data, strengths: &strengths, dim: 8, seed: 1 }, &OPTIONS));
    }
}
