//! Rankings of held-out users, made by the exported model and the crate that runs on the device.

use std::sync::Arc;

use proclivity::model::{Model, Scoring};
use proclivity::profile::fold_in;
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rayon::prelude::*;

use super::metrics::{DEPTH, Metrics};
use crate::dataset::HeldOut;
use crate::error::Result;

/// Mean metrics of `users` at `stage`: each is folded in from its history, every other item is ranked.
///
/// # Errors
/// Whatever the fold-in or the scorer refuses.
pub fn evaluate_model(model: &Arc<Model>, users: &[HeldOut], stage: Stage) -> Result<Metrics> {
    let scorer = CpuScorer::new(Arc::clone(model));
    // The whole ranking shows ties in full; a cascade re-ranks its candidates, and asking for more would change them.
    let k = match (stage, &model.manifest().scoring) {
        (Stage::Cascade, Scoring::Cascade { candidates, .. }) => DEPTH.max(*candidates),
        _ => model.item_count(),
    };
    let each: Result<Vec<Metrics>> = users
        .par_iter()
        .map(|user| {
            let history: Vec<(u32, f32)> = user.fold_in.iter().map(|&item| (item, 1.0)).collect();
            let vector = fold_in(model, &history)?;
            let mask = masked(model.item_count(), &user.fold_in);
            let list = scorer.score(&Query { user: &vector, mask: &mask, k, stage })?;
            let ranked: Vec<(u32, f32)> = list.iter().map(|scored| (scored.item, scored.score)).collect();
            Ok(Metrics::of_user(&ranked, &user.targets))
        })
        .collect();
    Ok(Metrics::mean(&each?))
}

/// The same for the list everyone gets: items by `popularity` (n).
pub fn evaluate_popularity(popularity: &[f32], users: &[HeldOut]) -> Metrics {
    let mut order: Vec<(u32, f32)> = (0..).zip(popularity.iter().copied()).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let each: Vec<Metrics> = users
        .par_iter()
        .map(|user| {
            let mask = masked(popularity.len(), &user.fold_in);
            let ranked: Vec<(u32, f32)> = order.iter().copied().filter(|(item, _)| !mask.is_excluded(*item)).collect();
            Metrics::of_user(&ranked, &user.targets)
        })
        .collect();
    Metrics::mean(&each)
}

fn masked(items: usize, seen: &[u32]) -> ItemMask {
    let mut mask = ItemMask::none(items);
    seen.iter().for_each(|&item| mask.exclude(item));
    mask
}
