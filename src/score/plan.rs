//! What a query asks, as plain data that any backend can carry out.

use super::mask::ItemMask;
use crate::error::{Error, Result, show};
use crate::model::{ItemTable, MAX_ABS, Model, inverse_norm, quantise_rows};
use crate::profile::User;

/// What to score with. Each stage is a gain and an offset a row: `score = dot * gain * user_scale + offset`; a query may bring
/// an offset of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The popularity column alone: before the first event.
    Popularity,
    /// Cosine to the user vector, which is then an item's row.
    Similarity,
    /// Dot and bias.
    Retrieval,
    /// The model's own shape: retrieval, for a cascade then the MLP over the best, for an MLP shape the MLP over all.
    Cascade,
    /// The MLP over every item; the same as retrieval for a model without a ranker.
    Ranking,
}

/// A number for every row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Column<'m> {
    /// The same for all.
    All(f32),
    /// One each, (n).
    Each(&'m [f32]),
}

impl Column<'_> {
    /// The number of row `item`.
    pub fn at(&self, item: usize) -> f32 {
        match self {
            Column::All(value) => *value,
            Column::Each(values) => values[item],
        }
    }
}

/// A user vector in the arithmetic of the item table, (d).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum UserVector {
    Int8(Vec<i8>),
    F32(Vec<f32>),
}

/// One question to the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// User vector, (d).
    pub user: &'a [f32],
    /// What a ranker's layers see in its place, (d).
    pub taste: Option<&'a [f32]>,
    /// Added to each item's retrieval score, (n): what neighbour lists and the prior say. For the stages with a dot and a bias.
    pub offset: Option<&'a [f32]>,
    /// Items to leave out.
    pub mask: &'a ItemMask,
    /// How many items are wanted; more than the catalogue holds gives what there is.
    pub k: usize,
    pub stage: Stage,
}

impl<'a> Query<'a> {
    /// What `user` is asked with at a stage with a dot and a bias.
    pub fn of(user: &'a User, mask: &'a ItemMask, k: usize, stage: Stage) -> Query<'a> {
        Query { user: &user.vector, taste: user.taste.as_deref(), offset: user.offset.as_deref(), mask, k, stage }
    }
}

/// A checked query, ready for a backend: the user vector quantised, the ranker's user half computed.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub(crate) stage: Stage,
    pub(crate) user: UserVector,
    /// Factor from dots to scores.
    pub(crate) user_scale: f32,
    /// The offset of each row where it is the query's own, its bias included, (n).
    pub(crate) offset: Option<Vec<f32>>,
    pub(crate) mask: &'a ItemMask,
    /// How many items the first stage keeps.
    pub(crate) retrieve: usize,
    /// With a ranker: the first layer's user half, (outputs of layer 0).
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
        let taste = query.taste.unwrap_or(query.user);
        if query.user.len() != dim || taste.len() != dim {
            return Err(Error::argument("user", format_args!("{dim} values"), query.user.len()));
        }
        if let Some(x) = query.user.iter().chain(taste).find(|x| !x.is_finite() || x.abs() > MAX_ABS) {
            return Err(Error::argument("user", format_args!("finite values up to {}", show(MAX_ABS)), show(*x)));
        }
        if query.mask.items() != items {
            return Err(Error::argument("mask", format_args!("{items} items"), query.mask.items()));
        }
        let offset = query.offset.map(|offset| own_offset(model, query.stage, offset)).transpose()?;
        let (user, user_scale) = in_arithmetic_of(model.table(), query.user, query.stage);
        let k = query.k.min(items);
        let ranker = model.ranker().filter(|_| matches!(query.stage, Stage::Cascade | Stage::Ranking));
        let candidates = |all: usize| if query.stage == Stage::Ranking { items } else { all };
        Ok(Plan {
            stage: query.stage,
            user,
            user_scale,
            offset,
            mask: query.mask,
            retrieve: ranker.map_or(k, |ranker| candidates(ranker.candidates).max(k).min(items)),
            first: ranker.map(|ranker| ranker.project_user(taste)),
            k,
        })
    }

    /// Offset of each row.
    pub(crate) fn offset<'m>(&'m self, model: &'m Model) -> Column<'m> {
        self.offset.as_ref().map_or_else(|| self.stage.offset(model), |offset| Column::Each(offset))
    }

    /// Whether every item is ranked, so that nothing needs to be retrieved first.
    pub(crate) fn ranks_all(&self) -> bool {
        self.first.is_some() && self.retrieve == self.mask.items()
    }
}

/// The offset that a query brings, with the bias.
fn own_offset(model: &Model, stage: Stage, offset: &[f32]) -> Result<Vec<f32>> {
    if offset.len() != model.item_count() || !stage.adds_offset() {
        let found = format!("{} values at stage {stage:?}", offset.len());
        return Err(Error::argument(
            "offset",
            format_args!("{} values at a stage with a bias", model.item_count()),
            found,
        ));
    }
    let mut sums = Vec::new();
    sums.try_reserve_exact(offset.len()).map_err(|_| Error::out_of_memory(offset.len() * 4, "the offsets"))?;
    let bias = stage.offset(model);
    sums.extend(offset.iter().enumerate().map(|(item, x)| x + bias.at(item)));
    Ok(sums)
}

/// The user vector as the item table needs it, and the factor from dots to scores.
fn in_arithmetic_of(table: ItemTable, user: &[f32], stage: Stage) -> (UserVector, f32) {
    let (vector, scale, inverse) = match table {
        ItemTable::Int8 { .. } => {
            let quantised = quantise_rows(user, user.len());
            let inverse = inverse_norm(&quantised.values);
            (UserVector::Int8(quantised.values), quantised.scale[0], inverse)
        }
        ItemTable::F32 { .. } => (UserVector::F32(user.to_vec()), 1.0, inverse_norm(user)),
    };
    let factor = match stage {
        Stage::Popularity => 0.0,
        Stage::Similarity => inverse,
        Stage::Retrieval | Stage::Cascade | Stage::Ranking => scale,
    };
    (vector, factor)
}

impl Stage {
    /// Whether a query may bring an offset of its own.
    pub(crate) fn adds_offset(self) -> bool {
        matches!(self, Stage::Retrieval | Stage::Cascade | Stage::Ranking)
    }

    /// Gain of each row.
    pub(crate) fn gain(self, model: &Model) -> Column<'_> {
        match (self, model.table()) {
            (Stage::Popularity, _) => Column::All(0.0),
            (Stage::Similarity, _) => Column::Each(model.inverse_norm()),
            (_, ItemTable::Int8 { scale, .. }) => Column::Each(scale),
            (_, ItemTable::F32 { .. }) => Column::All(1.0),
        }
    }

    /// Offset of each row.
    pub(crate) fn offset(self, model: &Model) -> Column<'_> {
        let column = match self {
            Stage::Popularity => model.popularity(),
            Stage::Similarity => None,
            Stage::Retrieval | Stage::Cascade | Stage::Ranking => model.bias(),
        };
        column.map_or(Column::All(0.0), Column::Each)
    }
}
