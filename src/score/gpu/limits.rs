//! What an adapter allows, and how a model is laid out within it.

use std::ops::Range;

use super::recording::BLOCK;
use crate::error::{Error, Result};

/// Bytes of layer sums made anew by each query; more items are taken in turns.
const SCRATCH_BYTES: u64 = 32 << 20;

/// The bounds that GPU work keeps to, and one choice. A test may force smaller ones than the adapter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuLimits {
    /// Bytes of one buffer, which is also one binding.
    pub max_binding: u64,
    /// Workgroups in one dimension of a dispatch.
    pub max_groups: u32,
    /// Bytes the item half of an MLP's first layer may take, made once at load; beyond it, it is made for each query.
    pub max_item_half: u64,
    /// Whether int8 rows are multiplied by packed dot products; `None` to measure.
    pub packed: Option<bool>,
}

impl GpuLimits {
    /// What an adapter or a device with these limits allows.
    pub(crate) fn new(max_binding: u64, max_groups: u32) -> GpuLimits {
        GpuLimits { max_binding, max_groups, max_item_half: 64 << 20, packed: None }
    }

    /// What `limits` of an adapter or a device come to.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of(limits: &wgpu::Limits) -> GpuLimits {
        let max_binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        GpuLimits::new(max_binding, limits.max_compute_workgroups_per_dimension)
    }

    /// Most workgroups of one dispatch, folded into two dimensions.
    pub(crate) fn groups(&self) -> usize {
        (self.max_groups as usize).saturating_pow(2)
    }

    /// Bytes of one buffer of layer sums.
    pub(crate) fn scratch(&self) -> u64 {
        self.max_binding.min(SCRATCH_BYTES)
    }
}

/// The ranker's shape on the GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankerLayout {
    /// Outputs of layer 0, padded to whole tiles.
    pub first: usize,
    /// Outputs of layer 1 where two more follow, padded to whole tiles.
    pub second: Option<usize>,
    /// Whether the item half of layer 0 is kept.
    pub kept: bool,
}

/// How a model lies on the GPU.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub limits: GpuLimits,
    /// Item ranges, each in buffers of its own.
    pub shards: Vec<Range<usize>>,
    /// Words of a user vector.
    pub user_words: usize,
    /// Words of the user half of layer 0.
    pub first_words: usize,
    /// Words of the offsets that a query brings.
    pub offset_words: usize,
    pub ranker: Option<RankerLayout>,
}

impl Layout {
    /// Splits `items` rows of `row_bytes` so that every table of a shard fits one binding and one dispatch. The item half of
    /// the MLP is kept where the model ranks every item, so many `candidates`, and it fits.
    ///
    /// # Errors
    /// [`Error::BackendUnavailable`] where not even four rows fit.
    pub fn new(
        limits: GpuLimits,
        items: usize,
        row_bytes: usize,
        ranker: Option<RankerLayout>,
        candidates: usize,
    ) -> Result<Layout> {
        let half = ranker.map_or(0, |ranker| ranker.first * 4);
        let kept = candidates >= items && (half * items) as u64 <= limits.max_item_half;
        let ranker = ranker.map(|ranker| RankerLayout { kept, ..ranker });
        let widest = if kept { half.max(row_bytes) } else { row_bytes.max(4) };
        let fitting = (limits.max_binding / widest as u64).min((limits.groups().saturating_mul(BLOCK)) as u64);
        let rows = (fitting.min(items.next_multiple_of(4) as u64) / 4 * 4) as usize;
        if rows == 0 {
            return Err(Error::no_gpu(format_args!(
                "four rows of {widest} bytes are needed in one binding, this adapter's hold {}",
                limits.max_binding
            )));
        }
        let shards = (0..items).step_by(rows).map(|start| start..items.min(start + rows)).collect();
        Ok(Layout { limits, shards, user_words: 0, first_words: 0, offset_words: 0, ranker })
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.shards.last().map_or(0, |shard| shard.end)
    }

    /// Words that one query brings: user vector, user half of layer 0, mask, offsets.
    pub fn query_words(&self) -> usize {
        self.user_words + self.first_words + self.items().div_ceil(32) + self.offset_words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: GpuLimits = GpuLimits { max_binding: 64 << 10, max_groups: 3, max_item_half: 1 << 20, packed: None };

    #[test]
    fn shards_cover_every_item_within_the_limits() {
        for items in [1, 4, 1023, 1025, 10_001] {
            for (row_bytes, first) in [(16, None), (64, Some(128)), (4096, Some(16))] {
                let ranker = first.map(|first| RankerLayout { first, second: None, kept: false });
                let layout = Layout::new(SMALL, items, row_bytes, ranker, items).expect("fits");
                assert_eq!(layout.items(), items);
                let mut next = 0;
                for shard in &layout.shards {
                    assert_eq!(shard.start, next);
                    assert!(shard.len() * row_bytes <= 64 << 10 && shard.len().div_ceil(BLOCK) <= 9);
                    if let Some(ranker) = layout.ranker.filter(|ranker| ranker.kept) {
                        assert!(shard.len() * ranker.first * 4 <= 64 << 10);
                    }
                    next = shard.end;
                }
            }
        }
    }

    #[test]
    fn a_row_wider_than_a_binding_is_refused() {
        let limits = GpuLimits { max_binding: 8192, ..SMALL };
        assert_eq!(Layout::new(limits, 10, 4096, None, 0).expect_err("too wide").code(), "backend_unavailable");
    }
}
