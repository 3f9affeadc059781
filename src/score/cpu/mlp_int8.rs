//! The int8 ranker: its weights in the order the kernels read them, and a tile of items on its way through them.

use super::lanes::{Lanes, OUTPUTS, dense, last};
use super::rank_mlp::{TILE, reserved};
use crate::model::{ItemTable, Model, Ranker, RankerLayer, Weights};
use crate::simd::{GROUP_ITEMS, Vector, Words};

/// Groups of a tile.
const GROUPS: usize = TILE / GROUP_ITEMS;

/// A ranker in the layout of one vector body. Outputs are padded with zeros to a multiple of four.
#[derive(Debug)]
pub(crate) struct Mlp {
    first: FirstLayer,
    /// The hidden layers after the first.
    hidden: Vec<Layer>,
    /// The last layer, (inputs).
    last: Vec<f32>,
    last_bias: f32,
    /// The item half of the first layer of every item in 1/32 of a step, (groups of eight items, words, 8,
    /// `Vector::GROUP`).
    half: Option<Vec<i16>>,
}

/// The item half of the first layer.
#[derive(Debug)]
struct FirstLayer {
    outputs: usize,
    /// (outputs, inputs / 16, 16).
    weights: Vec<[i16; 16]>,
    /// Of the sums, (outputs).
    factors: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    /// [`words`] of `Vector::GROUP` inputs, (outputs / 4, words, 4).
    weights: Vec<[u32; OUTPUTS]>,
    /// Of the sums, (outputs).
    factors: Vec<f32>,
    bias: Vec<f32>,
}

impl Mlp {
    /// With `keep`, the item half of every item is computed now, where the memory is not refused. `None` where a hidden layer
    /// is not in int8, which the reader of the model does not let through.
    pub fn new<V: Vector>(model: &Model, ranker: &Ranker, keep: bool) -> Option<Mlp> {
        let (last, hidden) = ranker.layers.split_last()?;
        let (first, hidden) = hidden.split_first()?;
        let first = FirstLayer::new(ranker, first)?;
        let half = if keep { item_half::<V>(model, &first) } else { None };
        let hidden = hidden.iter().enumerate().map(|(n, layer)| Layer::new::<V>(ranker, n + 1, layer));
        Some(Mlp {
            first,
            hidden: hidden.collect::<Option<_>>()?,
            last: last.weight.to_f32(),
            last_bias: last.bias[0],
            half,
        })
    }

    /// Bytes of the item half of every item.
    pub fn half_bytes(model: &Model, ranker: &Ranker) -> usize {
        let width = ranker.layers[0].shape.outputs.next_multiple_of(OUTPUTS);
        model.item_count().next_multiple_of(GROUP_ITEMS).saturating_mul(width * size_of::<i16>())
    }
}

impl FirstLayer {
    fn new(ranker: &Ranker, layer: &RankerLayer) -> Option<FirstLayer> {
        let Weights::Int8 { values, .. } = &layer.weight else { return None };
        let (shape, outputs) = (layer.shape, layer.shape.outputs.next_multiple_of(OUTPUTS));
        let at = |input: usize, output: usize| {
            if output < shape.outputs { i16::from(values[input * shape.outputs + output]) } else { 0 }
        };
        let chunks = (0..outputs).flat_map(|output| (0..shape.inputs / 16).map(move |chunk| (output, chunk)));
        let weights = chunks.map(|(output, chunk)| std::array::from_fn(|n| at(16 * chunk + n, output))).collect();
        Some(FirstLayer { outputs, weights, factors: padded(ranker.factors(0)) })
    }
}

