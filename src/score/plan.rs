//! What a query asks, as plain data that any backend can carry out.

use super::mask::ItemMask;
use crate::error::{Error, Result, show};
use crate::model::{MAX_ABS, Model, inverse_norm, quantise_rows};

/// What to score with. Each stage is a gain and an offset a row: `score = int_dot * gain * user_scale + offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The popularity column alone: before the first event.
    Popularity,
    /// Cosine to the user vector, which is then an item's row.
    Similarity,
    /// Dot and bias.
    Retrieval,
    /// Retrieval, then the MLP over the best; the same as retrieval for a model without a ranker.
    Cascade,
}

/// One question to the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// User vector, (d).
    pub user: &'a [f32],
    /// Items to leave out.
    pub mask: &'a ItemMask,
    /// How many items are wanted; more than the catalogue holds gives what there is.
    pub k: usize,
    pub stage: Stage,
}

/// A checked query, ready for a backend: the user vector quantised, the ranker's user half computed.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub(crate) stage: Stage,
    /// int8 user vector, (d).
    pub(crate) user: Vec<i8>,
    /// Factor from integer dots to scores.
    pub(crate) user_scale: f32,
    pub(crate) mask: &'a ItemMask,
    /// How many items the first stage keeps.
    pub(crate) retrieve: usize,
    /// For a cascade: first layer's user half, (outputs of layer 0).
    pub(crate) first: Option<Vec<f32>>,
    /// How many items are answered, at most n.
    pub(crate) k: usize,
}

impl<'a> Plan<'a> {
    /// Checks `query` against `model`.
    ///
    /// # Errors
    /// [`Error::Argument`] for k = 0, a user vector of another width or with values that are not finite, or a mask of
    /// another size.
    pub fn new(model: &Model, query: &Query<'a>) -> Result<Plan<'a>> {
        let (items, dim) = (model.item_count(), model.dim());
        if query.k == 0 {
            return Err(Error::argument("count", "at least 1", 0));
        }
        if query.user.len() != dim {
            return Err(Error::argument("user", format!("{dim} values"), query.user.len()));
        }
        if let Some(x) = query.user.iter().find(|x| !x.is_finite() || x.abs() > MAX_ABS) {
            return Err(Error::argument("user", format!("finite values up to {}", show(MAX_ABS)), show(*x)));
        }
        if query.mask.items() != items {
            return Err(Error::argument("mask", format!("{items} items"), query.mask.items()));
        }
        let quantised = quantise_rows(query.user, dim);
        let user_scale = match query.stage {
            Stage::Popularity => 0.0,
            Stage::Similarity => inverse_norm(&quantised.values),
            Stage::Retrieval | Stage::Cascade => quantised.scale[0],
        };
        let k = query.k.min(items);
        let ranker = model.ranker().filter(|_| query.stage == Stage::Cascade);
        Ok(Plan {
            stage: query.stage,
            user: quantised.values,
            user_scale,
            mask: query.mask,
            retrieve: ranker.map_or(k, |ranker| ranker.candidates.max(k).min(items)),
            first: ranker.map(|ranker| ranker.project_user(query.user)),
            k,
        })
    }
}

impl Stage {
    /// Gain of each row, (n); `None` for all zero.
    pub(crate) fn gain(self, model: &Model) -> Option<&[f32]> {
        match self {
            Stage::Popularity => None,
            Stage::Similarity => Some(model.inverse_norm()),
            Stage::Retrieval | Stage::Cascade => Some(model.scale()),
        }
    }

    /// Offset of each row, (n); `None` for all zero.
    pub(crate) fn offset(self, model: &Model) -> Option<&[f32]> {
        match self {
            Stage::Popularity => model.popularity(),
            Stage::Similarity => None,
            Stage::Retrieval | Stage::Cascade => model.bias(),
        }
    }
}
