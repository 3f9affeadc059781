//! The MLP that ranks, laid out for the kernels: weights transposed, first layer split.

use super::header::Dtype;
use super::limits::{MAX_LAYERS, MAX_WIDTH};
use super::manifest::{LayerShape, MlpShape};
use super::scale::check_scale;
use super::table::check_int8;
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result, show};

/// `score(u, i) = MLP(concat(u, i)) + skip * dot(u, i)`.
///
/// All weights are transposed to (inputs, outputs), so that a kernel adds whole output vectors and needs no horizontal
/// sum. The first layer is split (`W concat(u, i) = W_u u + W_i i`): its user half runs once a query.
#[derive(Debug, Clone)]
pub struct Ranker {
    /// How many of the best by dot are ranked; the size of the catalogue where every item is.
    pub candidates: usize,
    /// Weight of the retrieval score.
    pub skip: f32,
    /// User half of the first layer, (dim, outputs).
    pub user_half: Vec<f32>,
    /// Layers over items: the first has the item half only, (dim, outputs); then (inputs, outputs).
    pub layers: Vec<RankerLayer>,
    /// Steps of the int8 activations, see [`MlpShape::steps`]; empty for f32 arithmetic.
    pub steps: Vec<f32>,
}

/// One dense layer, transposed.
#[derive(Debug, Clone)]
pub struct RankerLayer {
    pub shape: LayerShape,
    pub weight: Weights,
    /// (outputs).
    pub bias: Vec<f32>,
}

/// Weights of a dense layer, (inputs, outputs) row-major.
#[derive(Debug, Clone)]
pub enum Weights {
    F32(Vec<f32>),
    /// `weight[i][o] = scale[o] * values[i][o]`.
    Int8 {
        values: Vec<i8>,
        scale: Vec<f32>,
    },
}

impl Weights {
    /// As floats, (inputs, outputs).
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Weights::F32(values) => values.clone(),
            Weights::Int8 { values, scale } => {
                values.iter().zip(scale.iter().cycle()).map(|(&value, scale)| f32::from(value) * scale).collect()
            }
        }
    }
}

impl Ranker {
    /// Largest activation and largest magnitude of a weight between hidden layers in int8 arithmetic: four products fit i16.
    pub const LARGEST: i8 = 90;
    /// Fractions of a step that the first layer's halves are rounded to before they are added, in int8 arithmetic.
    pub const FIRST_FRACTIONS: f32 = 32.0;
    /// Largest magnitude of a rounded user half: the sum with an item half and the rounding term stays exact or saturates.
    const FIRST_LARGEST: f32 = 32_000.0;

    pub(crate) fn read(
        table: &TensorTable,
        file: &[u8],
        dim: usize,
        shape: &MlpShape,
        candidates: usize,
        int8_rows: bool,
    ) -> Result<Ranker> {
        check_shapes(shape, dim)?;
        check_steps(shape, int8_rows)?;
        if candidates == 0 {
            return Err(Error::tensor("mlp", "expected at least 1 candidate, found 0"));
        }
        let mut layers = Vec::with_capacity(shape.layers.len());
        let mut user_half = Vec::new();
        for (n, &layer) in shape.layers.iter().enumerate() {
            let int8 = !shape.steps.is_empty() && n + 1 < shape.layers.len();
            let mut weight = read_weights(table, file, n, layer, int8)?;
            let bias_name = format!("mlp.{n}.bias");
            let bias = table.expect(&bias_name, Dtype::F32, &[layer.outputs])?;
            let bias: &[f32] = typed(file, &bias, &bias_name)?;
            check_finite(bias, &bias_name)?;
            let mut shape = layer;
            if n == 0 {
                let half = dim * layer.outputs;
                user_half = weight.to_f32();
                user_half.truncate(half);
                match &mut weight {
                    Weights::F32(values) => drop(values.drain(..half)),
                    Weights::Int8 { values, .. } => drop(values.drain(..half)),
                }
                shape.inputs -= dim;
            }
            layers.push(RankerLayer { shape, weight, bias: bias.to_vec() });
        }
        Ok(Ranker { candidates, skip: shape.skip, user_half, layers, steps: shape.steps.clone() })
    }

    /// The user half of the first layer, once a query: `b_0 + W_u u`, (outputs of layer 0).
    pub fn project_user(&self, user: &[f32]) -> Vec<f32> {
        let mut out = self.layers[0].bias.clone();
        for (&x, row) in user.iter().zip(self.user_half.chunks_exact(out.len())) {
            for (y, &w) in out.iter_mut().zip(row) {
                *y += x * w;
            }
        }
        out
    }

