//! A content tower, run over the features of an item.

use super::ops::{activate, dense};
use crate::error::{Error, Result};
use crate::model::{ContentShape, Dense, MAX_ABS};

/// The vector of an item of these features, (d): `row` gives that of a feature, (width).
///
/// # Errors
/// [`Error::Tensor`] for a tower whose numbers grow beyond all bounds.
pub fn content_vector(
    shape: &ContentShape,
    layers: &[Dense],
    row: impl Fn(u32) -> Vec<f32>,
    features: &[(u32, f32)],
) -> Result<Vec<f32>> {
    let mut x = vec![0.0f32; shape.width];
    for &(feature, weight) in features {
        x.iter_mut().zip(row(feature)).for_each(|(sum, row)| *sum += weight * row);
    }
    for (layer, (_, activation)) in layers.iter().zip(&shape.layers) {
        x = dense(layer, &x);
        activate(*activation, &mut x);
    }
    match x.iter().all(|x| x.abs() <= MAX_ABS) {
        true => Ok(x),
        false => Err(Error::tensor("content", "expected a tower whose vectors are finite, found one of others")),
    }
}
