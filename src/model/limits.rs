//! Bounds on what a model may hold. They make every product of the scorers finite in f32 and every integer dot exact,
//! so that no file can bring a backend to NaN, infinity or overflow.

/// Embedding widths are padded to a multiple of this, so that a row is whole 16-byte vectors and whole GPU words.
pub const DIM_MULTIPLE: usize = 16;
/// Widest embedding: `127 * 127 * 1024 < 2^24`, so an i32 dot converts to f32 without rounding.
pub const MAX_DIM: usize = 1024;
/// Most dense layers of a ranker.
pub const MAX_LAYERS: usize = 4;
/// Widest hidden layer of a ranker.
pub const MAX_WIDTH: usize = 1024;
/// Largest magnitude of any weight: four layers of this width and size stay below `f32::MAX`.
pub const MAX_ABS: f32 = 1e4;
/// Smallest non-zero row scale: the product of two stays out of the subnormal numbers, which GPUs may flush to zero.
pub(crate) const MIN_SCALE: f32 = 2e-19;
/// Longest header in bytes: JSON grows some sixteen-fold when parsed, and a real header has some KB.
pub(crate) const MAX_HEADER: usize = 1 << 20;
/// Most tensors of a file.
pub(crate) const MAX_TENSORS: usize = 512;
/// Most catalogue columns.
pub(crate) const MAX_COLUMNS: usize = 64;
/// Most golden queries, items a golden answer, and items a golden history: each costs time on every backend at load.
pub(crate) const MAX_GOLDEN: usize = 16;
pub(crate) const MAX_GOLDEN_ITEMS: usize = 256;
/// Most items of a catalogue (an item index and the "no item" mark fit in 32 bits).
pub(crate) const MAX_ITEMS: usize = 1 << 30;
