//! A small model and its users, for tests.

use std::sync::Arc;

use proclivity::model::{DenseLayer, EmbeddingSpec, Model, ModelSpec, Precision, RankerSpec, UserTower, write_model};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::dataset::HeldOut;

pub const ITEMS: usize = 300;
const DIM: usize = 16;

/// Random rows; with `candidates` a cascade over as many.
pub fn model(candidates: Option<usize>, card: Value) -> Arc<Model> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut floats = |n: usize| (0..n).map(|_| rng.random_range(-0.5..0.5)).collect::<Vec<f32>>();
    let layers = vec![
        DenseLayer { weight: floats(2 * DIM * 8), bias: vec![0.0; 8], inputs: 2 * DIM, outputs: 8 },
        DenseLayer { weight: floats(8), bias: vec![0.0], inputs: 8, outputs: 1 },
    ];
    let ranker = RankerSpec { layers, skip: 1.0, candidates, precision: Precision::F32 };
    let spec = ModelSpec {
        family: "als".into(),
        item_ids: (0..ITEMS).map(|item| item.to_string()).collect(),
        embedding: EmbeddingSpec { rows: floats(ITEMS * DIM), dim: DIM, precision: Precision::Int8 },
        item_bias: None,
        removed: Vec::new(),
        popularity: (0..ITEMS).map(|item| (ITEMS - item) as f32).collect(),
        user_tower: UserTower::FoldIn { alpha: 5.0, regularization: 1.0, power: 0.0 },
        user_rows: None,
        network: None,
        content: None,
        context: None,
        repeats: Default::default(),
        neighbours: None,
        ranker: candidates.map(|_| ranker),
        prior: None,
        online: None,
        timing: None,
        repurchase: None,
        columns: Vec::new(),
        event_weights: Default::default(),
        event_half_lives: Default::default(),
        card,
    };
    crate::export::load(&write_model(&spec, &[]).unwrap()).unwrap()
}

/// A held-out user.
pub fn user(fold_in: &[u32], targets: &[u32]) -> HeldOut {
    HeldOut { user: "u".into(), fold_in: fold_in.to_vec(), targets: targets.to_vec(), events: Vec::new() }
}
