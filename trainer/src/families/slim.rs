//! SLIM (Ning and Karypis 2011, "SLIM: Sparse Linear Methods for Top-N Recommender Systems").
//!
//! Minimises for each item i, over weights w of zero at i itself and, unless allowed, none below zero,
//!
//! `1/2 |z_i - Z w|^2 + l1 |w|_1 + l2/2 |w|^2`,
//!
//! Z being the users' histories as in EASE: strengths, with a weight `(d_u / mean d)^(-power)` for a user of d_u items.
//! Exported as neighbour lists: item h speaks for item i with `w_h`, the strongest of each item i kept.
//!
//! Solved by coordinate descent with covariance updates (Friedman, Hastie and Tibshirani 2010, "Regularization Paths
//! for Generalized Linear Models via Coordinate Descent", section 2.2) on the Gram matrix `G = Z^T Z`: `w_h <- S(r_h +
//! G_hh w_h, l1) / (G_hh + l2)` with `r = G_i - G w` and S the soft threshold. It goes over a working set of items,
//! which takes in the items that violate the optimality conditions until none is left. G is dense, in f32: 4 bytes for
//! each pair of items, 400 MB for 10,000. Each target is solved on its own: the result does not depend on the number of
//! threads.

use clap::Args;
use proclivity::model::NeighbourSpec;
use rayon::prelude::*;
use serde::Serialize;

use super::lists::{List, ListOptions, gram, strongest, user_weighted};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// Items that a working set takes in at least, if so many violate the conditions.
const INTAKE: usize = 32;
/// Most times that a working set grows.
const ROUNDS: usize = 50;

/// Settings of the elastic net.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct SlimOptions {
    /// Weight of the absolute neighbour weights: more of it, fewer neighbours
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0)]
    pub slim_l1: f64,
    /// Weight of half the squared neighbour weights
    #[arg(long, value_name = "NUMBER", default_value_t = 50.0)]
    pub slim_l2: f64,
    /// Users of many items count less: each with its number of items to minus this power
    #[arg(long, value_name = "POWER", default_value_t = 0.4)]
    pub slim_user_power: f64,
    /// Weights below zero as well: items that speak against each other
    #[arg(long)]
    pub slim_negative: bool,
    /// Only the items most similar by cosine may speak for an item (the paper's fsSLIM) [default: all]
    #[arg(long, value_name = "COUNT")]
    pub slim_candidates: Option<usize>,
    /// A sweep that moves no prediction by more than this share of the item's own norm is the last
    #[arg(long, value_name = "SHARE", default_value_t = 1e-4)]
    pub slim_tolerance: f64,
    /// Sweeps over a working set, at most
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub slim_sweeps: usize,
}

impl SlimOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused = |flag, expected: &str, found: f64| {
            Err(CliError::Flag { flag, expected: expected.into(), found: found.to_string() })
        };
        let range = "from 0 to 1e9";
        match self {
            _ if !(0.0..=1e9).contains(&self.slim_l1) => refused("--slim-l1", range, self.slim_l1),
            _ if !(0.0..=1e9).contains(&self.slim_l2) => refused("--slim-l2", range, self.slim_l2),
            _ if self.slim_l1 + self.slim_l2 == 0.0 => refused("--slim-l1 and --slim-l2", "one of them above 0", 0.0),
            _ if !(0.0..=2.0).contains(&self.slim_user_power) => {
                refused("--slim-user-power", "from 0 to 2", self.slim_user_power)
            }
            _ if self.slim_candidates == Some(0) => refused("--slim-candidates", "at least 1", 0.0),
            _ if !(self.slim_tolerance > 0.0 && self.slim_tolerance <= 0.1) => {
                refused("--slim-tolerance", "above 0, at most 0.1", self.slim_tolerance)
            }
            _ if self.slim_sweeps == 0 => refused("--slim-sweeps", "at least 1", 0.0),
            _ => Ok(()),
        }
    }
}

