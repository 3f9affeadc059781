//! Small models with known answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use proclivity::model::{
    Column, ColumnData, DenseLayer, EmbeddingSpec, Model, ModelBuffer, ModelSpec, NEW_FEATURES, NeighbourSpec, Online,
    OnlineColumn, Precision, REPEAT_FEATURES, RankerSpec, RepurchaseSpec, RepurchaseWeights, UserTower,
};

/// A small deterministic generator (SplitMix64, Steele et al. 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in -1..1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub fn floats(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.unit() * scale).collect()
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A spec around an item table (n, dim).
pub fn spec(rows: Vec<f32>, dim: usize) -> ModelSpec {
    let items = rows.len() / dim;
    ModelSpec {
        family: "als".to_owned(),
        item_ids: (0..items).map(|i| format!("item-{i}")).collect(),
        embedding: EmbeddingSpec { rows, dim, precision: Precision::Int8 },
        item_bias: None,
        removed: Vec::new(),
        popularity: (0..items).map(|i| (items - i) as f32).collect(),
        user_tower: UserTower::FoldIn { alpha: 2.0, regularization: 1.0, power: 0.0 },
        user_rows: None,
        network: None,
        content: None,
        context: None,
        repeats: Default::default(),
        neighbours: None,
        ranker: None,
        prior: None,
        online: None,
        timing: None,
        repurchase: None,
        columns: vec![
            Column {
                name: "title".to_owned(),
                data: ColumnData::Text((0..items).map(|i| format!("Item {i} – ü")).collect()),
            },
            Column {
                name: "parity".to_owned(),
                data: ColumnData::Category((0..items).map(|i| ["even", "odd"][i % 2].to_owned()).collect()),
            },
            Column { name: "price".to_owned(), data: ColumnData::Number((0..items).map(|i| i as f32 / 2.0).collect()) },
        ],
        event_weights: BTreeMap::new(),
        event_half_lives: Default::default(),
        card: serde_json::json!({ "made": "for tests" }),
    }
}

