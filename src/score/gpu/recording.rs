//! Planning GPU work: from what is asked to the dispatches that answer it, built and tested without a GPU.

use super::limits::{Layout, RankerLayout};
use super::step::{Bound, Kernel, Params, Recording, Step, Sums};
use crate::score::plan::Stage;

/// Entries one workgroup sorts; the default of `BLOCK` in shaders/best.wgsl.
pub(crate) const BLOCK: usize = 1024;
/// Items one workgroup of the ranker scores and sorts: four a thread.
pub(crate) const RANK_BLOCK: usize = 256;
/// Most entries a workgroup hands on, so that each merge at least halves a list; longer answers take several rounds.
const MAX_KEEP: usize = 512;
/// `NONE` in shaders/common.wgsl.
const NONE: u32 = u32::MAX;

/// What a recording depends on, for one query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub stage: Stage,
    /// Whether the query brings offsets.
    pub offset: bool,
    pub user_scale: f32,
    pub ranking: Ranking,
    pub k: usize,
}

/// What the MLP ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranking {
    /// Nothing: the retrieval scores are the answer.
    Nothing,
    /// This many of the best by retrieval score.
    Best(usize),
    /// Every item.
    Everything,
}

/// Plans the dispatches: retrieval, then for a cascade the ranking of what was retrieved and its top k.
pub(crate) fn record(layout: &Layout, asks: &[Ask]) -> Recording {
    let mut recording = Recording::default();
    for ask in asks {
        recording.results.push((recording.answered, ask.k));
        recording.answered += room(ask.k);
    }
    recording.entries = recording.answered;
    for (n, ask) in asks.iter().enumerate() {
        let result = recording.results[n].0;
        let next = recording.answered;
        Recorder { layout, ask, query: n, next, recording: &mut recording }.query(result);
    }
    recording
}

/// Plans the item half of layer 0, for every item, once at load.
pub(crate) fn record_item_half(layout: &Layout) -> Recording {
    let mut recording = Recording::default();
    let ask = Ask { stage: Stage::Cascade, offset: false, user_scale: 0.0, ranking: Ranking::Everything, k: 0 };
    let mut recorder = Recorder { layout, ask: &ask, query: 0, next: 0, recording: &mut recording };
    if let Some(ranker) = layout.ranker.filter(|ranker| ranker.kept) {
        for shard in 0..layout.shards.len() {
            let len = layout.shards[shard].len();
            let most = layout.limits.groups().saturating_mul(RANK_BLOCK);
            for start in (0..len).step_by(most) {
                let written = len.next_multiple_of(4) as u32;
                let params = Params {
                    start: start as u32,
                    column: start as u32,
                    written,
                    ..recorder.params(NONE, len.min(start + most) - start, shard)
                };
                recorder.first_layer(&ranker, shard, Sums::Kept, params);
            }
        }
    }
    recording
}

/// Entries kept for an answer of k: whole rounds.
fn room(k: usize) -> usize {
    k.next_multiple_of(keep(k))
}

/// Entries each workgroup hands on for an answer of k.
fn keep(k: usize) -> usize {
    k.next_power_of_two().min(MAX_KEEP)
}

#[derive(Debug, Clone, Copy)]
struct List {
    start: usize,
    len: usize,
}

struct Recorder<'a> {
    layout: &'a Layout,
    ask: &'a Ask,
    query: usize,
    /// First entry not yet in use by this query.
    next: usize,
    recording: &'a mut Recording,
}

