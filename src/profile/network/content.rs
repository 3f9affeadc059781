//! A content tower, run over the features of an item.

use super::ops::{activate, dense};
use crate::error::{Error, Result};
use crate::model::{Content, MAX_ABS, Model};

/// The vector of an item of these features, (d).
///
/// # Errors
/// [`Error::Tensor`] for a tower whose numbers grow beyond all bounds.
pub fn content_vector(model: &Model, content: &Content, features: &[(u32, f32)]) -> Result<Vec<f32>> {
    let mut x = vec![0.0f32; content.shape.width];
    for &(feature, weight) in features {
        x.iter_mut().zip(model.content_row(content, feature)).for_each(|(sum, row)| *sum += weight * row);
    }
    for (layer, (_, activation)) in content.layers.iter().zip(&content.shape.layers) {
        x = dense(layer, &x);
        activate(*activation, &mut x);
    }
    match x.iter().all(|x| x.abs() <= MAX_ABS) {
        true => Ok(x),
        false => Err(Error::tensor("content", "expected a tower whose vectors are finite, found one of others")),
    }
}
