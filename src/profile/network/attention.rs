//! Self-attention over a history (Kang and McAuley 2018, "Self-Attentive Sequential Recommendation"; blocks of Vaswani et al.
//! 2017, normalised before each part).

use super::ops::{activate, dense, normalise, softmax};
use crate::model::{Activation, Block, Norm};

/// What the last place holds after all blocks, (w). Places are counted from the end: the latest item is at the last one. No
/// place sees a later one, so of the last block only the last place is worked out.
pub fn last_place(places: &[f32], blocks: &[Block], last: &Norm, heads: usize, mut rows: Vec<Vec<f32>>) -> Vec<f32> {
    let Some(width) = rows.first().map(Vec::len) else { return Vec::new() };
    let first = places.len() / width - rows.len();
    for (row, place) in rows.iter_mut().zip(places[first * width..].chunks_exact(width)) {
        row.iter_mut().zip(place).for_each(|(x, p)| *x += p);
    }
    for (n, block) in blocks.iter().enumerate() {
        let from = if n + 1 == blocks.len() { rows.len() - 1 } else { 0 };
        attend(block, heads, from, &mut rows);
        for row in &mut rows[from..] {
            let mut wide = dense(&block.wide, &normalise(&block.before_layers, row));
            activate(Activation::Relu, &mut wide);
            row.iter_mut().zip(dense(&block.narrow, &wide)).for_each(|(x, y)| *x += y);
        }
    }
    normalise(last, &rows[rows.len() - 1])
}

/// Adds to each place from `from` on what it takes from those up to it.
fn attend(block: &Block, heads: usize, from: usize, rows: &mut [Vec<f32>]) {
    let width = rows[0].len();
    let size = width / heads;
    let scale = 1.0 / (size as f32).sqrt();
    // (query, key, value) of each place.
    let parts: Vec<Vec<f32>> =
        rows.iter().map(|row| dense(&block.attention, &normalise(&block.before_attention, row))).collect();
    for (at, row) in rows.iter_mut().enumerate().skip(from) {
        let mut mixed = vec![0.0f32; width];
        for head in (0..width).step_by(size) {
            let query = &parts[at][head..][..size];
            let score = |part: &Vec<f32>| {
                scale * query.iter().zip(&part[width + head..][..size]).map(|(q, k)| q * k).sum::<f32>()
            };
            let mut shares: Vec<f32> = parts[..=at].iter().map(score).collect();
            softmax(&mut shares);
            for (share, part) in shares.iter().zip(&parts) {
                let value = &part[2 * width + head..][..size];
                mixed[head..][..size].iter_mut().zip(value).for_each(|(sum, v)| *sum += share * v);
            }
        }
        row.iter_mut().zip(dense(&block.output, &mixed)).for_each(|(x, y)| *x += y);
    }
}