    /// For int8 arithmetic: a user half in fractions of the first step, and the half step that rounds the sum.
    pub fn round_first(&self, first: &[f32]) -> Vec<i16> {
        let per_unit = Ranker::FIRST_FRACTIONS / self.steps[0];
        let round = |x: &f32| (x * per_unit).round_ties_even().max(-Ranker::FIRST_LARGEST).min(Ranker::FIRST_LARGEST);
        first.iter().map(|x| round(x) as i16 + (Ranker::FIRST_FRACTIONS / 2.0) as i16).collect()
    }

    /// For int8 arithmetic: what turns an integer sum of layer `n` into fractions of the first step (n = 0, after the row's
    /// scale), into steps of the next activations, or into real numbers (the last hidden layer), (outputs).
    pub fn factors(&self, n: usize) -> Vec<f32> {
        let Weights::Int8 { scale, .. } = &self.layers[n].weight else { return Vec::new() };
        let input = if n == 0 { 1.0 } else { self.steps[n - 1] };
        let output = match self.steps.get(n) {
            Some(step) if n == 0 => step / Ranker::FIRST_FRACTIONS,
            Some(step) => *step,
            None => 1.0,
        };
        scale.iter().map(|scale| (scale * input) / output).collect()
    }

    /// For int8 arithmetic: the bias of hidden layer `n` > 0 in the unit of [`Ranker::factors`], (outputs).
    pub fn biases(&self, n: usize) -> Vec<f32> {
        let unit = self.steps.get(n).copied().unwrap_or(1.0);
        self.layers[n].bias.iter().map(|bias| bias / unit).collect()
    }
}

/// Layer `n` of `shape` (outputs, inputs) in the file, transposed.
fn read_weights(table: &TensorTable, file: &[u8], n: usize, shape: LayerShape, int8: bool) -> Result<Weights> {
    let name = format!("mlp.{n}.weight");
    let size = [shape.outputs, shape.inputs];
    if !int8 {
        let range = table.expect(&name, Dtype::F32, &size)?;
        let weight: &[f32] = typed(file, &range, &name)?;
        check_finite(weight, &name)?;
        return Ok(Weights::F32(transpose(weight, shape)));
    }
    let values: &[i8] = typed(file, &table.expect(&name, Dtype::I8, &size)?, &name)?;
    let largest = if n == 0 { 127 } else { Ranker::LARGEST.unsigned_abs() };
    check_int8(values, largest, &name, shape.inputs)?;
    let scale_name = format!("{name}.scale");
    let scale: &[f32] = typed(file, &table.expect(&scale_name, Dtype::F32, &[shape.outputs])?, &scale_name)?;
    check_scale(scale, &scale_name)?;
    Ok(Weights::Int8 { values: transpose(values, shape), scale: scale.to_vec() })
}

/// int8 arithmetic has a step for the activations between hidden layers, and item rows that are integers.
fn check_steps(shape: &MlpShape, int8_rows: bool) -> Result<()> {
    let steps = &shape.steps;
    if steps.is_empty() {
        return Ok(());
    }
    let hidden = shape.layers.len() - 1;
    if !int8_rows || hidden < 2 || steps.len() != hidden - 1 {
        return Err(Error::tensor(
            "mlp",
            format_args!(
                "expected for int8 arithmetic an I8 item table, two hidden layers or more and a step between any two, \
                 found {hidden} hidden layers and {} steps",
                steps.len()
            ),
        ));
    }
    match steps.iter().find(|step| !(1e-9..=1e9).contains(*step)) {
        None => Ok(()),
        Some(step) => Err(Error::tensor("mlp", format_args!("expected steps of 1e-9 to 1e9, found {}", show(*step)))),
    }
}

fn check_shapes(shape: &MlpShape, dim: usize) -> Result<()> {
    let layers = &shape.layers;
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(Error::tensor("mlp", format_args!("expected 1 to {MAX_LAYERS} layers, found {}", layers.len())));
    }
    let mut inputs = 2 * dim;
    for (n, layer) in layers.iter().enumerate() {
        let last = n + 1 == layers.len();
        let outputs_fit = if last { layer.outputs == 1 } else { (1..=MAX_WIDTH).contains(&layer.outputs) };
        if layer.inputs != inputs || !outputs_fit {
            let outputs = if last { "1".to_owned() } else { format!("1 to {MAX_WIDTH}") };
            return Err(Error::tensor(
                &format!("mlp.{n}.weight"),
                format_args!("expected shape ({outputs}, {inputs}), found ({}, {})", layer.outputs, layer.inputs),
            ));
        }
        inputs = layer.outputs;
    }
    check_finite(&[shape.skip], "mlp.skip")
}

/// (outputs, inputs) → (inputs, outputs).
fn transpose<T: Copy>(weight: &[T], shape: LayerShape) -> Vec<T> {
    let mut out = Vec::with_capacity(weight.len());
    for input in 0..shape.inputs {
        out.extend((0..shape.outputs).map(|output| weight[output * shape.inputs + input]));
    }
    out
}
