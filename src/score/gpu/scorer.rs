//! Carrying plans out on the GPU: one submit, one read-back of 8 bytes an answer.

use std::cell::RefCell;
use std::sync::Arc;

use super::device::Device;
use super::kernels::{Kernels, Rows};
use super::layers::ranker_layout;
use super::limits::{GpuLimits, Layout};
use super::probe::fastest_int8;
use super::recording::{Ask, Ranking, record, record_item_half};
use super::step::{Params, Recording};
use super::tables::{Tables, empty};
use super::workspace::{PARAMS_STRIDE, Sizes, Workspace};
use crate::error::{Error, Result};
use crate::model::{ItemTable, Model};
use crate::profile::User;
use crate::score::order::{NO_ITEM, from_sortable};
use crate::score::plan::{Plan, Query, UserVector};
use crate::score::topk::Scored;

/// Scores on the GPU.
pub struct GpuScorer {
    model: Arc<Model>,
    device: Device,
    layout: Layout,
    rows: Rows,
    kernels: Kernels,
    tables: Tables,
    workspace: RefCell<Workspace>,
}

impl GpuScorer {
    /// Opens a device, uploads `model` and compiles the kernels.
    ///
    /// # Errors
    /// [`Error::BackendUnavailable`] without a usable adapter, [`Error::Gpu`] when it refuses memory or a shader.
    pub async fn open(model: Arc<Model>) -> Result<GpuScorer> {
        GpuScorer::open_with_limits(model, None).await
    }

    /// As [`GpuScorer::open`], within `limits` smaller than the adapter's; for tests of what happens then.
    ///
    /// # Errors
    /// As [`GpuScorer::open`].
    #[doc(hidden)]
    pub async fn open_with_limits(model: Arc<Model>, limits: Option<GpuLimits>) -> Result<GpuScorer> {
        GpuScorer::on(Device::open(limits).await?, model).await
    }

    /// As [`GpuScorer::open`], on a device that is open already.
    pub(crate) async fn on(device: Device, model: Arc<Model>) -> Result<GpuScorer> {
        let layout = plan_layout(&model, device.limits)?;
        let scopes = device.push_scopes();
        let tables = Tables::upload(&device, &model, &layout);
        refuse(scopes.pop().await)?;
        let rows = match (model.table(), layout.limits.packed) {
            (ItemTable::F32 { .. }, _) => Rows::F32,
            (_, Some(true)) => Rows::Packed,
            (_, Some(false)) => Rows::Int8,
            (_, None) => fastest_int8(&device, &tables, layout.shards[0].len(), model.dim()).await,
        };
        let scopes = device.push_scopes();
        let kernels = Kernels::compile(&device, rows, model.dim(), tables.layers.as_ref());
        let workspace = RefCell::default();
        let scorer = GpuScorer { model, device, layout, rows, kernels, tables, workspace };
        scorer.submit(&record_item_half(&scorer.layout), &[], None);
        refuse(scopes.pop().await)?;
        Ok(scorer)
    }

    /// The adapter in words.
    pub fn adapter(&self) -> &str {
        &self.device.adapter
    }

