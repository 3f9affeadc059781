//! Twin of `shaders/rank_mlp.wgsl`: gather rows, dequantise, run the MLP, add the retrieval score, keep the best. Tiles of
//! items stay in the first cache from the first layer to the score.

use super::dense::{GROUP_ITEMS, Lanes, Words, add_relu, dense_f32, dense_i8, last};
use super::dot_topk::Dots;
use super::packed::{OUTPUTS, Packed, PackedLayer, PackedWeights, words};
use super::vector::Vector;
use crate::model::{ItemTable, Model, Ranker};
use crate::score::plan::Plan;
use crate::score::topk::{Scored, TopK};

/// Groups of a tile: 32 items, as many as a mask word has.
const GROUPS: usize = 4;
const TILE: usize = GROUPS * GROUP_ITEMS;

/// The first layer's item half of every item, computed once: (groups of eight items, outputs, 8).
#[derive(Debug)]
pub(crate) enum ItemHalf {
    F32(Vec<Lanes>),
    /// In 1/32 of a step: (groups, words, 8, `Vector::GROUP`).
    Int8(Vec<i16>),
}

/// Ranks `candidates` and offers them to `top`.
pub(crate) fn rank_candidates<V: Vector>(
    model: &Model,
    packed: &Packed,
    plan: &Plan,
    candidates: &[Scored],
    top: &mut TopK,
) {
    let Some(mut tile) = Tile::new::<V>(model, packed, plan) else { return };
    for candidates in candidates.chunks(TILE) {
        let mut items = [candidates[0].item; TILE];
        items.iter_mut().zip(candidates).for_each(|(item, candidate)| *item = candidate.item);
        tile.first_layer::<V>(&items, None);
        for (candidate, score) in candidates.iter().zip(tile.scores::<V>()) {
            top.push(score + tile.ranker.skip * candidate.score, candidate.item);
        }
    }
}

/// Ranks every item that is not left out and offers it to `top`.
pub(crate) fn rank_all<V: Vector>(
    model: &Model,
    packed: &Packed,
    half: Option<&ItemHalf>,
    plan: &Plan,
    top: &mut TopK,
) {
    let Some(mut tile) = Tile::new::<V>(model, packed, plan) else { return };
    let dots = (tile.ranker.skip != 0.0).then(|| Dots::new(model, plan));
    let count = model.item_count();
    for (word, mask) in plan.mask.words().iter().enumerate().filter(|(_, mask)| **mask != u32::MAX) {
        let start = word * TILE;
        let items = std::array::from_fn(|n| (start + n).min(count - 1) as u32);
        tile.first_layer::<V>(&items, half.map(|half| (half, word * GROUPS)));
        let mut retrieval = [0.0; TILE];
        if let Some(dots) = &dots {
            let (quads, _) = retrieval.as_chunks_mut::<4>();
            for (n, quad) in quads.iter_mut().enumerate().take((count - start).div_ceil(4)) {
                V::store(quad, dots.scores::<V>(start + 4 * n));
            }
        }
        let scores = tile.scores::<V>();
        for (n, (score, retrieval)) in scores.iter().zip(retrieval).take(count - start).enumerate() {
            let score = score + tile.ranker.skip * retrieval;
            if score >= top.threshold() && mask >> n & 1 == 0 {
                top.push(score, (start + n) as u32);
            }
        }
    }
}

/// The item half of the first layer of every item; `None` when there is no hidden layer or the memory is refused.
pub(crate) fn item_half<V: Vector>(model: &Model, packed: &Packed) -> Option<ItemHalf> {
    let layer = packed.hidden.first()?;
    let groups = model.item_count().div_ceil(GROUP_ITEMS);
    let items = |group: usize| std::array::from_fn(|n| (group * GROUP_ITEMS + n).min(model.item_count() - 1) as u32);
    match &layer.weights {
        PackedWeights::F32(weights) => {
            let mut half: Vec<Lanes> = defaults(groups * layer.outputs)?;
            let mut x = vec![Lanes::default(); model.dim()];
            for (group, half) in half.chunks_exact_mut(layer.outputs).enumerate() {
                gather(model, &items(group), &mut x);
                let bias = &vec![0.0; layer.outputs];
                dense_f32::<V>((&x, model.dim(), layer.inputs), weights, bias, false, half);
            }
            Some(ItemHalf::F32(half))
        }
        _ => {
            let size = half_len::<V>(layer);
            let mut half: Vec<i16> = defaults(groups * size)?;
            for (group, half) in half.chunks_exact_mut(size).enumerate() {
                int8_half::<V>(model, layer, &items(group), half);
            }
            Some(ItemHalf::Int8(half))
        }
    }
}

