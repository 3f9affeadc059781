//! The ranker's weights in the order the kernels read them, made once a model.

use super::vector::Vector;
use crate::model::{Ranker, RankerLayer, Weights};

/// Outputs that a kernel computes at a time.
pub(crate) const OUTPUTS: usize = 4;

/// A ranker in the layout of one vector body.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Hidden layers, the first with the item half only.
    pub hidden: Vec<PackedLayer>,
    /// The last layer, (inputs).
    pub last: Vec<f32>,
    pub last_bias: f32,
}

/// One hidden layer. Outputs are padded with zeros to a multiple of four.
#[derive(Debug)]
pub(crate) struct PackedLayer {
    pub inputs: usize,
    /// Padded.
    pub outputs: usize,
    pub weights: PackedWeights,
    /// Padded; for the first layer unused.
    pub bias: Vec<f32>,
}

#[derive(Debug)]
pub(crate) enum PackedWeights {
    /// (outputs / 4, inputs, 4).
    F32(Vec<[f32; OUTPUTS]>),
    /// First layer: (outputs, inputs / 16, 16), its factors (outputs).
    Half { weights: Vec<[i16; 16]>, factors: Vec<f32> },
    /// Later layers: [`words`] of `Vector::GROUP` inputs, (outputs / 4, words, 4), with the factors of the sums (outputs).
    Int8 { weights: Vec<[u32; OUTPUTS]>, factors: Vec<f32> },
}

impl Packed {
    pub fn new<V: Vector>(ranker: &Ranker) -> Packed {
        let (last, hidden) = ranker.layers.split_last().expect("a ranker has at least one layer");
        let hidden = hidden.iter().enumerate().map(|(n, layer)| pack_layer::<V>(ranker, n, layer)).collect();
        Packed { hidden, last: last.weight.to_f32(), last_bias: last.bias[0] }
    }
}

fn pack_layer<V: Vector>(ranker: &Ranker, n: usize, layer: &RankerLayer) -> PackedLayer {
    let (inputs, outputs) = (layer.shape.inputs, layer.shape.outputs.next_multiple_of(OUTPUTS));
    let padded = |mut values: Vec<f32>| {
        values.resize(outputs, 0.0);
        values
    };
    let index = |input: usize, output: usize| {
        (input < inputs && output < layer.shape.outputs).then_some(input * layer.shape.outputs + output)
    };
    let blocks = |inputs: usize| {
        (0..outputs / OUTPUTS).flat_map(move |block| (0..inputs).map(move |input| (OUTPUTS * block, input)))
    };
    let (weights, bias) = match &layer.weight {
        Weights::F32(values) => {
            let at = |input, output| index(input, output).map_or(0.0, |i| values[i]);
            let four = |(output, input)| std::array::from_fn(|o| at(input, output + o));
            (PackedWeights::F32(blocks(inputs).map(four).collect()), layer.bias.clone())
        }
        Weights::Int8 { values, .. } if n == 0 => {
            let at = |input, output| index(input, output).map_or(0, |i| i16::from(values[i]));
            let chunks = (0..outputs).flat_map(|output| (0..inputs / 16).map(move |chunk| (output, chunk)));
            let weights = chunks.map(|(output, chunk)| std::array::from_fn(|n| at(16 * chunk + n, output))).collect();
            (PackedWeights::Half { weights, factors: padded(ranker.factors(n)) }, layer.bias.clone())
        }
        Weights::Int8 { values, .. } => {
            let at = |input, output| index(input, output).map_or(0, |i| values[i]);
            let word = |input: usize, output| {
                let group: Vec<i8> = (0..V::GROUP).map(|n| at(V::GROUP * input + n, output)).collect();
                V::pack(&group)
            };
            let four = |(output, input)| std::array::from_fn(|o| word(input, output + o));
            let weights = blocks(words::<V>(inputs)).map(four).collect();
            (PackedWeights::Int8 { weights, factors: padded(ranker.factors(n)) }, ranker.biases(n))
        }
    };
    PackedLayer { inputs, outputs, weights, bias: padded(bias) }
}

/// Words that hold `inputs` values of one item: an even number, since they are taken two at a time.
pub(crate) fn words<V: Vector>(inputs: usize) -> usize {
    inputs.div_ceil(2 * V::GROUP) * 2
}
