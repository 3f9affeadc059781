//! Twin of `shaders/rank_mlp.wgsl`: gather rows, dequantise, run the MLP, add the retrieval score, keep the best. Tiles of
//! items stay in the first cache from the first layer to the score.

use super::dot_topk::Dots;
use super::{mlp_f32, mlp_int8};
use crate::model::{Model, Ranker, Scoring};
use crate::score::plan::Plan;
use crate::score::topk::{Scored, TopK};
use crate::simd::Vector;

/// Items of a tile: as many as a mask word has.
pub(crate) const TILE: usize = 32;
/// Most bytes of the first layer's item half that are kept; a larger one is computed anew each time.
const ITEM_HALF_BYTES: usize = 64 << 20;

/// A ranker in the layout of one vector body; for an MLP shape with the item half of its first layer.
#[derive(Debug)]
pub(crate) enum CpuRanker {
    F32(mlp_f32::Mlp),
    Int8(mlp_int8::Mlp),
}

impl CpuRanker {
    /// `None` without a ranker.
    pub fn new<V: Vector>(model: &Model) -> Option<CpuRanker> {
        let ranker = model.ranker()?;
        let ranks_all = matches!(model.manifest().scoring, Scoring::Mlp(_));
        let fits = |bytes| ranks_all && bytes <= ITEM_HALF_BYTES;
        if ranker.steps.is_empty() {
            let keep = fits(mlp_f32::Mlp::half_bytes(model, ranker));
            return Some(CpuRanker::F32(mlp_f32::Mlp::new::<V>(model, ranker, keep)));
        }
        let keep = fits(mlp_int8::Mlp::half_bytes(model, ranker));
        mlp_int8::Mlp::new::<V>(model, ranker, keep).map(CpuRanker::Int8)
    }
}

/// One query's tile.
enum Tile<'a> {
    F32(mlp_f32::Tile<'a>),
    Int8(mlp_int8::Tile<'a>),
}

impl<'a> Tile<'a> {
    fn new<V: Vector>(model: &'a Model, ranker: &Ranker, mlp: &'a CpuRanker, first: &[f32]) -> Tile<'a> {
        match mlp {
            CpuRanker::F32(mlp) => Tile::F32(mlp_f32::Tile::new(model, mlp, first)),
            CpuRanker::Int8(mlp) => Tile::Int8(mlp_int8::Tile::new::<V>(model, ranker, mlp, first)),
        }
    }

    fn scores<V: Vector>(&mut self, items: &[u32], in_order: bool) -> [f32; TILE] {
        match self {
            Tile::F32(tile) => tile.scores::<V>(items, in_order),
            Tile::Int8(tile) => tile.scores::<V>(items, in_order),
        }
    }
}

/// Ranks `candidates` and offers them to `top`.
pub(crate) fn rank_candidates<V: Vector>(
    model: &Model,
    mlp: &CpuRanker,
    plan: &Plan,
    candidates: &[Scored],
    top: &mut TopK,
) {
    let (Some(ranker), Some(first)) = (model.ranker(), &plan.first) else { return };
    let mut tile = Tile::new::<V>(model, ranker, mlp, first);
    for candidates in candidates.chunks(TILE) {
        let mut items = [0; TILE];
        items.iter_mut().zip(candidates).for_each(|(item, candidate)| *item = candidate.item);
        let scores = tile.scores::<V>(&items[..candidates.len()], false);
        for (candidate, score) in candidates.iter().zip(scores) {
            top.push(score + ranker.skip * candidate.score, candidate.item);
        }
    }
}

/// Ranks every item that is not left out and offers it to `top`.
pub(crate) fn rank_all<V: Vector>(model: &Model, mlp: &CpuRanker, plan: &Plan, top: &mut TopK) {
    let (Some(ranker), Some(first)) = (model.ranker(), &plan.first) else { return };
    let mut tile = Tile::new::<V>(model, ranker, mlp, first);
    let dots = (ranker.skip != 0.0).then(|| Dots::new(model, plan));
    for (word, mask) in plan.mask.words().iter().enumerate().filter(|(_, mask)| **mask != u32::MAX) {
        let start = word * TILE;
        let count = TILE.min(model.item_count() - start);
        let items: [u32; TILE] = std::array::from_fn(|n| (start + n) as u32);
        let mut retrieval = [0.0; TILE];
        if let Some(dots) = &dots {
            for (n, quad) in retrieval[..count.next_multiple_of(4)].as_chunks_mut::<4>().0.iter_mut().enumerate() {
                V::store(quad, dots.scores::<V>(start + 4 * n));
            }
        }
        let scores = tile.scores::<V>(&items[..count], true);
        for (n, (score, retrieval)) in scores.iter().zip(retrieval).take(count).enumerate() {
            let score = score + ranker.skip * retrieval;
            if score >= top.threshold() && mask >> n & 1 == 0 {
                top.push(score, (start + n) as u32);
            }
        }
    }
}

/// `len` defaults, or `None` where the memory is refused.
pub(super) fn reserved<T: Default + Clone>(len: usize) -> Option<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).ok()?;
    values.resize(len, T::default());
    Some(values)
}
