//! GPU work as plain data: the dispatches of one query, built and tested without a GPU.

/// Entries one workgroup sorts; `BLOCK` in shaders/common.wgsl.
pub(crate) const BLOCK: usize = 1024;
/// Most entries a workgroup hands on, so that each merge at least halves a list; longer answers take several rounds.
const MAX_KEEP: usize = 512;
/// `NONE` in shaders/common.wgsl.
const NONE: u32 = u32::MAX;
/// Most workgroups in one dimension of a dispatch, by WebGPU's default limits.
const MAX_GROUPS: u32 = 65_535;

/// One dispatch's parameters; `Params` in shaders/common.wgsl has the same layout (a test compares them).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Params {
    pub count: u32,
    pub words: u32,
    pub keep: u32,
    pub bound: u32,
    pub input: u32,
    pub output: u32,
    pub zero: u32,
    pub user_scale: f32,
}

/// Which shader a dispatch runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    DotTopk,
    MergeTopk,
    RankMlp,
}

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub kernel: Kernel,
    pub params: Params,
    /// Workgroups in x and y.
    pub groups: (u32, u32),
}

/// All dispatches of one query, in order, over one list of entries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recording {
    pub steps: Vec<Step>,
    /// Entries the steps use; 8 bytes each.
    pub entries: usize,
    /// The answer: first entry and length. Entries without an item close it when fewer are left.
    pub result: (usize, usize),
}

/// What a recording depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub items: usize,
    pub dim: usize,
    pub user_scale: f32,
    /// Items the first stage keeps.
    pub retrieve: usize,
    /// Candidates a workgroup ranks; `None` without a ranker.
    pub tile: Option<usize>,
    pub k: usize,
}

/// Plans the dispatches: retrieval, then for a cascade the ranking of what was retrieved and its top k.
pub(crate) fn record(shape: &Shape) -> Recording {
    let mut recorder = Recorder { shape: *shape, steps: Vec::new(), entries: 0 };
    let retrieved = recorder.top(Source::Rows, shape.retrieve);
    let result = match shape.tile {
        None => retrieved,
        Some(tile) => {
            let ranked = recorder.reserve(shape.retrieve);
            let groups = shape.retrieve.div_ceil(tile);
            let list = List { start: retrieved.start, len: shape.retrieve };
            recorder.push(Kernel::RankMlp, list, 0, ranked, NONE, groups);
            recorder.top(Source::List(List { start: ranked, len: shape.retrieve }), shape.k)
        }
    };
    Recording { steps: recorder.steps, entries: recorder.entries, result: (result.start, shape.k) }
}

#[derive(Debug, Clone, Copy)]
struct List {
    start: usize,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Rows,
    List(List),
}

struct Recorder {
    shape: Shape,
    steps: Vec<Step>,
    entries: usize,
}

impl Recorder {
    /// The best `k` of `source`, in rounds of at most [`MAX_KEEP`]; each round takes up after the last entry of the one
    /// before, which is read on the GPU, so all rounds go in one submit.
    fn top(&mut self, source: Source, k: usize) -> List {
        let keep = k.next_power_of_two().min(MAX_KEEP);
        let result = List { start: self.reserve(k.div_ceil(keep) * keep), len: k };
        let count = match source {
            Source::Rows => self.shape.items,
            Source::List(list) => list.len,
        };
        let blocks = count.div_ceil(BLOCK);
        let ping = self.reserve(if blocks > 1 { blocks * keep } else { 0 });
        let pong = self.reserve(if blocks > 1 { (blocks * keep).div_ceil(BLOCK) * keep } else { 0 });
        for round in 0..k.div_ceil(keep) {
            let target = result.start + round * keep;
            let bound = if round == 0 { NONE } else { target as u32 - 1 };
            let (kernel, mut list) = match source {
                Source::Rows => (Kernel::DotTopk, List { start: 0, len: count }),
                Source::List(list) => (Kernel::MergeTopk, list),
            };
            let (mut blocks, mut spaces) = (blocks, [ping, pong].into_iter().cycle());
            let mut output = if blocks == 1 { target } else { spaces.next().expect("endless") };
            self.push(kernel, list, keep, output, bound, blocks);
            while blocks > 1 {
                list = List { start: output, len: blocks * keep };
                blocks = list.len.div_ceil(BLOCK);
                output = if blocks == 1 { target } else { spaces.next().expect("endless") };
                self.push(Kernel::MergeTopk, list, keep, output, NONE, blocks);
            }
        }
        result
    }

    fn reserve(&mut self, entries: usize) -> usize {
        let start = self.entries;
        self.entries += entries;
        start
    }

    fn push(&mut self, kernel: Kernel, list: List, keep: usize, output: usize, bound: u32, groups: usize) {
        let params = Params {
            count: list.len as u32,
            words: (self.shape.dim / 4) as u32,
            keep: keep as u32,
            bound,
            input: list.start as u32,
            output: output as u32,
            zero: 0,
            user_scale: self.shape.user_scale,
        };
        self.steps.push(Step { kernel, params, groups: fold(groups as u32) });
    }
}

/// Folds workgroups past the limit of one dimension into two.
fn fold(groups: u32) -> (u32, u32) {
    let rows = groups.div_ceil(MAX_GROUPS);
    (groups.div_ceil(rows.max(1)), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(items: usize, retrieve: usize, tile: Option<usize>, k: usize) -> Shape {
        Shape { items, dim: 64, user_scale: 1.0, retrieve, tile, k }
    }

    #[test]
    fn one_block_is_one_dispatch_into_the_result() {
        let recording = record(&shape(1000, 10, None, 10));
        assert_eq!(recording.steps.len(), 1);
        assert_eq!((recording.result, recording.entries), ((0, 10), 16));
    }

    #[test]
    fn no_step_reads_what_it_writes_and_all_stay_inside() {
        for items in [1, 2, 1023, 1024, 1025, 10_428, 1_000_000] {
            for (retrieve, tile, k) in
                [(1, None, 1), (10, None, 10), (200, Some(4), 10), (513, None, 513), (700, Some(8), 700)]
            {
                let (retrieve, k) = (retrieve.min(items), k.min(items));
                let recording = record(&shape(items, retrieve, tile, k));
                for step in &recording.steps {
                    let groups = (step.groups.0 * step.groups.1) as usize;
                    let p = step.params;
                    let (written, from) = match step.kernel {
                        Kernel::RankMlp => (p.count as usize, p.input as usize),
                        _ => ((p.count as usize).div_ceil(BLOCK) * p.keep as usize, p.input as usize),
                    };
                    assert!(groups * BLOCK >= p.count as usize || step.kernel == Kernel::RankMlp);
                    let output = p.output as usize..p.output as usize + written;
                    assert!(output.end <= recording.entries, "{step:?} writes past the list");
                    if step.kernel != Kernel::DotTopk {
                        let input = from..from + p.count as usize;
                        assert!(input.end <= recording.entries);
                        assert!(input.end <= output.start || output.end <= input.start, "{step:?} overlaps");
                    }
                }
            }
        }
    }

    #[test]
    fn wide_dispatches_fold() {
        assert_eq!(fold(65_535), (65_535, 1));
        let (x, y) = fold(65_536);
        assert!(x <= MAX_GROUPS && y == 2 && x * y >= 65_536);
    }
}
