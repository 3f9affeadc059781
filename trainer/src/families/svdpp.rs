//! SVD++ (Koren 2008, "Factorization Meets the Neighborhood", section 4), for logs with ratings.
//!
//! Minimises `sum_(u,i) (r_ui - x_ui)^2 + lambda |Theta|^2` with
//! `x_ui = mean + b_u + b_i + q_i . (p_u + |N(u)|^-1/2 sum_(j in N(u)) y_j)` over the rated pairs, N(u) being all items of u,
//! rated or not, each as often as its pair is strong, by stochastic gradient descent: users in random order, the steps of a user's y summed over its ratings.
//! Ratings are learned in units of their standard deviation, so that one learning rate fits stars and percentages.
//!
//! Exported as item rows q_i (n, d) with biases b_i, and a tower that pools rows of its own, y_j, by `|N(u)|^-1/2`. The vectors
//! p_u and biases b_u take up in training what is a user's own; a stranger on the device has neither, both are 0 there. What
//! p_u would have said must come from the history: y is exported times the one number that brings the training users' ratings
//! nearest without their p_u and b_u, each rating left out of the history it is foreseen from.
//! One thread, so that a seed gives the same bits on any machine.

use std::collections::HashMap;

use clap::Args;
use proclivity::model::UserTower;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{axpy, dot, expect_within, row, row_mut, small_random};
use super::trained::Vectors;
use crate::dataset::Interactions;
use crate::error::{CliError, Result};
use crate::evaluate::RatingScale;

/// Settings of SVD++.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct SvdppOptions {
    /// Step of the gradient descent in the first epoch
    #[arg(long, value_name = "NUMBER", default_value_t = 0.007)]
    pub svdpp_learning_rate: f64,
    /// Each epoch's step is this share of the one before
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub svdpp_decay: f64,
    /// Weight of the squared vectors and biases, for each rating
    #[arg(long, value_name = "NUMBER", default_value_t = 0.02)]
    pub svdpp_regularization: f64,
}

impl SvdppOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        expect_within("--svdpp-learning-rate", self.svdpp_learning_rate, 1e-6..=1.0)?;
        expect_within("--svdpp-decay", self.svdpp_decay, 0.01..=1.0)?;
        expect_within("--svdpp-regularization", self.svdpp_regularization, 0.0..=1.0)
    }
}

/// Refuses a log without ratings, or of one rating alone.
///
/// # Errors
/// [`CliError::Flag`].
pub fn check_log(data: &Interactions) -> Result<()> {
    let refused = |expected: &str, found: String| {
        Err(CliError::Flag { flag: "--family svd++", expected: expected.into(), found })
    };
    let mut values = data.events.iter().flatten().map(|event| event.value).filter(|value| !value.is_nan());
    match values.next().filter(|_| data.has_value) {
        None => refused(
            "a log with ratings, in a column that --value-column names",
            "a log without; train a family for implicit events, such as als".into(),
        ),
        Some(first) if values.all(|value| value == first) => refused(
            "ratings that differ",
            format!("{first} for each pair; train a family for implicit events, such as als"),
        ),
        Some(_) => Ok(()),
    }
}

/// SVD++ in training.
pub struct Svdpp<'a> {
    training: Training<'a>,
    options: SvdppOptions,
    scale: RatingScale,
    /// Standard deviation of the ratings.
    unit: f64,
    /// Each user's rated items, with ratings in standard deviations above the mean.
    rated: Vec<Vec<(u32, f32)>>,
    /// p (users, d) and b_u (users).
    users: Vec<f32>,
    user_bias: Vec<f32>,
    /// q (items, d) and b_i (items).
    items: Vec<f32>,
    item_bias: Vec<f32>,
    /// y (items, d).
    history: Vec<f32>,
}

