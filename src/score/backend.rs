//! The one switch between backends: which to use, why, and what to do when it fails. Callers never ask which one runs.

use std::cell::RefCell;
use std::sync::Arc;

use web_time::Instant;

use super::cpu::CpuScorer;
use super::golden::{GoldenReport, Tolerance, as_query, compare};
use super::plan::{Plan, Query};
use super::reference;
use super::topk::Scored;
use crate::error::{Error, Result};
use crate::model::Model;

#[cfg(feature = "gpu")]
use {super::gpu::GpuScorer, std::rc::Rc};

/// How many times each golden query runs on a GPU: the second run sees a warm device.
#[cfg(feature = "gpu")]
const GPU_ROUNDS: usize = 2;

/// Which backend the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// Whichever answers the golden queries faster on this device.
    #[default]
    Auto,
    /// The GPU; the CPU with a stated reason where there is none.
    WebGpu,
    /// The CPU.
    Cpu,
    /// The oracle, for tests and measurements; not in the browser build.
    #[cfg(not(target_arch = "wasm32"))]
    Reference,
}

impl BackendChoice {
    /// The choice of this name.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the names.
    pub fn parse(name: &str) -> Result<BackendChoice> {
        match name {
            "auto" => Ok(BackendChoice::Auto),
            "webgpu" => Ok(BackendChoice::WebGpu),
            "cpu" => Ok(BackendChoice::Cpu),
            #[cfg(not(target_arch = "wasm32"))]
            "reference" => Ok(BackendChoice::Reference),
            _ => Err(Error::argument("backend", "one of auto, webgpu, cpu", format!("`{name}`"))),
        }
    }
}

/// What runs, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendInfo {
    /// `webgpu`, `cpu` or `reference`.
    pub backend: &'static str,
    /// The GPU's adapter, when the GPU runs.
    pub adapter: Option<String>,
    /// Which kernels: `wgsl`, `simd128`, `scalar` or `float64`.
    pub kernels: &'static str,
    /// Why this backend, in a sentence.
    pub reason: String,
    /// What the golden check found on it.
    pub golden: GoldenReport,
}

#[derive(Clone)]
enum Active {
    #[cfg(not(target_arch = "wasm32"))]
    Reference,
    Cpu,
    #[cfg(feature = "gpu")]
    Gpu(Rc<GpuScorer>),
}

/// Scores with the backend in force.
pub struct Scorer {
    model: Arc<Model>,
    cpu: CpuScorer,
    active: RefCell<(Active, BackendInfo)>,
}

impl Scorer {
    /// Opens the chosen backend and holds it to the golden queries. Where the GPU is not to be had or fails them, the CPU
    /// takes over and [`BackendInfo::reason`] says why.
    ///
    /// # Errors
    /// [`Error::Golden`] when even the CPU misses them: the file or the build is broken.
    pub async fn open(model: Arc<Model>, choice: BackendChoice) -> Result<Scorer> {
        let cpu = CpuScorer::new(model.clone());
        let active = choose(&model, &cpu, choice).await?;
        Ok(Scorer { model, cpu, active: RefCell::new(active) })
    }

    /// Changes the backend, under the rules of [`Scorer::open`].
    ///
    /// # Errors
    /// As [`Scorer::open`]; the backend is then unchanged.
    pub async fn switch(&self, choice: BackendChoice) -> Result<()> {
        let active = choose(&self.model, &self.cpu, choice).await?;
        *self.active.borrow_mut() = active;
        Ok(())
    }

    /// What runs, and why.
    pub fn info(&self) -> BackendInfo {
        self.active.borrow().1.clone()
    }

    /// The k best items of `query`, best first. A GPU that fails is put aside: the CPU answers this query and the next ones.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub async fn score(&self, query: &Query<'_>) -> Result<Vec<Scored>> {
        let plan = Plan::new(&self.model, query)?;
        let active = self.active.borrow().0.clone();
        match active {
            #[cfg(not(target_arch = "wasm32"))]
            Active::Reference => Ok(reference::score(&self.model, &plan)),
            Active::Cpu => Ok(self.cpu.run(&plan)),
            #[cfg(feature = "gpu")]
            Active::Gpu(gpu) => match gpu.run(&plan).await {
                Ok(list) => Ok(list),
                Err(error) => {
                    let reason = format!("the CPU took over: {error}");
                    let cpu = open_cpu(&self.model, &self.cpu, reason)?;
                    // Unless another GPU was opened meanwhile.
                    if self.gpu().is_some_and(|active| Rc::ptr_eq(&active, &gpu)) {
                        *self.active.borrow_mut() = cpu;
                    }
                    Ok(self.cpu.run(&plan))
                }
            },
        }
    }

    /// The GPU scorer, when it runs.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub fn gpu(&self) -> Option<Rc<GpuScorer>> {
        match &self.active.borrow().0 {
            Active::Gpu(gpu) => Some(gpu.clone()),
            _ => None,
        }
    }
}

