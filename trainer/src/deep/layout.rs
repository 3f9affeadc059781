//! How a network lies in a model file.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use proclivity::model::{Body, NetworkSpec, UserTower};

use super::architecture::{Architecture, item_layer};
use super::weights::{Leaves, Weights, numbers};
use crate::families::Vectors;

/// Items whose vectors are worked out at a time.
const CHUNK: usize = 4096;

impl Architecture {
    /// What scores are made with, of items' rows: (count, w) to (count, d).
    pub fn item_vectors(&self, leaves: &Leaves, rows: Tensor<2>) -> Tensor<2> {
        let last = self.item_layers.len();
        (0..last).fold(rows, |x, n| {
            let x = leaves.dense(&item_layer(n), x);
            if n + 1 < last { relu(x) } else { x }
        })
    }

    /// What a model file holds of these weights, the rows of items and those of histories where they are not the same.
    pub fn vectors(&self, weights: &Weights, items: &[f32], given: Option<&[f32]>) -> Vectors {
        if let (Some(pairs), Body::Pool { power }) = (&self.pairs, self.network.body) {
            return Vectors {
                rows: pairs.laid_out(items, Some(weights)),
                dim: self.dim,
                bias: None,
                tower: UserTower::Pool { power },
                user_rows: given.map(|given| pairs.laid_out(given, None)),
                network: None,
                context: None,
                ranker: pairs.ranker(weights),
            };
        }
        let own = weights.list.iter().filter(|weight| weight.name.starts_with("user."));
        let tensors = own.map(|weight| (weight.name.clone(), weight.shape.clone(), weight.numbers.values.clone()));
        Vectors {
            rows: self.rows(weights, items),
            dim: self.dim,
            bias: None,
            tower: UserTower::Network,
            user_rows: given.map(<[f32]>::to_vec),
            ranker: None,
            context: None,
            network: Some(NetworkSpec { shape: self.network.clone(), tensors: tensors.collect() }),
        }
    }

    /// The items' vectors, (n, d).
    fn rows(&self, weights: &Weights, items: &[f32]) -> Vec<f32> {
        if self.item_layers.is_empty() {
            return items.to_vec();
        }
        let (device, width) = (Device::flex().autodiff(), self.item_layers[0].inputs);
        let leaves = weights.leaves(&device);
        let vectors = |rows: &[f32]| {
            let rows = TensorData::new(rows.to_vec(), [rows.len() / width, width]);
            numbers(self.item_vectors(&leaves, Tensor::from_data(rows, &device)))
        };
        items.chunks(CHUNK * width).flat_map(vectors).collect()
    }

    /// Width of an item's row in training.
    pub fn row_width(&self) -> usize {
        match &self.pairs {
            Some(pairs) => pairs.width(),
            None => self.item_layers.first().map_or(self.dim, |layer| layer.inputs),
        }
    }
}
