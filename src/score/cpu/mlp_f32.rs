//! The f32 ranker: its weights in the order the kernels read them, and a tile of items on its way through them.

use super::rank_mlp::{TILE, reserved};
use super::rows::{BLOCK, Block, Rows, WORD, blocks};
use crate::model::{ItemTable, Model, Ranker, RankerLayer};
use crate::simd::Vector;

/// Rows that go through the layers together: they and half of a layer of 128 x 64 inputs stay in the first cache.
const ROWS: usize = 8;

#[derive(Debug)]
pub(crate) struct Mlp {
    /// Hidden layers, the first with the item half only.
    hidden: Vec<Layer>,
    /// The last layer.
    last: Vec<Block>,
    last_bias: f32,
    /// The item half of the first layer of every item, (n, outputs) in blocks.
    half: Option<Vec<Block>>,
}

/// One hidden layer in blocks, padded with zeros.
#[derive(Debug)]
struct Layer {
    /// (outputs in blocks, inputs in whole words, [`BLOCK`]): a block has the weights of one input to 32 outputs.
    weights: Vec<Block>,
    bias: Vec<Block>,
}

impl Mlp {
    /// With `keep`, the item half of every item is computed now, where the memory is not refused.
    pub fn new<V: Vector>(model: &Model, ranker: &Ranker, keep: bool) -> Mlp {
        let (last, hidden) = ranker.layers.split_last().expect("a ranker has at least one layer");
        let hidden: Vec<Layer> = hidden.iter().map(Layer::new).collect();
        let half = if keep { hidden.first().and_then(|layer| item_half::<V>(model, layer)) } else { None };
        Mlp { hidden, last: blocks(&last.weight.to_f32()).collect(), last_bias: last.bias[0], half }
    }

    /// Bytes of the item half of every item.
    pub fn half_bytes(model: &Model, ranker: &Ranker) -> usize {
        let width = ranker.layers[0].shape.outputs.div_ceil(BLOCK);
        model.item_count().saturating_mul(width * size_of::<Block>())
    }
}

impl Layer {
    fn new(layer: &RankerLayer) -> Layer {
        let inputs = layer.shape.inputs.next_multiple_of(WORD);
        let weight = layer.weight.to_f32();
        let rows: Vec<Vec<Block>> = weight.chunks_exact(layer.shape.outputs).map(|row| blocks(row).collect()).collect();
        let bias: Vec<Block> = blocks(&layer.bias).collect();
        let input = |output: usize| (0..inputs).map(move |input| (input, output));
        let block = |(input, output): (usize, usize)| rows.get(input).map_or_else(Block::default, |row| row[output]);
        Layer { weights: (0..bias.len()).flat_map(input).map(block).collect(), bias }
    }
}

fn item_half<V: Vector>(model: &Model, layer: &Layer) -> Option<Vec<Block>> {
    let (width, items) = (layer.bias.len(), model.item_count());
    let mut half: Vec<Block> = reserved(items * width)?;
    let (mut rows, mut out) = (Rows::new(ROWS, model.dim()), Rows::new(ROWS, width * BLOCK));
    let no_bias = vec![Block::default(); width];
    for (first, half) in (0..items).step_by(ROWS).zip(half.chunks_mut(ROWS * width)) {
        let halves = half.chunks_exact_mut(width);
        (first..items).take(ROWS).enumerate().for_each(|(row, item)| gather(model, item as u32, &mut rows, row));
        rows.dense::<V>(halves.len(), &layer.weights, &no_bias, false, &mut out);
        halves.enumerate().for_each(|(row, half)| out.take(row, half));
    }
    Some(half)
}

/// Reused from tile to tile.
pub(crate) struct Tile<'a> {
    model: &'a Model,
    mlp: &'a Mlp,
    /// The user half of the first layer.
    first: Vec<Block>,
    rows: Rows,
    next: Rows,
}

impl<'a> Tile<'a> {
    pub fn new(model: &'a Model, mlp: &'a Mlp, first: &[f32]) -> Tile<'a> {
        let widest = mlp.hidden.iter().map(|layer| layer.bias.len() * BLOCK).max().unwrap_or(0).max(model.dim());
        let rows = Rows::new(ROWS, widest);
        Tile { model, mlp, first: blocks(first).collect(), next: rows.clone(), rows }
    }

    /// The scores of `items`, in the order of the catalogue where `in_order`, without the retrieval score.
    pub fn scores<V: Vector>(&mut self, items: &[u32], in_order: bool) -> [f32; TILE] {
        let mut scores = [0.0; TILE];
        for (items, scores) in items.chunks(ROWS).zip(scores.chunks_exact_mut(ROWS)) {
            self.first_layer::<V>(items, in_order);
            for layer in self.mlp.hidden.iter().skip(1) {
                self.rows.dense::<V>(items.len(), &layer.weights, &layer.bias, true, &mut self.next);
                std::mem::swap(&mut self.rows, &mut self.next);
            }
            let bias = if self.mlp.hidden.is_empty() { self.first[0].0[0] } else { self.mlp.last_bias };
            for (quad, scores) in scores.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *scores = self.rows.last::<V>(4 * quad, &self.mlp.last, bias);
            }
        }
        scores
    }

    /// The first layer's activations into `rows`; without a hidden layer the items' vectors.
    fn first_layer<V: Vector>(&mut self, items: &[u32], in_order: bool) {
        let width = self.first.len();
        if let Some(half) = self.mlp.half.as_ref().filter(|_| in_order) {
            let half = &half[items[0] as usize * width..][..items.len() * width];
            return self.rows.add_relu::<V>(half, &self.first);
        }
        for (row, &item) in items.iter().enumerate() {
            gather(self.model, item, &mut self.next, row);
        }
        match self.mlp.hidden.first() {
            None => std::mem::swap(&mut self.rows, &mut self.next),
            Some(layer) => self.next.dense::<V>(items.len(), &layer.weights, &self.first, true, &mut self.rows),
        }
    }
}

/// An item's dequantised vector into row `to`.
fn gather(model: &Model, item: u32, rows: &mut Rows, to: usize) {
    let dim = model.dim();
    let row = item as usize * dim..(item as usize + 1) * dim;
    match model.table() {
        ItemTable::Int8 { values, scale } => {
            let scale = scale[item as usize];
            rows.put(to, values[row].iter().map(|&value| f32::from(value) * scale));
        }
        ItemTable::F32 { values } => rows.put(to, values[row].iter().copied()),
    }
}
