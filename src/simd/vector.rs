//! The operations that differ from one instruction set to another. Kernels are written once, over four lanes.

/// Items of a group: two vectors.
pub(crate) const GROUP_ITEMS: usize = 8;

/// One word of each item of a group.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Words(pub [u32; GROUP_ITEMS]);

/// A vector body. Everything but [`Vector::mul_add`] gives the same bits in every body.
pub(crate) trait Vector {
    /// Four f32.
    type F: Copy;
    /// Four i32.
    type I: Copy;

    /// Activations a 32-bit word holds: [`Vector::dot_words`] takes four items' words at a time.
    const GROUP: usize;

    fn splat(x: f32) -> Self::F;
    fn load(x: &[f32; 4]) -> Self::F;
    fn store(out: &mut [f32; 4], x: Self::F);
    fn add(a: Self::F, b: Self::F) -> Self::F;
    fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// `sum[n] += a[n] * b[n]`, the product rounded.
    fn add_products(sum: &mut [f64; 2], a: &[f64; 2], b: &[f64; 2]);
    /// Lanes of `a` that are below 0 become 0.
    fn relu(a: Self::F) -> Self::F;
    /// `a * b + c`, the product rounded or not.
    fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// Bit n tells whether lane n is not 0.
    fn set(a: Self::F) -> u32;
    /// Whether any lane of `a` is at least that of `b`.
    fn any_ge(a: Self::F, b: Self::F) -> bool;
    /// Lane n is the sum of the lanes of `x[n]`, as `(x0 + x1) + (x2 + x3)`.
    fn sums(x: [Self::F; 4]) -> Self::F;

    /// Sixteen i8.
    fn floats(x: &[i8; 16]) -> [Self::F; 4];
    fn zero() -> Self::I;
    fn to_f32(x: Self::I) -> Self::F;
    /// Lane n is the sum of the lanes of `x[n]`.
    fn int_sums(x: [Self::I; 4]) -> Self::I;
    /// Adds the products of 16 values to the lanes of `sum`, in any order: the sum over lanes is what counts.
    fn dot_16(sum: Self::I, row: &[i8; 16], user: &[i16; 16]) -> Self::I;

    /// The word of [`Vector::GROUP`] values.
    fn pack(values: &[i8]) -> u32;
    /// Adds to each lane the dots of that item's two words of activations with two words of weights; no value is larger than
    /// `Ranker::LARGEST`.
    fn dot_words(sum: Self::I, activations: [&[u32; 4]; 2], weights: [u32; 2]) -> Self::I;
    /// `out[g][item] = pack(clamp((half + user) >> 5, 0, Ranker::LARGEST))` over the inputs of group g: `half` (groups, 8, GROUP), `user`
    /// (groups, GROUP), `out` (groups, 8); the sum saturates.
    fn activate(half: &[i16], user: &[i16], out: &mut [Words]);
}
