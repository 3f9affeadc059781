//! Self-attention over a history (Kang and McAuley 2018, "Self-Attentive Sequential Recommendation"; blocks of Vaswani et al.
//! 2017, normalised before each part).

use super::ops::{activate, add, dense, dense_part, normalise, softmax};
use crate::model::{Activation, Block, Norm};

/// What the last place holds after all blocks, (w), of history `rows` (T, w). Places are counted from the end: the latest item is
/// at the last one. No place sees a later one, so of the last block only the last place is worked out.
pub fn last_place(places: &[f32], blocks: &[Block], last: &Norm, heads: usize, mut rows: Vec<f32>) -> Vec<f32> {
    let width = last.weight.len();
    let first = places.len() - rows.len();
    add(&mut rows, &places[first..]);
    for (n, block) in blocks.iter().enumerate() {
        let normal = normalise(&block.before_attention, &rows);
        if n + 1 == blocks.len() {
            rows.drain(..rows.len() - width);
        }
        let mixed = attend(block, heads, &normal, rows.len() / width);
        add(&mut rows, &dense(&block.output, &mixed));
        let mut wide = dense(&block.wide, &normalise(&block.before_layers, &rows));
        activate(Activation::Relu, &mut wide);
        add(&mut rows, &dense(&block.narrow, &wide));
    }
    normalise(last, &rows[rows.len() - width..])
}

/// What each of the last `asked` places takes from those up to it, (asked, w), of places x (T, w).
fn attend(block: &Block, heads: usize, x: &[f32], asked: usize) -> Vec<f32> {
    let width = block.output.bias.len();
    let (size, first) = (width / heads, x.len() / width - asked);
    let scale = 1.0 / (size as f32).sqrt();
    let queries = dense_part(&block.attention, 0..width, &x[first * width..]);
    let keys = dense_part(&block.attention, width..2 * width, x);
    let values = dense_part(&block.attention, 2 * width..3 * width, x);
    let mut mixed = vec![0.0f32; asked * width];
    for (n, (query, mixed)) in queries.chunks_exact(width).zip(mixed.chunks_exact_mut(width)).enumerate() {
        let seen = (first + n + 1) * width;
        for head in (0..width).step_by(size) {
            let query = &query[head..][..size];
            let score = |key: &[f32]| scale * query.iter().zip(&key[head..][..size]).map(|(q, k)| q * k).sum::<f32>();
            let mut shares: Vec<f32> = keys[..seen].chunks_exact(width).map(score).collect();
            softmax(&mut shares);
            for (share, value) in shares.iter().zip(values.chunks_exact(width)) {
                let value = &value[head..][..size];
                mixed[head..][..size].iter_mut().zip(value).for_each(|(sum, v)| *sum += share * v);
            }
        }
    }
    mixed
}
