//! What the tensors are: one JSON object in the safetensors `__metadata__`, under the key `model`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The value of `__metadata__.format`.
pub const FORMAT: &str = "proclivity";
/// The value of `__metadata__.version` that this build reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The manifest of a model: everything about its tensors that their own headers do not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// What trained it, for people: `als`, `als+ncf`, ...
    pub family: String,
    /// Catalogue size n.
    pub items: usize,
    /// Embedding width d as stored (padded to a multiple of 16).
    pub dim: usize,
    /// How a user vector and an item row become a score.
    pub scoring: Scoring,
    /// How a history becomes a user vector.
    pub user: UserTower,
    /// Catalogue columns in display order: name and type (`text`, `category`, `number`).
    pub columns: Vec<(String, String)>,
    /// Strength of each event type in 0..=1; negative strengths are dislikes. Missing types take the defaults.
    #[serde(default)]
    pub event_weights: BTreeMap<String, f32>,
    /// sha256 of each tensor's bytes, in lower-case hex.
    pub sha256: BTreeMap<String, String>,
    /// Model card: data, parameters, metrics, date; free-form.
    #[serde(default)]
    pub card: serde_json::Value,
}

/// The scoring shape: `score(u, i) = head(combine(u, i))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "lowercase")]
pub enum Scoring {
    /// `u . i + b_i`.
    Dot,
    /// The best by dot, re-ranked by `MLP(concat(u, i)) + skip * (u . i + b_i)`.
    Cascade(CascadeShape),
}

/// The ranking half of a cascade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CascadeShape {
    /// N: how many of the best by dot are re-ranked.
    pub candidates: usize,
    /// Weight of the retrieval score in the final one.
    pub skip: f32,
    /// Dense layers, first to last; ReLU between them, none after the last.
    pub layers: Vec<LayerShape>,
}

/// Shape of one dense layer `y = W x + b`, W of shape (outputs, inputs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerShape {
    pub inputs: usize,
    pub outputs: usize,
}

/// How the device turns what it saw into a user vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tower", rename_all = "kebab-case")]
pub enum UserTower {
    /// Closed-form fold-in of implicit ALS (Hu, Koren and Volinsky 2008, eq. 4), with confidence `1 + alpha * r`.
    FoldIn { alpha: f32, regularization: f32 },
}
