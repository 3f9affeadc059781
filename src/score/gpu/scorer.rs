//! Carrying a plan out on the GPU: one submit, one read-back of 8 bytes an answer.

use std::sync::Arc;

use super::device::Device;
use super::kernels::{Kernels, rank_tile};
use super::recording::{Kernel, Params, Recording, Shape, record};
use super::tables::{Tables, buffer};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::score::order::{NO_ITEM, from_sortable};
use crate::score::plan::{Plan, Query, UserVector};
use crate::score::topk::Scored;

/// Bytes between the parameters of two dispatches: WebGPU's default alignment of dynamic offsets.
const PARAMS_STRIDE: usize = 256;

/// Scores on the GPU.
pub struct GpuScorer {
    model: Arc<Model>,
    device: Device,
    kernels: Kernels,
    tables: Tables,
}

impl GpuScorer {
    /// Opens a device, uploads `model` and compiles the kernels.
    ///
    /// # Errors
    /// [`Error::BackendUnavailable`] without a usable adapter, [`Error::Gpu`] when it refuses memory or a shader.
    pub async fn open(model: Arc<Model>) -> Result<GpuScorer> {
        let device = Device::open().await?;
        let memory = device.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = device.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let tables = Tables::upload(&device, &model);
        let kernels = Kernels::compile(&device, model.ranker().map(|_| rank_width(&model)));
        let refused = validation.pop().await.or(memory.pop().await);
        match refused {
            Some(error) => Err(Error::Gpu { detail: format!("the model could not be set up ({error})") }),
            None => Ok(GpuScorer { tables: tables?, model, device, kernels }),
        }
    }

    /// The adapter in words.
    pub fn adapter(&self) -> &str {
        &self.device.adapter
    }

    /// The k best items of `query`, best first.
    ///
    /// # Errors
    /// As [`Plan::new`], and [`Error::Gpu`] when the device fails or is lost.
    pub async fn score(&self, query: &Query<'_>) -> Result<Vec<Scored>> {
        self.run(&Plan::new(&self.model, query)?).await
    }

    /// Throws the device away, as a driver reset would; for tests of what happens then.
    #[doc(hidden)]
    pub fn destroy_device(&self) {
        self.device.device.destroy();
    }

    pub(crate) async fn run(&self, plan: &Plan<'_>) -> Result<Vec<Scored>> {
        self.device.check()?;
        let recording = record(&Shape {
            items: self.model.item_count(),
            dim: self.model.dim(),
            user_scale: plan.user_scale,
            retrieve: plan.retrieve,
            tile: plan.first.as_ref().map(|_| rank_tile(rank_width(&self.model))),
            k: plan.k,
        });
        let memory = self.device.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let buffers = self.submit(plan, &recording);
        let mapped = self.device.map(&buffers.answer);
        let (validation, memory) = (validation.pop(), memory.pop());
        let words = self.device.read(&buffers.answer, mapped).await;
        drop(buffers);
        if let Some(error) = validation.await.or(memory.await) {
            return Err(Error::Gpu { detail: error.to_string() });
        }
        self.device.check()?;
        let entries = words?;
        Ok(entries
            .chunks_exact(2)
            .take_while(|entry| entry[1] != NO_ITEM)
            .map(|entry| Scored { item: entry[1], score: from_sortable(entry[0]) })
            .collect())
    }

