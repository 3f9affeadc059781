//! A content tower trained in PyTorch, over the features that `proclivity features` gives: from what an item says of itself to its vector.

use proclivity::model::{Activation, ContentShape, ContentSpec, DIM_MULTIPLE, Dense, FieldShape, LayerShape};

use super::arrays::ArrayFile;
use super::state::{Layer, State};
use crate::error::Result;
use crate::families::Vectors;

/// The tensor with a row a feature.
const FEATURES: &str = "features.weight";

/// Reads a tower over `fields` for these item vectors; where the last numbers of all of them are 0, as `neumf` has it, the tower may end
/// before these.
///
/// # Errors
/// [`crate::error::CliError::Array`] for a tensor that is missing, of another shape, not finite, or not one of the tower's.
pub fn read_content(file: &mut ArrayFile, fields: Vec<FieldShape>, vectors: &Vectors) -> Result<ContentSpec> {
    let mut state = State::new(file, None, ())?;
    let (rows, features, width) = state.matrix(FEATURES)?;
    let count: usize = fields.iter().map(FieldShape::count).sum();
    if features != count {
        let expected = format!("a row for each of {count} features of the fields");
        return Err(state.file.refused(FEATURES, expected, format!("{features} rows")));
    }
    let (dim, used) = (vectors.dim, used(vectors));
    let mut layers = state.layers("layers")?;
    state.chained("layers", &layers, width, None)?;
    match layers.last_mut() {
        Some(last) if [dim, used].contains(&last.shape.outputs) => widen(last, dim.next_multiple_of(DIM_MULTIPLE)),
        last => {
            let found = last.map_or("no layer".to_owned(), |last| last.shape.outputs.to_string());
            return Err(state.file.refused("layers", format!("layers that end in {used} numbers"), found));
        }
    }
    state.finish("a content tower", None)?;
    let activation = |n: usize| if n + 1 < layers.len() { Activation::Relu } else { Activation::None };
    let shapes = layers.iter().enumerate().map(|(n, layer)| (layer.shape, activation(n))).collect();
    let shape = ContentShape { fields, width, layers: shapes };
    Ok(ContentSpec { shape, rows, layers: layers.into_iter().map(dense).collect() })
}

/// How many numbers of an item's vector are ever other than 0.
fn used(vectors: &Vectors) -> usize {
    let last = |row: &[f32]| row.iter().rposition(|&x| x != 0.0).map_or(0, |at| at + 1);
    vectors.rows.chunks_exact(vectors.dim.max(1)).map(last).max().unwrap_or(0)
}

/// Lets a layer end in so many numbers, those it does not have being 0.
fn widen(layer: &mut Layer, outputs: usize) {
    layer.weight.resize(outputs * layer.shape.inputs, 0.0);
    layer.bias.resize(outputs, 0.0);
    layer.shape.outputs = outputs;
}

/// As the device has it, (inputs, outputs).
fn dense(layer: Layer) -> Dense {
    let LayerShape { inputs, .. } = layer.shape;
    let column = |input: usize| layer.weight[input..].iter().step_by(inputs).copied();
    Dense { weight: (0..inputs).flat_map(column).collect(), bias: layer.bias }
}
