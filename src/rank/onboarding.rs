//! What to ask a stranger about: items that are likely known, each telling what the others do not.

use crate::model::Model;
use crate::profile::listed;
use crate::score::{ItemMask, Scored, TopK};

/// Items that are known well enough to be asked about.
const KNOWN: usize = 500;
/// Place in the order of popularity at which an item is worth asking about half as much.
const HALF: f32 = 100.0;
/// Less than this is left of an item, squared, of which others tell everything.
const LEAST: f32 = 1e-6;

/// `count` items of `mask`, the most telling first, beside what the `liked` ones tell: greedily the item of whose vector (of length 1) the
/// most is left after those before it, the more so the more popular it is. This is the item that shrinks the volume of what a user may
/// be like the most (a D-optimal design; Liu et al. 2011, "Wisdom of the Better Few"). Without vectors an item tells of another as its
/// neighbour list does. Scores are what is left, 0 to 1, times how likely the item is known.
pub fn to_ask(model: &Model, mask: &ItemMask, liked: &[(u32, f32)], count: usize) -> Vec<Scored> {
    let mut candidates = known(model, mask);
    let dim = model.dim();
    let mut vectors: Vec<Vec<f32>> = candidates.iter().map(|scored| unit(model.embedding(scored.item))).collect();
    // Of lists alone: what is not told of each candidate yet.
    let mut left = vec![1.0f32; candidates.len()];
    let mut chosen: Vec<Scored> = Vec::new();
    let mut directions: Vec<Vec<f32>> = Vec::new();
    let mut told = liked.iter().map(|&(item, _)| item);
    loop {
        let next = match told.next() {
            Some(item) => item,
            None if chosen.len() == count.min(candidates.len()) => return chosen,
            None => {
                let worth = |at: usize| candidates[at].score * left[at];
                let free = (0..candidates.len()).filter(|&at| left[at] >= 0.0);
                let Some(at) = free.max_by(|&a, &b| worth(a).total_cmp(&worth(b)).then(b.cmp(&a))) else {
                    return chosen;
                };
                chosen.push(Scored { item: candidates[at].item, score: worth(at) });
                left[at] = -1.0;
                candidates[at].item
            }
        };
        if dim == 0 {
            let offset = listed(model, &[(next, 1.0)]).unwrap_or_default();
            let most = offset.iter().fold(0.0f32, |a, &b| a.max(b));
            for (scored, left) in candidates.iter_mut().zip(&mut left).filter(|(_, left)| **left >= 0.0) {
                let told = offset.get(scored.item as usize).map_or(0.0, |x| x.max(0.0) / most.max(f32::MIN_POSITIVE));
                *left *= 1.0 - told;
            }
            continue;
        }
        // What the item has beside those before it; nothing more than rounding tells nothing.
        let mut own = unit(model.embedding(next));
        for direction in &directions {
            project_out(&mut own, direction);
        }
        if own.iter().map(|x| x * x).sum::<f32>() < LEAST {
            continue;
        }
        let direction = unit(own);
        for (vector, left) in vectors.iter_mut().zip(&mut left).filter(|(_, left)| **left >= 0.0) {
            project_out(vector, &direction);
            *left = vector.iter().map(|x| x * x).sum::<f32>();
        }
        directions.push(direction);
    }
}

/// Takes out of a vector what lies along a direction of length 1.
fn project_out(vector: &mut [f32], direction: &[f32]) {
    let along: f32 = vector.iter().zip(direction).map(|(a, b)| a * b).sum();
    vector.iter_mut().zip(direction).for_each(|(x, d)| *x -= along * d);
}

/// The most popular items of `mask`; scores fall from 1 by their place.
fn known(model: &Model, mask: &ItemMask) -> Vec<Scored> {
    let popularity = model.popularity().unwrap_or(&[]);
    let mut top = TopK::new(KNOWN);
    for item in (0..model.item_count() as u32).filter(|&item| !mask.is_excluded(item)) {
        top.push(popularity.get(item as usize).copied().unwrap_or(0.0), item);
    }
    let mut order = top.into_sorted();
    order.iter_mut().enumerate().for_each(|(place, scored)| scored.score = HALF / (HALF + place as f32));
    order
}

/// The vector at length 1; one of zeros as it is.
fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}
