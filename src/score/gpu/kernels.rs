//! The compute pipelines, one a shader.

use super::device::Device;
use super::recording::{Kernel, Params};

/// A shader's name and its whole text, as compiled.
pub fn shader_sources() -> [(&'static str, &'static str); 3] {
    [("dot_topk", DOT_TOPK), ("merge_topk", MERGE_TOPK), ("rank_mlp", RANK_MLP)]
}

macro_rules! shader {
    ($file:literal) => {
        concat!(include_str!("../../../shaders/common.wgsl"), "\n", include_str!(concat!("../../../shaders/", $file)))
    };
}

const DOT_TOPK: &str = shader!("dot_topk.wgsl");
const MERGE_TOPK: &str = shader!("merge_topk.wgsl");
const RANK_MLP: &str = shader!("rank_mlp.wgsl");

/// Workgroup memory that every WebGPU device has, in bytes.
const WORKGROUP_BYTES: usize = 16_384;

/// Candidates a workgroup ranks when activations are `width` wide: two buffers of f32 must fit.
pub(crate) fn rank_tile(width: usize) -> usize {
    (WORKGROUP_BYTES / (2 * 4 * width)).clamp(1, 8)
}

/// A pipeline and the layout of its bindings.
pub(crate) struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

/// All pipelines of one model.
pub(crate) struct Kernels {
    pub dot_topk: Pipeline,
    pub merge_topk: Pipeline,
    pub rank_mlp: Option<Pipeline>,
}

impl Kernels {
    /// Compiles them; `rank_width` is the widest activation of the ranker, if there is one.
    pub fn compile(device: &Device, rank_width: Option<usize>) -> Kernels {
        let storage = Binding::Storage;
        Kernels {
            dot_topk: compile(device, "dot_topk", DOT_TOPK, &[storage; 5], &[]),
            merge_topk: compile(device, "merge_topk", MERGE_TOPK, &[], &[]),
            rank_mlp: rank_width.map(|width| {
                let constants = [("WIDTH", width as f64), ("TILE", rank_tile(width) as f64)];
                let bindings = [storage, storage, storage, storage, Binding::Uniform];
                compile(device, "rank_mlp", RANK_MLP, &bindings, &constants)
            }),
        }
    }

    /// The pipeline of a step.
    pub fn get(&self, kernel: Kernel) -> &Pipeline {
        match kernel {
            Kernel::DotTopk => &self.dot_topk,
            Kernel::MergeTopk => &self.merge_topk,
            Kernel::RankMlp => self.rank_mlp.as_ref().expect("a ranking step is recorded only with a ranker"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Binding {
    Storage,
    Uniform,
}

/// Compiles one kernel: binding 0 are the parameters at a dynamic offset, 1 the entries, the others as given.
fn compile(device: &Device, name: &str, source: &'static str, others: &[Binding], constants: &[(&str, f64)]) -> Pipeline {
    let entry = |binding: usize, ty: wgpu::BufferBindingType, dynamic: bool, size: usize| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: dynamic,
            min_binding_size: wgpu::BufferSize::new(size as u64),
        },
        count: None,
    };
    let mut bindings = vec![
        entry(0, wgpu::BufferBindingType::Uniform, true, size_of::<Params>()),
        entry(1, wgpu::BufferBindingType::Storage { read_only: false }, false, 8),
    ];
    for (n, binding) in others.iter().enumerate() {
        bindings.push(match binding {
            Binding::Storage => entry(n + 2, wgpu::BufferBindingType::Storage { read_only: true }, false, 4),
            Binding::Uniform => entry(n + 2, wgpu::BufferBindingType::Uniform, false, 16),
        });
    }
    let device = &device.device;
    let layout =
        device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &bindings });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
        cache: None,
    });
    Pipeline { pipeline, layout }
}
