//! Twin of `shaders/dot_topk.wgsl`: score rows, keep the best. Four rows at a time, one a lane.

use crate::model::{ItemTable, Model};
use crate::score::plan::{Column, Plan, UserVector};
use crate::score::topk::TopK;
use crate::simd::Vector;

/// Bytes of the table that every query of a batch scores before the next bytes are read: they stay in the first cache.
const BLOCK_BYTES: usize = 16 * 1024;
/// Items of a mask word; a block is whole words.
const WORD: usize = 32;

/// Offers every item that is not left out to each query's `top`.
pub(crate) fn dot_topk<V: Vector>(model: &Model, plans: &[&Plan], tops: &mut [TopK]) {
    let row_bytes = match model.table() {
        ItemTable::Int8 { .. } => model.dim(),
        ItemTable::F32 { .. } => model.dim() * 4,
    };
    let words = model.item_count().div_ceil(WORD);
    let block = if plans.len() == 1 { words } else { (BLOCK_BYTES / row_bytes.max(1) / WORD).max(1) };
    let dots: Vec<Dots> = plans.iter().map(|plan| Dots::new(model, plan)).collect();
    for start in (0..words).step_by(block) {
        for (dots, top) in dots.iter().zip(tops.iter_mut()) {
            for word in start..(start + block).min(words) {
                if dots.plan.mask.words()[word] != u32::MAX {
                    scan::<V>(dots, word * WORD, top);
                }
            }
        }
    }
}

/// Offers up to 32 items from `first` on.
fn scan<V: Vector>(dots: &Dots, first: usize, top: &mut TopK) {
    let mut threshold = V::splat(top.threshold());
    for quad in (first..(first + WORD).min(dots.items)).step_by(4) {
        let scores = dots.scores::<V>(quad);
        if V::any_ge(scores, threshold) {
            let mut lanes = [0.0; 4];
            V::store(&mut lanes, scores);
            for (item, score) in (quad as u32..dots.items as u32).zip(lanes) {
                if !dots.plan.mask.is_excluded(item) {
                    top.push(score, item);
                }
            }
            threshold = V::splat(top.threshold());
        }
    }
}

/// The retrieval scores of one query, ready to be computed.
pub(crate) struct Dots<'a> {
    plan: &'a Plan<'a>,
    items: usize,
    dim: usize,
    table: ItemTable<'a>,
    gain: Column<'a>,
    offset: Column<'a>,
    /// The int8 user vector as i16, (d / 16, 16).
    user: Vec<[i16; 16]>,
}

impl<'a> Dots<'a> {
    pub fn new(model: &'a Model, plan: &'a Plan<'a>) -> Dots<'a> {
        let user = match &plan.user {
            UserVector::Int8(user) => user.as_chunks::<16>().0.iter().map(|chunk| chunk.map(i16::from)).collect(),
            UserVector::F32(_) => Vec::new(),
        };
        Dots {
            plan,
            items: model.item_count(),
            dim: model.dim(),
            table: model.table(),
            gain: plan.stage.gain(model),
            offset: plan.offset(model),
            user,
        }
    }

    /// `((dot * gain) * user_scale) + offset` of four items from `quad` (a multiple of 4) on; lanes past the last item hold
    /// anything.
    #[inline(always)]
    pub fn scores<V: Vector>(&self, quad: usize) -> V::F {
        let dots = match (self.table, &self.plan.user) {
            (ItemTable::F32 { values }, UserVector::F32(user)) => dots_f32::<V>(four(values, quad, self.dim), user),
            (ItemTable::Int8 { values, .. }, _) => dots_i8::<V>(four(values, quad, self.dim), &self.user),
            _ => unreachable!("a plan's user vector is in the arithmetic of its model's table"),
        };
        let scaled = V::mul(V::mul(dots, column::<V>(self.gain, quad)), V::splat(self.plan.user_scale));
        V::add(scaled, column::<V>(self.offset, quad))
    }
}

/// Four rows (d) from row `quad` on; past the end the last row, again.
#[inline(always)]
fn four<T>(values: &[T], quad: usize, dim: usize) -> [&[T]; 4] {
    let start = quad * dim;
    if let Some(rows) = values.get(start..start + 4 * dim) {
        let (ab, cd) = rows.split_at(2 * dim);
        let ((a, b), (c, d)) = (ab.split_at(dim), cd.split_at(dim));
        return [a, b, c, d];
    }
    let row = |n: usize| &values[(start + n * dim).min(values.len() - dim)..][..dim];
    [row(0), row(1), row(2), row(3)]
}

#[inline(always)]
fn column<V: Vector>(column: Column, quad: usize) -> V::F {
    match column {
        Column::All(value) => V::splat(value),
        Column::Each(values) => match values.as_chunks::<4>() {
            (chunks, _) if quad / 4 < chunks.len() => V::load(&chunks[quad / 4]),
            (_, rest) => V::load(&std::array::from_fn(|n| rest.get(n).copied().unwrap_or(0.0))),
        },
    }
}

/// Exact dots of four int8 rows, one a lane.
#[inline(always)]
fn dots_i8<V: Vector>(rows: [&[i8]; 4], user: &[[i16; 16]]) -> V::F {
    let [a, b, c, d] = [rows[0].as_chunks().0, rows[1].as_chunks().0, rows[2].as_chunks().0, rows[3].as_chunks().0];
    let mut sums = [V::zero(); 4];
    for ((((a, b), c), d), user) in a.iter().zip(b).zip(c).zip(d).zip(user) {
        sums = [
            V::dot_16(sums[0], a, user),
            V::dot_16(sums[1], b, user),
            V::dot_16(sums[2], c, user),
            V::dot_16(sums[3], d, user),
        ];
    }
    V::to_f32(V::int_sums(sums))
}

/// Dots of four f32 rows, one a lane: four rounded sums of every fourth product, then `(s0 + s1) + (s2 + s3)`.
#[inline(always)]
fn dots_f32<V: Vector>(rows: [&[f32]; 4], user: &[f32]) -> V::F {
    let [a, b, c, d] = [rows[0].as_chunks().0, rows[1].as_chunks().0, rows[2].as_chunks().0, rows[3].as_chunks().0];
    let mut sums = [V::splat(0.0); 4];
    for ((((a, b), c), d), user) in a.iter().zip(b).zip(c).zip(d).zip(user.as_chunks().0) {
        let user = V::load(user);
        sums = [
            V::add(sums[0], V::mul(V::load(a), user)),
            V::add(sums[1], V::mul(V::load(b), user)),
            V::add(sums[2], V::mul(V::load(c), user)),
            V::add(sums[3], V::mul(V::load(d), user)),
        ];
    }
    V::sums(sums)
}