/// The neighbour lists of `data`; `strengths` lie as its histories do.
pub fn slim(data: &Interactions, strengths: &[Vec<f32>], options: &SlimOptions, lists: &ListOptions) -> NeighbourSpec {
    let items = data.items.len();
    let gram = gram(data, &user_weighted(strengths, options.slim_user_power));
    let net = ElasticNet { gram: &gram, items, options };
    let solve = |residual: &mut Vec<f32>, target| strongest(net.solve(target, residual), lists.neighbours);
    let targets: Vec<List> = (0..items).into_par_iter().map_init(Vec::new, solve).collect();
    lists.spec(&targets)
}

/// The problem of every target.
struct ElasticNet<'a> {
    /// G, (items, items).
    gram: &'a [f32],
    items: usize,
    options: &'a SlimOptions,
}

impl ElasticNet<'_> {
    /// The weights of `target`; `residual` is scratch.
    fn solve(&self, target: usize, residual: &mut Vec<f32>) -> impl Iterator<Item = (usize, f32)> + use<> {
        let allowed = self.allowed(target);
        let mut set = WorkingSet::default();
        for _ in 0..ROUNDS {
            self.residual(target, &set, residual);
            let violators = self.violators(target, &allowed, &set, residual);
            if violators.is_empty() {
                break;
            }
            set.change(&violators);
            self.descend(target, &mut set);
        }
        set.items.into_iter().zip(set.weights)
    }

    /// Items that may speak for `target`. Where neither weights nor `G` are negative, `r_h` is largest at `w = 0`, so
    /// that an item with `G_hi <= l1` never gets a weight.
    fn allowed(&self, target: usize) -> Vec<usize> {
        let row = self.row(target);
        let screened = |item: usize| !self.options.slim_negative && f64::from(row[item]) <= self.options.slim_l1;
        let mut allowed: Vec<usize> =
            (0..self.items).filter(|&item| item != target && self.square(item) > 0.0 && !screened(item)).collect();
        if let Some(count) = self.options.slim_candidates.filter(|&count| count < allowed.len()) {
            let cosine = |item: usize| row[item] / self.square(item).sqrt();
            allowed.select_nth_unstable_by(count - 1, |&a, &b| cosine(b).total_cmp(&cosine(a)).then(a.cmp(&b)));
            allowed.truncate(count);
            allowed.sort_unstable();
        }
        allowed
    }

    /// `r = G_i - G w`, (items).
    fn residual(&self, target: usize, set: &WorkingSet, residual: &mut Vec<f32>) {
        residual.clear();
        residual.extend_from_slice(self.row(target));
        for (&item, &weight) in set.items.iter().zip(&set.weights).filter(|(_, weight)| **weight != 0.0) {
            residual.iter_mut().zip(self.row(item)).for_each(|(r, g)| *r -= weight * g);
        }
    }

    /// Items outside the set whose weight should not be zero, those first that lower the objective most: as many as
    /// have a weight, and [`INTAKE`] at least.
    fn violators(&self, target: usize, allowed: &[usize], set: &WorkingSet, residual: &[f32]) -> Vec<usize> {
        let bound = self.bound(target);
        let mut violators: Vec<(f32, usize)> = Vec::new();
        for &item in allowed {
            let weight = self.shrunk(item, residual[item]);
            if weight.abs() * self.square(item).sqrt() > bound && !set.items.contains(&item) {
                violators.push((weight.abs() * self.shrunk_square(item).sqrt(), item));
            }
        }
        let most = set.weights.iter().filter(|weight| **weight != 0.0).count().max(INTAKE);
        if violators.len() > most {
            violators.select_nth_unstable_by(most - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            violators.truncate(most);
        }
        violators.sort_unstable_by_key(|violator| violator.1);
        violators.into_iter().map(|violator| violator.1).collect()
    }

    /// Coordinate descent over the set until a sweep moves nothing by more than the tolerance.
    fn descend(&self, target: usize, set: &mut WorkingSet) {
        let size = set.items.len();
        let block: Vec<f32> = // G of the set, (size, size)
            set.items.iter().flat_map(|&a| set.items.iter().map(move |&b| self.row(a)[b])).collect();
        let row = self.row(target);
        let mut residual: Vec<f32> = set.items.iter().map(|&item| row[item]).collect();
        let update = |residual: &mut [f32], place: usize, step: f32| {
            residual.iter_mut().zip(&block[place * size..][..size]).for_each(|(r, g)| *r -= step * g);
        };
        for (place, &weight) in set.weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            update(&mut residual, place, weight);
        }
        let bound = self.bound(target);
        for _ in 0..self.options.slim_sweeps {
            let mut largest = 0.0f32;
            for (place, &item) in set.items.iter().enumerate() {
                let weight = set.weights[place];
                let new = self.shrunk(item, residual[place] + self.square(item) * weight);
                if new != weight {
                    update(&mut residual, place, new - weight);
                    set.weights[place] = new;
                    largest = largest.max((new - weight).abs() * self.square(item).sqrt());
                }
            }
            if largest <= bound {
                break;
            }
        }
    }

    /// `S(sum, l1) / (G_hh + l2)`, none below zero unless allowed.
    fn shrunk(&self, item: usize, sum: f32) -> f32 {
        let l1 = self.options.slim_l1 as f32;
        let least = if self.options.slim_negative { f32::NEG_INFINITY } else { 0.0 };
        ((sum - l1).max(0.0) + (sum + l1).min(0.0)).max(least) / self.shrunk_square(item)
    }

    fn shrunk_square(&self, item: usize) -> f32 {
        self.square(item) + self.options.slim_l2 as f32
    }

    /// The move of predictions, as a norm over users, that counts as none.
    fn bound(&self, target: usize) -> f32 {
        self.options.slim_tolerance as f32 * self.square(target).sqrt()
    }

    /// `G_hh`.
    fn square(&self, item: usize) -> f32 {
        self.gram[item * self.items + item]
    }

    fn row(&self, item: usize) -> &[f32] {
        &self.gram[item * self.items..][..self.items]
    }
}