impl Recorder<'_> {
    fn query(&mut self, result: usize) {
        let k = self.ask.k;
        match self.ask.ranking {
            Ranking::Nothing => self.top(None, k, result),
            Ranking::Best(n) => {
                let start = self.reserve(room(n));
                self.top(None, n, start);
                self.rank(Some(List { start, len: n }), result);
            }
            Ranking::Everything => self.rank(None, result),
        }
    }

    /// The best `k` of a list, or of the rows by retrieval score, in rounds of at most [`MAX_KEEP`]; each round takes up
    /// after the last entry of the one before, which is read on the GPU, so all rounds go in one submit.
    fn top(&mut self, list: Option<List>, k: usize, result: usize) {
        let keep = keep(k);
        let blocks = match list {
            None => self.layout.shards.iter().map(|shard| shard.len().div_ceil(BLOCK)).sum::<usize>(),
            Some(list) => list.len.div_ceil(BLOCK),
        };
        let ping = self.reserve(if blocks > 1 { blocks * keep } else { 0 });
        let pong = self.reserve(if blocks > 1 { (blocks * keep).div_ceil(BLOCK) * keep } else { 0 });
        for round in 0..k.div_ceil(keep) {
            let target = result + round * keep;
            let bound = if round == 0 { NONE } else { target as u32 - 1 };
            let (mut blocks, mut spaces) = (blocks, [ping, pong].into_iter().cycle());
            let mut space = |blocks| if blocks == 1 { target } else { spaces.next().expect("endless") };
            let mut output = space(blocks);
            match list {
                None => self.dot(keep, bound, output),
                Some(list) => self.merge(list, keep, bound, output),
            }
            while blocks > 1 {
                let list = List { start: output, len: blocks * keep };
                blocks = list.len.div_ceil(BLOCK);
                output = space(blocks);
                self.merge(list, keep, NONE, output);
            }
        }
    }

    /// Retrieval scores of every shard's rows: the best of each block.
    fn dot(&mut self, keep: usize, bound: u32, mut output: usize) {
        for shard in 0..self.layout.shards.len() {
            let len = self.layout.shards[shard].len();
            let params = Params { keep: keep as u32, bound, output: output as u32, ..self.params(NONE, len, shard) };
            let blocks = len.div_ceil(BLOCK);
            self.push(self.bound(Kernel::TopK, shard), params, blocks, 1);
            output += blocks * keep;
        }
    }

    /// The best of each block of a list.
    fn merge(&mut self, list: List, keep: usize, bound: u32, mut output: usize) {
        let most = self.layout.limits.groups().saturating_mul(BLOCK);
        for done in (0..list.len).step_by(most) {
            let count = most.min(list.len - done);
            let params = Params {
                keep: keep as u32,
                bound,
                output: output as u32,
                ..self.params((list.start + done) as u32, count, 0)
            };
            let blocks = count.div_ceil(BLOCK);
            self.push(self.bound(Kernel::TopK, 0), params, blocks, 1);
            output += blocks * keep;
        }
    }

    /// MLP scores of the candidates, or of every item, and the best k of them. Items are taken in turns that fit the
    /// scratch buffers and a dispatch.
    fn rank(&mut self, candidates: Option<List>, result: usize) {
        let layout = self.layout;
        let Some(ranker) = layout.ranker else { return };
        let kept = ranker.kept && candidates.is_none();
        let mut most = layout.limits.groups().saturating_mul(RANK_BLOCK);
        if !kept || ranker.second.is_some() {
            let widest = ranker.first.max(ranker.second.unwrap_or(0));
            most = most.min(layout.limits.scratch() as usize / (4 * widest)).max(4) / 4 * 4;
        }
        let sources = match candidates {
            Some(list) => vec![(0, list.len)],
            None => layout.shards.iter().map(ExactSizeIterator::len).enumerate().collect(),
        };
        let turns: Vec<(usize, usize, usize)> = sources
            .into_iter()
            .flat_map(|(shard, len)| (0..len).step_by(most).map(move |start| (shard, start, most.min(len - start))))
            .collect();
        let blocks: usize = turns.iter().map(|&(.., count)| count.div_ceil(RANK_BLOCK)).sum();
        let k = self.ask.k;
        let keep = keep(k).min(RANK_BLOCK);
        let at_once = blocks == 1 && k <= keep;
        let start = if at_once { result } else { self.reserve(blocks * keep) };
        let mut output = start;
        for (shard, start, count) in turns {
            let input = candidates.map_or(NONE, |list| (list.start + start) as u32);
            let params = Params { keep: keep as u32, output: output as u32, ..self.params(input, count, shard) };
            let params = Params { start: if candidates.is_none() { start as u32 } else { 0 }, ..params };
            self.rank_turn(&ranker, shard, kept, params);
            output += count.div_ceil(RANK_BLOCK) * keep;
        }
        if !at_once {
            self.top(Some(List { start, len: blocks * keep }), k, result);
        }
    }

    /// The layers over one turn's items.
    fn rank_turn(&mut self, ranker: &RankerLayout, shard: usize, kept: bool, params: Params) {
        let columns = params.count.next_multiple_of(4);
        let mut read = Sums::Kept;
        let (mut column, mut stride) = (params.start, self.layout.shards[shard].len().next_multiple_of(4) as u32);
        if !kept {
            read = Sums::Scratch(0);
            (column, stride) = (0, columns);
            let params = Params { written: columns, ..params };
            if params.input == NONE {
                self.first_layer(ranker, shard, read, params);
            } else {
                // Each shard fills in the candidates that lie in it.
                for shard in 0..self.layout.shards.len() {
                    let range = &self.layout.shards[shard];
                    let params = Params { base: range.start as u32, rows: range.len() as u32, ..params };
                    self.first_layer(ranker, shard, read, params);
                }
            }
        }
        if let Some(outputs) = ranker.second {
            let write = Sums::Scratch(1);
            let bound = Bound { read: Some(read), write: Some(write), ..self.bound(Kernel::HiddenLayer, shard) };
            let params = Params { column, stride, written: columns, ..params };
            self.layer(bound, params, outputs);
            read = write;
            (column, stride) = (0, columns);
        }
        let bound = Bound { read: Some(read), ..self.bound(Kernel::RankMlp, shard) };
        let groups = (params.count as usize).div_ceil(RANK_BLOCK);
        self.push(bound, Params { column, stride, ..params }, groups, 1);
    }

    fn first_layer(&mut self, ranker: &RankerLayout, shard: usize, write: Sums, params: Params) {
        let bound = Bound { write: Some(write), ..self.bound(Kernel::FirstLayer, shard) };
        self.layer(bound, params, ranker.first);
    }

    /// A layer's sums: workgroups over the items, in z over the outputs.
    fn layer(&mut self, bound: Bound, params: Params, outputs: usize) {
        if let Some(Sums::Scratch(n)) = bound.write {
            let scratch = &mut self.recording.scratch[n];
            *scratch = (*scratch).max(outputs * params.written as usize);
        }
        let tiles = (outputs / super::layers::TILE_OUTPUTS) as u32;
        self.push(
            bound,
            params,
            (params.count as usize).div_ceil(RANK_BLOCK),
            tiles.min(self.layout.limits.max_groups),
        );
    }

    fn bound(&self, kernel: Kernel, shard: usize) -> Bound {
        Bound { kernel, shard, stage: self.ask.stage, read: None, write: None }
    }

    /// What the dispatches of a query have in common; `count` rows or entries, of `shard`.
    fn params(&self, input: u32, count: usize, shard: usize) -> Params {
        let layout = self.layout;
        let user = self.query * layout.query_words();
        let first = user + layout.user_words;
        let mask = first + layout.first_words;
        Params {
            count: count as u32,
            bound: NONE,
            input,
            base: layout.shards[shard].start as u32,
            rows: layout.shards[shard].len() as u32,
            user: user as u32,
            first: first as u32,
            mask: mask as u32,
            offset: if self.ask.offset { (mask + layout.items().div_ceil(32)) as u32 } else { NONE },
            user_scale: self.ask.user_scale,
            ..Params::default()
        }
    }

    fn reserve(&mut self, entries: usize) -> usize {
        let start = self.next;
        self.next += entries;
        self.recording.entries = self.recording.entries.max(self.next);
        start
    }

    fn push(&mut self, bound: Bound, params: Params, groups: usize, z: u32) {
        let [x, y] = fold(groups as u32, self.layout.limits.max_groups);
        self.recording.steps.push(Step { bound, params, groups: [x, y, z] });
    }
}

