//! What training gives: the mathematics of a model, without its catalogue.

use proclivity::model::{
    ContentSpec, ContextSpec, NeighbourSpec, NetworkSpec, Prior, RankerSpec, Repeats, RepurchaseSpec, UserTower,
};

use crate::evaluate::RatingScale;

/// A model's mathematics, without its catalogue.
#[derive(Debug, Clone)]
pub struct Trained {
    /// What it is made of: `als`, `als+ease`, ...
    pub family: String,
    /// None where neighbour lists stand alone; of width 0, with biases, for the most popular.
    pub vectors: Option<Vectors>,
    pub neighbours: Option<NeighbourSpec>,
    pub ranker: Option<RankerSpec>,
    /// What gives new items vectors.
    pub content: Option<ContentSpec>,
    /// What a request tells beside the history.
    pub context: Option<ContextSpec>,
    /// What is popular, beside what little a history says.
    pub prior: Option<Prior>,
    /// Where people buy again.
    pub repurchase: Option<RepurchaseSpec>,
    /// What strangers see first, (n), in any monotone unit.
    pub popularity: Vec<f32>,
    /// What several events of one pair amount to.
    pub repeats: Repeats,
    /// Of a family that predicts ratings; none once lists or a ranker have a say in the scores.
    pub ratings: Option<RatingScale>,
    /// Picks the users whose histories become golden queries.
    pub seed: u64,
}

/// Item vectors, and how the device makes a user's vector of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// (n, d) row-major.
    pub rows: Vec<f32>,
    /// Width d.
    pub dim: usize,
    /// Added to each item's score, (n).
    pub bias: Option<Vec<f32>>,
    pub tower: UserTower,
    /// What a history is made of, (n, d) or the width of the network, where not of `rows`.
    pub user_rows: Option<Vec<f32>>,
    /// The user tower, where it is a network.
    pub network: Option<NetworkSpec>,
    /// Layers that score pairs of them, where not their dot alone.
    pub ranker: Option<RankerSpec>,
    /// What a request tells, where it was learnt with them.
    pub context: Option<ContextSpec>,
}