    /// The kernels in words, `wgsl` first.
    pub fn kernels(&self) -> &'static str {
        if self.rows == Rows::Packed { "wgsl+dp4a" } else { "wgsl" }
    }

    /// The k best items of `query`, best first.
    ///
    /// # Errors
    /// As [`Plan::new`], and [`Error::Gpu`] when the device fails or is lost.
    pub async fn score(&self, query: &Query<'_>) -> Result<Vec<Scored>> {
        self.run(&Plan::new(&self.model, query)?).await
    }

    /// The answers of several queries: one submit and one read-back for as many as the adapter's buffers hold.
    ///
    /// # Errors
    /// As [`GpuScorer::score`].
    pub async fn score_batch(&self, queries: &[Query<'_>]) -> Result<Vec<Vec<Scored>>> {
        let plans = queries.iter().map(|query| Plan::new(&self.model, query)).collect::<Result<Vec<_>>>()?;
        self.run_batch(&plans).await
    }

    /// Into how many parts the item table is split.
    #[doc(hidden)]
    pub fn shards(&self) -> usize {
        self.layout.shards.len()
    }

    /// Throws the device away, as a driver reset would; for tests of what happens then.
    #[doc(hidden)]
    pub fn destroy_device(&self) {
        self.destroyer()();
    }

    /// What [`GpuScorer::destroy_device`] does, for another thread.
    #[doc(hidden)]
    pub fn destroyer(&self) -> impl FnOnce() + 'static {
        let device = self.device.device.clone();
        move || device.destroy()
    }

    pub(crate) async fn run(&self, plan: &Plan<'_>) -> Result<Vec<Scored>> {
        Ok(self.run_batch(std::slice::from_ref(plan)).await?.pop().unwrap_or_default())
    }

    /// As [`GpuScorer::score_batch`].
    pub(crate) async fn run_batch(&self, plans: &[Plan<'_>]) -> Result<Vec<Vec<Scored>>> {
        let mut answers = Vec::with_capacity(plans.len());
        while answers.len() < plans.len() {
            let rest = &plans[answers.len()..];
            let (recording, taken) = self.record_fitting(rest)?;
            answers.extend(self.answer(&rest[..taken], &recording).await?);
        }
        Ok(answers)
    }

    /// Records as many of the first plans as fit the adapter's buffers, and says how many.
    fn record_fitting(&self, plans: &[Plan]) -> Result<(Recording, usize)> {
        let asks: Vec<Ask> = plans.iter().map(ask).collect();
        let mut taken = asks.len();
        loop {
            let recording = record(&self.layout, &asks[..taken]);
            let bytes = Sizes::of(&recording, taken * self.layout.query_words()).largest();
            if bytes as u64 <= self.layout.limits.max_binding {
                return Ok((recording, taken));
            }
            if taken == 1 {
                let largest = self.layout.limits.max_binding;
                return Err(Error::gpu(format_args!(
                    "the query needs a buffer of {bytes} bytes, this adapter's hold {largest}"
                )));
            }
            taken = taken.div_ceil(2);
        }
    }

    async fn answer(&self, plans: &[Plan<'_>], recording: &Recording) -> Result<Vec<Vec<Scored>>> {
        self.device.check()?;
        let query = self.pack(plans);
        let scopes = self.device.push_scopes();
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let answer = Answer(empty(&self.device, "answer", recording.answered * 8, usage));
        self.submit(recording, &query, Some(&answer.0));
        let mapped = self.device.map(&answer.0);
        let refused = scopes.pop();
        let words = self.device.read(&answer.0, mapped).await;
        if let Some(error) = refused.await {
            return Err(Error::gpu(error.to_string()));
        }
        self.device.check()?;
        let words = words?;
        let entries = |&(start, len): &(usize, usize)| {
            words[2 * start..2 * (start + len)]
                .chunks_exact(2)
                .take_while(|entry| entry[1] != NO_ITEM)
                .map(|entry| Scored { item: entry[1], score: from_sortable(entry[0]) })
                .collect()
        };
        Ok(recording.results.iter().map(entries).collect())
    }

    /// What the plans bring, laid out as [`Layout::query_words`] says.
    fn pack(&self, plans: &[Plan]) -> Vec<u32> {
        let mut words: Vec<u32> = Vec::with_capacity(plans.len() * self.layout.query_words());
        for plan in plans {
            let end = words.len() + self.layout.user_words + self.layout.first_words;
            match &plan.user {
                UserVector::Int8(user) => words.extend(bytemuck::pod_collect_to_vec::<i8, u32>(user)),
                UserVector::F32(user) => words.extend(user.iter().map(|x| x.to_bits())),
            }
            if let (Some(first), Some(ranker)) = (&plan.first, self.model.ranker()) {
                if ranker.steps.is_empty() {
                    words.extend(first.iter().map(|x| x.to_bits()));
                } else {
                    words.extend(ranker.round_first(first).iter().map(|&x| f32::from(x).to_bits()));
                }
            }
            words.resize(end, 0);
            words.extend(plan.mask.words());
            let end = words.len() + self.layout.offset_words;
            words.extend(plan.offset.iter().flatten().map(|x| x.to_bits()));
            words.resize(end, 0);
        }
        words
    }

    /// Uploads the queries, encodes every step and the copy of the answers, submits once.
    fn submit(&self, recording: &Recording, query: &[u32], answer: Option<&wgpu::Buffer>) {
        if recording.steps.is_empty() {
            return;
        }
        let mut params = vec![0u8; recording.steps.len() * PARAMS_STRIDE];
        for (slot, step) in params.chunks_exact_mut(PARAMS_STRIDE).zip(&recording.steps) {
            slot[..size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(&step.params));
        }
        let mut workspace = self.workspace.borrow_mut();
        workspace.grow(&self.device, &Sizes::of(recording, query.len()));
        workspace.write(&self.device, &params, query);
        workspace.bind(&self.device, &self.kernels, &self.tables, recording);
        let mut encoder = self.device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (n, step) in recording.steps.iter().enumerate() {
                pass.set_pipeline(&self.kernels.get(step.bound.kernel).pipeline);
                pass.set_bind_group(0, workspace.group(&step.bound), &[(n * PARAMS_STRIDE) as u32]);
                pass.dispatch_workgroups(step.groups[0], step.groups[1], step.groups[2]);
            }
        }
        if let (Some(answer), Some(entries)) = (answer, workspace.entries()) {
            encoder.copy_buffer_to_buffer(entries, 0, answer, 0, recording.answered as u64 * 8);
        }
        self.device.queue.submit([encoder.finish()]);
    }
}

/// What one query reads back. In browsers a buffer that is merely dropped lives until the garbage collector comes.
struct Answer(wgpu::Buffer);

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.destroy();
    }
}

fn refuse(error: Option<wgpu::Error>) -> Result<()> {
    match error {
        Some(error) => Err(Error::gpu(format_args!("the model could not be set up ({error})"))),
        None => Ok(()),
    }
}

/// How `model` lies within `limits`.
fn plan_layout(model: &Model, limits: GpuLimits) -> Result<Layout> {
    let (row_bytes, user_words) = match model.table() {
        ItemTable::Int8 { .. } => (model.dim(), model.dim() / 4),
        ItemTable::F32 { .. } => (model.dim() * 4, model.dim()),
    };
    let ranker = model.ranker().map(|ranker| ranker_layout(&limits, ranker)).transpose()?;
    let candidates = model.ranker().map_or(0, |ranker| ranker.candidates);
    let first_words = model.ranker().map_or(0, |ranker| ranker.layers[0].shape.outputs);
    let layout = Layout::new(limits, model.item_count(), row_bytes, ranker, candidates)?;
    let offset_words = if User::brings_offset(model) { model.item_count() } else { 0 };
    Ok(Layout { user_words, first_words, offset_words, ..layout })
}

fn ask(plan: &Plan) -> Ask {
    let ranking = match plan.first {
        None => Ranking::Nothing,
        Some(_) if plan.ranks_all() => Ranking::Everything,
        Some(_) => Ranking::Best(plan.retrieve),
    };
    Ask { stage: plan.stage, offset: plan.offset.is_some(), user_scale: plan.user_scale, ranking, k: plan.k }
}