    /// Uploads the query, encodes every step and the copy of the answer, submits once.
    fn submit(&self, plan: &Plan<'_>, recording: &Recording) -> QueryBuffers {
        let Device { device, queue, .. } = &self.device;
        let mut params = vec![0u8; recording.steps.len() * PARAMS_STRIDE];
        for (slot, step) in params.chunks_exact_mut(PARAMS_STRIDE).zip(&recording.steps) {
            slot[..size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(&step.params));
        }
        let storage = wgpu::BufferUsages::STORAGE;
        let params = buffer(&self.device, "params", &params, wgpu::BufferUsages::UNIFORM);
        let user = buffer(&self.device, "user", user_bytes(&plan.user), storage);
        let mask = buffer(&self.device, "mask", bytemuck::cast_slice(plan.mask.words()), storage);
        let first =
            plan.first.as_ref().map(|first| buffer(&self.device, "first", bytemuck::cast_slice(first), storage));
        let plain = |label, bytes: usize, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: bytes as u64,
                usage,
                mapped_at_creation: false,
            })
        };
        let entries = plain("entries", recording.entries * 8, storage | wgpu::BufferUsages::COPY_SRC);
        let (start, len) = recording.result;
        let answer = plain("answer", len * 8, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);

        let (gain, offset) = self.tables.gain_and_offset(plan.stage);
        let dot = self.bind(Kernel::DotTopk, &params, &entries, &[&self.tables.rows, gain, offset, &user, &mask]);
        let merge = self.bind(Kernel::MergeTopk, &params, &entries, &[]);
        let rank = first.as_ref().zip(self.tables.ranker.as_ref()).map(|(first, ranker)| {
            let others = [&self.tables.rows, self.tables.scale(), &ranker.weights, first, &ranker.layers];
            self.bind(Kernel::RankMlp, &params, &entries, &others)
        });

        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("query") });
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (n, step) in recording.steps.iter().enumerate() {
                let group = match step.kernel {
                    Kernel::DotTopk => &dot,
                    Kernel::MergeTopk => &merge,
                    Kernel::RankMlp => rank.as_ref().expect("a ranking step is recorded only with a ranker"),
                };
                pass.set_pipeline(&self.kernels.get(step.kernel).pipeline);
                pass.set_bind_group(0, group, &[(n * PARAMS_STRIDE) as u32]);
                pass.dispatch_workgroups(step.groups.0, step.groups.1, 1);
            }
        }
        encoder.copy_buffer_to_buffer(&entries, start as u64 * 8, &answer, 0, len as u64 * 8);
        queue.submit([encoder.finish()]);
        let others = [params, user, mask, entries].into_iter().chain(first).collect();
        QueryBuffers { answer, others }
    }

    fn bind(
        &self,
        kernel: Kernel,
        params: &wgpu::Buffer,
        entries: &wgpu::Buffer,
        others: &[&wgpu::Buffer],
    ) -> wgpu::BindGroup {
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: params,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<Params>() as u64),
        });
        let resources = [params, entries.as_entire_binding()].into_iter();
        let entries: Vec<wgpu::BindGroupEntry> = resources
            .chain(others.iter().map(|buffer| buffer.as_entire_binding()))
            .enumerate()
            .map(|(n, resource)| wgpu::BindGroupEntry { binding: n as u32, resource })
            .collect();
        self.device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.kernels.get(kernel).layout,
            entries: &entries,
        })
    }
}

/// What one query put on the GPU. In browsers a buffer that is merely dropped lives until the garbage collector comes.
struct QueryBuffers {
    answer: wgpu::Buffer,
    others: Vec<wgpu::Buffer>,
}

impl Drop for QueryBuffers {
    fn drop(&mut self) {
        self.others.iter().chain([&self.answer]).for_each(wgpu::Buffer::destroy);
    }
}

/// Frees the tables at once; in browsers a dropped device would keep them.
impl Drop for GpuScorer {
    fn drop(&mut self) {
        self.device.device.destroy();
    }
}

/// Widest activation of the ranker: the item row or a layer's output.
fn rank_width(model: &Model) -> usize {
    let outputs = model.ranker().into_iter().flat_map(|ranker| &ranker.layers).map(|layer| layer.shape.outputs);
    outputs.max().unwrap_or(1).max(model.dim())
}

fn user_bytes(user: &UserVector) -> &[u8] {
    match user {
        UserVector::Int8(values) => bytemuck::cast_slice(values),
        UserVector::F32(values) => bytemuck::cast_slice(values),
    }
}