async fn choose(model: &Arc<Model>, cpu: &CpuScorer, choice: BackendChoice) -> Result<(Active, BackendInfo)> {
    match choice {
        #[cfg(not(target_arch = "wasm32"))]
        BackendChoice::Reference => open_reference(model),
        BackendChoice::Cpu => open_cpu(model, cpu, "asked for".to_owned()),
        BackendChoice::WebGpu => match open_gpu(model, "asked for").await {
            Ok((open, _)) => Ok(open),
            Err(error) => open_cpu(model, cpu, format!("the CPU took over: {error}")),
        },
        BackendChoice::Auto => match open_gpu(model, "faster on this device").await {
            Ok((mut gpu, gpu_time)) => {
                let start = Instant::now();
                let mut cpu_open = open_cpu(model, cpu, String::new())?;
                let cpu_time = microseconds(start);
                let (on_gpu, on_cpu) = (milliseconds(gpu_time), milliseconds(cpu_time));
                let measured = format!("the golden queries took {on_gpu} ms on the GPU, {on_cpu} ms on the CPU");
                if gpu_time < cpu_time {
                    gpu.1.reason = format!("faster on this device: {measured}");
                    Ok(gpu)
                } else {
                    cpu_open.1.reason = format!("faster on this device: {measured}");
                    Ok(cpu_open)
                }
            }
            Err(error) => open_cpu(model, cpu, format!("the CPU took over: {error}")),
        },
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn open_reference(model: &Arc<Model>) -> Result<(Active, BackendInfo)> {
    let golden = check(model, "reference", |query| Ok(reference::score(model, &Plan::new(model, query)?)))?;
    let info =
        BackendInfo { backend: "reference", adapter: None, kernels: "float64", reason: "asked for".to_owned(), golden };
    Ok((Active::Reference, info))
}

fn open_cpu(model: &Arc<Model>, cpu: &CpuScorer, reason: String) -> Result<(Active, BackendInfo)> {
    let golden = check(model, "cpu", |query| cpu.score(query))?;
    let info = BackendInfo { backend: "cpu", adapter: None, kernels: cpu.kernels().name(), reason, golden };
    Ok((Active::Cpu, info))
}

/// Opens and checks the GPU; also gives the microseconds its last round of golden queries took.
#[cfg(feature = "gpu")]
async fn open_gpu(model: &Arc<Model>, reason: &str) -> Result<((Active, BackendInfo), u64)> {
    let gpu = GpuScorer::open(model.clone()).await?;
    let mut golden = GoldenReport::default();
    let mut last_round = 0;
    for _ in 0..GPU_ROUNDS {
        let start = Instant::now();
        golden = GoldenReport::default();
        for (n, stored) in model.golden().iter().enumerate() {
            let (user, mask) = reference::golden_query(model, &stored.history)?;
            let found = gpu.score(&as_query(&user, &mask, stored)).await?;
            note(&mut golden, "webgpu", n, compare(stored, &found, tolerance(model)))?;
        }
        last_round = microseconds(start);
    }
    let adapter = Some(gpu.adapter().to_owned());
    let info = BackendInfo { backend: "webgpu", adapter, kernels: "wgsl", reason: reason.to_owned(), golden };
    Ok(((Active::Gpu(Rc::new(gpu)), info), last_round))
}

#[cfg(not(feature = "gpu"))]
async fn open_gpu(_model: &Arc<Model>, _reason: &str) -> Result<((Active, BackendInfo), u64)> {
    Err(Error::BackendUnavailable { backend: "webgpu", reason: "this build has no GPU support".to_owned() })
}

fn check(model: &Model, backend: &'static str, score: impl Fn(&Query) -> Result<Vec<Scored>>) -> Result<GoldenReport> {
    let mut report = GoldenReport::default();
    for (n, stored) in model.golden().iter().enumerate() {
        let (user, mask) = reference::golden_query(model, &stored.history)?;
        let found = score(&as_query(&user, &mask, stored))?;
        note(&mut report, backend, n, compare(stored, &found, tolerance(model)))?;
    }
    Ok(report)
}

fn note(report: &mut GoldenReport, backend: &'static str, query: usize, outcome: Result<f32, String>) -> Result<()> {
    let worst = outcome.map_err(|detail| Error::Golden { backend, query, detail })?;
    report.checked += 1;
    report.worst_error = report.worst_error.max(worst);
    Ok(())
}

fn tolerance(model: &Model) -> Tolerance {
    if model.ranker().is_some() { Tolerance::MLP } else { Tolerance::DOT }
}

/// Microseconds as milliseconds with one decimal.
fn milliseconds(micros: u64) -> String {
    format!("{}.{}", micros / 1000, micros % 1000 / 100)
}

fn microseconds(start: Instant) -> u64 {
    start.elapsed().as_micros() as u64
}
