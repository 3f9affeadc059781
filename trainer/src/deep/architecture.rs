//! What each family is made of.

use proclivity::model::{Activation, Body, LayerShape, NetworkShape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::options::DeepOptions;
use super::pairs::Pairs;
use super::weights::Weights;

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
    /// Generalised matrix factorisation, layers over both vectors, and both together (He et al. 2017, "Neural Collaborative
    /// Filtering"); a user is what is made of a history, so that strangers have a vector too.
    Gmf,
    Mlp,
    NeuMf,
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
    /// What pairs are scored by, where not by a dot and a softmax over items.
    pub pairs: Option<Pairs>,
    /// Items that targets are held against: of a batch, or of each pair taken.
    pub negatives: usize,
}

/// Latest items that are looked at, where order tells and where it does not; pairs are scored with the whole history, and learnt
/// from this much of it.
const LENGTH: [usize; 3] = [50, 200, 512];
/// Items that the targets of a batch are held against, and a pair that was taken.
const NEGATIVES: [usize; 2] = [2048, 4];
/// Histories in a batch; pairs are more of each.
const BATCH: [usize; 2] = [128, 32];
/// Width of the first layer over pairs.
const PAIR_LAYER: usize = 64;

impl DeepFamily {
    /// Its name in `--family`.
    pub fn name(self) -> &'static str {
        match self {
            DeepFamily::TwoTower => "two-tower",
            DeepFamily::MultVae => "mult-vae",
            DeepFamily::Gmf => "gmf",
            DeepFamily::Mlp => "mlp",
            DeepFamily::NeuMf => "neumf",
            DeepFamily::Gru4rec => "gru4rec",
            DeepFamily::Sasrec => "sasrec",
        }
    }

    /// Whether the order of a history tells: each next item is learnt from those before it.
    pub fn is_sequential(self) -> bool {
        matches!(self, DeepFamily::Gru4rec | DeepFamily::Sasrec)
    }

    /// Whether pairs are scored one by one, and told from pairs that were not taken.
    pub fn scores_pairs(self) -> bool {
        matches!(self, DeepFamily::Gmf | DeepFamily::Mlp | DeepFamily::NeuMf)
    }

    /// Histories in a batch.
    pub fn batch(self, options: &DeepOptions) -> usize {
        options.deep_batch.unwrap_or(BATCH[usize::from(self.scores_pairs())])
    }

    /// Standard deviation of its rows at the start.
    pub fn deviation(self) -> f32 {
        if self == DeepFamily::Sasrec { SMALLER } else { SMALL }
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
            DeepFamily::Gmf | DeepFamily::Mlp | DeepFamily::NeuMf => {
                (Body::Pool { power: 0.5 }, Activation::None, Vec::new())
            }
            DeepFamily::Gru4rec => (Body::Gru { hidden: dim }, Activation::None, Vec::new()),
            DeepFamily::Sasrec => {
                let (blocks, heads) = (options.deep_blocks, options.deep_heads);
                (Body::Attention { blocks, heads, hidden }, Activation::None, Vec::new())
            }
        };
        let first = options.deep_hidden.unwrap_or(PAIR_LAYER);
        let bought = options.deep_purchases.map(|weight| weight as f32);
        let pairs = match family {
            DeepFamily::Gmf => Some(Pairs::new(dim, 0, &[], bought)),
            DeepFamily::Mlp => Some(Pairs::new(0, dim, &[first, first], bought)),
            DeepFamily::NeuMf => {
                let deep = (dim / 4).max(1);
                Some(Pairs::new(dim.saturating_sub(2 * deep).max(1), deep, &[first, first.div_ceil(2)], bought))
            }
            _ => None,
        };
        let width = match (&pairs, family) {
            (Some(pairs), _) => pairs.width(),
            (None, DeepFamily::MultVae) => hidden,
            (None, _) => dim,
        };
        let kind = if family.is_sequential() { 0 } else { 1 + usize::from(pairs.is_some()) };
        let length = options.deep_length.unwrap_or(LENGTH[kind]);
        let negatives = options.deep_negatives.unwrap_or(NEGATIVES[usize::from(pairs.is_some())]);
        let dim = pairs.as_ref().map_or(dim, Pairs::dim);
        let item_layers = match family {
            DeepFamily::TwoTower => vec![layer(dim, hidden), layer(hidden, dim)],
            _ => Vec::new(),
        };
        let network = NetworkShape { length, width, body, activation, layers };
        Architecture { family, network, dim, item_layers, pairs, negatives }
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
                weights.add("user.place", vec![length, width], small(length * width, SMALLER, rng));
                weights.add_norm("user.norm", width);
            }
        }
        if self.family == DeepFamily::MultVae {
            weights.add("user.bias", vec![width], vec![0.0; width]);
            let LayerShape { inputs, outputs } = layers[0].0;
            weights.add_dense(SPREAD, inputs, outputs, rng);
        }
        for (n, (shape, _)) in layers.iter().enumerate() {
            weights.add_dense(&format!("user.layer.{n}"), shape.inputs, shape.outputs, rng);
        }
        if let Some(pairs) = &self.pairs {
            pairs.add(&mut weights, rng);
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

/// Standard deviation of rows at the start: of most, and of self-attention, which adds rows and places before it normalises them.
pub const SMALL: f32 = 0.05;
const SMALLER: f32 = 0.02;

/// Random numbers of mean 0 and standard deviation `deviation`, evenly distributed.
pub fn small(count: usize, deviation: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let bound = deviation * 3f32.sqrt();
    (0..count).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect()
}
