//! What each family is made of.

use proclivity::model::{Activation, Body, LayerShape, NetworkShape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::options::DeepOptions;
use super::weights::{Dense, Weights};

/// Families of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeepFamily {
    /// Two towers (Covington et al. 2016, "Deep Neural Networks for YouTube Recommendations"; Yi et al. 2019, "Sampling-Bias-Corrected
    /// Neural Modeling for Large Corpus Item Recommendations").
    TwoTower,
    /// Liang et al. 2018, "Variational Autoencoders for Collaborative Filtering".
    MultVae,
    /// Hidasi et al. 2016, "Session-based Recommendations with Recurrent Neural Networks"; item rows are shared between input and
    /// output (Hidasi and Karatzoglou 2018).
    Gru4rec,
    /// Kang and McAuley 2018, "Self-Attentive Sequential Recommendation", with a sampled softmax (Klenitskiy and Vasilev 2023,
    /// "Turning Dross Into Gold Loss").
    Sasrec,
}

/// A family with its widths.
#[derive(Debug, Clone)]
pub struct Architecture {
    pub family: DeepFamily,
    /// The user tower, as the model file has it.
    pub network: NetworkShape,
    /// Width of an item's vector, d.
    pub dim: usize,
    /// Widths of the layers between an item's row and its vector; none where they are the same.
    pub item_layers: Vec<LayerShape>,
}

/// Latest items that are looked at, where order tells and where it does not.
const LENGTH: [usize; 2] = [50, 200];

impl DeepFamily {
    /// Its name in `--family`.
    pub fn name(self) -> &'static str {
        match self {
            DeepFamily::TwoTower => "two-tower",
            DeepFamily::MultVae => "mult-vae",
            DeepFamily::Gru4rec => "gru4rec",
            DeepFamily::Sasrec => "sasrec",
        }
    }

    /// Whether the order of a history tells: each next item is learnt from those before it.
    pub fn is_sequential(self) -> bool {
        matches!(self, DeepFamily::Gru4rec | DeepFamily::Sasrec)
    }

    /// Whether the items' rows are those of the history too.
    pub fn shares_rows(self) -> bool {
        self.is_sequential()
    }
}

impl Architecture {
    /// `family` with vectors of width `dim`.
    pub fn new(family: DeepFamily, dim: usize, options: &DeepOptions) -> Architecture {
        let hidden = options.deep_hidden.unwrap_or(2 * dim);
        let layer = |inputs, outputs| LayerShape { inputs, outputs };
        let (body, activation, layers) = match family {
            DeepFamily::TwoTower => {
                let layers = vec![(layer(dim, hidden), Activation::Relu), (layer(hidden, dim), Activation::None)];
                (Body::Pool { power: 0.5 }, Activation::None, layers)
            }
            DeepFamily::MultVae => {
                let layers = vec![(layer(hidden, dim), Activation::None), (layer(dim, dim), Activation::Tanh)];
                (Body::Pool { power: 0.5 }, Activation::Tanh, layers)
            }
            DeepFamily::Gru4rec => (Body::Gru { hidden: dim }, Activation::None, Vec::new()),
            DeepFamily::Sasrec => {
                let (blocks, heads) = (options.deep_blocks, options.deep_heads);
                (Body::Attention { blocks, heads, hidden }, Activation::None, Vec::new())
            }
        };
        let width = if family == DeepFamily::MultVae { hidden } else { dim };
        let length = options.deep_length.unwrap_or(LENGTH[usize::from(!family.is_sequential())]);
        let item_layers = match family {
            DeepFamily::TwoTower => vec![layer(dim, hidden), layer(hidden, dim)],
            _ => Vec::new(),
        };
        Architecture { family, network: NetworkShape { length, width, body, activation, layers }, dim, item_layers }
    }

    /// Random weights of everything but the rows of items: those of the user tower by their names in the model file.
    pub fn weights(&self, rng: &mut ChaCha8Rng) -> Weights {
        let NetworkShape { length, width, body, ref layers, .. } = self.network;
        let mut weights = Weights::default();
        match body {
            Body::Pool { .. } => {}
            Body::Gru { hidden } => {
                weights.add_dense("user.gru.input", width, 3 * hidden, rng);
                weights.add_dense("user.gru.state", hidden, 3 * hidden, rng);
            }
            Body::Attention { blocks, hidden, .. } => {
                for n in 0..blocks {
                    let name = |part: &str| format!("user.block.{n}.{part}");
                    weights.add_norm(&name("norm.0"), width);
                    weights.add_dense(&name("attention"), width, 3 * width, rng);
                    weights.add_dense(&name("output"), width, width, rng);
                    weights.add_norm(&name("norm.1"), width);
                    weights.add_dense(&name("layer.0"), width, hidden, rng);
                    weights.add_dense(&name("layer.1"), hidden, width, rng);
                }
                weights.add("user.place", vec![length, width], small(length * width, rng));
                weights.add_norm("user.norm", width);
            }
        }
        if self.family == DeepFamily::MultVae {
            weights.add("user.bias", vec![width], vec![0.0; width]);
            let Dense { inputs, outputs } = Dense::of(&layers[0].0);
            weights.add_dense(SPREAD, inputs, outputs, rng);
        }
        for (n, (shape, _)) in layers.iter().enumerate() {
            weights.add_dense(&format!("user.layer.{n}"), shape.inputs, shape.outputs, rng);
        }
        for (n, shape) in self.item_layers.iter().enumerate() {
            weights.add_dense(&item_layer(n), shape.inputs, shape.outputs, rng);
        }
        weights
    }
}

/// The layer that says how far a code may lie from its mean, the logarithm of a variance: in training only.
pub const SPREAD: &str = "spread";

/// The name of a layer of the item tower.
pub fn item_layer(n: usize) -> String {
    format!("item.layer.{n}")
}

/// Standard deviation of rows at the start.
const SMALL: f32 = 0.05;

/// Random numbers of mean 0 and standard deviation [`SMALL`], evenly distributed.
pub fn small(count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let bound = SMALL * 3f32.sqrt();
    (0..count).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect()
}