/// Bytes that [`item_half`] takes.
pub(crate) fn item_half_bytes(model: &Model, ranker: &Ranker) -> usize {
    let width = ranker.layers[0].shape.outputs.next_multiple_of(OUTPUTS);
    let size = if ranker.steps.is_empty() { size_of::<f32>() } else { size_of::<i16>() };
    model.item_count().next_multiple_of(GROUP_ITEMS).saturating_mul(width * size)
}

/// One tile of items on its way through the layers; reused from tile to tile.
struct Tile<'a> {
    model: &'a Model,
    ranker: &'a Ranker,
    packed: &'a Packed,
    /// The user half of the first layer, padded; rounded for int8 arithmetic.
    first: Vec<f32>,
    first_i16: Vec<i16>,
    /// Activations, (GROUPS, outputs) of the layer at hand.
    x: Vec<Lanes>,
    y: Vec<Lanes>,
    words: Vec<Words>,
    half: Vec<i16>,
}

impl<'a> Tile<'a> {
    /// `None` for a plan without a ranking stage.
    fn new<V: Vector>(model: &'a Model, packed: &'a Packed, plan: &Plan) -> Option<Tile<'a>> {
        let (ranker, first) = (model.ranker()?, plan.first.as_ref()?);
        let widest = packed.hidden.iter().map(|layer| layer.outputs).max().unwrap_or(0).max(model.dim());
        let first_outputs = packed.hidden.first().map_or(1, |layer| layer.outputs);
        let (mut first_i16, mut half) = (Vec::new(), Vec::new());
        if let Some(layer) = packed.hidden.first().filter(|_| !ranker.steps.is_empty()) {
            first_i16 = ranker.round_first(first);
            first_i16.resize(half_len::<V>(layer) / GROUP_ITEMS, 0);
            half = vec![0; half_len::<V>(layer)];
        }
        let mut first = first.clone();
        first.resize(first_outputs, 0.0);
        let lanes = || vec![Lanes::default(); GROUPS * widest];
        let (x, y, words) = (lanes(), lanes(), vec![Words::default(); GROUPS * words::<V>(widest)]);
        Some(Tile { model, ranker, packed, first, first_i16, x, y, words, half })
    }

    /// Activations of the first layer into `x`, or for int8 arithmetic `words`; without a hidden layer the rows into `x`.
    /// `stored` is every item's half and the first group's place in it.
    fn first_layer<V: Vector>(&mut self, items: &[u32; TILE], stored: Option<(&ItemHalf, usize)>) {
        let dim = self.model.dim();
        let (groups, _) = items.as_chunks::<GROUP_ITEMS>();
        let Some(layer) = self.packed.hidden.first() else {
            groups.iter().zip(self.x.chunks_exact_mut(dim)).for_each(|(items, x)| gather(self.model, items, x));
            return;
        };
        match (&layer.weights, stored) {
            (PackedWeights::F32(_), Some((ItemHalf::F32(half), group))) => {
                let half = half[group * layer.outputs..].chunks_exact(layer.outputs);
                for (half, x) in half.zip(self.x.chunks_exact_mut(layer.outputs)).take(GROUPS) {
                    add_relu::<V>(half, &self.first, x);
                }
            }
            (PackedWeights::F32(weights), _) => {
                groups.iter().zip(self.y.chunks_exact_mut(dim)).for_each(|(items, x)| gather(self.model, items, x));
                let rows = (&self.y[..GROUPS * dim], dim, dim);
                dense_f32::<V>(rows, weights, &self.first, true, &mut self.x[..GROUPS * layer.outputs]);
            }
            (_, Some((ItemHalf::Int8(half), group))) => {
                let (size, words) = (half_len::<V>(layer), self.first_i16.len() / V::GROUP);
                for (half, out) in
                    half[group * size..].chunks_exact(size).zip(self.words.chunks_exact_mut(words)).take(GROUPS)
                {
                    V::activate(half, &self.first_i16, out);
                }
            }
            _ => {
                let words = self.first_i16.len() / V::GROUP;
                for (items, out) in groups.iter().zip(self.words.chunks_exact_mut(words)) {
                    int8_half::<V>(self.model, layer, items, &mut self.half);
                    V::activate(&self.half, &self.first_i16, out);
                }
            }
        }
    }

    /// The scores of the tile, without the retrieval score.
    fn scores<V: Vector>(&mut self) -> [f32; TILE] {
        let hidden = &self.packed.hidden;
        let mut width = hidden.first().map_or(self.model.dim(), |layer| layer.outputs);
        for (n, layer) in hidden.iter().enumerate().skip(1) {
            let y = &mut self.y[..GROUPS * layer.outputs];
            match &layer.weights {
                PackedWeights::Int8 { weights, factors } => {
                    let words = words::<V>(layer.inputs);
                    dense_i8::<V>((&self.words[..GROUPS * words], words), weights, factors, &layer.bias, y);
                    if n + 1 < hidden.len() {
                        pack_activations::<V>(y, layer.outputs, hidden[n + 1].inputs, &mut self.words);
                    }
                }
                PackedWeights::F32(weights) => {
                    dense_f32::<V>((&self.x[..GROUPS * width], width, layer.inputs), weights, &layer.bias, true, y);
                }
                PackedWeights::Half { .. } => unreachable!("only the first layer is split"),
            }
            width = layer.outputs;
            std::mem::swap(&mut self.x, &mut self.y);
        }
        let bias = if hidden.is_empty() { self.first[0] } else { self.packed.last_bias };
        let mut scores = [0.0; TILE];
        let pairs = self.x[..GROUPS * width].chunks_exact(2 * width);
        for (x, out) in pairs.zip(scores.as_chunks_mut::<{ 2 * GROUP_ITEMS }>().0) {
            let [a, b] = last::<V>((x, width), &self.packed.last, bias);
            out[..GROUP_ITEMS].copy_from_slice(&a.0);
            out[GROUP_ITEMS..].copy_from_slice(&b.0);
        }
        scores
    }
}

