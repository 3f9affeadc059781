//! `auto`: trying the GPU while the CPU answers, within a small budget of time.

use std::sync::Arc;
use std::time::Duration;

use super::backend::took_over;
use super::cpu::CpuScorer;
use super::open::Open;
use crate::error::{Error, Result};
use crate::model::Model;

#[cfg(feature = "gpu")]
use {
    super::gpu::{Device, GpuScorer},
    super::open::{Prepared, check_gpu, on_gpu, prepare},
    web_time::Instant,
};

/// How long the CPU is measured, in microseconds: many clocks of browsers tick once in 100 or 1,000.
#[cfg(feature = "gpu")]
const CPU_MEASURE: u64 = 4_000;

/// What a trial may cost, and what is known from before.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Once this has passed no further step is begun: opening the device, an empty round trip, uploading and compiling,
    /// each golden query.
    pub budget: Duration,
    /// The outcome of an earlier trial of this model on this device, which is then taken over without measuring.
    pub earlier: Option<Earlier>,
}

impl Default for Trial {
    fn default() -> Trial {
        Trial { budget: Duration::from_millis(1500), earlier: None }
    }
}

/// How an earlier trial ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// The GPU that was faster; `None` where the CPU was. Another adapter than this one is measured anew.
    pub adapter: Option<String>,
    /// What [`super::BackendInfo::reason`] then says.
    pub reason: String,
}

/// Days that a measurement holds.
const MEASURED_DAYS: u32 = 30;
/// Days that a GPU which was not ready in time is left alone: the page may have been busy.
#[cfg(feature = "gpu")]
const LATE_DAYS: u32 = 1;

/// How a trial ended; `holds` is for how many days it may be taken over, 0 for what was not measured now.
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
pub(super) enum Verdict {
    /// The GPU takes over.
    Gpu { open: Open, holds: u32 },
    /// The CPU stays, and why.
    Cpu { reason: String, holds: u32 },
    /// Another choice was made meanwhile.
    Overtaken,
}

impl From<Box<Error>> for Verdict {
    /// A device that failed may do better next time; one that is not there, or answers wrongly, will not.
    fn from(error: Box<Error>) -> Verdict {
        let holds = if matches!(*error, Error::Gpu { .. }) { 0 } else { MEASURED_DAYS };
        Verdict::Cpu { reason: took_over(&error), holds }
    }
}

/// Tries the GPU step by step. `overtaken` tells whether the outcome is no longer wanted.
#[cfg(feature = "gpu")]
pub(super) async fn try_gpu(
    model: &Arc<Model>,
    cpu: &CpuScorer,
    trial: &Trial,
    overtaken: impl Fn() -> bool,
) -> Result<Verdict, Verdict> {
    let start = Instant::now();
    let go_on = || match start.elapsed() {
        _ if overtaken() => Err(Verdict::Overtaken),
        elapsed if elapsed >= trial.budget => Err(Verdict::Cpu {
            reason: format!(
                "the GPU was not ready within {} ms, all that a trial may take",
                trial.budget.as_millis() as u64
            ),
            holds: LATE_DAYS,
        }),
        _ => Ok(()),
    };
    let queries = prepare(model)?;
    go_on()?;
    let device = Device::open(None).await?;
    let known = trial.earlier.as_ref().filter(|earlier| earlier.adapter.as_ref() == Some(&device.adapter));
    go_on()?;
    let mut cpu_time = 0;
    if known.is_none() {
        cpu_time = measure_cpu(cpu, &queries)?;
        device.round_trip().await?;
        let trip = Instant::now();
        device.round_trip().await?;
        let trip = microseconds(trip);
        if trip >= cpu_time {
            let reason = format!(
                "faster on this device: an answer takes {} ms on the CPU, an empty round trip to the GPU alone {} ms",
                milliseconds(cpu_time),
                milliseconds(trip)
            );
            return Ok(Verdict::Cpu { reason, holds: MEASURED_DAYS });
        }
        go_on()?;
    }
    let gpu = GpuScorer::on(device, model.clone()).await?;
    let Some((golden, gpu_time)) = check_gpu(&gpu, model, &queries, &|| go_on().is_ok()).await? else {
        return Err(go_on().err().unwrap_or(Verdict::Overtaken));
    };
    if let Some(earlier) = known {
        return Ok(Verdict::Gpu { open: on_gpu(gpu, earlier.reason.clone(), golden), holds: 0 });
    }
    let words =
        [(gpu_time, "GPU"), (cpu_time, "CPU")].map(|(time, name)| format!("{} ms on the {name}", milliseconds(time)));
    let reason =
        |first: usize| format!("faster on this device: an answer takes {}, {}", words[first], words[1 - first]);
    if gpu_time < cpu_time {
        Ok(Verdict::Gpu { open: on_gpu(gpu, reason(0), golden), holds: MEASURED_DAYS })
    } else {
        Ok(Verdict::Cpu { reason: reason(1), holds: MEASURED_DAYS })
    }
}

#[cfg(not(feature = "gpu"))]
pub(super) async fn try_gpu(
    _model: &Arc<Model>,
    _cpu: &CpuScorer,
    _trial: &Trial,
    _overtaken: impl Fn() -> bool,
) -> Result<Verdict, Verdict> {
    Ok(Verdict::Cpu { reason: "this build has no GPU support".to_owned(), holds: MEASURED_DAYS })
}

/// Microseconds an answer takes on the CPU, the mean over as many golden queries as fit the time, at least one.
#[cfg(feature = "gpu")]
fn measure_cpu(cpu: &CpuScorer, queries: &[Prepared]) -> Result<u64> {
    let start = Instant::now();
    let mut answers = 0;
    for golden in queries.iter().cycle() {
        cpu.score(&golden.query())?;
        answers += 1;
        if microseconds(start) >= CPU_MEASURE {
            break;
        }
    }
    Ok(microseconds(start) / answers.max(1))
}

/// Microseconds as milliseconds with two decimals.
#[cfg(feature = "gpu")]
fn milliseconds(micros: u64) -> String {
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

#[cfg(feature = "gpu")]
pub(super) fn microseconds(start: Instant) -> u64 {
    start.elapsed().as_micros() as u64
}
