//! The one switch between backends: which to use, why, and what to do when it fails. Callers never ask which one runs.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::cpu::CpuScorer;
use super::golden::GoldenReport;
#[cfg(not(target_arch = "wasm32"))]
use super::open::open_reference;
use super::open::{Open, open_cpu, open_gpu};
use super::plan::{Plan, Query};
#[cfg(not(target_arch = "wasm32"))]
use super::reference;
use super::topk::Scored;
use super::trial::{Trial, Verdict, try_gpu};
use crate::error::{Error, Result};
use crate::model::Model;

#[cfg(feature = "gpu")]
use {super::gpu::GpuScorer, std::rc::Rc};

/// Which backend the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// The CPU at once; then, by [`Scorer::trial`], whichever answers the golden queries faster on this device.
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
    /// Which kernels: `wgsl`, `wgsl+dp4a`, `simd128`, `scalar` or `float64`.
    pub kernels: &'static str,
    /// Why this backend, in a sentence.
    pub reason: String,
    /// What the golden check found on it.
    pub golden: GoldenReport,
}

#[derive(Clone)]
pub(super) enum Active {
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
    active: RefCell<Open>,
    /// Counts choices of a backend: one that takes its time does not undo a later one.
    turn: Cell<u32>,
}

impl Scorer {
    /// Opens the chosen backend and holds it to the golden queries. Where the GPU is not to be had or fails them, the CPU
    /// takes over and [`BackendInfo::reason`] says why. [`BackendChoice::Auto`] opens the CPU; [`Scorer::trial`] tries the GPU.
    ///
    /// # Errors
    /// [`Error::Golden`](crate::Error::Golden) when even the CPU misses them: the file or the build is broken.
    pub async fn open(model: Arc<Model>, choice: BackendChoice) -> Result<Scorer> {
        let cpu = CpuScorer::new(model.clone());
        let active = match choice {
            #[cfg(not(target_arch = "wasm32"))]
            BackendChoice::Reference => open_reference(&model)?,
            BackendChoice::Cpu => open_cpu(&model, &cpu, "asked for".to_owned())?,
            BackendChoice::WebGpu => match open_gpu(&model, "asked for".to_owned()).await {
                Ok(open) => open,
                Err(error) => open_cpu(&model, &cpu, took_over(&error))?,
            },
            BackendChoice::Auto => open_cpu(&model, &cpu, "the GPU has not been tried yet".to_owned())?,
        };
        Ok(Scorer { model, cpu, active: RefCell::new(active), turn: Cell::new(0) })
    }

    /// Opens the same backend for another model, for the same reason.
    ///
    /// # Errors
    /// As [`Scorer::open`].
    pub async fn for_model(&self, model: Arc<Model>) -> Result<Scorer> {
        let now = self.info();
        let mut next = Scorer::open(model, BackendChoice::parse(now.backend)?).await?;
        let info = &mut next.active.get_mut().1;
        if info.backend == now.backend {
            info.reason = now.reason;
        }
        Ok(next)
    }

    /// Changes the backend, under the rules of [`Scorer::open`]; [`BackendChoice::Auto`] holds a trial.
    ///
    /// # Errors
    /// As [`Scorer::open`]; the backend is then unchanged.
    pub async fn switch(&self, choice: BackendChoice) -> Result<()> {
        if choice == BackendChoice::Auto {
            return self.trial(&Trial::default()).await.map(drop);
        }
        let turn = self.next_turn();
        let other = Scorer::open(self.model.clone(), choice).await?;
        if self.turn.get() == turn {
            *self.active.borrow_mut() = other.active.into_inner();
        }
        Ok(())
    }

    /// Tries the GPU while the CPU answers, and takes the faster one. Queries may be asked meanwhile. A later choice of a
    /// backend ends the trial. Returns for how many days the outcome may be taken over as [`Trial::earlier`]: 0 where
    /// nothing was measured now.
    ///
    /// # Errors
    /// As [`Scorer::open`]; the backend is then unchanged.
    pub async fn trial(&self, trial: &Trial) -> Result<u32> {
        let turn = self.next_turn();
        if let Some(earlier) = trial.earlier.as_ref().filter(|earlier| earlier.adapter.is_none()) {
            return self.settle_on_cpu(earlier.reason.clone()).map(|()| 0);
        }
        self.settle_on_cpu("the CPU answers while the GPU is tried".to_owned())?;
        let overtaken = || self.turn.get() != turn;
        let verdict = try_gpu(&self.model, &self.cpu, trial, overtaken).await.unwrap_or_else(|verdict| verdict);
        match verdict {
            _ if overtaken() => Ok(0),
            Verdict::Gpu { open, holds } => {
                *self.active.borrow_mut() = open;
                Ok(holds)
            }
            Verdict::Cpu { reason, holds } => self.settle_on_cpu(reason).map(|()| holds),
            Verdict::Overtaken => Ok(0),
        }
    }

    /// Ends a trial under way at its next step; the CPU stays.
    pub fn end_trial(&self) {
        self.next_turn();
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
        Ok(self.score_batch(std::slice::from_ref(query)).await?.pop().unwrap_or_default())
    }

    /// The list of each query, as [`Scorer::score`] gives it. The CPU reads each block of the item table once for all of
    /// them, the GPU answers them in one submit.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub async fn score_batch(&self, queries: &[Query<'_>]) -> Result<Vec<Vec<Scored>>> {
        let plans = queries.iter().map(|query| Plan::new(&self.model, query)).collect::<Result<Vec<_>>>()?;
        let on_cpu = || self.cpu.run_batch(&plans.iter().collect::<Vec<_>>());
        let active = self.active.borrow().0.clone();
        match active {
            #[cfg(not(target_arch = "wasm32"))]
            Active::Reference => Ok(plans.iter().map(|plan| reference::score(&self.model, plan)).collect()),
            Active::Cpu => Ok(on_cpu()),
            #[cfg(feature = "gpu")]
            Active::Gpu(gpu) => match gpu.run_batch(&plans).await {
                Ok(lists) => Ok(lists),
                Err(error) => {
                    // Unless another backend was opened meanwhile.
                    if self.gpu().is_some_and(|active| Rc::ptr_eq(&active, &gpu)) {
                        self.settle_on_cpu(took_over(&error))?;
                    }
                    Ok(on_cpu())
                }
            },
        }
    }

    fn next_turn(&self) -> u32 {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.turn.get()
    }

    /// The CPU from now on, checked if it was not in force.
    fn settle_on_cpu(&self, reason: String) -> Result<()> {
        let mut active = self.active.borrow_mut();
        if matches!(active.0, Active::Cpu) {
            active.1.reason = reason;
        } else {
            *active = open_cpu(&self.model, &self.cpu, reason)?;
        }
        Ok(())
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

pub(super) fn took_over(error: &Error) -> String {
    format!("the CPU took over: {error}")
}
