//! How many candidates a cascade needs: as many as give the list that ranking the whole catalogue would give.

use std::sync::Arc;

use proclivity::model::Model;
use proclivity::profile::User;
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
    let user = User::of_history(model, &history.iter().map(|&item| (item, 1.0)).collect::<Vec<_>>())?;
    let mut mask = ItemMask::none(model.item_count());
    history.iter().for_each(|&item| mask.exclude(item));
    let list = |k, stage| scorer.score(&Query::of(&user, &mask, k, stage));
    let mut place = vec![0; model.item_count()];
    for (n, scored) in list(model.item_count(), Stage::Retrieval)?.iter().enumerate() {
        place[scored.item as usize] = n;
    }
    Ok(list(PLACES, Stage::Ranking)?.iter().map(|scored| place[scored.item as usize]).collect())
}

#[cfg(test)]
mod tests {
    use proclivity::model::{
        DenseLayer, EmbeddingSpec, ModelBuffer, ModelSpec, Precision, RankerSpec, UserTower, write_model,
    };
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const ITEMS: usize = 900;
    const DIM: usize = 16;

    fn cascade(candidates: usize) -> Arc<Model> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut floats = |n: usize, scale: f32| (0..n).map(|_| rng.random_range(-scale..scale)).collect::<Vec<f32>>();
        let layers = vec![
            DenseLayer { weight: floats(2 * DIM * 8, 0.4), bias: vec![0.0; 8], inputs: 2 * DIM, outputs: 8 },
            DenseLayer { weight: floats(8, 0.4), bias: vec![0.0], inputs: 8, outputs: 1 },
        ];
        let spec = ModelSpec {
            family: "als+ncf".into(),
            item_ids: (0..ITEMS).map(|item| item.to_string()).collect(),
            embedding: EmbeddingSpec { rows: floats(ITEMS * DIM, 1.0), dim: DIM, precision: Precision::Int8 },
            item_bias: None,
            removed: Vec::new(),
            popularity: vec![1.0; ITEMS],
            user_tower: UserTower::FoldIn { alpha: 5.0, regularization: 1.0, power: 0.0 },
            user_rows: None,
            network: None,
            content: None,
            context: None,
            repeats: Default::default(),
            neighbours: None,
            ranker: Some(RankerSpec { layers, skip: 1.0, candidates: Some(candidates), precision: Precision::F32 }),
            prior: None,
            online: None,
            timing: None,
            repurchase: None,
            columns: Vec::new(),
            event_weights: Default::default(),
            event_half_lives: Default::default(),
            card: serde_json::Value::Null,
        };
        let bytes = write_model(&spec, &[]).unwrap();
        Arc::new(Model::read(ModelBuffer::try_from(bytes.as_slice()).unwrap()).unwrap())
    }

    /// Share of the full top ten that the model's own cascade returns, asked one list at a time.
    fn agreement(model: &Arc<Model>, histories: &[&[u32]]) -> f64 {
        let scorer = CpuScorer::new(Arc::clone(model));
        let shared: usize = histories
            .iter()
            .map(|history| {
                let user =
                    User::of_history(model, &history.iter().map(|&item| (item, 1.0)).collect::<Vec<_>>()).unwrap();
                let mut mask = ItemMask::none(ITEMS);
                history.iter().for_each(|&item| mask.exclude(item));
                let list = |stage| scorer.score(&Query::of(&user, &mask, PLACES, stage)).unwrap();
                let (full, found) = (list(Stage::Ranking), list(Stage::Cascade));
                full.iter().filter(|a| found.iter().any(|b| a.item == b.item)).count()
            })
            .sum();
        shared as f64 / (histories.len() * PLACES) as f64
    }

    #[test]
    fn the_count_gives_the_agreement_it_claims() {
        let histories: Vec<Vec<u32>> = (0..40).map(|user| (0..3).map(|n| user * 20 + n * 7).collect()).collect();
        let histories: Vec<&[u32]> = histories.iter().map(Vec::as_slice).collect();
        for given in [None, Some(12), Some(60)] {
            let chosen = choose_candidates(&cascade(POOL), &histories, given).unwrap();
            let counted = agreement(&cascade(chosen.count), &histories);
            assert!((chosen.agreement - counted).abs() < 1e-9, "{chosen:?}, but {counted} counted");
            match given {
                Some(given) => assert!(chosen.count == given && chosen.agreement < 1.0, "{chosen:?}"),
                None => assert!(chosen.agreement >= SOUGHT && chosen.count >= POOL, "{chosen:?}"),
            }
        }
    }
}
