//! The CPU backend: the twins of the WGSL kernels, over a small vector trait with a scalar, a `simd128` and a `relaxed-simd`
//! body. All bodies agree to the last bit, but for f32 MLPs: there `relaxed-simd` fuses products into sums.

mod dot_topk;
mod lanes;
mod mlp_f32;
mod mlp_int8;
mod rank_mlp;
#[cfg(any(test, target_feature = "relaxed-simd"))]
mod rivals;
mod rows;

use std::sync::Arc;

use rank_mlp::CpuRanker;

use super::plan::{Plan, Query};
use super::topk::{Scored, TopK};
use crate::error::Result;
use crate::model::Model;
use crate::simd::Vector;
#[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
use crate::simd::scalar;
#[cfg(target_feature = "simd128")]
use crate::simd::simd128;

/// Which vector bodies the CPU kernels use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CpuKernels {
    /// Plain Rust, everywhere. In a build for SIMD only with the feature `twins`.
    #[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
    Scalar,
    /// WebAssembly `simd128`. In a `relaxed-simd` build only with the feature `twins`.
    #[cfg(all(target_feature = "simd128", any(not(target_feature = "relaxed-simd"), feature = "twins")))]
    Simd128,
    /// WebAssembly `relaxed-simd`.
    #[cfg(target_feature = "relaxed-simd")]
    RelaxedSimd,
    /// The same, int8 MLPs with pairs of products added in i16: for processors without a dot instruction.
    #[cfg(target_feature = "relaxed-simd")]
    RelaxedPairs,
}

/// Runs the generic function with the body of `$kernels`.
macro_rules! with_body {
    ($kernels:expr, $function:ident($($argument:expr),*)) => {
        match $kernels {
            #[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
            CpuKernels::Scalar => $function::<scalar::Scalar>($($argument),*),
            #[cfg(all(target_feature = "simd128", any(not(target_feature = "relaxed-simd"), feature = "twins")))]
            CpuKernels::Simd128 => $function::<simd128::Simd<{ simd128::SIMD128 }>>($($argument),*),
            #[cfg(target_feature = "relaxed-simd")]
            CpuKernels::RelaxedSimd => $function::<simd128::Simd<{ simd128::RELAXED }>>($($argument),*),
            #[cfg(target_feature = "relaxed-simd")]
            CpuKernels::RelaxedPairs => $function::<simd128::Simd<{ simd128::RELAXED_PAIRS }>>($($argument),*),
        }
    };
}

impl CpuKernels {
    /// Those of this build, the fastest first.
    pub const ALL: &[CpuKernels] = &[
        #[cfg(target_feature = "relaxed-simd")]
        CpuKernels::RelaxedSimd,
        #[cfg(target_feature = "relaxed-simd")]
        CpuKernels::RelaxedPairs,
        #[cfg(all(target_feature = "simd128", any(not(target_feature = "relaxed-simd"), feature = "twins")))]
        CpuKernels::Simd128,
        #[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
        CpuKernels::Scalar,
    ];

    /// The name `info()` shows.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(any(not(target_feature = "simd128"), feature = "twins"))]
            CpuKernels::Scalar => "scalar",
            #[cfg(all(target_feature = "simd128", any(not(target_feature = "relaxed-simd"), feature = "twins")))]
            CpuKernels::Simd128 => "simd128",
            #[cfg(target_feature = "relaxed-simd")]
            CpuKernels::RelaxedSimd | CpuKernels::RelaxedPairs => "relaxed-simd",
        }
    }
}

/// Scores on the CPU. Shares the model; holds the ranker's weights, and for an MLP shape the item half of its first layer, in
/// the kernels' own layout.
#[derive(Debug, Clone)]
pub struct CpuScorer {
    model: Arc<Model>,
    kernels: CpuKernels,
    ranker: Option<Arc<CpuRanker>>,
    /// For an int8 ranker, where two bodies compete.
    #[cfg(target_feature = "relaxed-simd")]
    rivals: Option<Arc<rivals::Rivals>>,
}

impl CpuScorer {
    /// With the fastest kernels of this build; where two compete, its first answers decide.
    pub fn new(model: Arc<Model>) -> CpuScorer {
        #[cfg(target_feature = "relaxed-simd")]
        if model.ranker().is_some_and(|ranker| !ranker.steps.is_empty()) {
            let rivals = Some(Arc::new(rivals::Rivals::new()));
            return CpuScorer { rivals, ..CpuScorer::with_kernels(model, CpuKernels::RelaxedSimd) };
        }
        CpuScorer::with_kernels(model, CpuKernels::ALL[0])
    }

    /// With these kernels.
    pub fn with_kernels(model: Arc<Model>, kernels: CpuKernels) -> CpuScorer {
        let ranker = with_body!(kernels, new_ranker(&model)).map(Arc::new);
        CpuScorer {
            model,
            kernels,
            ranker,
            #[cfg(target_feature = "relaxed-simd")]
            rivals: None,
        }
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
        self.run_batch(&[plan]).pop().unwrap_or_default()
    }

    /// The list of each plan. Each block of rows is read once for all of them.
    pub(crate) fn run_batch(&self, plans: &[&Plan]) -> Vec<Vec<Scored>> {
        #[cfg(target_feature = "relaxed-simd")]
        if let Some(rivals) = self.rivals.as_ref().filter(|_| plans.iter().any(|plan| plan.first.is_some())) {
            let kernels = [CpuKernels::RelaxedSimd, CpuKernels::RelaxedPairs];
            return rivals.run(|n| with_body!(kernels[n], run(&self.model, self.ranker.as_deref(), plans)));
        }
        with_body!(self.kernels, run(&self.model, self.ranker.as_deref(), plans))
    }
}

fn new_ranker<V: Vector>(model: &Model) -> Option<CpuRanker> {
    CpuRanker::new::<V>(model)
}

fn run<V: Vector>(model: &Model, ranker: Option<&CpuRanker>, plans: &[&Plan]) -> Vec<Vec<Scored>> {
    let retrieving: Vec<&Plan> = plans.iter().copied().filter(|plan| !plan.ranks_all()).collect();
    let mut tops: Vec<TopK> = retrieving.iter().map(|plan| TopK::new(plan.retrieve)).collect();
    dot_topk::dot_topk::<V>(model, &retrieving, &mut tops);
    let mut retrieved = tops.into_iter().map(TopK::into_sorted);
    let finish = |plan: &&Plan| {
        let mut ranked = TopK::new(plan.k);
        match ranker.filter(|_| plan.first.is_some()) {
            None => return retrieved.next().unwrap_or_default(),
            Some(ranker) if plan.ranks_all() => rank_mlp::rank_all::<V>(model, ranker, plan, &mut ranked),
            Some(ranker) => {
                let candidates = retrieved.next().unwrap_or_default();
                rank_mlp::rank_candidates::<V>(model, ranker, plan, &candidates, &mut ranked);
            }
        }
        ranked.into_sorted()
    };
    plans.iter().map(finish).collect()
}
