//! WebAssembly `simd128` bodies. The only file with `unsafe`: vector loads and stores, after their lengths are checked.

use std::arch::wasm32::*;

use super::scalar::Scalar;
use super::vector::Vector;

pub(crate) struct Simd128;

impl Vector for Simd128 {
    #[inline(always)]
    fn dot_i8(row: &[i8], user: &[i8]) -> i32 {
        let mut sums = i32x4_splat(0);
        for (a, b) in row.chunks_exact(16).zip(user.chunks_exact(16)) {
            let (a, b) = (load_i8(a), load_i8(b));
            // Products of values in -127..=127 fit i16; pairs of them are added as i32.
            sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(i16x8_extmul_low_i8x16(a, b)));
            sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(i16x8_extmul_high_i8x16(a, b)));
        }
        i32x4_extract_lane::<0>(sums)
            + i32x4_extract_lane::<1>(sums)
            + i32x4_extract_lane::<2>(sums)
            + i32x4_extract_lane::<3>(sums)
    }

    #[inline(always)]
    fn axpy(out: &mut [f32], x: f32, weight: &[f32]) {
        let wide = out.len().min(weight.len()) / 4 * 4;
        let (out_wide, out_rest) = out.split_at_mut(wide);
        let (weight_wide, weight_rest) = weight.split_at(wide);
        let factor = f32x4_splat(x);
        for (y, w) in out_wide.chunks_exact_mut(4).zip(weight_wide.chunks_exact(4)) {
            store_f32(y, f32x4_add(load_f32(y), f32x4_mul(factor, load_f32(w))));
        }
        Scalar::axpy(out_rest, x, weight_rest);
    }

    fn dequantise(out: &mut [f32], row: &[i8], scale: f32) {
        let factor = f32x4_splat(scale);
        for (x, values) in out.chunks_exact_mut(16).zip(row.chunks_exact(16)) {
            let values = load_i8(values);
            let (low, high) = (i16x8_extend_low_i8x16(values), i16x8_extend_high_i8x16(values));
            let quarters = [
                i32x4_extend_low_i16x8(low),
                i32x4_extend_high_i16x8(low),
                i32x4_extend_low_i16x8(high),
                i32x4_extend_high_i16x8(high),
            ];
            for (x, quarter) in x.chunks_exact_mut(4).zip(quarters) {
                store_f32(x, f32x4_mul(f32x4_convert_i32x4(quarter), factor));
            }
        }
    }
}

#[inline(always)]
fn load_i8(values: &[i8]) -> v128 {
    assert!(values.len() >= 16);
    // SAFETY: at least 16 bytes are readable; v128_load needs no alignment.
    unsafe { v128_load(values.as_ptr().cast()) }
}

#[inline(always)]
fn load_f32(values: &[f32]) -> v128 {
    assert!(values.len() >= 4);
    // SAFETY: at least 16 bytes are readable; v128_load needs no alignment.
    unsafe { v128_load(values.as_ptr().cast()) }
}

#[inline(always)]
fn store_f32(out: &mut [f32], value: v128) {
    assert!(out.len() >= 4);
    // SAFETY: at least 16 bytes are writable; v128_store needs no alignment.
    unsafe { v128_store(out.as_mut_ptr().cast(), value) }
}