impl Layer {
    fn new<V: Vector>(ranker: &Ranker, n: usize, layer: &RankerLayer) -> Option<Layer> {
        let Weights::Int8 { values, .. } = &layer.weight else { return None };
        let (shape, outputs) = (layer.shape, layer.shape.outputs.next_multiple_of(OUTPUTS));
        let at = |input, output| {
            let inside = input < shape.inputs && output < shape.outputs;
            if inside { values[input * shape.outputs + output] } else { 0 }
        };
        let word = |input: usize, output| {
            let group: Vec<i8> = (0..V::GROUP).map(|n| at(V::GROUP * input + n, output)).collect();
            V::pack(&group)
        };
        let words = words::<V>(shape.inputs);
        let places = (0..outputs).step_by(OUTPUTS).flat_map(|output| (0..words).map(move |input| (input, output)));
        let weights = places.map(|(input, output)| std::array::from_fn(|o| word(input, output + o))).collect();
        let (factors, bias) = (padded(ranker.factors(n)), padded(ranker.biases(n)));
        Some(Layer { inputs: shape.inputs, outputs, weights, factors, bias })
    }
}

fn padded(mut values: Vec<f32>) -> Vec<f32> {
    values.resize(values.len().next_multiple_of(OUTPUTS), 0.0);
    values
}

/// Words that hold `inputs` values of one item: an even number, since they are taken two at a time.
pub(crate) fn words<V: Vector>(inputs: usize) -> usize {
    inputs.div_ceil(2 * V::GROUP) * 2
}

fn item_half<V: Vector>(model: &Model, layer: &FirstLayer) -> Option<Vec<i16>> {
    let size = half_len::<V>(layer);
    let mut half = reserved(model.item_count().div_ceil(GROUP_ITEMS) * size)?;
    for (group, half) in half.chunks_exact_mut(size).enumerate() {
        let items = std::array::from_fn(|n| (group * GROUP_ITEMS + n).min(model.item_count() - 1) as u32);
        group_half::<V>(model, layer, &items, half);
    }
    Some(half)
}

/// Reused from tile to tile.
pub(crate) struct Tile<'a> {
    model: &'a Model,
    mlp: &'a Mlp,
    /// The rounded user half of the first layer.
    first: Vec<i16>,
    /// Activations between hidden layers, (GROUPS, words).
    words: Vec<Words>,
    /// Of the layer at hand, (GROUPS, outputs).
    y: Vec<Lanes>,
    half: Vec<i16>,
}

impl<'a> Tile<'a> {
    pub fn new<V: Vector>(model: &'a Model, ranker: &Ranker, mlp: &'a Mlp, first: &[f32]) -> Tile<'a> {
        let widest = mlp.hidden.iter().map(|layer| layer.outputs.max(layer.inputs)).max().unwrap_or(0);
        let mut first = ranker.round_first(first);
        let half = vec![0; half_len::<V>(&mlp.first)];
        first.resize(half.len() / GROUP_ITEMS, 0);
        let (y, words) = (vec![Lanes::default(); GROUPS * widest], vec![Words::default(); GROUPS * words::<V>(widest)]);
        Tile { model, mlp, first, words, y, half }
    }

    /// The scores of `items`, in the order of the catalogue where `in_order`, without the retrieval score.
    pub fn scores<V: Vector>(&mut self, items: &[u32], in_order: bool) -> [f32; TILE] {
        self.first_layer::<V>(items, in_order);
        let hidden = &self.mlp.hidden;
        for (n, layer) in hidden.iter().enumerate() {
            let (y, words) = (&mut self.y[..GROUPS * layer.outputs], words::<V>(layer.inputs));
            dense::<V>((&self.words[..GROUPS * words], words), &layer.weights, &layer.factors, &layer.bias, y);
            if let Some(next) = hidden.get(n + 1) {
                pack_activations::<V>(y, layer.outputs, next.inputs, &mut self.words);
            }
        }
        let width = hidden.last().map_or(0, |layer| layer.outputs);
        let mut scores = [0.0; TILE];
        let pairs = self.y[..GROUPS * width].chunks_exact(2 * width);
        for (y, out) in pairs.zip(scores.as_chunks_mut::<{ 2 * GROUP_ITEMS }>().0) {
            let [a, b] = last::<V>((y, width), &self.mlp.last, self.mlp.last_bias);
            out[..GROUP_ITEMS].copy_from_slice(&a.0);
            out[GROUP_ITEMS..].copy_from_slice(&b.0);
        }
        scores
    }

    /// The first layer's activations into `words`.
    fn first_layer<V: Vector>(&mut self, items: &[u32], in_order: bool) {
        let layer = &self.mlp.first;
        let (size, words) = (self.half.len(), self.first.len() / V::GROUP);
        let out = self.words.chunks_exact_mut(words);
        if let Some(half) = self.mlp.half.as_ref().filter(|_| in_order) {
            let group = items[0] as usize / GROUP_ITEMS;
            for (half, out) in half[group * size..].chunks_exact(size).zip(out).take(GROUPS) {
                V::activate(half, &self.first, out);
            }
            return;
        }
        for (items, out) in items.chunks(GROUP_ITEMS).zip(out) {
            let items = std::array::from_fn(|n| items[n.min(items.len() - 1)]);
            group_half::<V>(self.model, layer, &items, &mut self.half);
            V::activate(&self.half, &self.first, out);
        }
    }
}

