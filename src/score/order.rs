//! The one order of answers: higher score first, ties by the lower item index. The GPU kernels build the same keys.

/// No item; comes after every item.
#[cfg(feature = "gpu")]
pub(crate) const NO_ITEM: u32 = u32::MAX;

/// Maps a score to an integer that sorts like it (finite scores; -0.0 comes just below 0.0).
pub(crate) fn sortable(score: f32) -> u32 {
    let bits = score.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 0x8000_0000 }
}

/// The inverse of [`sortable`].
pub(crate) fn from_sortable(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & 0x7fff_ffff } else { !key })
}

/// Score and item as one integer: the larger comes first.
pub(crate) fn entry(score: f32, item: u32) -> u64 {
    u64::from(sortable(score)) << 32 | u64::from(!item)
}

/// The inverse of [`entry`].
pub(crate) fn from_entry(entry: u64) -> (f32, u32) {
    (from_sortable((entry >> 32) as u32), !(entry as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_sort_by_score_then_lower_item() {
        let scores = [f32::MIN, -1.5, -1e-30, 0.0, 1e-30, 2.0, f32::MAX];
        for pair in scores.windows(2) {
            assert!(entry(pair[0], 0) < entry(pair[1], 9));
            assert!(entry(pair[0], 3) < entry(pair[0], 2));
            assert_eq!(from_entry(entry(pair[0], 7)), (pair[0], 7));
        }
    }
}
