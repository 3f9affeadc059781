//! A model file in its parts, to be changed and written again.

use proclivity::model::{Model, ModelSpec, Precision};
use proclivity::{export_calibrated, export_model};

use crate::error::Result;

/// What a file is made from.
#[derive(Debug, Clone)]
pub struct Parts {
    pub spec: ModelSpec,
    /// Steps of the ranker's int8 activations, as long as its weights are those of the file.
    pub steps: Option<Vec<f32>>,
    /// Histories of the golden queries, as item indices.
    pub golden: Vec<Vec<u32>>,
}

impl Parts {
    /// Takes a model apart.
    pub fn of(model: &Model) -> Parts {
        Parts {
            spec: ModelSpec::of(model),
            steps: Some(model.ranker().map_or_else(Vec::new, |ranker| ranker.steps.clone())),
            golden: model.golden().iter().map(|query| query.history.clone()).collect(),
        }
    }

    /// The file. What was taken apart and not changed gives the same one again.
    ///
    /// # Errors
    /// Whatever the engine would refuse to load.
    pub fn write(&self) -> Result<Vec<u8>> {
        Ok(match &self.steps {
            Some(steps) => export_calibrated(&self.spec, steps, &self.golden)?,
            None => export_model(&self.spec, &self.golden)?,
        })
    }

    /// Stores the item vectors in `precision`; a ranker in integers needs integers.
    pub fn store(&mut self, precision: Precision) {
        self.spec.embedding.precision = precision;
        let floats = matches!(precision, Precision::F16 | Precision::F32);
        if let Some(ranker) = self.spec.ranker.as_mut().filter(|ranker| floats && ranker.precision != Precision::F32) {
            ranker.precision = Precision::F32;
            self.steps = None;
        }
    }
}

#[cfg(test)]
pub mod fixture {
    use proclivity::model::{
        Column, ColumnData, DenseLayer, EmbeddingSpec, ModelSpec, NEW_FEATURES, NeighbourSpec, Prior, REPEAT_FEATURES,
        RankerSpec, Repeats, RepurchaseSpec, RepurchaseWeights, UserTower,
    };
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    pub const ITEMS: usize = 40;
    pub const DIM: usize = 32;

    /// A model with everything a file may hold.
    pub fn parts() -> Parts {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut floats = |n: usize, scale: f32| (0..n).map(|_| rng.random_range(-scale..scale)).collect::<Vec<f32>>();
        let layer = |weight, bias, inputs, outputs| DenseLayer { weight, bias, inputs, outputs };
        let layers = vec![
            layer(floats(2 * DIM * 8, 0.3), floats(8, 0.1), 2 * DIM, 8),
            layer(floats(8 * 4, 0.3), floats(4, 0.1), 8, 4),
            layer(floats(4, 0.3), floats(1, 0.1), 4, 1),
        ];
        let lists = NeighbourSpec {
            indptr: (0..=ITEMS as u32).map(|item| item * 5).collect(),
            indices: (0..ITEMS as u32).flat_map(|item| (1..6).map(move |n| (item + n * n) % ITEMS as u32)).collect(),
            weights: floats(ITEMS * 5, 1.0),
            int4: false,
        };
        let spec = ModelSpec {
            family: "als+ease+ncf".into(),
            item_ids: (0..ITEMS).map(|item| format!("i{item}")).collect(),
            embedding: EmbeddingSpec { rows: floats(ITEMS * DIM, 0.5), dim: DIM, precision: Precision::Int8 },
            item_bias: Some(floats(ITEMS, 0.1)),
            removed: Vec::new(),
            popularity: (0..ITEMS).map(|item| (ITEMS - item) as f32).collect(),
            user_tower: UserTower::FoldIn { alpha: 4.0, regularization: 2.0, power: 0.5 },
            user_rows: None,
            network: None,
            content: None,
            context: None,
            repeats: Repeats::Logarithm,
            neighbours: Some(lists),
            ranker: Some(RankerSpec { layers, skip: 1.0, candidates: Some(20), precision: Precision::Int8 }),
            prior: Some(Prior { knots: vec![(1.0, 0.4), (8.0, 0.1)] }),
            online: None,
            timing: None,
            repurchase: Some(RepurchaseSpec {
                weights: RepurchaseWeights {
                    repeat: floats(REPEAT_FEATURES + 1, 0.5),
                    new: floats(NEW_FEATURES + 1, 0.5),
                    span: 300.0,
                },
                items: floats(2 * ITEMS, 0.1),
            }),
            columns: vec![
                Column {
                    name: "title".into(),
                    data: ColumnData::Text((0..ITEMS).map(|item| format!("Item {item}")).collect()),
                },
                Column {
                    name: "half".into(),
                    data: ColumnData::Category((0..ITEMS).map(|item| ["b", "a"][item % 2].into()).collect()),
                },
                Column { name: "price".into(), data: ColumnData::Number((0..ITEMS).map(|item| item as f32).collect()) },
            ],
            event_weights: [("view".to_owned(), 0.2)].into(),
            event_half_lives: Default::default(),
            card: serde_json::json!({ "seed": 3, "deep": { "b": 1.5, "a": [1, "x", null] } }),
        };
        Parts { spec, steps: None, golden: vec![vec![3], vec![7, 12, 30]] }
    }

    /// Written and taken apart again: weights and rows are what a file holds.
    pub fn stored() -> Parts {
        Parts::of(&crate::export::load(&parts().write().unwrap()).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use proclivity::model::UserTower;

    use super::fixture::parts;
    use super::*;
    use crate::export::load;

    #[test]
    fn a_file_taken_apart_gives_the_same_bytes_again() {
        for precision in [Precision::Int8, Precision::Int4, Precision::F16, Precision::F32] {
            let mut parts = parts();
            if precision == Precision::F16 {
                parts.spec.user_tower = UserTower::Pool { power: 0.5 };
                parts.spec.user_rows = Some(parts.spec.embedding.rows.iter().rev().copied().collect());
            }
            parts.store(precision);
            parts.spec.neighbours.iter_mut().for_each(|lists| lists.int4 = precision == Precision::Int4);
            let bytes = parts.write().unwrap();
            assert_eq!(Parts::of(&load(&bytes).unwrap()).write().unwrap(), bytes, "{precision:?}");
        }
    }
}
