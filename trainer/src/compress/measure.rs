//! What a file costs and what it is worth.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use proclivity::model::{Model, Scoring};
use proclivity::score::Stage;

use crate::dataset::{HeldOut, HeldOutFiles};
use crate::error::Result;
use crate::evaluate::{Metric, Pool, Protocol, Task};
use crate::export::load;

/// What quality is.
const NDCG: Metric = Metric::Ndcg(100);

/// Size and quality of one file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub bytes: usize,
    /// What a server that compresses sends.
    pub gzip: usize,
    /// Mean NDCG@100 of the held-out users; none without any.
    pub ndcg: Option<f64>,
}

impl Measured {
    /// The share of `original`'s quality that is lost; below 0 where there is more, none where there was nothing to lose.
    pub fn loss(&self, original: &Measured) -> Option<f64> {
        Some(1.0 - self.ndcg? / original.ndcg.filter(|&ndcg| ndcg > 0.0)?)
    }
}

/// Measures files against the same held-out users.
pub struct Judge {
    users: Vec<HeldOut>,
    /// The moment lists are asked for, in milliseconds since 1970, if known.
    now: Option<i64>,
    protocol: Protocol,
    /// Ids of the items that the users' indices mean.
    ids: Vec<String>,
}

impl Judge {
    /// Users in the indices of `model`; none to measure sizes alone. With `include_seen` the items of their histories are ranked too.
    pub fn new(model: &Model, held: HeldOutFiles, include_seen: bool) -> Judge {
        let ids = (0..model.item_count() as u32).map(|item| model.item_id(item).to_owned()).collect();
        let protocol = Protocol { pool: Pool::Everything, include_seen, cutoffs: Vec::new() };
        Judge { users: held.users, now: held.now, protocol, ids }
    }

    /// Whether quality is measured.
    pub fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// Loads a file and asks it for every user, as a page would. Items it does not have cannot be folded in and are missed as
    /// targets; a user of no known item counts 0.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn measure(&self, bytes: &[u8]) -> Result<Measured> {
        let model = load(bytes)?;
        let known: Vec<HeldOut> = self.users.iter().filter_map(|user| self.seen_by(&model, user)).collect();
        let ndcg = match self.users.len() {
            0 => None,
            all => {
                let (protocol, metrics, ratings) = (&self.protocol, &[NDCG], &[]);
                let task =
                    Task { users: &known, protocol, metrics, ratings, now: self.now, after: None, listing: None };
                let values = task.model(&model, shipped(&model))?.values;
                Some(values.iter().map(|value| value[0]).sum::<f64>() / all as f64)
            }
        };
        Ok(Measured { bytes: bytes.len(), gzip: gzip_len(bytes), ndcg })
    }

    /// The user in `model`'s indices; none of whom it knows no item.
    fn seen_by(&self, model: &Arc<Model>, user: &HeldOut) -> Option<HeldOut> {
        let index = |item: u32| self.ids.get(item as usize).and_then(|id| model.item_index(id));
        let events = user.events.iter().filter_map(|event| Some(index(event.item)).flatten().map(|item| (item, event)));
        let seen = HeldOut {
            user: user.user.clone(),
            fold_in: user.fold_in.iter().filter_map(|&item| index(item)).collect(),
            targets: user.targets.iter().map(|&item| index(item).unwrap_or(u32::MAX)).collect(),
            events: events.map(|(item, event)| crate::dataset::Event { item, ..*event }).collect(),
        };
        (!seen.fold_in.is_empty()).then_some(seen)
    }
}

/// The stage that a page shows.
pub fn shipped(model: &Model) -> Stage {
    match model.manifest().scoring {
        Scoring::Dot => Stage::Retrieval,
        Scoring::Mlp(_) => Stage::Ranking,
        Scoring::Cascade { .. } => Stage::Cascade,
    }
}

fn gzip_len(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_or(bytes.len(), |packed| packed.len())
}

#[cfg(test)]
mod tests {
    use super::super::parts::fixture::stored;
    use super::*;

    #[test]
    fn users_are_followed_into_a_smaller_catalogue() {
        let before = stored();
        let bytes = before.write().unwrap();
        let model = load(&bytes).unwrap();
        let user = |fold_in: &[u32], targets: &[u32]| HeldOut {
            user: "u".into(),
            fold_in: fold_in.to_vec(),
            targets: targets.to_vec(),
            events: Vec::new(),
        };
        let judge_of = |users| Judge::new(&model, HeldOutFiles { users, ..HeldOutFiles::default() }, false);
        let users = vec![user(&[3, 39], &[5, 38, u32::MAX]), user(&[39], &[1])];
        let judge = judge_of(users);
        let whole = judge.measure(&bytes).unwrap();
        assert_eq!(whole.loss(&whole), Some(0.0));
        assert!(whole.gzip < whole.bytes && whole.ndcg > Some(0.0), "{whole:?}");
        let mut after = before.clone();
        after.drop_rare(11.0).unwrap();
        let small = load(&after.write().unwrap()).unwrap();
        let seen = judge.seen_by(&small, &judge.users[0]).unwrap();
        assert_eq!((seen.fold_in, seen.targets), (vec![3], vec![5, u32::MAX, u32::MAX]));
        assert_eq!(judge.seen_by(&small, &judge.users[1]), None);
        let alone = judge_of(vec![judge.users[0].clone()]);
        let mean = alone.measure(&after.write().unwrap()).unwrap().ndcg.unwrap();
        assert_eq!(judge.measure(&after.write().unwrap()).unwrap().ndcg, Some(mean / 2.0));
        assert_eq!(judge_of(Vec::new()).measure(&bytes).unwrap().ndcg, None);
    }
}
