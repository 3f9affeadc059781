//! Golden queries: a few histories with their right answers, stored by the exporter and checked on each backend at load.

use super::header::Dtype;
use super::limits::{MAX_GOLDEN, MAX_GOLDEN_ITEMS};
use super::tensors::{TensorTable, shown, typed};
use crate::error::{Error, Result};

/// One history (item indices, each with strength 1) and its best items with scores, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenQuery {
    pub history: Vec<u32>,
    pub items: Vec<u32>,
    pub scores: Vec<f32>,
}

/// Reads `golden.history.{indptr,indices}`, `golden.item` (q, k) and `golden.score` (q, k); none is allowed.
pub(crate) fn read_golden(table: &TensorTable, file: &[u8], items: usize) -> Result<Vec<GoldenQuery>> {
    let Some(slot) = table.find("golden.item") else {
        return Ok(Vec::new());
    };
    let &[queries, k] = slot.shape.as_slice() else {
        return Err(Error::tensor(
            "golden.item",
            format_args!("expected shape (queries, k), found {}", shown(&slot.shape)),
        ));
    };
    let most = items.min(MAX_GOLDEN_ITEMS);
    if queries > MAX_GOLDEN || k == 0 || k > most {
        return Err(Error::tensor(
            "golden.item",
            format_args!("expected at most {MAX_GOLDEN} queries of 1 to {most} items, found shape ({queries}, {k})"),
        ));
    }
    let answer: &[u32] = typed(file, &table.expect("golden.item", Dtype::U32, &[queries, k])?, "golden.item")?;
    let score: &[f32] = typed(file, &table.expect("golden.score", Dtype::F32, &[queries, k])?, "golden.score")?;
    score
        .iter()
        .all(|x| x.is_finite())
        .then_some(())
        .ok_or_else(|| Error::tensor("golden.score", "expected finite scores, found others"))?;
    let indptr_range = table.expect("golden.history.indptr", Dtype::U32, &[queries + 1])?;
    let indptr: &[u32] = typed(file, &indptr_range, "golden.history.indptr")?;
    let (indices_range, length) = table.expect_vector("golden.history.indices", Dtype::U32)?;
    let indices: &[u32] = typed(file, &indices_range, "golden.history.indices")?;
    let fits = |pair: &[u32]| pair[0] < pair[1] && (pair[1] - pair[0]) as usize <= MAX_GOLDEN_ITEMS;
    if indptr[0] != 0 || indptr[queries] as usize != length || !indptr.windows(2).all(fits) {
        return Err(Error::tensor(
            "golden.history.indptr",
            format_args!("expected histories of 1 to {MAX_GOLDEN_ITEMS} items that fill {length}, found others"),
        ));
    }
    for (name, values) in [("golden.item", answer), ("golden.history.indices", indices)] {
        if let Some(i) = values.iter().position(|&item| item as usize >= items) {
            return Err(Error::tensor(
                name,
                format_args!("expected item indices below {items}, found {} at index {i}", values[i]),
            ));
        }
    }
    Ok((0..queries)
        .map(|q| GoldenQuery {
            history: indices[indptr[q] as usize..indptr[q + 1] as usize].to_vec(),
            items: answer[q * k..(q + 1) * k].to_vec(),
            scores: score[q * k..(q + 1) * k].to_vec(),
        })
        .collect())
}
