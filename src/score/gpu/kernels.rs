//! The compute pipelines, one a shader.

use super::device::Device;
use super::recording::{Kernel, Params};
use super::tables::Layers;

macro_rules! packed {
    ($file:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/", $file, ".wgsl"))
    };
}

/// What every kernel shares; stands before each kernel's own text.
const COMMON: &str = packed!("common");
const DOT_TOPK: &str = packed!("dot_topk");
const MERGE_TOPK: &str = packed!("merge_topk");
const RANK_MLP: &str = packed!("rank_mlp");

/// A shader's name and its whole text, as compiled.
pub fn shader_sources() -> [(&'static str, String); 3] {
    [("dot_topk", whole(DOT_TOPK)), ("merge_topk", whole(MERGE_TOPK)), ("rank_mlp", whole(RANK_MLP))]
}

/// Structs shared with the shaders: name, size, and the offset of each field; a test holds the shaders to it.
#[doc(hidden)]
#[allow(clippy::type_complexity)]
pub fn shader_layouts() -> [(&'static str, usize, Vec<(&'static str, usize)>); 2] {
    macro_rules! fields {
        ($type:ty: $($field:ident),*) => { vec![$((stringify!($field), std::mem::offset_of!($type, $field))),*] };
    }
    [
        ("Params", size_of::<Params>(), fields!(Params: count, words, keep, bound, input, output, zero, user_scale)),
        ("Layers", size_of::<Layers>(), fields!(Layers: shape, count, skip, unused_0, unused_1)),
    ]
}

fn whole(kernel: &str) -> String {
    [COMMON, kernel].concat()
}

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
fn compile(device: &Device, name: &str, source: &str, others: &[Binding], constants: &[(&str, f64)]) -> Pipeline {
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
            Binding::Uniform => entry(n + 2, wgpu::BufferBindingType::Uniform, false, size_of::<Layers>()),
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
        source: wgpu::ShaderSource::Wgsl(whole(source).into()),
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
