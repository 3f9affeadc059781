//! Four numbers at a time, or two of double width: what kernels are written over, with a body for each instruction set. Rooms that compute
//! (`score::cpu`, `profile`) call it; it knows none of them.

#[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
pub(crate) mod scalar;
#[cfg(target_feature = "simd128")]
pub(crate) mod simd128;
mod vector;

pub(crate) use vector::{GROUP_ITEMS, Vector, Words};

/// The body for what must give the same bits everywhere: no product is fused into a sum.
#[cfg(target_feature = "simd128")]
pub(crate) type Exact = simd128::Simd<{ simd128::SIMD128 }>;
#[cfg(not(target_feature = "simd128"))]
pub(crate) type Exact = scalar::Scalar;

/// `scale` times each value.
#[inline(never)]
pub(crate) fn scaled(values: &[i8], scale: f32) -> Vec<f32> {
    let mut row = vec![0.0; values.len()];
    for (out, values) in row.as_chunks_mut::<16>().0.iter_mut().zip(values.as_chunks::<16>().0) {
        for (out, x) in out.as_chunks_mut::<4>().0.iter_mut().zip(Exact::floats(values)) {
            Exact::store(out, Exact::mul(x, Exact::splat(scale)));
        }
    }
    let rest = values.len() - values.len() % 16;
    row[rest..].iter_mut().zip(&values[rest..]).for_each(|(out, &value)| *out = f32::from(value) * scale);
    row
}

/// The dot of two rows whose width is a multiple of 16, in four times four sums: the same bits everywhere.
#[inline(never)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [Exact::splat(0.0); 4];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a.as_chunks::<4>().0).zip(b.as_chunks::<4>().0) {
            *sum = Exact::add(*sum, Exact::mul(Exact::load(a), Exact::load(b)));
        }
    }
    let mut lanes = [0.0; 4];
    Exact::store(&mut lanes, Exact::sums(sums));
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}
