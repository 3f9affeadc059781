//! From trained vectors to the model file.

use std::sync::Arc;

use proclivity::model::{
    Column, EmbeddingSpec, Model, ModelBuffer, ModelSpec, NeighbourSpec, Precision, RankerSpec, UserTowerSpec,
    write_model,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::Interactions;
use crate::error::Result;
use crate::families::als::AlsOptions;

/// Golden queries in a file, and how long their histories are at most.
const GOLDEN: usize = 6;
const GOLDEN_LENGTH: usize = 12;

/// A model's mathematics, without its catalogue.
#[derive(Debug, Clone)]
pub struct Trained {
    /// (n, d) row-major; empty where neighbour lists stand alone.
    pub rows: Vec<f32>,
    pub als: AlsOptions,
    pub neighbours: Option<NeighbourSpec>,
    pub ranker: Option<RankerSpec>,
}

impl Trained {
    /// What it is made of, in words.
    pub fn family(&self) -> &'static str {
        match (self.rows.is_empty(), &self.neighbours, &self.ranker) {
            (true, ..) => "ease",
            (_, Some(_), _) => "als+ease",
            (_, None, Some(_)) => "als+ncf",
            (_, None, None) => "als",
        }
    }
}

/// How the tables of a model file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    pub items: Precision,
    /// Of the ranker's hidden layers; int8 takes effect with int8 items and two hidden layers or more.
    pub ranker: Precision,
}

/// The model file of `trained`, with catalogue, card and golden queries.
///
/// # Errors
/// Whatever the engine would refuse to load.
pub fn export(
    trained: &Trained,
    data: &Interactions,
    storage: Storage,
    columns: Vec<Column>,
    card: serde_json::Value,
) -> Result<Vec<u8>> {
    let mut spec = ModelSpec { columns, card, ..spec(trained, data) };
    spec.embedding.precision = storage.items;
    if let Some(ranker) = &mut spec.ranker {
        let integers = storage.items == Precision::Int8 && ranker.layers.len() > 2;
        ranker.precision = if integers { storage.ranker } else { Precision::F32 };
    }
    Ok(proclivity::export_model(&spec, &golden_histories(data, trained.als.seed))?)
}

/// The same mathematics as a loaded model with int8 items: to validate while training, so that a seed trains the same vectors
/// however they are stored.
///
/// # Errors
/// As [`export`].
pub fn draft(trained: &Trained, data: &Interactions) -> Result<Arc<Model>> {
    load(&write_model(&spec(trained, data), &[])?)
}

/// Reads a model from bytes.
///
/// # Errors
/// Whatever [`Model::read`] refuses.
pub fn load(bytes: &[u8]) -> Result<Arc<Model>> {
    Ok(Arc::new(Model::read(ModelBuffer::try_from(bytes)?)?))
}

fn spec(trained: &Trained, data: &Interactions) -> ModelSpec {
    let alone = trained.rows.is_empty();
    let dim = if alone { 0 } else { trained.als.dim };
    ModelSpec {
        family: trained.family().into(),
        item_ids: data.items.clone(),
        embedding: EmbeddingSpec { rows: trained.rows.clone(), dim, precision: Precision::Int8 },
        item_bias: None,
        popularity: data.popularity(),
        user_tower: match alone {
            true => UserTowerSpec::Pool { power: 0.0 },
            false => UserTowerSpec::FoldIn {
                alpha: trained.als.alpha as f32,
                regularization: trained.als.regularization as f32,
            },
        },
        neighbours: trained.neighbours.clone(),
        ranker: trained.ranker.clone(),
        columns: Vec::new(),
        event_weights: Default::default(),
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
