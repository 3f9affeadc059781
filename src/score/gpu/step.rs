//! GPU work as plain data: dispatches, their parameters and buffers.

use crate::score::plan::Stage;

/// One dispatch's parameters; `Params` in shaders/common.wgsl has the same layout (a test compares them).
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Params {
    pub count: u32,
    pub keep: u32,
    pub bound: u32,
    pub input: u32,
    pub output: u32,
    pub base: u32,
    pub rows: u32,
    pub start: u32,
    pub column: u32,
    pub stride: u32,
    pub written: u32,
    pub user: u32,
    pub first: u32,
    pub mask: u32,
    pub offset: u32,
    pub zero: u32,
    pub user_scale: f32,
}

/// Which shader a dispatch runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    TopK,
    FirstLayer,
    HiddenLayer,
    RankMlp,
    /// Only dots, to measure them; no step of a recording.
    Probe,
}

/// A buffer of layer sums, (outputs, columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sums {
    /// The item half of layer 0 of the step's shard, kept from load.
    Kept,
    /// Made and used within a query.
    Scratch(usize),
}

/// The buffers of a dispatch, beside what all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub kernel: Kernel,
    pub shard: usize,
    /// Whose gain and offset columns.
    pub stage: Stage,
    pub read: Option<Sums>,
    pub write: Option<Sums>,
}

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub bound: Bound,
    pub params: Params,
    /// Workgroups in x, y and z.
    pub groups: [u32; 3],
}

/// All dispatches of some queries, in order, over one list of entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Recording {
    pub steps: Vec<Step>,
    /// Entries the steps use; 8 bytes each.
    pub entries: usize,
    /// f32 in each scratch buffer.
    pub scratch: [usize; 2],
    /// The answers, all in the first entries: first entry and length of each. Entries without an item close one when
    /// fewer are left.
    pub results: Vec<(usize, usize)>,
    /// Entries the answers take.
    pub answered: usize,
}
