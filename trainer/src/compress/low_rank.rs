//! Narrower vectors: the item table in the directions it varies most in.
//!
//! With the truncated singular value decomposition `Y = U S V^T` of the item rows (n, d), the rows become `Z = Y V_k`
//! (n, k). `Z Z^T` is the best approximation of `Y Y^T` of rank k (Eckart and Young 1936), and that is all a pooled history is
//! scored with. A fold-in commutes with a rotation: with the Gram matrix `Z^T Z = V_k^T (Y^T Y) V_k`, which the writer makes
//! of the stored rows, its solution is `V_k^T u` but for what the other directions held. Rows of their own that a history is
//! pooled of take the same directions. A ranker's first layer takes
//! `W V_k` for the halves of user and item.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use proclivity::model::UserTower;

use super::parts::Parts;
use crate::error::{CliError, Result};

impl Parts {
    /// Makes the vectors `rank` wide; 0 leaves neighbour lists alone.
    ///
    /// # Errors
    /// [`CliError::Flag`] for a width that is not below the present one, or 0 where there is nothing but vectors;
    /// [`CliError::Diverged`] where the decomposition fails.
    pub fn reduce_rank(&mut self, rank: usize) -> Result<()> {
        let spec = &mut self.spec;
        let dim = spec.embedding.dim;
        if dim == 0 {
            let (expected, found) = ("a model with vectors".into(), format!("one without, of family {}", spec.family));
            return Err(CliError::Flag { flag: "--rank", expected, found });
        }
        if spec.network.is_some() || spec.content.is_some() || spec.context.is_some() {
            let expected = "a model whose vectors nothing else was learnt with".into();
            let found = "one with a network, a content tower or a context; train a narrower one".into();
            return Err(CliError::Flag { flag: "--rank", expected, found });
        }
        let lists_alone = rank == 0 && spec.neighbours.is_some() && spec.ranker.is_none();
        if rank >= dim || (rank == 0 && !lists_alone) {
            return Err(CliError::Flag {
                flag: "--rank",
                expected: format!(
                    "a width below the model's {dim}; 0 where it has neighbour lists and no ranker (family {})",
                    spec.family
                ),
                found: rank.to_string(),
            });
        }
        if rank == 0 {
            (spec.embedding.rows, spec.embedding.dim, spec.user_rows) = (Vec::new(), 0, None);
            spec.online = None;
            spec.user_tower = UserTower::Pool { power: 0.0 };
            return Ok(());
        }
        let directions = directions(&spec.embedding.rows, dim, rank)?;
        spec.embedding.rows = rotate(&spec.embedding.rows, dim, &directions);
        spec.user_rows = spec.user_rows.as_ref().map(|rows| rotate(rows, dim, &directions));
        spec.embedding.dim = rank;
        if let Some(first) = spec.ranker.as_mut().and_then(|ranker| ranker.layers.first_mut()) {
            // (outputs, user half and item half) is a table of rows of the old width.
            first.weight = rotate(&first.weight, dim, &directions);
            first.inputs = 2 * rank;
            self.steps = None;
        }
        Ok(())
    }
}

/// The first `rank` right singular vectors of `rows` (n, dim), (dim, rank): eigenvectors of their Gram matrix. Signs are such that the
/// largest entry of each is positive.
fn directions(rows: &[f32], dim: usize, rank: usize) -> Result<Mat<f64>> {
    let rows: Vec<f64> = rows.iter().map(|&x| f64::from(x)).collect();
    let columns = MatRef::from_column_major_slice(&rows, dim, rows.len() / dim); // each row a column
    let mut gram = Mat::<f64>::zeros(dim, dim);
    matmul(gram.as_mut(), Accum::Replace, columns, columns.transpose(), 1.0, Par::Seq);
    let failed = |error| CliError::Diverged { stage: "low rank", found: format!("no eigenvectors ({error:?})") };
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    let vectors = eigen.U(); // by rising eigenvalue
    let column = |n: usize| {
        let vector = vectors.col(dim - 1 - n);
        let largest = (0..dim).fold(0.0f64, |best, i| if vector[i].abs() > best.abs() { vector[i] } else { best });
        (vector, largest.signum())
    };
    let columns: Vec<_> = (0..rank).map(column).collect();
    Ok(Mat::from_fn(dim, rank, |i, n| columns[n].0[i] * columns[n].1))
}

