//! The model's tables on the GPU, uploaded once.

use super::device::Device;
use crate::error::{Error, Result};
use crate::model::{ItemTable, MAX_LAYERS, Model, Ranker};
use crate::score::plan::Stage;

/// The ranker's layers; `Layers` in shaders/rank_mlp.wgsl has the same layout (a test compares them).
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Layers {
    pub shape: [[u32; 4]; MAX_LAYERS],
    pub count: u32,
    pub skip: f32,
    pub unused_0: u32,
    pub unused_1: u32,
}

/// Buffers that no query changes.
pub(crate) struct Tables {
    /// int8 rows, (n, d).
    pub rows: wgpu::Buffer,
    scale: wgpu::Buffer,
    bias: wgpu::Buffer,
    inverse_norm: wgpu::Buffer,
    popularity: wgpu::Buffer,
    zeros: wgpu::Buffer,
    pub ranker: Option<RankerTables>,
}

/// The ranker on the GPU.
pub(crate) struct RankerTables {
    pub weights: wgpu::Buffer,
    pub layers: wgpu::Buffer,
}

impl Tables {
    /// Uploads `model`.
    ///
    /// # Errors
    /// [`Error::BackendUnavailable`] when the item table is larger than one binding of this adapter.
    pub fn upload(device: &Device, model: &Model) -> Result<Tables> {
        let unsupported = |what: &str| Error::BackendUnavailable {
            backend: "webgpu",
            reason: format!("the GPU kernels do not score {what}"),
        };
        let ItemTable::Int8 { values: rows, scale } = model.table() else {
            return Err(unsupported("f32 item tables"));
        };
        if model.ranker().is_some_and(|ranker| !ranker.steps.is_empty()) {
            return Err(unsupported("an MLP in int8 arithmetic"));
        }
        let largest = device.max_binding();
        if rows.len() as u64 > largest {
            return Err(Error::BackendUnavailable {
                backend: "webgpu",
                reason: format!("the item table has {} bytes, one binding of this adapter holds {largest}", rows.len()),
            });
        }
        let zeros = vec![0.0f32; model.item_count()];
        let floats =
            |label, values: Option<&[f32]>| storage(device, label, bytemuck::cast_slice(values.unwrap_or(&zeros)));
        Ok(Tables {
            rows: storage(device, "rows", bytemuck::cast_slice(rows)),
            scale: floats("scale", Some(scale)),
            bias: floats("bias", model.bias()),
            inverse_norm: floats("inverse_norm", Some(model.inverse_norm())),
            popularity: floats("popularity", model.popularity()),
            zeros: floats("zeros", None),
            ranker: model.ranker().map(|ranker| upload_ranker(device, ranker)),
        })
    }

    /// Gain and offset of each row, for a stage.
    pub fn gain_and_offset(&self, stage: Stage) -> (&wgpu::Buffer, &wgpu::Buffer) {
        match stage {
            Stage::Popularity => (&self.zeros, &self.popularity),
            Stage::Similarity => (&self.inverse_norm, &self.zeros),
            Stage::Retrieval | Stage::Cascade | Stage::Ranking => (&self.scale, &self.bias),
        }
    }

    /// Scale of each row, for dequantising.
    pub fn scale(&self) -> &wgpu::Buffer {
        &self.scale
    }
}

fn upload_ranker(device: &Device, ranker: &Ranker) -> RankerTables {
    let mut layers = Layers {
        shape: [[0; 4]; MAX_LAYERS],
        count: ranker.layers.len() as u32,
        skip: ranker.skip,
        unused_0: 0,
        unused_1: 0,
    };
    let mut weights: Vec<f32> = Vec::new();
    for (shape, layer) in layers.shape.iter_mut().zip(&ranker.layers) {
        let weight_at = weights.len();
        weights.extend_from_slice(&layer.weight.to_f32());
        let bias_at = weights.len();
        weights.extend_from_slice(&layer.bias);
        *shape = [layer.shape.inputs as u32, layer.shape.outputs as u32, weight_at as u32, bias_at as u32];
    }
    RankerTables {
        weights: storage(device, "weights", bytemuck::cast_slice(&weights)),
        layers: buffer(device, "layers", bytemuck::bytes_of(&layers), wgpu::BufferUsages::UNIFORM),
    }
}

fn storage(device: &Device, label: &str, bytes: &[u8]) -> wgpu::Buffer {
    buffer(device, label, bytes, wgpu::BufferUsages::STORAGE)
}

/// A buffer holding `bytes`, a multiple of four of them.
pub(crate) fn buffer(device: &Device, label: &str, bytes: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let buffer = device.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.len() as u64,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    device.queue.write_buffer(&buffer, 0, bytes);
    buffer
}
