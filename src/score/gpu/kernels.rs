//! The compute pipelines, one a shader.

use super::device::Device;
use super::layers::Layers;
use super::step::{Kernel, Params};

macro_rules! texts {
    ($($file:literal),*) => {
        &[$(include_str!(concat!(env!("OUT_DIR"), "/", $file, ".wgsl"))),*]
    };
}

const TOP_K: &[&str] = texts!("common", "best", "retrieval", "dot_topk");
const FIRST_LAYER: &[&str] = texts!("common", "dense", "first_layer");
const HIDDEN_LAYER: &[&str] = texts!("common", "dense", "activation", "hidden_layer");
const RANK_MLP: &[&str] = texts!("common", "retrieval", "dense", "activation", "rank_mlp");
const PROBE: &[&str] = texts!("common", "probe");

/// How the kernels read the item table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// int8, multiplied in core WGSL.
    Int8,
    /// int8, multiplied by packed dot products.
    Packed,
    F32,
}

impl Rows {
    const ALL: [Rows; 3] = [Rows::Int8, Rows::Packed, Rows::F32];

    fn texts(self) -> &'static [&'static str] {
        match self {
            Rows::Int8 => texts!("rows_i8", "word_core"),
            Rows::Packed => texts!("rows_i8", "word_packed"),
            Rows::F32 => texts!("rows_f32"),
        }
    }
}

impl Kernel {
    const ALL: [Kernel; 5] = [Kernel::TopK, Kernel::FirstLayer, Kernel::HiddenLayer, Kernel::RankMlp, Kernel::Probe];

    fn name(self) -> &'static str {
        match self {
            Kernel::TopK => "dot_topk",
            Kernel::FirstLayer => "first_layer",
            Kernel::HiddenLayer => "hidden_layer",
            Kernel::RankMlp => "rank_mlp",
            Kernel::Probe => "probe",
        }
    }

    /// The whole text, as compiled.
    fn source(self, rows: Rows) -> String {
        let texts = match self {
            Kernel::TopK => TOP_K,
            Kernel::FirstLayer => FIRST_LAYER,
            Kernel::HiddenLayer => HIDDEN_LAYER,
            Kernel::RankMlp => RANK_MLP,
            Kernel::Probe => PROBE,
        };
        let rows = if self.reads_rows() { rows.texts() } else { &[] };
        [texts, rows].concat().concat()
    }

    fn reads_rows(self) -> bool {
        self.bindings().contains(&ROWS)
    }

    /// The bindings it uses: see [`binding_type`].
    pub fn bindings(self) -> &'static [u32] {
        match self {
            Kernel::TopK => &[PARAMS, ENTRIES, QUERY, ROWS, GAIN, OFFSETS],
            Kernel::FirstLayer => &[PARAMS, ENTRIES, ROWS, GAIN, WEIGHTS, WRITE],
            Kernel::HiddenLayer => &[PARAMS, QUERY, WEIGHTS, READ, WRITE],
            Kernel::RankMlp => &[PARAMS, ENTRIES, QUERY, ROWS, GAIN, OFFSETS, WEIGHTS, READ],
            Kernel::Probe => &[PARAMS, ENTRIES, QUERY, ROWS],
        }
    }
}

/// Binding numbers, the same in every shader.
pub(crate) const PARAMS: u32 = 0;
pub(crate) const ENTRIES: u32 = 1;
pub(crate) const QUERY: u32 = 2;
pub(crate) const ROWS: u32 = 3;
pub(crate) const GAIN: u32 = 4;
pub(crate) const OFFSETS: u32 = 5;
pub(crate) const WEIGHTS: u32 = 6;
pub(crate) const READ: u32 = 7;
pub(crate) const WRITE: u32 = 8;

/// Each shader's name and whole text, in every variant.
pub fn shader_sources() -> Vec<(&'static str, String)> {
    let variants = Kernel::ALL.into_iter().flat_map(|kernel| Rows::ALL.map(|rows| (kernel, rows)));
    variants.map(|(kernel, rows)| (kernel.name(), kernel.source(rows))).collect()
}

