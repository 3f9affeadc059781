//! WebAssembly vector bodies, `simd128` and `relaxed-simd`. The only file with `unsafe`: loads and stores through references
//! to arrays of the right size.

use std::arch::wasm32::*;

use super::vector::{Vector, Words};
use crate::model::Ranker;

/// `simd128` alone.
pub(crate) const SIMD128: u8 = 0;
/// `relaxed-simd`: products and sums may be fused, sixteen int8 products are added to i32 in one instruction. The fastest where
/// the processor has that instruction, as ARM and recent x86 do.
#[cfg(target_feature = "relaxed-simd")]
pub(crate) const RELAXED: u8 = 1;
/// `relaxed-simd`, where it has not: pairs of int8 products are added in i16 for as long as they fit.
#[cfg(target_feature = "relaxed-simd")]
pub(crate) const RELAXED_PAIRS: u8 = 2;

/// A vector body at one of these levels.
pub(crate) struct Simd<const LEVEL: u8>;

impl<const LEVEL: u8> Vector for Simd<LEVEL> {
    type F = v128;
    type I = v128;

    const GROUP: usize = if LEVEL == SIMD128 { 2 } else { 4 };

    #[inline(always)]
    fn splat(x: f32) -> v128 {
        f32x4_splat(x)
    }

    #[inline(always)]
    fn load(x: &[f32; 4]) -> v128 {
        load(x)
    }

    #[inline(always)]
    fn store(out: &mut [f32; 4], x: v128) {
        // SAFETY: 16 bytes are writable; v128_store needs no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast(), x) }
    }

    #[inline(always)]
    fn add(a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }

    #[inline(always)]
    fn mul(a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }

    #[inline(always)]
    fn add_products(sum: &mut [f64; 2], a: &[f64; 2], b: &[f64; 2]) {
        let product = f64x2_mul(f64x2(a[0], a[1]), f64x2(b[0], b[1]));
        let total = f64x2_add(f64x2(sum[0], sum[1]), product);
        *sum = [f64x2_extract_lane::<0>(total), f64x2_extract_lane::<1>(total)];
    }

    #[inline(always)]
    fn relu(a: v128) -> v128 {
        f32x4_pmax(f32x4_splat(0.0), a)
    }

    #[inline(always)]
    fn mul_add(a: v128, b: v128, c: v128) -> v128 {
        #[cfg(target_feature = "relaxed-simd")]
        if LEVEL != SIMD128 {
            return f32x4_relaxed_madd(a, b, c);
        }
        f32x4_add(f32x4_mul(a, b), c)
    }

    #[inline(always)]
    fn set(a: v128) -> u32 {
        u32x4_bitmask(f32x4_ne(a, f32x4_splat(0.0))).into()
    }

    #[inline(always)]
    fn any_ge(a: v128, b: v128) -> bool {
        v128_any_true(f32x4_ge(a, b))
    }

    #[inline(always)]
    fn sums(x: [v128; 4]) -> v128 {
        let [a, b, c, d] = transpose(x);
        f32x4_add(f32x4_add(a, b), f32x4_add(c, d))
    }

    #[inline(always)]
    fn floats(x: &[i8; 16]) -> [v128; 4] {
        let (low, high) = (widen(&x.as_chunks::<8>().0[0]), widen(&x.as_chunks::<8>().0[1]));
        [
            f32x4_convert_i32x4(i32x4_extend_low_i16x8(low)),
            f32x4_convert_i32x4(i32x4_extend_high_i16x8(low)),
            f32x4_convert_i32x4(i32x4_extend_low_i16x8(high)),
            f32x4_convert_i32x4(i32x4_extend_high_i16x8(high)),
        ]
    }

    #[inline(always)]
    fn zero() -> v128 {
        i32x4_splat(0)
    }

    #[inline(always)]
    fn to_f32(x: v128) -> v128 {
        f32x4_convert_i32x4(x)
    }

    #[inline(always)]
    fn int_sums(x: [v128; 4]) -> v128 {
        let [a, b, c, d] = transpose(x);
        i32x4_add(i32x4_add(a, b), i32x4_add(c, d))
    }

    #[inline(always)]
    fn dot_16(sum: v128, row: &[i8; 16], user: &[i16; 16]) -> v128 {
        let (row, user) = (row.as_chunks::<8>().0, user.as_chunks::<8>().0);
        let low = i32x4_dot_i16x8(widen(&row[0]), load(&user[0]));
        let high = i32x4_dot_i16x8(widen(&row[1]), load(&user[1]));
        i32x4_add(sum, i32x4_add(low, high))
    }

