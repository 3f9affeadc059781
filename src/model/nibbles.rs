//! Integers of -8..=7, two to a byte: the lower half first, each 8 more than it means.

/// What four bits hold, less this, is the integer.
const ZERO: i8 = 8;

/// Integer `place`.
pub(crate) fn nibble(bytes: &[u8], place: usize) -> i8 {
    (bytes[place / 2] >> (place % 2 * 4) & 15) as i8 - ZERO
}

/// Packs `values`, each in -8..=7; the last half of an odd number is empty.
pub(crate) fn pack_nibbles(values: &[i8]) -> Vec<u8> {
    let half = |value: i8| (value + ZERO) as u8;
    values.chunks(2).map(|two| half(two[0]) | two.get(1).map_or(0, |&high| half(high) << 4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for length in 0..33 {
            let values: Vec<i8> = (0..length).map(|n| (n * 5 % 16) as i8 - ZERO).collect();
            let bytes = pack_nibbles(&values);
            assert_eq!(bytes.len(), values.len().div_ceil(2));
            assert_eq!((0..values.len()).map(|place| nibble(&bytes, place)).collect::<Vec<_>>(), values);
        }
    }
}
