//! The repurchase part: what a buyer's own items and new ones are weighed with, for shops where people buy again.
//!
//! The manifest's member `repurchase` holds the weights of two logistic regressions, `item.repurchase` (2, n) F32 what
//! each item itself adds to the logit of either.

use std::ops::Range;

use serde_json::{Value, json};

use super::header::Dtype;
use super::tensor_writer::TensorWriter;
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result, show};
use crate::json::Field;

/// Features of an own item, see [`crate::rank::Buyer::repeat_features`].
pub const REPEAT_FEATURES: usize = 22;
/// Features of a new item, see [`crate::rank::Buyer::new_features`].
pub const NEW_FEATURES: usize = 8;

const ITEMS: &str = "item.repurchase";

/// The weights of features as they are, the intercept last.
#[derive(Debug, Clone, PartialEq)]
pub struct RepurchaseWeights {
    /// Of an own item, ([`REPEAT_FEATURES`] + 1).
    pub repeat: Vec<f32>,
    /// Of a new item, ([`NEW_FEATURES`] + 1).
    pub new: Vec<f32>,
    /// Days of the log: what is longer ago counts as that long ago.
    pub span: f32,
}

/// The part to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct RepurchaseSpec {
    pub weights: RepurchaseWeights,
    /// What each item adds to the logit as an own item, then as a new one, (2, n).
    pub items: Vec<f32>,
}

/// The part as it is read.
#[derive(Debug, Clone, Copy)]
pub struct Repurchase<'m> {
    pub weights: &'m RepurchaseWeights,
    /// What each item adds to the logit as an own item, (n).
    pub repeat_items: &'m [f32],
    /// What each item adds to the logit as a new item, (n).
    pub new_items: &'m [f32],
}

impl RepurchaseWeights {
    pub(crate) fn from_json(field: &Field) -> Result<RepurchaseWeights> {
        let list = |key, length| -> Result<Vec<f32>> {
            let weights = field.required(key)?.floats()?;
            check_finite(&weights, ITEMS)?;
            match weights.len() == length {
                true => Ok(weights),
                false => Err(Error::argument(key, format_args!("{length} weights"), weights.len())),
            }
        };
        let span = field.required("span")?.float()?;
        if !(span > 0.0 && span <= 1e6) {
            return Err(Error::argument("span", "days above 0, up to 1e6", show(span)));
        }
        Ok(RepurchaseWeights {
            repeat: list("repeat", REPEAT_FEATURES + 1)?,
            new: list("new", NEW_FEATURES + 1)?,
            span,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "repeat": self.repeat, "new": self.new, "span": self.span })
    }
}

/// Finds and checks the items' terms.
pub(crate) fn read_items(table: &TensorTable, file: &[u8], items: usize) -> Result<Range<usize>> {
    let range = table.expect(ITEMS, Dtype::F32, &[2, items])?;
    check_finite(typed(file, &range, ITEMS)?, ITEMS)?;
    Ok(range)
}

/// Adds the terms of `items` items.
pub(crate) fn add_items(file: &mut TensorWriter, spec: &RepurchaseSpec, items: usize) -> Result<()> {
    if spec.items.len() != 2 * items {
        return Err(Error::tensor(ITEMS, format_args!("expected {} values, found {}", 2 * items, spec.items.len())));
    }
    file.add_f32(ITEMS, &[2, items], &spec.items);
    Ok(())
}
