//! Plain Rust bodies: the fallback, and the twin the SIMD bodies are read beside.

use std::array::from_fn;

use super::vector::{Vector, Words};
use crate::model::Ranker;

pub(crate) struct Scalar;

impl Vector for Scalar {
    type F = [f32; 4];
    type I = [i32; 4];

    const GROUP: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> [f32; 4] {
        [x; 4]
    }

    #[inline(always)]
    fn load(x: &[f32; 4]) -> [f32; 4] {
        *x
    }

    #[inline(always)]
    fn store(out: &mut [f32; 4], x: [f32; 4]) {
        *out = x;
    }

    #[inline(always)]
    fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        from_fn(|n| a[n] + b[n])
    }

    #[inline(always)]
    fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        from_fn(|n| a[n] * b[n])
    }

    #[inline(always)]
    fn add_products(sum: &mut [f64; 2], a: &[f64; 2], b: &[f64; 2]) {
        (0..2).for_each(|n| sum[n] += a[n] * b[n]);
    }

    #[inline(always)]
    fn relu(a: [f32; 4]) -> [f32; 4] {
        a.map(|x| if x > 0.0 { x } else { 0.0 })
    }

    #[inline(always)]
    fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        from_fn(|n| a[n] * b[n] + c[n])
    }

    #[inline(always)]
    fn set(a: [f32; 4]) -> u32 {
        (0..4).map(|n| u32::from(a[n] != 0.0) << n).sum()
    }

    #[inline(always)]
    fn any_ge(a: [f32; 4], b: [f32; 4]) -> bool {
        (0..4).any(|n| a[n] >= b[n])
    }

    #[inline(always)]
    fn sums(x: [[f32; 4]; 4]) -> [f32; 4] {
        x.map(|x| (x[0] + x[1]) + (x[2] + x[3]))
    }

    #[inline(always)]
    fn floats(x: &[i8; 16]) -> [[f32; 4]; 4] {
        from_fn(|n| from_fn(|lane| f32::from(x[4 * n + lane])))
    }

    #[inline(always)]
    fn zero() -> [i32; 4] {
        [0; 4]
    }

    #[inline(always)]
    fn to_f32(x: [i32; 4]) -> [f32; 4] {
        x.map(|x| x as f32)
    }

    #[inline(always)]
    fn int_sums(x: [[i32; 4]; 4]) -> [i32; 4] {
        x.map(|x| x.iter().sum())
    }

    #[inline(always)]
    fn dot_16(mut sum: [i32; 4], row: &[i8; 16], user: &[i16; 16]) -> [i32; 4] {
        for n in 0..16 {
            sum[n / 4] += i32::from(row[n]) * i32::from(user[n]);
        }
        sum
    }

    fn pack(values: &[i8]) -> u32 {
        u32::from_le_bytes(from_fn(|n| values[n] as u8))
    }

    #[inline(always)]
    fn dot_words(sum: [i32; 4], activations: [&[u32; 4]; 2], weights: [u32; 2]) -> [i32; 4] {
        from_fn(|item| sum[item] + dot(activations[0][item], weights[0]) + dot(activations[1][item], weights[1]))
    }

    fn activate(half: &[i16], user: &[i16], out: &mut [Words]) {
        let (half, user) = (half.as_chunks::<32>().0, user.as_chunks::<4>().0);
        for ((half, user), out) in half.iter().zip(user).zip(out) {
            for (item, out) in out.0.iter_mut().enumerate() {
                let value =
                    |n: usize| (half[4 * item + n].saturating_add(user[n]) >> 5).clamp(0, Ranker::LARGEST.into()) as i8;
                *out = Scalar::pack(&from_fn::<i8, 4, _>(value));
            }
        }
    }
}

/// The dot of two words of four i8.
#[inline(always)]
fn dot(a: u32, b: u32) -> i32 {
    let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
    (0..4).map(|n| i32::from(a[n] as i8) * i32::from(b[n] as i8)).sum()
}