    fn pack(values: &[i8]) -> u32 {
        if LEVEL == SIMD128 {
            u32::from(i16::from(values[0]) as u16) | u32::from(i16::from(values[1]) as u16) << 16
        } else {
            u32::from_le_bytes(std::array::from_fn(|n| values[n] as u8))
        }
    }

    #[inline(always)]
    fn dot_words(sum: v128, activations: [&[u32; 4]; 2], weights: [u32; 2]) -> v128 {
        let x = [load(activations[0]), load(activations[1])];
        let w = [u32x4_splat(weights[0]), u32x4_splat(weights[1])];
        // Activations have a clear top bit and four products fit i16, so no browser's freedom shows.
        #[cfg(target_feature = "relaxed-simd")]
        if LEVEL == RELAXED {
            let sum = i32x4_relaxed_dot_i8x16_i7x16_add(w[0], x[0], sum);
            return i32x4_relaxed_dot_i8x16_i7x16_add(w[1], x[1], sum);
        }
        #[cfg(target_feature = "relaxed-simd")]
        if LEVEL == RELAXED_PAIRS {
            let pairs = [i16x8_relaxed_dot_i8x16_i7x16(w[0], x[0]), i16x8_relaxed_dot_i8x16_i7x16(w[1], x[1])];
            return i32x4_add(sum, i32x4_extadd_pairwise_i16x8(i16x8_add(pairs[0], pairs[1])));
        }
        i32x4_add(i32x4_add(sum, i32x4_dot_i16x8(x[0], w[0])), i32x4_dot_i16x8(x[1], w[1]))
    }

    fn activate(half: &[i16], user: &[i16], out: &mut [Words]) {
        let shifted = |half: &[i16; 8], user: v128| i16x8_shr(i16x8_add_sat(load(half), user), 5);
        let store = |out: &mut [u32; 4], x: v128| {
            // SAFETY: 16 bytes are writable; v128_store needs no alignment.
            unsafe { v128_store(out.as_mut_ptr().cast(), x) }
        };
        let halves = half.as_chunks::<8>().0;
        for (g, out) in out.iter_mut().enumerate() {
            let half = &halves[g * Self::GROUP..][..Self::GROUP];
            let out = out.0.as_chunks_mut::<4>().0;
            if LEVEL != SIMD128 {
                // Four inputs of two items a vector.
                let user = splat_64(&user.as_chunks::<4>().0[g]);
                for (half, out) in half.chunks_exact(2).zip(out) {
                    let bytes = i8x16_narrow_i16x8(shifted(&half[0], user), shifted(&half[1], user));
                    store(out, i8x16_min(i8x16_max(bytes, i8x16_splat(0)), i8x16_splat(Ranker::LARGEST)));
                }
            } else {
                // Two inputs of four items a vector.
                let [a, b] = user.as_chunks::<2>().0[g];
                let user = u32x4_splat(u32::from(a as u16) | u32::from(b as u16) << 16);
                for (half, out) in half.iter().zip(out) {
                    let clamped =
                        i16x8_min(i16x8_max(shifted(half, user), i16x8_splat(0)), i16x8_splat(Ranker::LARGEST.into()));
                    store(out, clamped);
                }
            }
        }
    }
}

/// (x0, x1, x2, x3) of each of four vectors → the four x0, the four x1, ...
#[inline(always)]
fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
    let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        i64x2_shuffle::<0, 2>(ab_low, cd_low),
        i64x2_shuffle::<1, 3>(ab_low, cd_low),
        i64x2_shuffle::<0, 2>(ab_high, cd_high),
        i64x2_shuffle::<1, 3>(ab_high, cd_high),
    ]
}

/// Any 16 bytes of plain numbers.
#[inline(always)]
fn load<T: bytemuck::Pod, const N: usize>(values: &[T; N]) -> v128 {
    const { assert!(size_of::<T>() * N == 16) };
    // SAFETY: 16 bytes are readable; v128_load needs no alignment.
    unsafe { v128_load(values.as_ptr().cast()) }
}

/// Eight i8 as i16.
#[inline(always)]
fn widen(values: &[i8; 8]) -> v128 {
    // SAFETY: 8 bytes are readable; the load needs no alignment.
    unsafe { i16x8_load_extend_i8x8(values.as_ptr()) }
}

/// Four i16, twice.
#[inline(always)]
fn splat_64(values: &[i16; 4]) -> v128 {
    // SAFETY: 8 bytes are readable; the load needs no alignment.
    unsafe { v128_load64_splat(values.as_ptr().cast()) }
}
