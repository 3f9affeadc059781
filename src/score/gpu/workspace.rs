//! The buffers that queries work in. The GPU takes submits one after another, so that all queries share them, overlapping
//! ones too; they grow as needed. Only what is read back belongs to one query.

use super::device::Device;
use super::kernels::{self, Kernels};
use super::step::{Bound, Kernel, Params, Recording, Sums};
use super::tables::{Tables, empty};

/// Bytes between the parameters of two dispatches: WebGPU's default alignment of dynamic offsets.
pub(crate) const PARAMS_STRIDE: usize = 256;

/// Buffers by use, and the bind groups made of them.
#[derive(Default)]
pub(crate) struct Workspace {
    params: Option<wgpu::Buffer>,
    query: Option<wgpu::Buffer>,
    entries: Option<wgpu::Buffer>,
    scratch: [Option<wgpu::Buffer>; 2],
    groups: Vec<(Bound, wgpu::BindGroup)>,
}

/// Bytes that a recording needs of each buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub params: usize,
    pub query: usize,
    pub entries: usize,
    pub scratch: [usize; 2],
}

impl Sizes {
    /// What `recording` needs, with so many words of queries.
    pub fn of(recording: &Recording, query_words: usize) -> Sizes {
        Sizes {
            params: recording.steps.len() * PARAMS_STRIDE,
            query: query_words * 4,
            entries: recording.entries * 8,
            scratch: recording.scratch.map(|floats| floats * 4),
        }
    }

    /// The largest of them.
    pub fn largest(&self) -> usize {
        [self.params, self.query, self.entries].into_iter().chain(self.scratch).max().unwrap_or(0)
    }
}

impl Workspace {
    /// Makes room; a buffer that is too small gives way to a larger one once the work that uses it is done.
    pub fn grow(&mut self, device: &Device, sizes: &Sizes) {
        let copied = wgpu::BufferUsages::COPY_DST;
        let storage = wgpu::BufferUsages::STORAGE;
        let mut changed = false;
        let mut grow = |buffer: &mut Option<wgpu::Buffer>, label, bytes: usize, usage| {
            if buffer.as_ref().is_some_and(|buffer| buffer.size() >= bytes as u64) {
                return;
            }
            let old = buffer.replace(empty(device, label, bytes.max(16), usage));
            old.iter().for_each(wgpu::Buffer::destroy);
            changed = true;
        };
        grow(&mut self.params, "params", sizes.params, wgpu::BufferUsages::UNIFORM | copied);
        grow(&mut self.query, "query", sizes.query, storage | copied);
        grow(&mut self.entries, "entries", sizes.entries, storage | wgpu::BufferUsages::COPY_SRC);
        for (buffer, bytes) in self.scratch.iter_mut().zip(sizes.scratch) {
            if bytes > 0 {
                grow(buffer, "scratch", bytes, storage);
            }
        }
        if changed {
            self.groups.clear();
        }
    }

    /// Uploads the parameters of every dispatch and what the queries bring.
    pub fn write(&self, device: &Device, params: &[u8], query: &[u32]) {
        let uploads = [(&self.params, params), (&self.query, bytemuck::cast_slice(query))];
        for (buffer, bytes) in uploads {
            if let Some(buffer) = buffer.as_ref().filter(|_| !bytes.is_empty()) {
                device.queue.write_buffer(buffer, 0, bytes);
            }
        }
    }

    /// The list of entries.
    pub fn entries(&self) -> Option<&wgpu::Buffer> {
        self.entries.as_ref()
    }

    /// Makes the bind groups of `recording` that are not there yet.
    pub fn bind(&mut self, device: &Device, kernels: &Kernels, tables: &Tables, recording: &Recording) {
        for step in &recording.steps {
            if self.group(&step.bound).is_none() {
                let group = self.make(device, kernels, tables, &step.bound);
                self.groups.push((step.bound, group));
            }
        }
    }

    /// The bind group of a step.
    pub fn group(&self, bound: &Bound) -> Option<&wgpu::BindGroup> {
        self.groups.iter().find(|(other, _)| other == bound).map(|(_, group)| group)
    }

    fn make(&self, device: &Device, kernels: &Kernels, tables: &Tables, bound: &Bound) -> wgpu::BindGroup {
        let shard = &tables.shards[bound.shard];
        let sums = |sums: Option<Sums>| match sums {
            Some(Sums::Kept) => shard.item_half.as_ref(),
            Some(Sums::Scratch(n)) => self.scratch[n].as_ref(),
            None => None,
        };
        let buffer = |binding: u32| match binding {
            kernels::PARAMS => self.params.as_ref(),
            kernels::ENTRIES => self.entries.as_ref(),
            kernels::QUERY => self.query.as_ref(),
            kernels::ROWS => Some(&shard.rows),
            kernels::GAIN => Some(tables.gain(bound.shard, bound.stage)),
            kernels::OFFSETS => Some(tables.offset(bound.shard, bound.stage)),
            kernels::WEIGHTS => tables.layers.as_ref().map(|layers| match bound.kernel {
                Kernel::FirstLayer => &layers.first.weights,
                Kernel::HiddenLayer => &layers.hidden.as_ref().unwrap_or(&layers.last).weights,
                _ => &layers.last.weights,
            }),
            kernels::READ => sums(bound.read),
            _ => sums(bound.write),
        };
        let entries: Vec<wgpu::BindGroupEntry> = bound
            .kernel
            .bindings()
            .iter()
            .map(|&binding| {
                let buffer = buffer(binding).expect("a recording's buffers are made before it is bound");
                let size = wgpu::BufferSize::new(size_of::<Params>() as u64).filter(|_| binding == kernels::PARAMS);
                let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size });
                wgpu::BindGroupEntry { binding, resource }
            })
            .collect();
        let layout = &kernels.get(bound.kernel).layout;
        device.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
    }
}

/// Frees the buffers at once; in browsers a dropped buffer lives until the garbage collector comes.
impl Drop for Workspace {
    fn drop(&mut self) {
        let buffers = [&self.params, &self.query, &self.entries].into_iter().chain(&self.scratch);
        buffers.flatten().for_each(wgpu::Buffer::destroy);
    }
}
