//! The GPU backend: WGSL kernels through wgpu. A plan becomes a [`recording`] (data), which one function submits.

mod device;
mod kernels;
mod recording;
mod scorer;
mod tables;

pub use kernels::{shader_layouts, shader_sources};
pub use scorer::GpuScorer;
