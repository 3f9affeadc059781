//! The GPU backend: WGSL kernels through wgpu. A plan becomes a [`recording`] (data), which one function submits.

mod device;
mod kernels;
mod layers;
mod limits;
mod probe;
mod recording;
mod scorer;
mod step;
mod tables;
mod workspace;

pub(crate) use device::Device;
pub use kernels::{shader_layouts, shader_sources};
pub use limits::GpuLimits;
pub use scorer::GpuScorer;
