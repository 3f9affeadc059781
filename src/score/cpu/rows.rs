//! f32 layers over rows, an output a lane. An input that is 0, as half of them are behind a ReLU, costs nothing; the others are
//! added in order, so that the sums are those of all inputs.

use crate::simd::Vector;

/// Outputs computed at a time: eight vectors of sums, as many as stay in registers.
pub(crate) const BLOCK: usize = 32;
/// Inputs that one word has a bit for.
pub(crate) const WORD: usize = 64;

/// 32 values of a layer's weights. Aligned, so that no load straddles two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Block(pub [f32; BLOCK]);

impl Default for Block {
    fn default() -> Block {
        Block([0.0; BLOCK])
    }
}

/// `values` in blocks, the last one padded with zeros.
pub(crate) fn blocks(values: &[f32]) -> impl Iterator<Item = Block> {
    values.chunks(BLOCK).map(|values| {
        let mut block = Block::default();
        block.0[..values.len()].copy_from_slice(values);
        block
    })
}

/// Rows on their way through the layers.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// Words of a row.
    stride: usize,
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
#[repr(align(64))]
struct Word {
    values: [f32; WORD],
    /// Bit n tells whether value n is not 0.
    set: u64,
}

impl Rows {
    /// Room for `rows` of up to `width` values.
    pub fn new(rows: usize, width: usize) -> Rows {
        let stride = width.div_ceil(WORD);
        Rows { stride, words: vec![Word { values: [0.0; WORD], set: 0 }; rows * stride] }
    }

    fn row(&self, row: usize) -> &[Word] {
        &self.words[row * self.stride..][..self.stride]
    }

    fn row_mut(&mut self, row: usize) -> &mut [Word] {
        &mut self.words[row * self.stride..][..self.stride]
    }

    /// Copies a row in; what it does not fill is 0.
    pub fn put(&mut self, row: usize, mut values: impl Iterator<Item = f32>) {
        for word in self.row_mut(row) {
            word.set = 0;
            for (n, out) in word.values.iter_mut().enumerate() {
                *out = values.next().unwrap_or(0.0);
                word.set |= u64::from(*out != 0.0) << n;
            }
        }
    }

    /// The first rows become `relu(a + b)`, each row of `a` with the same `b`: the two halves of a split first layer.
    pub fn add_relu<V: Vector>(&mut self, a: &[Block], b: &[Block]) {
        for (row, a) in a.chunks_exact(b.len()).enumerate() {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                let sum = |n: usize| V::add(V::load(&vectors(a)[n]), V::load(&vectors(b)[n]));
                let sums = [sum(0), sum(1), sum(2), sum(3), sum(4), sum(5), sum(6), sum(7)];
                store::<V>(sums, true, self.row_mut(row), n);
            }
        }
    }

    /// `y (rows, outputs) = bias + W x`, then ReLU; `weights` (outputs in blocks, inputs, [`BLOCK`]). A block of outputs is
    /// computed for all rows before the next one.
    pub fn dense<V: Vector>(&self, rows: usize, weights: &[Block], bias: &[Block], relu: bool, y: &mut Rows) {
        for (n, (weights, bias)) in weights.chunks_exact(weights.len() / bias.len()).zip(bias).enumerate() {
            for row in 0..rows {
                let sums = self.sums::<V>(row, weights, bias);
                store::<V>(sums, relu, y.row_mut(row), n);
            }
        }
    }

    /// Copies the first blocks of a row out.
    pub fn take(&self, row: usize, out: &mut [Block]) {
        let blocks = self.row(row).iter().flat_map(|word| word.values.as_chunks::<BLOCK>().0);
        out.iter_mut().zip(blocks).for_each(|(out, block)| out.0 = *block);
    }

    /// `bias + weights x` of four rows from `row` on: the last layer.
    pub fn last<V: Vector>(&self, row: usize, weights: &[Block], bias: f32) -> [f32; 4] {
        let sum = |n: usize| {
            let x = self.row(row + n).iter().flat_map(|word| word.values.as_chunks::<4>().0);
            let weights = weights.iter().flat_map(vectors);
            x.zip(weights).fold(V::splat(0.0), |sum, (x, weights)| V::mul_add(V::load(x), V::load(weights), sum))
        };
        let mut out = [0.0; 4];
        V::store(&mut out, V::add(V::sums([sum(0), sum(1), sum(2), sum(3)]), V::splat(bias)));
        out
    }

    /// One block of outputs of a row.
    #[inline(always)]
    fn sums<V: Vector>(&self, row: usize, weights: &[Block], bias: &Block) -> [V::F; 8] {
        let bias = vectors(bias);
        let mut sums: [V::F; 8] = std::array::from_fn(|n| V::load(&bias[n]));
        for (x, weights) in self.row(row).iter().zip(weights.as_chunks::<WORD>().0) {
            let mut left = x.set;
            while left != 0 {
                let input = left.trailing_zeros() as usize;
                left &= left - 1;
                let (x, weights) = (V::splat(x.values[input]), vectors(&weights[input]));
                sums = [
                    V::mul_add(x, V::load(&weights[0]), sums[0]),
                    V::mul_add(x, V::load(&weights[1]), sums[1]),
                    V::mul_add(x, V::load(&weights[2]), sums[2]),
                    V::mul_add(x, V::load(&weights[3]), sums[3]),
                    V::mul_add(x, V::load(&weights[4]), sums[4]),
                    V::mul_add(x, V::load(&weights[5]), sums[5]),
                    V::mul_add(x, V::load(&weights[6]), sums[6]),
                    V::mul_add(x, V::load(&weights[7]), sums[7]),
                ];
            }
        }
        sums
    }
}

/// Block `n` of a row.
#[inline(always)]
fn store<V: Vector>(sums: [V::F; 8], relu: bool, row: &mut [Word], n: usize) {
    let word = &mut row[n / 2];
    let (out, _) = word.values.as_chunks_mut::<4>();
    let out = &mut out[n % 2 * 8..][..8];
    let [a, b, c, d, e, f, g, h] = sums;
    let set = four::<V>([a, b, c, d], relu, &mut out[..4]) | four::<V>([e, f, g, h], relu, &mut out[4..]) << 16;
    word.set = if n.is_multiple_of(2) { u64::from(set) } else { word.set | u64::from(set) << 32 };
}

#[inline(always)]
fn four<V: Vector>([a, b, c, d]: [V::F; 4], relu: bool, out: &mut [[f32; 4]]) -> u32 {
    let keep = |x: V::F, out: &mut [f32; 4]| {
        let x = if relu { V::relu(x) } else { x };
        V::store(out, x);
        V::set(x)
    };
    keep(a, &mut out[0]) | keep(b, &mut out[1]) << 4 | keep(c, &mut out[2]) << 8 | keep(d, &mut out[3]) << 12
}

fn vectors(block: &Block) -> &[[f32; 4]] {
    block.0.as_chunks::<4>().0
}
