//! What the families of neighbour lists share: the options, the Gram matrix of items, the choice of the strongest
//! neighbours and the shape they are exported in.

use clap::Args;
use proclivity::model::NeighbourSpec;
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// Settings of neighbour lists, whichever family makes them.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct ListOptions {
    /// Items that speak for each item, at most
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub neighbours: usize,
    /// Weights in four bits instead of eight
    #[arg(long)]
    pub int4_neighbours: bool,
}

impl ListOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        match self.neighbours {
            0 => Err(CliError::Flag { flag: "--neighbours", expected: "at least 1".into(), found: "0".into() }),
            _ => Ok(()),
        }
    }

    /// The lists of `targets` as the model file has them.
    pub fn spec(&self, targets: &[List]) -> NeighbourSpec {
        by_source(targets, self.int4_neighbours)
    }
}

/// The (source, weight) of one target, in the order of the sources.
pub type List = Vec<(u32, f32)>;

/// The `most` largest in magnitude, in the order of the items.
pub fn strongest(weights: impl Iterator<Item = (usize, f32)>, most: usize) -> List {
    let mut list: List =
        weights.filter(|(_, weight)| *weight != 0.0).map(|(item, weight)| (item as u32, weight)).collect();
    if list.len() > most {
        list.select_nth_unstable_by(most - 1, |a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        list.truncate(most);
    }
    list.sort_unstable_by_key(|entry| entry.0);
    list
}

/// Lists by target, one for each item, become lists by source.
fn by_source(targets: &[List], int4: bool) -> NeighbourSpec {
    let mut sources = vec![Vec::new(); targets.len()];
    for (target, list) in targets.iter().enumerate() {
        list.iter().for_each(|&(source, weight)| sources[source as usize].push((target as u32, weight)));
    }
    let mut spec = NeighbourSpec { indptr: vec![0], int4, ..NeighbourSpec::default() };
    for list in sources {
        spec.indices.extend(list.iter().map(|entry| entry.0));
        spec.weights.extend(list.iter().map(|entry| entry.1));
        spec.indptr.push(spec.indices.len() as u32);
    }
    spec
}

/// Strengths times the weight `(d_u / mean d)^(-power / 2)` of their user, who has d_u items: in a Gram matrix the user
/// counts with the power itself.
pub fn user_weighted(strengths: &[Vec<f32>], power: f64) -> Vec<Vec<f32>> {
    let pairs: usize = strengths.iter().map(Vec::len).sum();
    let mean = pairs as f64 / strengths.len() as f64;
    let of_user = |strengths: &Vec<f32>| {
        let weight = (strengths.len() as f64 / mean).powf(-power / 2.0) as f32;
        strengths.iter().map(|strength| weight * strength).collect()
    };
    strengths.iter().map(of_user).collect()
}

/// Users by item with the value of each pair, from values (users, history) that lie as the histories do. Users ascend.
pub fn columns(data: &Interactions, values: &[Vec<f32>]) -> Vec<List> {
    let mut columns = vec![Vec::new(); data.items.len()];
    for (user, (history, values)) in data.histories.iter().zip(values).enumerate() {
        for (&item, &value) in history.iter().zip(values) {
            columns[item as usize].push((user as u32, value));
        }
    }
    columns
}

/// `Z^T Z`, (items, items) in f32: 4 bytes for each pair of items, 400 MB for 10,000. Z holds `values`, which lie as
/// the histories do. A row is a thread's own, summed over users in their order.
pub fn gram(data: &Interactions, values: &[Vec<f32>]) -> Vec<f32> {
    let items = data.items.len();
    let mut gram = vec![0.0f32; items * items];
    gram.par_chunks_exact_mut(items).zip(columns(data, values)).for_each(|(row, column)| {
        for (user, value) in column {
            let user = user as usize;
            for (&other, x) in data.histories[user].iter().zip(&values[user]) {
                row[other as usize] += value * x;
            }
        }
    });
    gram
}

#[cfg(test)]
pub mod fixture {
    use proclivity::model::NeighbourSpec;

    /// Lists as a matrix: row h, column i holds how much item h speaks for item i.
    pub fn matrix(spec: &NeighbourSpec) -> Vec<Vec<f64>> {
        let items = spec.indptr.len() - 1;
        let mut matrix = vec![vec![0.0; items]; items];
        for (row, ends) in matrix.iter_mut().zip(spec.indptr.windows(2)) {
            for place in ends[0] as usize..ends[1] as usize {
                row[spec.indices[place] as usize] = f64::from(spec.weights[place]);
            }
        }
        matrix
    }

    /// Runs `make` on one thread and on four: not a bit differs.
    pub fn assert_threads_agree(make: impl Fn() -> NeighbourSpec + Send + Sync) {
        let run = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&make);
        let (one, four) = (run(1), run(4));
        let bits = |spec: &NeighbourSpec| spec.weights.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(!one.weights.is_empty());
        assert_eq!((&one.indptr, &one.indices, bits(&one)), (&four.indptr, &four.indices, bits(&four)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    #[test]
    fn the_strongest_are_kept_in_order_and_ties_go_to_the_lower_item() {
        let weights = [(0, 0.5), (1, -2.0), (2, 0.0), (3, 0.5), (4, 1.0)];
        assert_eq!(strongest(weights.into_iter(), 3), [(0, 0.5), (1, -2.0), (4, 1.0)]);
        assert_eq!(strongest(weights.into_iter(), 9).len(), 4, "a weight of zero says nothing");
    }

    #[test]
    fn lists_turn_from_targets_to_sources() {
        let spec = by_source(&[vec![(1, 0.5), (2, 0.25)], vec![], vec![(1, 1.0)]], true);
        assert_eq!((spec.indptr, spec.indices, spec.weights), (vec![0, 0, 2, 3], vec![0, 2, 0], vec![0.5, 1.0, 0.25]));
        assert!(spec.int4);
    }

    #[test]
    fn the_gram_matrix_is_of_the_values() {
        let data = interactions(3, vec![vec![2, 0], vec![0, 1, 2], vec![1]]);
        let values = vec![vec![0.5, 2.0], vec![1.0, 3.0, -1.0], vec![4.0]];
        let dense = [[2.0, 0.0, 0.5], [1.0, 3.0, -1.0], [0.0, 4.0, 0.0f32]];
        let expected = (0..9).map(|n| dense.iter().map(|row| row[n / 3] * row[n % 3]).sum::<f32>());
        assert_eq!(gram(&data, &values), expected.collect::<Vec<_>>());
    }
}