/// The struct shared with the shaders: name, size, and the offset of each field; a test holds the shaders to it.
#[doc(hidden)]
#[allow(clippy::type_complexity)]
pub fn shader_layouts() -> [(&'static str, usize, Vec<(&'static str, usize)>); 1] {
    macro_rules! fields {
        ($type:ty: $($field:ident),*) => { vec![$((stringify!($field), std::mem::offset_of!($type, $field))),*] };
    }
    let params = fields!(Params: count, keep, bound, input, output, base, rows, start, column, stride, written, user,
        first, mask, offset, zero, user_scale);
    [("Params", size_of::<Params>(), params)]
}

/// A pipeline and the layout of its bindings.
pub(crate) struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

/// All pipelines of one model.
pub(crate) struct Kernels(Vec<(Kernel, Pipeline)>);

impl Kernels {
    /// Compiles what a model of this width needs.
    pub fn compile(device: &Device, rows: Rows, width: usize, layers: Option<&Layers>) -> Kernels {
        let needed = Kernel::ALL.into_iter().filter(|kernel| match kernel {
            Kernel::TopK => true,
            Kernel::FirstLayer | Kernel::RankMlp => layers.is_some(),
            Kernel::HiddenLayer => layers.is_some_and(|layers| layers.hidden.is_some()),
            Kernel::Probe => false,
        });
        let compiled = needed.map(|kernel| {
            let mut constants = layers.map(|layers| constants(kernel, layers)).unwrap_or_default();
            if kernel.reads_rows() {
                constants.push(("WIDTH", width as f64));
            }
            (kernel, compile(device, kernel, rows, &constants))
        });
        Kernels(compiled.collect())
    }

    /// The pipeline of a step.
    pub fn get(&self, kernel: Kernel) -> &Pipeline {
        let found = self.0.iter().find(|(other, _)| *other == kernel);
        &found.expect("a step is recorded only for a model that needs it").1
    }
}

/// The values of a kernel's override constants.
fn constants(kernel: Kernel, layers: &Layers) -> Vec<(&'static str, f64)> {
    let flag = |on: bool| f64::from(u8::from(on));
    let dense = match kernel {
        Kernel::TopK | Kernel::Probe => return Vec::new(),
        Kernel::FirstLayer => &layers.first,
        Kernel::HiddenLayer => layers.hidden.as_ref().unwrap_or(&layers.last),
        Kernel::RankMlp => &layers.last,
    };
    let mut constants =
        vec![("INPUTS", dense.inputs as f64), ("BLOCKS", dense.blocks as f64), ("INT8", flag(layers.int8))];
    if kernel == Kernel::RankMlp {
        constants.extend([
            ("HIDDEN", flag(dense.blocks > 0)),
            ("ACTIVE", flag(layers.hidden.is_some())),
            ("FLOOR", if layers.linear { f64::from(f32::MIN) } else { 0.0 }),
            ("LAST_BIAS", f64::from(layers.last_bias)),
            ("SKIP", f64::from(layers.skip)),
        ]);
    }
    constants
}

/// Compiles one kernel.
pub(crate) fn compile(device: &Device, kernel: Kernel, rows: Rows, constants: &[(&str, f64)]) -> Pipeline {
    let name = Some(kernel.name());
    let bindings: Vec<wgpu::BindGroupLayoutEntry> = kernel
        .bindings()
        .iter()
        .map(|&binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: binding_type(binding),
                has_dynamic_offset: binding == PARAMS,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let device = &device.device;
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: name, entries: &bindings });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: name,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let source = wgpu::ShaderSource::Wgsl(kernel.source(rows).into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: name, source });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: name,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
        cache: None,
    });
    Pipeline { pipeline, layout }
}

fn binding_type(binding: u32) -> wgpu::BufferBindingType {
    match binding {
        PARAMS => wgpu::BufferBindingType::Uniform,
        ENTRIES | WRITE => wgpu::BufferBindingType::Storage { read_only: false },
        _ => wgpu::BufferBindingType::Storage { read_only: true },
    }
}