/// Folds workgroups past the limit of one dimension into two.
fn fold(groups: u32, most: u32) -> [u32; 2] {
    let rows = groups.div_ceil(most).max(1);
    [groups.div_ceil(rows), rows]
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::score::gpu::limits::GpuLimits;

    const WIDE: GpuLimits =
        GpuLimits { max_binding: 128 << 20, max_groups: 65_535, max_item_half: 64 << 20, packed: None };
    const SMALL: GpuLimits = GpuLimits { max_binding: 64 << 10, max_groups: 3, max_item_half: 1 << 16, packed: None };

    fn layout(limits: GpuLimits, items: usize, second: Option<usize>) -> Layout {
        let ranker = RankerLayout { first: 128, second, kept: false };
        let layout = Layout::new(limits, items, 64, Some(ranker), items).expect("fits");
        Layout { user_words: 16, first_words: 128, ..layout }
    }

    fn ask(ranking: Ranking, k: usize) -> Ask {
        Ask { stage: Stage::Cascade, offset: false, user_scale: 1.0, ranking, k }
    }

    fn writes(step: &Step) -> Range<usize> {
        let p = step.params;
        let block = if step.bound.kernel == Kernel::RankMlp { RANK_BLOCK } else { BLOCK };
        let len = (p.count as usize).div_ceil(block) * p.keep as usize;
        p.output as usize..p.output as usize + len
    }

    #[test]
    fn one_block_is_one_dispatch_into_the_result() {
        let recording = record(&layout(WIDE, 1000, None), &[ask(Ranking::Nothing, 10)]);
        assert_eq!(recording.steps.len(), 1);
        assert_eq!((recording.results, recording.entries), (vec![(0, 10)], 16));
    }

    #[test]
    fn no_step_reads_what_it_writes_and_all_stay_inside() {
        for limits in [WIDE, SMALL] {
            for items in [1usize, 2, 1023, 1024, 1025, 10_428, 100_000] {
                for second in [None, Some(16)] {
                    let layout = layout(limits, items, second);
                    for (best, k) in [(1, 1), (10, 10), (200, 10), (513, 513), (700, 700)] {
                        let (best, k) = (best.min(items), k.min(items));
                        let asks = [Ranking::Nothing, Ranking::Best(best), Ranking::Everything].map(|r| ask(r, k));
                        check(&layout, &record(&layout, &asks));
                    }
                    check(&layout, &record_item_half(&layout));
                }
            }
        }
    }

    fn check(layout: &Layout, recording: &Recording) {
        for step in &recording.steps {
            let (p, kernel) = (step.params, step.bound.kernel);
            let groups = (step.groups[0] * step.groups[1]) as usize;
            assert!(step.groups.iter().all(|&g| (1..=layout.limits.max_groups).contains(&g)), "{step:?}");
            let block = if kernel == Kernel::TopK { BLOCK } else { RANK_BLOCK };
            assert!(groups * block >= p.count as usize, "{step:?}");
            let input = p.input as usize..p.input as usize + p.count as usize;
            assert!(p.input == NONE || input.end <= recording.entries);
            if matches!(kernel, Kernel::TopK | Kernel::RankMlp) {
                let output = writes(step);
                assert!(output.end <= recording.entries, "{step:?} writes past the list");
                assert!(p.input == NONE || input.end <= output.start || output.end <= input.start, "{step:?} overlaps");
            }
            for sums in [step.bound.read, step.bound.write].into_iter().flatten() {
                assert!(step.bound.read != step.bound.write);
                let Sums::Scratch(n) = sums else { continue };
                assert!(recording.scratch[n] * 4 <= layout.limits.max_binding as usize);
            }
        }
    }

    /// The results of a batch come first and do not overlap; what lies behind them is used by each query in turn.
    #[test]
    fn a_batch_shares_its_working_space() {
        let layout = layout(WIDE, 100_000, None);
        let one = record(&layout, &[ask(Ranking::Nothing, 10)]);
        let ten = record(&layout, &[ask(Ranking::Nothing, 10); 10]);
        assert_eq!(ten.results[9], (9 * 16, 10));
        assert_eq!(ten.entries - ten.answered, one.entries - one.answered);
        assert_eq!(ten.steps.len(), 10 * one.steps.len());
    }

    #[test]
    fn wide_dispatches_fold() {
        assert_eq!(fold(65_535, 65_535), [65_535, 1]);
        let [x, y] = fold(65_536, 65_535);
        assert!(x <= 65_535 && y == 2 && x * y >= 65_536);
    }
}
