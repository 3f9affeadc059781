//! Sorting item indices. The standard library's sorts are 4 KB of the gzip'd engine, this one is a tenth of that.

use crate::error::{Error, Result};

/// Sorts `items` so that no item stands behind one that it is `before`: a merge sort, bottom up, which passes over what is
/// in order already.
///
/// # Errors
/// [`Error::OutOfMemory`] when the room for a second list is refused.
pub(super) fn sort_items(items: &mut Vec<u32>, before: impl Fn(u32, u32) -> bool) -> Result<()> {
    let mut merged = Vec::new();
    let refused = |_| Error::out_of_memory(size_of_val(items.as_slice()), "the item ids");
    merged.try_reserve_exact(items.len()).map_err(refused)?;
    let mut run = 1;
    while run < items.len() {
        for pair in items.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            let in_order = right.is_empty() || !before(right[0], left[run - 1]);
            while let (false, Some(&a), Some(&b)) = (in_order, left.first(), right.first()) {
                if before(b, a) {
                    merged.push(b);
                    right = &right[1..];
                } else {
                    merged.push(a);
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(items, &mut merged);
        merged.clear();
        run *= 2;
    }
    Ok(())
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is native only
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_come_out_as_the_standard_library_sorts_them(keys in prop::collection::vec(0u8..50, 0..200)) {
            let mut found: Vec<u32> = (0..keys.len() as u32).collect();
            let mut expected = found.clone();
            expected.sort_by_key(|&item| keys[item as usize]);
            sort_items(&mut found, |a, b| keys[a as usize] < keys[b as usize]).expect("small");
            prop_assert_eq!(found, expected);
        }
    }
}
