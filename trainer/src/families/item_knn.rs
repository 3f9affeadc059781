//! Item-based nearest neighbours (Deshpande and Karypis 2004, "Item-Based Top-N Recommendation Algorithms").
//!
//! With Z (users, items) the weighted pairs and n_ab the users that items a and b share, item h speaks for item i with
//!
//! `w_hi = s_hi n_hi / (n_hi + shrinkage)`, `s_hi = z_h . z_i / (|z_h| |z_i|)`, or `z_h . z_i` for BM25,
//!
//! divided by the largest weight of all: ratios alone rank, and a model file bounds its numbers. The shrinkage is that
//! of Bell and Koren 2007 ("Improved Neighborhood-based Collaborative Filtering", eq. 5): what few users have in common
//! is less certain. Z is, for a pair of strength r of a user of d_u items and an item of strengths that sum to l_i:
//!
//! - cosine: `r`;
//! - TF-IDF: `sqrt(r) idf_u`, `idf_u = ln items - ln(1 + d_u)`;
//! - BM25: `r (k1 + 1) / (k1 (1 - b + b l_i / mean l) + r) idf_u` (Robertson and Zaragoza 2009),
//!   items standing for documents and users for terms, as in the `implicit` package.
//!
//! Exported as neighbour lists: each item keeps the items that speak loudest for it, itself left out.

use clap::{Args, ValueEnum};
use proclivity::model::NeighbourSpec;
use rayon::prelude::*;
use serde::Serialize;

use super::lists::{List, ListOptions, columns, strongest};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// What a pair counts in a similarity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// Its strength
    Cosine,
    /// Less for users of many items
    TfIdf,
    /// The same, and less for popular items
    Bm25,
}

/// Settings of the similarities.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct ItemKnnOptions {
    /// What a pair counts
    #[arg(long, value_enum, default_value = "bm25")]
    pub item_knn_weighting: Weighting,
    /// Similarities of few common users count less: n of them as n / (n + NUMBER)
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    pub item_knn_shrinkage: f64,
    /// BM25: from which strength on more of it counts little more
    #[arg(long, value_name = "NUMBER", default_value_t = 1.2)]
    pub item_knn_bm25_k1: f64,
    /// BM25: how much less the pairs of popular items count, from 0 to 1
    #[arg(long, value_name = "NUMBER", default_value_t = 0.75)]
    pub item_knn_bm25_b: f64,
}

impl ItemKnnOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused = |flag, expected: &str, found: f64| {
            Err(CliError::Flag { flag, expected: expected.into(), found: found.to_string() })
        };
        match self {
            _ if !(0.0..=1e6).contains(&self.item_knn_shrinkage) => {
                refused("--item-knn-shrinkage", "from 0 to 1e6", self.item_knn_shrinkage)
            }
            _ if !(self.item_knn_bm25_k1 > 0.0 && self.item_knn_bm25_k1 <= 1e6) => {
                refused("--item-knn-bm25-k1", "a number above 0, at most 1e6", self.item_knn_bm25_k1)
            }
            _ if !(0.0..=1.0).contains(&self.item_knn_bm25_b) => {
                refused("--item-knn-bm25-b", "from 0 to 1", self.item_knn_bm25_b)
            }
            _ => Ok(()),
        }
    }
}