/// Dequantised rows of eight items, x (d, 8).
fn gather(model: &Model, items: &[u32; GROUP_ITEMS], x: &mut [Lanes]) {
    let dim = model.dim();
    for (n, &item) in items.iter().enumerate() {
        let row = item as usize * dim..(item as usize + 1) * dim;
        match model.table() {
            ItemTable::Int8 { values, scale } => {
                let scale = scale[item as usize];
                x.iter_mut().zip(&values[row]).for_each(|(x, &value)| x.0[n] = f32::from(value) * scale);
            }
            ItemTable::F32 { values } => x.iter_mut().zip(&values[row]).for_each(|(x, &value)| x.0[n] = value),
        }
    }
}

/// The first layer's item half of eight items in 1/32 of a step, (words, 8, `Vector::GROUP`).
fn int8_half<V: Vector>(model: &Model, layer: &PackedLayer, items: &[u32; GROUP_ITEMS], half: &mut [i16]) {
    let (ItemTable::Int8 { values, scale }, PackedWeights::Half { weights, factors }) = (model.table(), &layer.weights)
    else {
        unreachable!("int8 arithmetic has int8 rows and a split first layer")
    };
    let (dim, chunks) = (model.dim(), model.dim() / 16);
    for (n, &item) in items.iter().enumerate() {
        let (row, _) = values[item as usize * dim..][..dim].as_chunks::<16>();
        let scale = V::splat(scale[item as usize]);
        let factors = factors.as_chunks::<OUTPUTS>().0;
        for (block, (weights, factors)) in weights.chunks_exact(OUTPUTS * chunks).zip(factors).enumerate() {
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
fn half_len<V: Vector>(layer: &PackedLayer) -> usize {
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

fn defaults<T: Default + Clone>(len: usize) -> Option<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).ok()?;
    values.resize(len, T::default());
    Some(values)
}