/// Items that have a weight, or may get one.
#[derive(Default)]
struct WorkingSet {
    items: Vec<usize>,
    weights: Vec<f32>,
}

impl WorkingSet {
    /// Drops items without a weight and takes in `more` at zero.
    fn change(&mut self, more: &[usize]) {
        let kept: Vec<(usize, f32)> =
            self.items.iter().copied().zip(self.weights.iter().copied()).filter(|(_, weight)| *weight != 0.0).collect();
        (self.items, self.weights) = kept.into_iter().chain(more.iter().map(|&item| (item, 0.0))).unzip();
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::fixture::{assert_threads_agree, matrix};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: SlimOptions = SlimOptions {
        slim_l1: 0.2,
        slim_l2: 0.5,
        slim_user_power: 0.4,
        slim_negative: false,
        slim_candidates: None,
        slim_tolerance: 1e-6,
        slim_sweeps: 1000,
    };
    const ALL: ListOptions = ListOptions { neighbours: 100, int4_neighbours: false };
    const ITEMS: usize = 90;

    /// Users with tastes that overlap, so that items compete for weights.
    fn data() -> (Interactions, Vec<Vec<f32>>) {
        let items = ITEMS as u32;
        let history = |user: u32| (0..6 + user % 5).map(|n| (user * 7 + n * n * 3 + n * (user % 3)) % items).collect();
        let histories: Vec<Vec<u32>> = (0..200)
            .map(|user| {
                let mut history: Vec<u32> = history(user);
                history.sort_unstable();
                history.dedup();
                history
            })
            .collect();
        let strength = |&item: &u32| if item % 3 == 0 { 0.5 } else { 1.0 };
        let strengths = histories.iter().map(|history| history.iter().map(strength).collect()).collect();
        (interactions(ITEMS, histories), strengths)
    }

    /// Z by users, dense.
    fn dense(data: &Interactions, strengths: &[Vec<f32>]) -> Vec<Vec<f64>> {
        let mean = data.pairs() as f64 / data.users.len() as f64;
        let row = |(history, strengths): (&Vec<u32>, &Vec<f32>)| {
            let mut row = vec![0.0; ITEMS];
            let weight = (history.len() as f64 / mean).powf(-0.2);
            history.iter().zip(strengths).for_each(|(&item, &x)| row[item as usize] = weight * f64::from(x));
            row
        };
        data.histories.iter().zip(strengths).map(row).collect()
    }

    /// The optimality conditions of the elastic net, on dense rows: at a weight the gradient of the smooth part is -l1
    /// times its sign, at zero it is no steeper than l1.
    #[test]
    fn weights_are_optimal() {
        let (data, strengths) = data();
        let rows = dense(&data, &strengths);
        for slim_negative in [false, true] {
            let found = matrix(&slim(&data, &strengths, &SlimOptions { slim_negative, ..OPTIONS }, &ALL));
            let (mut weights, mut below) = (0, 0);
            for target in 0..ITEMS {
                assert_eq!(found[target][target], 0.0);
                let errors: Vec<f64> = rows
                    .iter()
                    .map(|row| row[target] - (0..ITEMS).map(|item| row[item] * found[item][target]).sum::<f64>())
                    .collect();
                for source in (0..ITEMS).filter(|&source| source != target) {
                    let weight = found[source][target];
                    let r = rows.iter().zip(&errors).map(|(row, error)| row[source] * error).sum::<f64>()
                        - OPTIONS.slim_l2 * weight;
                    if weight == 0.0 {
                        let steepest = if slim_negative { r.abs() } else { r };
                        assert!(steepest <= OPTIONS.slim_l1 + 1e-4, "{source} for {target}: {r}");
                    } else {
                        assert!((r - OPTIONS.slim_l1 * weight.signum()).abs() < 1e-4, "{source} for {target}: {r}");
                        weights += 1;
                        below += usize::from(weight < 0.0);
                    }
                }
            }
            assert!(weights > ITEMS, "only {weights} weights");
            assert_eq!(below > 0, slim_negative, "{below} of {weights} below zero");
        }
    }

    #[test]
    fn candidates_are_the_most_similar() {
        let (data, strengths) = data();
        let rows = dense(&data, &strengths);
        let options = SlimOptions { slim_candidates: Some(3), ..OPTIONS };
        let found = matrix(&slim(&data, &strengths, &options, &ALL));
        let dot = |a: usize, b: usize| rows.iter().map(|row| row[a] * row[b]).sum::<f64>();
        (0..ITEMS).for_each(|target| {
            let cosine = |item: usize| dot(item, target) / dot(item, item).sqrt().max(1e-9);
            let mut others: Vec<f64> = (0..ITEMS).filter(|&item| item != target).map(cosine).collect();
            others.sort_by(|a, b| b.total_cmp(a));
            let sources: Vec<usize> = (0..ITEMS).filter(|&source| found[source][target] != 0.0).collect();
            for &source in &sources {
                assert!(cosine(source) >= others[2] - 1e-6, "{source} for {target}");
            }
            assert!(sources.len() <= 3);
        });
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (data, strengths) = data();
        assert_threads_agree(|| slim(&data, &strengths, &OPTIONS, &ALL));
    }

    #[test]
    fn impossible_settings_are_refused() {
        assert!(OPTIONS.check().is_ok());
        for options in [
            SlimOptions { slim_l1: -1.0, ..OPTIONS },
            SlimOptions { slim_l1: 0.0, slim_l2: 0.0, ..OPTIONS },
            SlimOptions { slim_l2: f64::NAN, ..OPTIONS },
            SlimOptions { slim_candidates: Some(0), ..OPTIONS },
            SlimOptions { slim_tolerance: 0.0, ..OPTIONS },
            SlimOptions { slim_sweeps: 0, ..OPTIONS },
        ] {
            assert_eq!(options.check().unwrap_err().code(), "flag", "{options:?}");
        }
    }
}
