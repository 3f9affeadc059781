//! Opening a backend: each is held to the golden queries of the file before it is used.

use std::sync::Arc;

use super::backend::{Active, BackendInfo};
use super::cpu::CpuScorer;
use super::golden::{GoldenReport, Tolerance, compare};
use super::mask::ItemMask;
#[cfg(not(target_arch = "wasm32"))]
use super::plan::Plan;
use super::plan::{Query, Stage};
use super::reference;
use super::topk::Scored;
use crate::error::{Error, Result};
use crate::model::{GoldenQuery, Model};
use crate::profile::User;

#[cfg(feature = "gpu")]
use {super::gpu::GpuScorer, super::trial::microseconds, std::rc::Rc, web_time::Instant};

/// How many times each golden query runs on a GPU: the second run sees a warm device.
#[cfg(feature = "gpu")]
const GPU_ROUNDS: usize = 2;

/// A backend ready for use.
pub(super) type Open = (Active, BackendInfo);

/// A golden query, ready to be asked.
pub(super) struct Prepared<'m> {
    user: User,
    mask: ItemMask,
    stored: &'m GoldenQuery,
}

impl Prepared<'_> {
    pub fn query(&self) -> Query<'_> {
        Query::of(&self.user, &self.mask, self.stored.items.len(), Stage::Cascade)
    }
}

/// The model's golden queries.
pub(super) fn prepare<'m>(model: &'m Model) -> Result<Vec<Prepared<'m>>> {
    let prepared = |stored: &'m GoldenQuery| {
        reference::golden_query(model, &stored.history).map(|(user, mask)| Prepared { user, mask, stored })
    };
    model.golden().iter().map(prepared).collect()
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn open_reference(model: &Model) -> Result<Open> {
    let golden = check(model, "reference", |query| Ok(reference::score(model, &Plan::new(model, query)?)))?;
    let info =
        BackendInfo { backend: "reference", adapter: None, kernels: "float64", reason: "asked for".to_owned(), golden };
    Ok((Active::Reference, info))
}

pub(super) fn open_cpu(model: &Model, cpu: &CpuScorer, reason: String) -> Result<Open> {
    let golden = check(model, "cpu", |query| cpu.score(query))?;
    let info = BackendInfo { backend: "cpu", adapter: None, kernels: cpu.kernels().name(), reason, golden };
    Ok((Active::Cpu, info))
}

#[cfg(feature = "gpu")]
pub(super) async fn open_gpu(model: &Arc<Model>, reason: String) -> Result<Open> {
    let gpu = GpuScorer::open(model.clone()).await?;
    // Nothing ends this check early, so that there is always a report; an answer missed is an error.
    let (golden, _) = check_gpu(&gpu, model, &prepare(model)?, &|| true).await?.unwrap_or_default();
    Ok(on_gpu(gpu, reason, golden))
}

#[cfg(not(feature = "gpu"))]
pub(super) async fn open_gpu(_model: &Arc<Model>, _reason: String) -> Result<Open> {
    Err(Error::no_gpu("this build has no GPU support".to_owned()))
}

/// A GPU that has been checked, as the backend in force.
#[cfg(feature = "gpu")]
pub(super) fn on_gpu(gpu: GpuScorer, reason: String, golden: GoldenReport) -> Open {
    let adapter = Some(gpu.adapter().to_owned());
    let kernels = gpu.kernels();
    (Active::Gpu(Rc::new(gpu)), BackendInfo { backend: "webgpu", adapter, kernels, reason, golden })
}

/// Holds a GPU to the golden queries, asking before each one whether to go on; `None` where not. Also gives the microseconds
/// an answer took when the device was warm.
#[cfg(feature = "gpu")]
pub(super) async fn check_gpu(
    gpu: &GpuScorer,
    model: &Model,
    queries: &[Prepared<'_>],
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<(GoldenReport, u64)>> {
    let (mut report, mut time) = (GoldenReport::default(), 0);
    for _ in 0..GPU_ROUNDS {
        report = GoldenReport::default();
        let start = Instant::now();
        for (n, golden) in queries.iter().enumerate() {
            if !goes_on() {
                return Ok(None);
            }
            let found = gpu.score(&golden.query()).await?;
            note(&mut report, "webgpu", n, compare(golden.stored, &found, tolerance(model)))?;
        }
        time = microseconds(start) / queries.len().max(1) as u64;
    }
    Ok(Some((report, time)))
}

fn check(model: &Model, backend: &'static str, score: impl Fn(&Query) -> Result<Vec<Scored>>) -> Result<GoldenReport> {
    let mut report = GoldenReport::default();
    for (n, golden) in prepare(model)?.iter().enumerate() {
        let found = score(&golden.query())?;
        note(&mut report, backend, n, compare(golden.stored, &found, tolerance(model)))?;
    }
    Ok(report)
}

fn note(report: &mut GoldenReport, backend: &'static str, query: usize, outcome: Result<f32, String>) -> Result<()> {
    let worst = outcome.map_err(|detail| Box::new(Error::Golden { backend, query, detail }))?;
    report.checked += 1;
    report.worst_error = report.worst_error.max(worst);
    Ok(())
}

fn tolerance(model: &Model) -> Tolerance {
    if model.ranker().is_some() { Tolerance::MLP } else { Tolerance::DOT }
}
