//! From trained vectors to the model file.

use std::collections::BTreeMap;
use std::sync::Arc;

use proclivity::model::{
    Column, EmbeddingSpec, Model, ModelBuffer, ModelSpec, Online, Precision, Timing, UserTower, write_model,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::Interactions;
use crate::error::Result;
use crate::families::Trained;

/// Golden queries in a file, and how long their histories are at most.
const GOLDEN: usize = 6;
const GOLDEN_LENGTH: usize = 12;

/// How the tables of a model file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    pub items: Precision,
    /// Of the ranker's hidden layers; int8 takes effect with int8 or int4 items and two hidden layers or more.
    pub ranker: Precision,
}

/// What goes into a model file beside its mathematics.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    pub columns: Vec<Column>,
    /// Strengths of types of events that are not the engine's own.
    pub event_weights: BTreeMap<String, f32>,
    /// Days by type of event, after which events count half.
    pub event_half_lives: BTreeMap<String, f32>,
    /// How the device learns from each event.
    pub online: Option<Online>,
    /// When people come.
    pub timing: Option<Timing>,
    pub card: serde_json::Value,
}

/// The model file of `trained`, with its contents and golden queries.
///
/// # Errors
/// Whatever the engine would refuse to load.
pub fn export(trained: &Trained, data: &Interactions, storage: Storage, contents: Contents) -> Result<Vec<u8>> {
    let Contents { columns, event_weights, event_half_lives, online, timing, card } = contents;
    let mut spec = ModelSpec { columns, event_weights, event_half_lives, online, timing, card, ..spec(trained, data) };
    spec.embedding.precision = storage.items;
    if let Some(ranker) = &mut spec.ranker {
        let integers = matches!(storage.items, Precision::Int8 | Precision::Int4) && ranker.layers.len() > 2;
        ranker.precision = if integers { storage.ranker } else { Precision::F32 };
    }
    Ok(proclivity::export_model(&spec, &golden_histories(data, trained.seed))?)
}

/// The same mathematics as a loaded model with int8 items: to validate while training, so that a seed trains the same vectors
/// however they are stored.
///
/// # Errors
/// As [`export`].
pub fn draft(trained: &Trained, data: &Interactions) -> Result<Arc<Model>> {
    load(&write_model(&spec(trained, data), &[])?)
}

/// The same with its catalogue, and with what it learns online.
///
/// # Errors
/// As [`export`].
pub fn with_columns(
    trained: &Trained,
    data: &Interactions,
    columns: &[Column],
    online: Option<Online>,
) -> Result<Arc<Model>> {
    load(&write_model(&ModelSpec { columns: columns.to_vec(), online, ..spec(trained, data) }, &[])?)
}

/// Reads a model from bytes.
///
/// # Errors
/// Whatever [`Model::read`] refuses.
pub fn load(bytes: &[u8]) -> Result<Arc<Model>> {
    Ok(Arc::new(Model::read(ModelBuffer::try_from(bytes)?)?))
}

fn spec(trained: &Trained, data: &Interactions) -> ModelSpec {
    let vectors = trained.vectors.as_ref();
    ModelSpec {
        family: trained.family.clone(),
        item_ids: data.items.clone(),
        embedding: EmbeddingSpec {
            rows: vectors.map_or_else(Vec::new, |vectors| vectors.rows.clone()),
            dim: vectors.map_or(0, |vectors| vectors.dim),
            precision: Precision::Int8,
        },
        item_bias: vectors.and_then(|vectors| vectors.bias.clone()),
        removed: Vec::new(),
        popularity: trained.popularity.clone(),
        user_tower: vectors.map_or(UserTower::Pool { power: 0.0 }, |vectors| vectors.tower),
        network: vectors.and_then(|vectors| vectors.network.clone()),
        content: trained.content.clone(),
        context: trained.context.clone(),
        user_rows: vectors.and_then(|vectors| vectors.user_rows.clone()),
        repeats: trained.repeats,
        neighbours: trained.neighbours.clone(),
        ranker: trained.ranker.clone(),
        prior: trained.prior.clone(),
        repurchase: trained.repurchase.clone(),
        online: None,
        timing: None,
        columns: Vec::new(),
        event_weights: BTreeMap::new(),
        event_half_lives: Default::default(),
        card: serde_json::Value::Null,
    }
}

/// The first items of a few training users, of growing length.
fn golden_histories(data: &Interactions, seed: u64) -> Vec<Vec<u32>> {
    let mut users: Vec<&Vec<u32>> = data.histories.iter().collect();
    users.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let lengths = (1..=GOLDEN).map(|n| (n * n).div_ceil(3).min(GOLDEN_LENGTH));
    users.iter().zip(lengths).map(|(history, length)| history.iter().take(length).copied().collect()).collect()
}
