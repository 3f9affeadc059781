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
