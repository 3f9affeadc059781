//! The model's tables on the GPU, uploaded once, each in shards that fit the adapter's bindings.

use super::device::Device;
use super::layers::Layers;
use super::limits::Layout;
use crate::model::{ItemTable, Model};
use crate::score::plan::Stage;

/// Most bytes handed over at once: what a browser copies on their way must not double a large table.
const CHUNK: usize = 16 << 20;

/// The tables of a range of items.
pub(crate) struct Shard {
    /// Item rows, (n, d).
    pub rows: wgpu::Buffer,
    /// Scale of int8 rows.
    scale: Option<wgpu::Buffer>,
    bias: Option<wgpu::Buffer>,
    inverse_norm: wgpu::Buffer,
    popularity: Option<wgpu::Buffer>,
    /// The item half of the MLP's first layer, (outputs, n), where it is kept.
    pub item_half: Option<wgpu::Buffer>,
}

/// Buffers that no query changes.
pub(crate) struct Tables {
    pub shards: Vec<Shard>,
    /// Columns that are the same for all, as long as the longest shard.
    zeros: wgpu::Buffer,
    ones: Option<wgpu::Buffer>,
    pub layers: Option<Layers>,
}

impl Tables {
    /// Makes the buffers and uploads `model`.
    pub fn upload(device: &Device, model: &Model, layout: &Layout) -> Tables {
        let longest = layout.shards[0].len();
        let (row_bytes, scale) = rows(model);
        let width = row_bytes.len() / model.item_count();
        let column = |label, values: &[f32]| storage(device, label, bytemuck::cast_slice(values));
        let shards = layout.shards.iter().map(|range| {
            let part = |label, values: Option<&[f32]>| values.map(|values| column(label, &values[range.clone()]));
            Shard {
                rows: storage(device, "rows", &row_bytes[range.start * width..range.end * width]),
                scale: part("scale", scale),
                bias: part("bias", model.bias()),
                inverse_norm: column("inverse_norm", &model.inverse_norm()[range.clone()]),
                popularity: part("popularity", model.popularity()),
                item_half: layout.ranker.filter(|ranker| ranker.kept).map(|ranker| {
                    empty(device, "item_half", ranker.first * range.len().next_multiple_of(4) * 4, STORAGE)
                }),
            }
        });
        Tables {
            shards: shards.collect(),
            zeros: empty(device, "zeros", longest * 4, STORAGE),
            ones: if scale.is_none() { Some(column("ones", &vec![1.0; longest])) } else { None },
            layers: model.ranker().map(|ranker| Layers::upload(device, ranker)),
        }
    }

    /// Gain of each row of a shard, for a stage.
    pub fn gain(&self, shard: usize, stage: Stage) -> &wgpu::Buffer {
        let shard = &self.shards[shard];
        match stage {
            Stage::Popularity => &self.zeros,
            Stage::Similarity => &shard.inverse_norm,
            Stage::Retrieval | Stage::Cascade | Stage::Ranking => {
                shard.scale.as_ref().or(self.ones.as_ref()).unwrap_or(&self.zeros)
            }
        }
    }

    /// Offset of each row of a shard, for a stage.
    pub fn offset(&self, shard: usize, stage: Stage) -> &wgpu::Buffer {
        let shard = &self.shards[shard];
        let column = match stage {
            Stage::Popularity => &shard.popularity,
            Stage::Similarity => &None,
            Stage::Retrieval | Stage::Cascade | Stage::Ranking => &shard.bias,
        };
        column.as_ref().unwrap_or(&self.zeros)
    }
}

/// Bytes of the item table, and its scale where it is int8.
fn rows(model: &Model) -> (&[u8], Option<&[f32]>) {
    match model.table() {
        ItemTable::Int8 { values, scale } => (bytemuck::cast_slice(values), Some(scale)),
        ItemTable::F32 { values } => (bytemuck::cast_slice(values), None),
    }
}

const STORAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE;

pub(crate) fn storage(device: &Device, label: &str, bytes: &[u8]) -> wgpu::Buffer {
    upload(device, label, bytes, STORAGE)
}

/// A buffer of `bytes`.
pub(crate) fn upload(device: &Device, label: &str, bytes: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let buffer = empty(device, label, bytes.len(), usage | wgpu::BufferUsages::COPY_DST);
    for (n, chunk) in bytes.chunks(CHUNK).enumerate() {
        device.queue.write_buffer(&buffer, (n * CHUNK) as u64, chunk);
    }
    buffer
}

/// A buffer of zeros; no smaller than a binding must be.
pub(crate) fn empty(device: &Device, label: &str, bytes: usize, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let size = bytes.max(16) as u64;
    device.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
}