/// The neighbour lists of `data`; `strengths` lie as its histories do. Each target is computed on its own, users in
/// their order: the result does not depend on the number of threads.
pub fn item_knn(
    data: &Interactions,
    strengths: &[Vec<f32>],
    options: &ItemKnnOptions,
    lists: &ListOptions,
) -> NeighbourSpec {
    let values = weighted(data, strengths, options);
    let columns = columns(data, &values);
    let norm = |column: &List| match options.item_knn_weighting {
        Weighting::Bm25 => 1.0,
        Weighting::Cosine | Weighting::TfIdf => {
            column.iter().map(|(_, x)| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt()
        }
    };
    let norms: Vec<f64> = columns.iter().map(norm).collect();
    let shrinkage = options.item_knn_shrinkage;
    let list = |common: &mut Common, target: usize| {
        common.with(data, &values, &columns[target]);
        let similar = common.touched.iter().map(|&item| {
            let (sum, count) = common.sums[item as usize];
            let norm = norms[item as usize] * norms[target];
            let cosine = if norm > 0.0 { sum / norm } else { 0.0 };
            (item as usize, (cosine * f64::from(count) / (f64::from(count) + shrinkage)) as f32)
        });
        strongest(similar.filter(|(item, _)| *item != target), lists.neighbours)
    };
    let items = data.items.len();
    let mut targets: Vec<List> = (0..items).into_par_iter().map_init(|| Common::new(items), list).collect();
    let largest = targets.iter().flatten().map(|(_, weight)| *weight).fold(0.0, f32::max);
    targets.iter_mut().flatten().for_each(|(_, weight)| *weight /= largest);
    lists.spec(&targets)
}

/// Z, as the histories lie.
fn weighted(data: &Interactions, strengths: &[Vec<f32>], options: &ItemKnnOptions) -> Vec<Vec<f32>> {
    let items = data.items.len();
    let mut lengths = vec![0.0f64; items];
    for (&item, &strength) in data.histories.iter().flatten().zip(strengths.iter().flatten()) {
        lengths[item as usize] += f64::from(strength);
    }
    let mean = lengths.iter().sum::<f64>() / items as f64;
    let (k1, b) = (options.item_knn_bm25_k1, options.item_knn_bm25_b);
    let value = |item: u32, strength: f32, idf: f64| {
        let strength = f64::from(strength);
        let value = match options.item_knn_weighting {
            Weighting::Cosine => strength,
            Weighting::TfIdf => strength.sqrt() * idf,
            Weighting::Bm25 => {
                let length = 1.0 - b + b * lengths[item as usize] / mean;
                strength * (k1 + 1.0) / (k1 * length + strength) * idf
            }
        };
        value as f32
    };
    let of_user = |(history, strengths): (&Vec<u32>, &Vec<f32>)| {
        let idf = (items as f64).ln() - (history.len() as f64).ln_1p();
        history.iter().zip(strengths).map(|(&item, &strength)| value(item, strength, idf)).collect()
    };
    data.histories.iter().zip(strengths).map(of_user).collect()
}

/// What one item has in common with each other: a thread's scratch.
struct Common {
    /// (items): sum of products, number of users.
    sums: Vec<(f64, u32)>,
    /// Items with a user in common.
    touched: Vec<u32>,
}

impl Common {
    fn new(items: usize) -> Common {
        Common { sums: vec![(0.0, 0); items], touched: Vec::new() }
    }

    /// Sums up for the item of this column.
    fn with(&mut self, data: &Interactions, values: &[Vec<f32>], column: &List) {
        self.touched.drain(..).for_each(|item| self.sums[item as usize] = (0.0, 0));
        for &(user, value) in column {
            let user = user as usize;
            for (&item, &other) in data.histories[user].iter().zip(&values[user]) {
                let (sum, count) = &mut self.sums[item as usize];
                if *count == 0 {
                    self.touched.push(item);
                }
                *sum += f64::from(value) * f64::from(other);
                *count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::fixture::{assert_threads_agree, matrix};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: ItemKnnOptions = ItemKnnOptions {
        item_knn_weighting: Weighting::Cosine,
        item_knn_shrinkage: 1.5,
        item_knn_bm25_k1: 2.0,
        item_knn_bm25_b: 0.7,
    };
    const ALL: ListOptions = ListOptions { neighbours: 100, int4_neighbours: false };

    fn data() -> (Interactions, Vec<Vec<f32>>) {
        let histories = vec![vec![0, 1, 2], vec![3, 0], vec![1, 2, 4], vec![5, 2], vec![0, 4, 5, 1], vec![2, 4]];
        let strength = |(place, &item): (usize, &u32)| (1 + (item as usize + place) % 4) as f32 / 4.0;
        let strengths = histories.iter().map(|history: &Vec<u32>| history.iter().enumerate().map(strength).collect());
        let strengths = strengths.collect();
        (interactions(7, histories), strengths)
    }

    /// Dense, from the formulas, by rows of users: a matrix Z and products of its columns.
    fn dense(data: &Interactions, strengths: &[Vec<f32>], options: &ItemKnnOptions) -> Vec<Vec<f64>> {
        let (users, items) = (data.users.len(), data.items.len());
        let mut r = vec![vec![0.0f64; items]; users];
        for (user, history) in data.histories.iter().enumerate() {
            history.iter().zip(&strengths[user]).for_each(|(&i, &x)| r[user][i as usize] = x.into());
        }
        let length = |i: usize| r.iter().map(|row| row[i]).sum::<f64>();
        let mean = (0..items).map(length).sum::<f64>() / items as f64;
        let z = |u: usize, i: usize| {
            let (x, k1) = (r[u][i], options.item_knn_bm25_k1);
            let idf = (items as f64 / (1.0 + data.histories[u].len() as f64)).ln();
            let norm = 1.0 + options.item_knn_bm25_b * (length(i) / mean - 1.0);
            match options.item_knn_weighting {
                Weighting::Cosine => x,
                Weighting::TfIdf => x.sqrt() * idf,
                Weighting::Bm25 => idf * x * (1.0 + k1) / (x + k1 * norm),
            }
        };
        let dot = |a: usize, b: usize| (0..users).map(|u| z(u, a) * z(u, b)).sum::<f64>();
        let weight = |a: usize, b: usize| {
            let common = (0..users).filter(|&u| r[u][a] > 0.0 && r[u][b] > 0.0).count() as f64;
            let norm = if options.item_knn_weighting == Weighting::Bm25 { 1.0 } else { (dot(a, a) * dot(b, b)).sqrt() };
            if a == b || common == 0.0 {
                0.0
            } else {
                dot(a, b) / norm * common / (common + options.item_knn_shrinkage)
            }
        };
        let matrix: Vec<Vec<f64>> = (0..items).map(|a| (0..items).map(|b| weight(a, b)).collect()).collect();
        let largest = matrix.iter().flatten().copied().fold(0.0, f64::max);
        matrix.into_iter().map(|row| row.into_iter().map(|x| x / largest).collect()).collect()
    }

    #[test]
    fn weights_are_the_dense_similarities() {
        let (data, strengths) = data();
        for item_knn_weighting in [Weighting::Cosine, Weighting::TfIdf, Weighting::Bm25] {
            let options = ItemKnnOptions { item_knn_weighting, ..OPTIONS };
            let found = matrix(&item_knn(&data, &strengths, &options, &ALL));
            for (found, expected) in found.iter().flatten().zip(dense(&data, &strengths, &options).iter().flatten()) {
                assert!((found - expected).abs() < 1e-6, "{item_knn_weighting:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn each_target_keeps_its_strongest() {
        let (data, strengths) = data();
        let few = matrix(&item_knn(&data, &strengths, &OPTIONS, &ListOptions { neighbours: 2, ..ALL }));
        let all = dense(&data, &strengths, &OPTIONS);
        for target in 0..7 {
            let mut expected: Vec<f64> = all.iter().map(|row| row[target]).filter(|&x| x > 0.0).collect();
            expected.sort_by(|a, b| b.total_cmp(a));
            expected.truncate(2);
            let mut kept: Vec<f64> = few.iter().map(|row| row[target]).filter(|&x| x > 0.0).collect();
            kept.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(kept.len(), expected.len());
            assert!(kept.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{kept:?} {expected:?}");
        }
    }

    #[test]
    fn nobody_and_threads_change_nothing() {
        let (data, strengths) = data();
        assert_threads_agree(|| item_knn(&data, &strengths, &OPTIONS, &ALL));
        let lonely = interactions(3, vec![vec![0], vec![1], vec![2]]);
        let spec = item_knn(&lonely, &[vec![1.0], vec![1.0], vec![1.0]], &OPTIONS, &ALL);
        assert_eq!((spec.indptr, spec.weights), (vec![0; 4], vec![]), "no item speaks for another");
    }
}
