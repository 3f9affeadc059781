//! What makes one file of another: stretches to copy, and bytes that come between them.

use std::collections::HashMap;

use proclivity::DELTA_MAGIC;
use sha2::{Digest, Sha256};

use crate::error::{CliError, Result};

/// Bytes that two places must have in common to be compared; the old file is looked up at multiples of half of it.
const BLOCK: usize = 16;
/// Places that are compared where a block stands at many.
const PLACES: usize = 8;
/// Shortest stretch that is worth its three numbers.
const WORTH: usize = 32;

/// A stretch of the old file, and what comes after it in the new one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    from: usize,
    copied: usize,
    /// In the new file.
    fresh: (usize, usize),
}

/// The delta that makes `new` of `old`, see [`proclivity::apply_delta`].
///
/// # Errors
/// [`CliError::Delta`] for files of 4 GiB and more.
pub fn delta(old: &[u8], new: &[u8]) -> Result<Vec<u8>> {
    let number = |x: usize| u32::try_from(x).map(u32::to_le_bytes).map_err(|_| CliError::Delta { bytes: x });
    number(old.len())?;
    let mut bytes = DELTA_MAGIC.to_vec();
    bytes.extend(Sha256::digest(old));
    bytes.extend(Sha256::digest(new));
    bytes.extend(number(new.len())?);
    for Step { from, copied, fresh: (start, end) } in steps(old, new) {
        for part in [from, copied, end - start] {
            bytes.extend(number(part)?);
        }
        bytes.extend_from_slice(&new[start..end]);
    }
    Ok(bytes)
}

/// Greedily: the longest stretch that begins where the last one ended, or at one of the places that have the same block.
fn steps(old: &[u8], new: &[u8]) -> Vec<Step> {
    let places = places(old);
    let mut steps: Vec<Step> = vec![Step { from: 0, copied: 0, fresh: (0, 0) }];
    let (mut at, mut behind) = (0, 0);
    while at < new.len() {
        let block = new.get(at..at + BLOCK).and_then(|block| places.get(block));
        // Straight on, as far on in the old file as in the new one since the last stretch.
        let on = behind + (at - steps.last().map_or(0, |step| step.fresh.0));
        let candidates = block.into_iter().flatten().copied().chain([on]);
        let longest =
            candidates.map(|from| (common(&old[from.min(old.len())..], &new[at..]), from)).max().unwrap_or((0, 0));
        let (length, from) = longest;
        if length < WORTH {
            at += 1;
            if let Some(step) = steps.last_mut() {
                step.fresh.1 = at;
            }
            continue;
        }
        steps.push(Step { from, copied: length, fresh: (at + length, at + length) });
        (at, behind) = (at + length, from + length);
    }
    steps.retain(|step| step.copied > 0 || step.fresh.1 > step.fresh.0);
    steps
}

/// The first places of every block.
fn places(old: &[u8]) -> HashMap<&[u8], Vec<usize>> {
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (n, block) in old.windows(BLOCK).step_by(BLOCK / 2).enumerate() {
        let list = places.entry(block).or_default();
        if list.len() < PLACES {
            list.push(n * BLOCK / 2);
        }
    }
    places
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proclivity::apply_delta;
    use rand::RngExt;

    use super::*;
    use crate::families::epoch_rng;

    #[test]
    fn whatever_the_files_the_new_one_comes_out() {
        let mut rng = epoch_rng(3, 1);
        for round in 0..200 {
            let old: Vec<u8> =
                (0..rng.random_range(0..4000)).map(|_| rng.random_range(0..4u8) * rng.random_range(0..60)).collect();
            let mut new = old.clone();
            for _ in 0..round % 7 {
                let at = rng.random_range(0..=new.len());
                let end = (at + rng.random_range(0..200)).min(new.len());
                let fresh: Vec<u8> = (0..rng.random_range(0..100)).map(|_| rng.random()).collect();
                new.splice(at..end, fresh);
            }
            let made = apply_delta(&old, &delta(&old, &new).unwrap()).unwrap();
            assert_eq!(made.as_bytes(), new);
        }
    }

    #[test]
    fn a_small_change_makes_a_small_delta() {
        let mut rng = epoch_rng(3, 2);
        let old: Vec<u8> = (0..200_000).map(|_| rng.random()).collect();
        let mut new = old.clone();
        new.splice(50_000..50_000, [7; 100]);
        new.splice(90_001..90_031, []);
        new[150_000] ^= 1;
        let small = delta(&old, &new).unwrap();
        assert!(small.len() < 400, "{}", small.len());
        assert_eq!(delta(&old, &old).unwrap().len(), 76 + 12);
    }
}
