//! The CPU backend: the twins of the WGSL kernels, over a small vector trait with a scalar and a `simd128` body.
//!
//! Every kernel adds in the same order on every vector width, so scalar and SIMD agree to the last bit.

mod dot_topk;
mod rank_mlp;
mod scalar;
#[cfg(target_feature = "simd128")]
mod simd128;
mod vector;

use std::sync::Arc;

use super::plan::{Plan, Query};
use super::topk::{Scored, TopK};
use crate::error::Result;
use crate::model::Model;

/// Which vector bodies the CPU kernels use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CpuKernels {
    /// Plain Rust, everywhere.
    Scalar,
    /// WebAssembly `simd128`.
    #[cfg(target_feature = "simd128")]
    Simd128,
}

impl CpuKernels {
    /// The fastest that this build has.
    pub const BEST: CpuKernels = best();

    /// The name `info()` shows.
    pub fn name(self) -> &'static str {
        match self {
            CpuKernels::Scalar => "scalar",
            #[cfg(target_feature = "simd128")]
            CpuKernels::Simd128 => "simd128",
        }
    }
}

#[cfg(target_feature = "simd128")]
const fn best() -> CpuKernels {
    CpuKernels::Simd128
}

#[cfg(not(target_feature = "simd128"))]
const fn best() -> CpuKernels {
    CpuKernels::Scalar
}

/// Scores on the CPU. Shares the model; holds no other memory.
#[derive(Debug, Clone)]
pub struct CpuScorer {
    model: Arc<Model>,
    kernels: CpuKernels,
}

impl CpuScorer {
    /// With the fastest kernels of this build.
    pub fn new(model: Arc<Model>) -> CpuScorer {
        CpuScorer::with_kernels(model, CpuKernels::BEST)
    }

    /// With these kernels.
    pub fn with_kernels(model: Arc<Model>, kernels: CpuKernels) -> CpuScorer {
        CpuScorer { model, kernels }
    }

    /// Which kernels it runs.
    pub fn kernels(&self) -> CpuKernels {
        self.kernels
    }

    /// The k best items of `query`, best first.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn score(&self, query: &Query) -> Result<Vec<Scored>> {
        Ok(self.run(&Plan::new(&self.model, query)?))
    }

    pub(crate) fn run(&self, plan: &Plan) -> Vec<Scored> {
        match self.kernels {
            CpuKernels::Scalar => run::<scalar::Scalar>(&self.model, plan),
            #[cfg(target_feature = "simd128")]
            CpuKernels::Simd128 => run::<simd128::Simd128>(&self.model, plan),
        }
    }
}

fn run<V: vector::Vector>(model: &Model, plan: &Plan) -> Vec<Scored> {
    let mut retrieved = TopK::new(plan.retrieve);
    dot_topk::dot_topk::<V>(model, plan, &mut retrieved);
    let (Some(ranker), Some(first)) = (model.ranker(), &plan.first) else {
        return retrieved.into_sorted();
    };
    let mut ranked = TopK::new(plan.k);
    rank_mlp::rank_mlp::<V>(model, ranker, first, &retrieved.into_sorted(), &mut ranked);
    ranked.into_sorted()
}