/// `rows V`, (m, dim) to (m, rank).
fn rotate(rows: &[f32], dim: usize, directions: &Mat<f64>) -> Vec<f32> {
    let project = |row: &[f32], n: usize| (0..dim).map(|i| f64::from(row[i]) * directions[(i, n)]).sum::<f64>() as f32;
    rows.chunks_exact(dim).flat_map(|row| (0..directions.ncols()).map(move |n| project(row, n))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proclivity::model::{Model, Precision};
    use proclivity::profile::User;
    use proclivity::score::{CpuScorer, ItemMask, Query, Stage};

    use super::super::parts::fixture::{DIM, ITEMS, parts};
    use super::*;
    use crate::export::load;

    /// The fixture with rows of rank 5 in f32, so that a rank of 16 loses nothing.
    fn narrow() -> Parts {
        let mut parts = parts();
        parts.store(Precision::F32);
        for row in parts.spec.embedding.rows.chunks_exact_mut(DIM) {
            let few: Vec<f32> = row[..5].to_vec();
            for (column, x) in row.iter_mut().enumerate() {
                *x = few.iter().enumerate().map(|(n, y)| y * ((column * (n + 2)) as f32).sin()).sum::<f32>() * 0.2;
            }
        }
        parts
    }

    fn scores(model: &Arc<Model>, stage: Stage) -> Vec<f32> {
        let user = User::of_history(model, &[(3, 1.0), (11, 0.5)]).unwrap();
        let mask = ItemMask::none(ITEMS);
        let list = CpuScorer::new(Arc::clone(model)).score(&Query::of(&user, &mask, ITEMS, stage)).unwrap();
        let mut scores = vec![f32::NAN; ITEMS];
        list.iter().for_each(|scored| scores[scored.item as usize] = scored.score);
        scores
    }

    #[test]
    fn a_rank_that_holds_everything_changes_no_score() {
        let fold_in = UserTower::FoldIn { alpha: 4.0, regularization: 2.0, power: 0.5 };
        let pool = UserTower::Pool { power: 0.5 };
        for (tower, own) in [(fold_in, false), (pool, false), (pool, true)] {
            let mut wide = narrow();
            let reversed = wide.spec.embedding.rows.chunks_exact(DIM).rev().flatten().copied().collect();
            (wide.spec.user_tower, wide.spec.user_rows) = (tower, own.then_some(reversed));
            wide.spec.ranker.iter_mut().for_each(|ranker| ranker.candidates = None);
            let mut low = wide.clone();
            low.reduce_rank(16).unwrap();
            let (wide, low) = (load(&wide.write().unwrap()).unwrap(), load(&low.write().unwrap()).unwrap());
            assert_eq!((wide.dim(), low.dim()), (32, 16));
            for stage in [Stage::Retrieval, Stage::Ranking] {
                for (a, b) in scores(&wide, stage).iter().zip(scores(&low, stage)) {
                    assert!((a - b).abs() < 1e-4, "{stage:?}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn the_kept_directions_are_the_widest() {
        let rows = parts().spec.embedding.rows;
        let energy = |rows: &[f32]| rows.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
        let kept: Vec<f64> =
            [1, 4, 16, 32].map(|rank| energy(&rotate(&rows, DIM, &directions(&rows, DIM, rank).unwrap()))).to_vec();
        assert!(kept.is_sorted() && (kept[3] - energy(&rows)).abs() < 1e-3, "{kept:?}");
        assert!(kept[2] > 0.6 * kept[3] && kept[0] > kept[3] / 32.0, "{kept:?}");
    }

    #[test]
    fn vectors_leave_only_where_lists_stay() {
        let mut alone = parts();
        assert!(alone.clone().reduce_rank(0).is_err(), "its ranker needs them");
        alone.spec.ranker = None;
        alone.reduce_rank(0).unwrap();
        assert_eq!(load(&alone.write().unwrap()).unwrap().dim(), 0);
        alone.spec.neighbours = None;
        for rank in [0, 32, 99] {
            let message = Parts { spec: parts().spec, ..alone.clone() }.reduce_rank(rank).unwrap_err().to_string();
            assert!(message.contains("--rank"), "{message}");
        }
    }
}
