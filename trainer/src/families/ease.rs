//! EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data"), kept to the strongest neighbours of each
//! item.
//!
//! Minimises `|Z - Z B|^2 + sum_i L_i |B_i|^2` over B of zero diagonal, Z being the users' histories with a weight
//! `(d_u / mean d)^(-power)` for a user of d_u items (each pair times its strength), and `L_i = lambda + dropout g_i`
//! with `g_i` item i's share of `Z^T Z` (the denoising of Steck 2020, "Autoencoders that don't overfit towards the
//! Identity"). In closed form, with `P = (Z^T Z + diag L)^-1`: `B_hi = -P_hi / P_ii`. Exported as neighbour lists: item
//! h speaks for item i with `B_hi`.

use clap::Args;
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{DenseSolveCore, Llt};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, Mat, MatRef, Par, Side};
use proclivity::model::NeighbourSpec;
use rayon::prelude::*;
use serde::Serialize;

use super::lists::{List, ListOptions, gram, strongest, user_weighted};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// Targets whose weights are in memory at a time, where users are few.
const BLOCK: usize = 512;

/// Settings of the neighbour lists.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct EaseOptions {
    /// Weight of the squared neighbour weights
    #[arg(long, value_name = "NUMBER", default_value_t = 400.0)]
    pub ease_lambda: f64,
    /// More of it for frequent items, as if this many of their events were left out for each one left in
    #[arg(long, value_name = "NUMBER", default_value_t = 0.5)]
    pub ease_dropout: f64,
    /// Users of many items count less: each with its number of items to minus this power
    #[arg(long, value_name = "POWER", default_value_t = 0.4)]
    pub ease_user_power: f64,
}

impl EaseOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused = |flag, expected: &str, found: f64| {
            Err(CliError::Flag { flag, expected: expected.into(), found: found.to_string() })
        };
        match self {
            _ if !(self.ease_lambda > 0.0 && self.ease_lambda <= 1e9) => {
                refused("--ease-lambda", "a number above 0, at most 1e9", self.ease_lambda)
            }
            _ if !(0.0..=1e3).contains(&self.ease_dropout) => {
                refused("--ease-dropout", "from 0 to 1000", self.ease_dropout)
            }
            _ if !(0.0..=2.0).contains(&self.ease_user_power) => {
                refused("--ease-user-power", "from 0 to 2", self.ease_user_power)
            }
            _ => Ok(()),
        }
    }
}

/// The neighbour lists of `data`; `strengths` lie as its histories do.
///
/// # Errors
/// [`CliError::Diverged`] for a matrix that cannot be factored.
pub fn ease(
    data: &Interactions,
    strengths: &[Vec<f32>],
    options: &EaseOptions,
    lists: &ListOptions,
) -> Result<NeighbourSpec> {
    let items = data.items.len();
    let values = user_weighted(strengths, options.ease_user_power);
    let mut ridge = vec![0.0f32; items];
    for (&item, &value) in data.histories.iter().flatten().zip(values.iter().flatten()) {
        ridge[item as usize] += value * value;
    }
    ridge.iter_mut().for_each(|g| *g = (options.ease_lambda + options.ease_dropout * f64::from(*g)) as f32);
    let targets = match by_users(data) {
        true => from_users(data, &values, &ridge, lists.neighbours)?,
        false => from_items(data, &values, &ridge, lists.neighbours)?,
    };
    Ok(lists.spec(&targets))
}

/// Whether the matrix that is factored is that of the users: at half as many of them as items either way takes as long.
pub fn by_users(data: &Interactions) -> bool {
    2 * data.users.len() < data.items.len()
}

/// The strongest (source, weight) of each target, from the matrix of items.
fn from_items(data: &Interactions, values: &[Vec<f32>], ridge: &[f32], most: usize) -> Result<Vec<List>> {
    let items = data.items.len();
    let mut gram = gram(data, values);
    (0..items).for_each(|item| gram[item * items + item] += ridge[item]);
    let gram = MatRef::from_column_major_slice(&gram, items, items);
    let inverse = Llt::new(gram, Side::Lower).map_err(no_factor)?.inverse();
    let list = |target: usize| {
        let own = inverse[(target, target)];
        strongest((0..items).filter(|&item| item != target).map(|item| (item, -inverse[(item, target)] / own)), most)
    };
    Ok((0..items).into_par_iter().map(list).collect())
}