/// Two groups of users and items with nothing in common: even items go with even ones, odd with odd. Within a group all
/// items are alike, so the best answer is provable: the group's unseen items, lower index first.
pub fn checkerboard(items: usize) -> ModelSpec {
    let rows = (0..items).flat_map(|i| if i % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
    spec(rows, 2)
}

/// Random rows and biases.
pub fn random(items: usize, dim: usize, seed: u64) -> ModelSpec {
    let mut random = Random(seed);
    let mut spec = spec(random.floats(items * dim, 1.0), dim);
    spec.item_bias = Some(random.floats(items, 0.5));
    spec
}

/// Rows of -1, 0 and 1: ties everywhere.
pub fn tied(items: usize, dim: usize, seed: u64) -> ModelSpec {
    let mut random = Random(seed);
    spec((0..items * dim).map(|_| random.below(3) as f32 - 1.0).collect(), dim)
}

/// Adds neighbour lists of up to `most` items, some empty.
pub fn with_neighbours(mut spec: ModelSpec, most: usize, int4: bool, seed: u64) -> ModelSpec {
    let mut random = Random(seed ^ 77);
    let items = spec.item_ids.len();
    let mut lists = NeighbourSpec { indptr: vec![0], int4, ..NeighbourSpec::default() };
    for _ in 0..items {
        let length = random.below(most + 1);
        lists.indices.extend((0..length).map(|_| random.below(items) as u32));
        lists.weights.extend(random.floats(length, 1.0));
        lists.indptr.push(lists.indices.len() as u32);
    }
    spec.neighbours = Some(lists);
    spec.family = "als+neighbours".to_owned();
    spec
}

/// Adds a repurchase part: an own item counts by how often it was bought (2 ln times) and its own term, a new one by
/// its score and its own term.
pub fn with_repurchase(mut spec: ModelSpec, repeat_items: Vec<f32>, new_items: Vec<f32>) -> ModelSpec {
    let mut weights =
        RepurchaseWeights { repeat: vec![0.0; REPEAT_FEATURES + 1], new: vec![0.0; NEW_FEATURES + 1], span: 365.0 };
    (weights.repeat[0], weights.new[0], weights.new[1]) = (2.0, 0.5, 0.5);
    spec.repurchase = Some(RepurchaseSpec { weights, items: [repeat_items, new_items].concat() });
    spec
}

/// The same spec with its neighbour lists alone.
pub fn without_vectors(mut spec: ModelSpec) -> ModelSpec {
    (spec.embedding.rows, spec.embedding.dim) = (Vec::new(), 0);
    spec.user_tower = UserTower::Pool { power: 0.0 };
    spec
}

/// The same spec, users pooled of rows of their own.
pub fn pooling_rows(mut spec: ModelSpec, seed: u64) -> ModelSpec {
    let rows = Random(seed ^ 99).floats(spec.embedding.rows.len(), 1.0);
    (spec.user_tower, spec.user_rows) = (UserTower::Pool { power: 0.5 }, Some(rows));
    spec
}

/// The same spec with its item biases alone.
pub fn biases_alone(spec: ModelSpec) -> ModelSpec {
    ModelSpec { neighbours: None, ..without_vectors(spec) }
}

/// The same spec with its table stored in f32.
pub fn in_f32(mut spec: ModelSpec) -> ModelSpec {
    spec.embedding.precision = Precision::F32;
    spec
}

/// The same spec, every item ranked in this arithmetic.
pub fn ranking_all(mut spec: ModelSpec, precision: Precision) -> ModelSpec {
    let ranker = spec.ranker.as_mut().expect("a spec with a ranker");
    (ranker.candidates, ranker.precision) = (None, precision);
    spec
}

/// The same spec with its ranker in int8 arithmetic.
pub fn in_int8(mut spec: ModelSpec) -> ModelSpec {
    spec.ranker.as_mut().expect("a spec with a ranker").precision = Precision::Int8;
    spec
}

/// Adds an MLP ranker with these hidden widths.
pub fn with_ranker(mut spec: ModelSpec, hidden: &[usize], candidates: usize, seed: u64) -> ModelSpec {
    let mut random = Random(seed);
    let mut inputs = 2 * spec.embedding.dim;
    let layers = hidden.iter().copied().chain([1]).map(|outputs| {
        let scale = (2.0 / inputs as f32).sqrt();
        let weight = random.floats(inputs * outputs, scale);
        let layer = DenseLayer { weight, bias: random.floats(outputs, 0.1), inputs, outputs };
        inputs = outputs;
        layer
    });
    let (layers, precision) = (layers.collect(), Precision::F32);
    spec.ranker = Some(RankerSpec { layers, skip: 0.5, candidates: Some(candidates), precision });
    spec.family = "als+ncf".to_owned();
    spec
}

/// Adds online learning from every event: of vectors, items, categories and prices, that never fades.
pub fn learning(mut spec: ModelSpec) -> ModelSpec {
    let column = |name: &str, edges: &[f32]| OnlineColumn { column: name.to_owned(), edges: edges.to_vec() };
    spec.online = Some(Online {
        rate: 0.1,
        samples: 4,
        days: 0.0,
        events: 0.0,
        norm: 1.0,
        columns: vec![column("parity", &[]), column("price", &[5.0, 10.0, 20.0])],
        strengths: vec![1.0, 9.0],
        weights: vec![vec![0.5, 1.0, 1.0, 0.5], vec![0.25, 2.0, 1.0, 0.5]],
    });
    spec
}

/// Histories for golden queries: a few items each.
pub fn histories(items: usize) -> Vec<Vec<u32>> {
    (0..3u32).map(|q| vec![q % items as u32]).collect()
}

/// Writes the spec and reads it back.
pub fn model(spec: &ModelSpec) -> Arc<Model> {
    let bytes = bytes(spec);
    let buffer = ModelBuffer::try_from(bytes.as_slice()).expect("small");
    Arc::new(Model::read(buffer).expect("just written"))
}

/// The file of a spec.
pub fn bytes(spec: &ModelSpec) -> Vec<u8> {
    proclivity::export_model(spec, &histories(spec.item_ids.len())).expect("a valid spec")
}
