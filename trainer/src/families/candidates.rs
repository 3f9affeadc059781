//! How many candidates a cascade needs: as many as give the list that ranking the whole catalogue would give.

use std::sync::Arc;

use proclivity::model::Model;
use proclivity::profile::fold_in;
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rayon::prelude::*;
use serde::Serialize;

use super::ncf::POOL;
use crate::error::Result;

/// Places of the list that must agree.
const PLACES: usize = 10;
/// Share of places sought: a little above the 95 % that users who were not asked should see.
const SOUGHT: f64 = 0.96;
/// Users asked at most.
const USERS: usize = 1_000;

/// How many of the best by retrieval are ranked, and what that costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidates {
    pub count: usize,
    /// Share of the top ten of ranking everything that the cascade's top ten holds, over `users`.
    pub agreement: f64,
    pub users: usize,
}

/// The fewest candidates that reach the agreement sought, but no fewer than the ranker was trained on; or `given` ones. With
/// the agreement they reach.
///
/// A cascade scores its candidates as ranking everything would, so of the full top ten it misses just what retrieval does not
/// place among the candidates: the retrieval places of those items say what every count would give.
///
/// # Errors
/// Whatever the fold-in or the scorer refuses.
pub fn choose_candidates(model: &Arc<Model>, histories: &[&[u32]], given: Option<usize>) -> Result<Candidates> {
    let scorer = CpuScorer::new(Arc::clone(model));
    let asked = &histories[..histories.len().min(USERS)];
    let places: Result<Vec<Vec<usize>>> =
        asked.par_iter().map(|history| retrieval_places(model, &scorer, history)).collect();
    let mut places = places?.concat();
    places.sort_unstable();
    let enough = (SOUGHT * places.len() as f64).ceil() as usize;
    let chosen = places.get(enough.saturating_sub(1)).map_or(POOL, |place| POOL.max(place + 1));
    let count = given.unwrap_or(chosen).min(model.item_count());
    let kept = places.partition_point(|&place| place < count);
    Ok(Candidates { count, agreement: kept as f64 / places.len().max(1) as f64, users: asked.len() })
}

/// For each of the top ten of ranking everything its place in the order of retrieval.
fn retrieval_places(model: &Model, scorer: &CpuScorer, history: &[u32]) -> Result<Vec<usize>> {
    let vector = fold_in(model, &history.iter().map(|&item| (item, 1.0)).collect::<Vec<_>>())?;
    let mut mask = ItemMask::none(model.item_count());
    history.iter().for_each(|&item| mask.exclude(item));
    let list = |k, stage| scorer.score(&Query { user: &vector, mask: &mask, k, stage });
    let mut place = vec![0; model.item_count()];
    for (n, scored) in list(model.item_count(), Stage::Retrieval)?.iter().enumerate() {
        place[scored.item as usize] = n;
    }
    Ok(list(PLACES, Stage::Ranking)?.iter().map(|scored| place[scored.item as usize]).collect())
}