/// The same from the matrix of users, where they are few: with `I + Z L^-1 Z^T = C C^T` and `H = C^-1 Z L^-1`,
/// `P = L^-1 - H^T H`.
fn from_users(data: &Interactions, values: &[Vec<f32>], ridge: &[f32], most: usize) -> Result<Vec<List>> {
    let (items, users) = (data.items.len(), data.users.len());
    let mut scaled = Mat::<f32>::zeros(users, items); // Z L^-1/2
    for (user, (history, values)) in data.histories.iter().zip(values).enumerate() {
        for (&item, value) in history.iter().zip(values) {
            scaled[(user, item as usize)] = value / ridge[item as usize].sqrt();
        }
    }
    let mut system = Mat::<f32>::identity(users, users);
    matmul(system.as_mut(), Accum::Add, scaled.as_ref(), scaled.transpose(), 1.0, Par::rayon(0));
    let factor = Llt::new(system.as_ref(), Side::Lower).map_err(no_factor)?;
    let mut half = scaled;
    solve_lower_triangular_in_place(factor.L(), half.as_mut(), Par::rayon(0)); // H L^1/2
    (0..items).for_each(|item| {
        let root = ridge[item].sqrt();
        half.col_mut(item).iter_mut().for_each(|x| *x /= root);
    });
    let mut lists = Vec::with_capacity(items);
    let mut sums = Mat::<f32>::zeros(items, BLOCK.min(items));
    for start in (0..items).step_by(BLOCK) {
        let count = BLOCK.min(items - start);
        let block = half.subcols(start, count);
        matmul(sums.as_mut().subcols_mut(0, count), Accum::Replace, half.transpose(), block, 1.0, Par::rayon(0));
        let list = |column: usize| {
            let target = start + column;
            let own = 1.0 / ridge[target] - sums[(target, column)];
            strongest((0..items).filter(|&item| item != target).map(|item| (item, sums[(item, column)] / own)), most)
        };
        lists.par_extend((0..count).into_par_iter().map(list));
    }
    Ok(lists)
}

fn no_factor(error: impl std::fmt::Debug) -> CliError {
    CliError::Diverged { stage: "EASE", found: format!("a matrix without a Cholesky factor ({error:?})") }
}

#[cfg(test)]
mod tests {
    use super::super::lists::fixture::{assert_threads_agree, matrix};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: EaseOptions = EaseOptions { ease_lambda: 1.5, ease_dropout: 0.5, ease_user_power: 0.4 };
    const ALL: ListOptions = ListOptions { neighbours: 100, int4_neighbours: false };

    /// From 0.25 to 1, by the item.
    fn strengths(data: &Interactions) -> Vec<Vec<f32>> {
        let strength = |&item: &u32| (1 + item % 4) as f32 / 4.0;
        data.histories.iter().map(|history| history.iter().map(strength).collect()).collect()
    }

    /// The gradient of the objective is zero off the diagonal, whichever way the weights were computed.
    #[test]
    fn weights_are_stationary() {
        let few_users = vec![vec![0, 1, 2, 3], vec![1, 2, 4, 5]];
        let many_users = [few_users.clone(), vec![vec![2, 3], vec![4, 5, 0], vec![1], vec![3, 4]]].concat();
        for (histories, few) in [(few_users, true), (many_users, false)] {
            let data = interactions(6, histories);
            assert_eq!(by_users(&data), few);
            let found = matrix(&ease(&data, &strengths(&data), &OPTIONS, &ALL).unwrap());
            let mean = data.pairs() as f64 / data.users.len() as f64;
            let rows: Vec<Vec<f64>> = (data.histories.iter())
                .map(|history| {
                    let weight = (history.len() as f64 / mean).powf(-0.2);
                    let value = |item: u32| weight * f64::from(1 + item % 4) / 4.0;
                    (0..6).map(|item| if history.contains(&item) { value(item) } else { 0.0 }).collect()
                })
                .collect();
            let gram = |a: usize, b: usize| rows.iter().map(|row| row[a] * row[b]).sum::<f64>();
            let ridge = |item: usize| OPTIONS.ease_lambda + OPTIONS.ease_dropout * gram(item, item);
            for (source, target) in (0..36).map(|n| (n / 6, n % 6)) {
                if source == target {
                    assert_eq!(found[source][target], 0.0);
                } else {
                    let fitted: f64 = (0..6).map(|item| gram(source, item) * found[item][target]).sum();
                    let gradient = fitted + ridge(source) * found[source][target] - gram(source, target);
                    assert!(gradient.abs() < 1e-5, "{source} for {target}: {gradient}");
                }
            }
        }
    }

    #[test]
    fn only_the_strongest_are_kept() {
        let data = interactions(6, vec![vec![0, 1, 2], vec![0, 1, 3], vec![1, 2, 4, 5], vec![5, 0, 1]]);
        let lists = |neighbours| {
            let lists = ListOptions { neighbours, ..ALL };
            matrix(&ease(&data, &strengths(&data), &OPTIONS, &lists).unwrap())
        };
        let (all, few) = (lists(100), lists(2));
        for target in 0..6 {
            let column = |matrix: &[Vec<f64>]| (0..6).map(|source| matrix[source][target]).collect::<Vec<_>>();
            let (all, few) = (column(&all), column(&few));
            let kept: Vec<usize> = (0..6).filter(|&source| few[source] != 0.0).collect();
            assert!(kept.len() <= 2 && kept.iter().all(|&source| few[source] == all[source]));
            let least = kept.iter().map(|&source| few[source].abs()).fold(f64::INFINITY, f64::min);
            assert!((0..6).filter(|source| !kept.contains(source)).all(|source| all[source].abs() <= least));
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let histories: Vec<Vec<u32>> = (0..40).map(|n| vec![n % 11, (n * 7 + 1) % 11 + 11, n % 5 + 22]).collect();
        let data = interactions(27, histories);
        assert_threads_agree(|| ease(&data, &strengths(&data), &OPTIONS, &ALL).unwrap());
    }
}
