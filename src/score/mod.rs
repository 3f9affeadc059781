//! Scoring the catalogue: a [`Query`] becomes a [`Plan`] (data), a backend carries the plan out, the best k come back.
//!
//! Three backends give the same answers: [`reference`] (naive, float64 heads, the oracle), [`CpuScorer`] (scalar or
//! SIMD kernels) and [`GpuScorer`] (WGSL kernels). [`Scorer`] is the one switch between them.

mod backend;
mod cpu;
mod golden;
#[cfg(feature = "gpu")]
mod gpu;
mod mask;
mod open;
mod order;
mod plan;
pub mod reference;
mod topk;
mod trial;

pub use backend::{BackendChoice, BackendInfo, Scorer};
pub use cpu::{CpuKernels, CpuScorer};
pub use golden::{GoldenReport, Tolerance};
#[cfg(feature = "gpu")]
pub use gpu::{GpuLimits, GpuScorer, shader_layouts, shader_sources};
pub use mask::ItemMask;
pub use plan::{Plan, Query, Stage};
pub use topk::Scored;
pub(crate) use topk::TopK;
pub use trial::{Earlier, Trial};