impl<'a> Svdpp<'a> {
    /// Small random p and q, the rest zero.
    ///
    /// # Errors
    /// As [`check_log`].
    pub fn new(training: Training<'a>, options: &SvdppOptions) -> Result<Svdpp<'a>> {
        let Training { data, dim, seed, .. } = training;
        check_log(data)?;
        let mut rated: Vec<Vec<(u32, f32)>> = (0..data.users.len()).map(|user| ratings_of(data, user)).collect();
        let values = || rated.iter().flatten().map(|&(_, value)| f64::from(value));
        let count = values().count();
        let mean = values().sum::<f64>() / count as f64;
        let (min, max) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        let unit = (values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count as f64).sqrt();
        for rating in rated.iter_mut().flatten() {
            rating.1 = ((f64::from(rating.1) - mean) / unit) as f32;
        }
        let mut rng = epoch_rng(seed, 0);
        let users = small_random(data.users.len() * dim, &mut rng);
        let items = small_random(data.items.len() * dim, &mut rng);
        let [user_bias, item_bias] = [data.users.len(), data.items.len()].map(|count| vec![0.0; count]);
        let (history, scale) = (vec![0.0; items.len()], RatingScale { mean, min, max });
        Ok(Svdpp { training, options: *options, scale, unit, rated, users, user_bias, items, item_bias, history })
    }

    /// One step for each rating of `user`; the sum of squared errors before them, in squared standard deviations.
    fn step(&mut self, user: usize, rate: f32) -> f64 {
        let (dim, shrink) = (self.training.dim, rate * self.options.svdpp_regularization as f32);
        let shares = shares(&self.training.strengths[user]);
        let history = || self.training.data.histories[user].iter().copied().zip(shares.iter().copied());
        let own = row_mut(&mut self.users, user as u32, dim);
        let mut pooled = vec![0.0; dim];
        history().for_each(|(item, share)| axpy(share, row(&self.history, item, dim), &mut pooled));
        let (mut slope, mut sum) = (vec![0.0; dim], 0.0);
        for &(item, rating) in &self.rated[user] {
            let q = row_mut(&mut self.items, item, dim);
            let (of_user, of_item) = (&mut self.user_bias[user], &mut self.item_bias[item as usize]);
            let error = rating - *of_user - *of_item - dot(q, own) - dot(q, &pooled);
            sum += f64::from(error) * f64::from(error);
            *of_user += rate * error - shrink * *of_user;
            *of_item += rate * error - shrink * *of_item;
            axpy(error, q, &mut slope);
            for ((q, p), z) in q.iter_mut().zip(own.iter_mut()).zip(&pooled) {
                let was = (*q, *p);
                *q += rate * error * (was.1 + z) - shrink * was.0;
                *p += rate * error * was.0 - shrink * was.1;
            }
        }
        let shrink = shrink * self.rated[user].len() as f32;
        for (item, share) in history() {
            let y = row_mut(&mut self.history, item, dim);
            y.iter_mut().zip(&slope).for_each(|(y, slope)| *y += rate * share * slope - shrink * *y);
        }
        sum
    }

    /// What y is multiplied by for strangers: the least squares solution s of `r_ui - b_i = s q_i . z_u` over the ratings,
    /// z_u being made as at serving time, of the other items of u alone.
    fn strangers_factor(&self) -> f32 {
        let dim = self.training.dim;
        let (mut products, mut squares) = (0.0, 0.0);
        for (user, rated) in self.rated.iter().enumerate() {
            let history = self.training.data.histories[user].iter().zip(&self.training.strengths[user]);
            let (mut sum, mut total) = (vec![0.0; dim], 0.0);
            for (&item, &strength) in history.clone() {
                axpy(strength, row(&self.history, item, dim), &mut sum);
                total += strength;
            }
            let strengths: HashMap<u32, f32> = history.map(|(&item, &strength)| (item, strength)).collect();
            for &(item, rating) in rated {
                let (q, own) = (row(&self.items, item, dim), strengths[&item]);
                let others = (total - own).max(f32::MIN_POSITIVE).sqrt();
                let foreseen = f64::from((dot(q, &sum) - own * dot(q, row(&self.history, item, dim))) / others);
                products += foreseen * f64::from(rating - self.item_bias[item as usize]);
                squares += foreseen * foreseen;
            }
        }
        // Where no history tells of a rating, nothing is to be made larger.
        if products > 0.0 && squares.is_finite() { (products / squares) as f32 } else { 1.0 }
    }
}

/// What each item of a history is multiplied by in the pool: `r_j / (sum r)^1/2`, as on the device.
fn shares(strengths: &[f32]) -> Vec<f32> {
    let total: f32 = strengths.iter().sum();
    strengths.iter().map(|strength| strength / total.max(f32::MIN_POSITIVE).sqrt()).collect()
}

/// The rated items of a user, each with its last rating.
fn ratings_of(data: &Interactions, user: usize) -> Vec<(u32, f32)> {
    let pairs = data.pairs_of(user);
    pairs.iter().filter(|pair| !pair.value.is_nan()).map(|pair| (pair.item, pair.value)).collect()
}

impl Learner for Svdpp<'_> {
    fn name(&self) -> &'static str {
        "svd++"
    }

    /// As the trait says; the loss is the RMSE over the epoch, in units of the ratings.
    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let rate = self.options.svdpp_learning_rate * self.options.svdpp_decay.powf(epoch as f64 - 1.0);
        let mut order: Vec<usize> = (0..self.rated.len()).collect();
        order.shuffle(&mut epoch_rng(self.training.seed, epoch));
        let sum: f64 = order.into_iter().map(|user| self.step(user, rate as f32)).sum();
        Ok(self.unit * (sum / self.rated.iter().map(Vec::len).sum::<usize>() as f64).sqrt())
    }

    fn vectors(&self) -> Vectors {
        let in_ratings = |values: &[f32]| values.iter().map(|x| self.unit as f32 * x).collect();
        let factor = self.strangers_factor();
        let user_rows = Some(self.history.iter().map(|x| factor * x).collect());
        Vectors {
            rows: in_ratings(&self.items),
            dim: self.training.dim,
            bias: Some(in_ratings(&self.item_bias)),
            tower: UserTower::Pool { power: 0.5 },
            user_rows,
            network: None,
            context: None,
            ranker: None,
        }
    }

    fn ratings(&self) -> Option<RatingScale> {
        Some(self.scale)
    }

    fn state(&mut self) -> State<'_> {
        vec![
            ("users".into(), &mut self.users),
            ("user_bias".into(), &mut self.user_bias),
            ("items".into(), &mut self.items),
            ("item_bias".into(), &mut self.item_bias),
            ("history".into(), &mut self.history),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{resumes, tastes};
    use super::*;
    use crate::dataset::fixture::interactions;

    /// Of vectors of width 4, every pair of strength 1.
    fn plain<'a>(data: &'a Interactions, strengths: &'a [Vec<f32>]) -> Result<Svdpp<'a>> {
        Svdpp::new(Training { data, strengths, dim: 4, seed: 1 }, &OPTIONS)
    }

    fn ones(data: &Interactions) -> Vec<Vec<f32>> {
        data.histories.iter().map(|history| vec![1.0; history.len()]).collect()
    }

    const OPTIONS: SvdppOptions =
        SvdppOptions { svdpp_learning_rate: 0.02, svdpp_decay: 0.98, svdpp_regularization: 0.01 };

    /// Two tastes: everyone rates most of the own items, 80 and more, and a few of the others, 40 and more.
    fn rated() -> Interactions {
        let takes =
            |user: u32, item: u32| (user / 2 + item * 5).is_multiple_of(4) != ((item < 12) == user.is_multiple_of(2));
        let history = |user| (0..24).filter(|&item| takes(user, item)).collect();
        let mut data = interactions(24, (0..40).map(history).collect());
        data.has_value = true;
        for (user, events) in (0..).zip(&mut data.events) {
            for event in events {
                let own = (event.item < 12) == (user % 2 == 0);
                event.value = if own { 80.0 } else { 40.0 } + (event.item % 3) as f32;
            }
        }
        data
    }

    /// One rating's step moves every number by the slope of the objective, found by differences in float64.
    #[test]
    fn a_step_follows_the_gradient() {
        let mut data = interactions(3, vec![vec![0, 1, 2], vec![1]]);
        data.has_value = true;
        (data.events[0][1].value, data.events[1][0].value) = (3.0, 5.0);
        let strengths = [vec![0.5, 1.0, 2.0], vec![1.0]];
        let mut model = Svdpp::new(Training { data: &data, strengths: &strengths, dim: 2, seed: 3 }, &OPTIONS).unwrap();
        assert_eq!((model.scale, model.unit), (RatingScale { mean: 4.0, min: 3.0, max: 5.0 }, 1.0));
        model.history = small_random(6, &mut epoch_rng(5, 0));
        // Of user 0 and item 1: p, q, b_u, b_i; and y.
        let read = |model: &Svdpp| {
            let pair = model.users[..2].iter().chain(&model.items[2..4]);
            let biases = model.user_bias[..1].iter().chain(&model.item_bias[1..2]);
            pair.chain(biases).chain(&model.history).map(|&x| f64::from(x)).collect::<Vec<f64>>()
        };
        let objective = |t: &[f64]| {
            let user =
                |k: usize| t[k] + (0..3).map(|j| [0.5, 1.0, 2.0][j] * t[6 + 2 * j + k]).sum::<f64>() / 3.5f64.sqrt();
            let error = -1.0 - t[4] - t[5] - (0..2).map(|k| t[2 + k] * user(k)).sum::<f64>();
            0.5 * (error * error + 0.01 * t.iter().map(|x| x * x).sum::<f64>())
        };
        let before = read(&model);
        model.step(0, 0.1);
        for (at, after) in read(&model).iter().enumerate() {
            let moved = |delta: f64| {
                let mut t = before.clone();
                t[at] += delta;
                objective(&t)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((after - before[at] + 0.1 * slope).abs() < 1e-6, "{at}: {after} {slope}");
        }
    }

    /// The exported model rates for strangers, who have neither p nor a bias, far better than the mean does.
    #[test]
    fn strangers_are_rated_from_their_history_alone() {
        let data = rated();
        let strengths = ones(&data);
        let mut model = plain(&data, &strengths).unwrap();
        let losses: Vec<f64> = (1..=60).map(|epoch| model.epoch(epoch).unwrap()).collect();
        assert!(losses[59] < 0.3 * losses[0], "{losses:?}");
        let Vectors { rows, dim, bias: Some(bias), tower, user_rows: Some(history), .. } = model.vectors() else {
            panic!("it has biases and rows of its own")
        };
        assert_eq!(tower, UserTower::Pool { power: 0.5 });
        let scale = model.ratings().expect("it predicts them");
        let (mut of_model, mut of_mean) = (0.0, 0.0);
        for (taste, item) in (0..2).flat_map(|taste| (0..24).map(move |item| (taste, item))) {
            let known: Vec<u32> = (0..12).map(|n| n + 12 * taste).filter(|&other| other != item).collect();
            let mut user = vec![0.0; dim];
            known.iter().for_each(|&h| axpy(1.0 / (known.len() as f32).sqrt(), row(&history, h, dim), &mut user));
            let own = (item < 12) == (taste == 0);
            let truth = if own { 80.0 } else { 40.0 } + f64::from(item % 3);
            let score = dot(row(&rows, item, dim), &user) + bias[item as usize];
            of_model += (scale.foresee(truth, score, &[]).model - truth).powi(2);
            of_mean += (scale.mean - truth).powi(2);
        }
        assert!(of_model < 0.3 * of_mean, "{of_model} {of_mean}");
    }

    #[test]
    fn a_resumed_training_goes_on_as_if_never_stopped() {
        let data = rated();
        let strengths = ones(&data);
        resumes(|| plain(&data, &strengths).unwrap());
    }

    #[test]
    fn a_log_without_ratings_is_refused() {
        let (mut data, strengths) = tastes();
        for has_value in [false, true] {
            data.has_value = has_value; // a column in which nothing stands
            let refused = plain(&data, &strengths).map(drop).unwrap_err();
            assert!(refused.to_string().contains("--value-column"), "{refused}");
        }
    }

    #[test]
    fn equal_ratings_are_refused() {
        let mut data = rated();
        data.events.iter_mut().flatten().for_each(|event| event.value = 3.0);
        let strengths = ones(&data);
        let refused = plain(&data, &strengths).map(drop).unwrap_err().to_string();
        assert!(refused.contains("ratings that differ") && refused.contains("3 for each pair"), "{refused}");
    }
}