/// The first layer's item half of eight items in 1/32 of a step, (words, 8, `Vector::GROUP`).
fn group_half<V: Vector>(model: &Model, layer: &FirstLayer, items: &[u32; GROUP_ITEMS], half: &mut [i16]) {
    let ItemTable::Int8 { values, scale } = model.table() else { unreachable!("int8 arithmetic has int8 rows") };
    let (dim, chunks) = (model.dim(), model.dim() / 16);
    for (n, &item) in items.iter().enumerate() {
        let (row, _) = values[item as usize * dim..][..dim].as_chunks::<16>();
        let scale = V::splat(scale[item as usize]);
        let factors = layer.factors.as_chunks::<OUTPUTS>().0;
        for (block, (weights, factors)) in layer.weights.chunks_exact(OUTPUTS * chunks).zip(factors).enumerate() {
            let sum = |o: usize| {
                let weights = &weights[o * chunks..][..chunks];
                row.iter().zip(weights).fold(V::zero(), |sum, (row, weights)| V::dot_16(sum, row, weights))
            };
            let sums = V::int_sums([sum(0), sum(1), sum(2), sum(3)]);
            let mut lanes = [0.0; OUTPUTS];
            V::store(&mut lanes, V::mul(V::mul(V::to_f32(sums), scale), V::load(factors)));
            for (o, value) in lanes.into_iter().enumerate() {
                let output = OUTPUTS * block + o;
                let place = (output / V::GROUP * GROUP_ITEMS + n) * V::GROUP + output % V::GROUP;
                half[place] = value.max(-32_767.0).min(32_767.0).round_ties_even() as i16;
            }
        }
    }
}

/// Values of eight items' item half: the padded outputs in whole words.
fn half_len<V: Vector>(layer: &FirstLayer) -> usize {
    words::<V>(layer.outputs) * V::GROUP * GROUP_ITEMS
}

/// Rounds activations that are in steps, y (GROUPS, outputs), to words (GROUPS, words of the next layer's `inputs`).
fn pack_activations<V: Vector>(y: &[Lanes], outputs: usize, inputs: usize, out: &mut [Words]) {
    let per_group = words::<V>(inputs);
    for (y, out) in y.chunks_exact(outputs).zip(out.chunks_exact_mut(per_group)) {
        for (word, out) in out.iter_mut().enumerate() {
            for (item, out) in out.0.iter_mut().enumerate() {
                let values: [i8; 4] = std::array::from_fn(|n| {
                    let input = word * V::GROUP + n;
                    if n < V::GROUP && input < inputs {
                        y[input].0[item].round_ties_even().min(Ranker::LARGEST.into()) as i8
                    } else {
                        0
                    }
                });
                *out = V::pack(&values[..V::GROUP]);
            }
        }
    }
}
