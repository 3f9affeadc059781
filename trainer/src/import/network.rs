//! Networks trained in PyTorch: the tensors of a `state_dict`, by the names that docs/PYTORCH.md gives them.

use clap::ValueEnum;
use proclivity::model::{Activation, Body, LayerShape, NetworkShape, UserTower};

use super::arrays::ArrayFile;
use super::state::{Layer, State, Tables};
use crate::deep::{
    Architecture, DeepFamily, FmLayout, FmRows, MOMENTS, Pairs, Weights, field_names, item_layer, moment_fields,
};
use crate::error::Result;
use crate::families::Vectors;

/// Networks whose state can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NetworkFamily {
    Gmf,
    Mlp,
    #[value(name = "neumf")]
    NeuMf,
    TwoTower,
    Fm,
    #[value(name = "deepfm")]
    DeepFm,
    Gru4rec,
    Sasrec,
    MultVae,
}

/// What a state does not say of itself.
#[derive(Debug, Clone, Copy)]
pub struct NetworkOptions {
    pub family: NetworkFamily,
    /// Heads of self-attention.
    pub heads: usize,
    /// Sums over a history are divided by the number of its items to this power.
    pub power: f32,
    /// The row of the tables that is no item.
    pub padding: Option<usize>,
}

/// A network, its rows by what they are called in its own file.
pub struct Network {
    pub vectors: Vectors,
    pub positions: Vec<u64>,
    /// Rows of the tables, that of the padding among them.
    pub rows: u64,
}

/// Latest items that a network without places looks at.
const LENGTH: usize = 512;

impl NetworkFamily {
    pub fn name(self) -> &'static str {
        match self {
            NetworkFamily::Gmf => "gmf",
            NetworkFamily::Mlp => "mlp",
            NetworkFamily::NeuMf => "neumf",
            NetworkFamily::TwoTower => "two-tower",
            NetworkFamily::Fm => "fm",
            NetworkFamily::DeepFm => "deepfm",
            NetworkFamily::Gru4rec => "gru4rec",
            NetworkFamily::Sasrec => "sasrec",
            NetworkFamily::MultVae => "mult-vae",
        }
    }
}

/// Reads the state of a network.
///
/// # Errors
/// [`crate::error::CliError::Array`] for a tensor that is missing, of another shape, not finite, or not one of the family's.
pub fn read_network(file: &mut ArrayFile, options: NetworkOptions) -> Result<Network> {
    let mut state = State::new(file, options.padding, options)?;
    let (mut vectors, rows) = match options.family {
        NetworkFamily::Gmf | NetworkFamily::Mlp | NetworkFamily::NeuMf => state.pairs()?,
        NetworkFamily::TwoTower => state.two_tower()?,
        NetworkFamily::Fm | NetworkFamily::DeepFm => state.machine()?,
        NetworkFamily::Gru4rec => state.gru()?,
        NetworkFamily::Sasrec => state.attention()?,
        NetworkFamily::MultVae => state.autoencoder()?,
    };
    state.finish(options.family.name(), vectors.network.is_some().then_some(vectors.dim))?;
    if let UserTower::Pool { power } = &mut vectors.tower {
        *power = options.power;
    }
    let positions = (0..rows as u64).filter(|&row| options.padding.map(|row| row as u64) != Some(row)).collect();
    Ok(Network { vectors, positions, rows: rows as u64 })
}

impl State<'_, NetworkOptions> {
    /// Generalised matrix factorisation, layers over both vectors, or both (He et al. 2017).
    fn pairs(&mut self) -> Result<(Vectors, usize)> {
        let family = self.options.family;
        let parts = match family {
            NetworkFamily::NeuMf => [".product", ".layers"],
            _ => ["", ""],
        };
        let (mut items, mut given) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        let (mut widths, mut rows) = ([0, 0], 0);
        for (n, other) in [NetworkFamily::Mlp, NetworkFamily::Gmf].into_iter().enumerate() {
            if other == family {
                continue;
            }
            (items[n], rows, widths[n]) = self.table(&format!("items{}.weight", parts[n]))?;
            given[n] = self.like(&format!("history{}.weight", parts[n]), rows, widths[n])?;
        }
        let [g, m] = widths;
        let mut layers = if m > 0 { self.layers("layers")? } else { Vec::new() };
        if g > 0 {
            let hidden = layers.last().map_or(2 * m, |layer| layer.shape.outputs);
            let (product, rest) = match self.file.has("output.weight") {
                true => {
                    let mut all = self.shaped("output.weight", &[1, g + if m > 0 { hidden } else { 0 }])?;
                    let rest = all.split_off(g);
                    (all, rest)
                }
                false if m == 0 => (vec![1.0; g], Vec::new()),
                false => return Err(self.file.refused("output.weight", "the last layer", "none")),
            };
            let bias = match self.file.has("output.bias") {
                true => self.shaped("output.bias", &[1])?,
                false => vec![0.0],
            };
            for row in items[0].chunks_exact_mut(g) {
                row.iter_mut().zip(&product).for_each(|(x, w)| *x *= w);
            }
            if m > 0 {
                layers.push(Layer { shape: LayerShape { inputs: hidden, outputs: 1 }, weight: rest, bias });
            }
        }
        let mut weights = Weights::default();
        if m > 0 {
            self.chained("layers", &layers, 2 * m, Some(1))?;
        }
        let shapes = layers.iter().map(|layer| layer.shape).collect();
        add_layers(&mut weights, |n| format!("pair.layer.{n}"), layers);
        let pairs = Pairs { product: g, deep: m, layers: shapes, bought: None };
        let family = match family {
            NetworkFamily::Gmf => DeepFamily::Gmf,
            NetworkFamily::Mlp => DeepFamily::Mlp,
            _ => DeepFamily::NeuMf,
        };
        let side_by_side = |[g_rows, m_rows]: [Vec<f32>; 2]| -> Vec<f32> {
            let count = rows - usize::from(self.options.padding.is_some());
            (0..count).flat_map(|n| [&g_rows[n * g..][..g], &m_rows[n * m..][..m]].concat()).collect()
        };
        let (items, given) = (side_by_side(items), side_by_side(given));
        let shape = shape(pairs.width(), Body::Pool { power: self.options.power }, Vec::new());
        let architecture = Architecture {
            family,
            network: shape,
            dim: pairs.dim(),
            item_layers: Vec::new(),
            pairs: Some(pairs),
            negatives: 0,
        };
        Ok((architecture.vectors(&weights, &items, Some(&given)), rows))
    }

    /// Two towers (Covington et al. 2016).
    fn two_tower(&mut self) -> Result<(Vectors, usize)> {
        let Tables { items, given, rows, width } = self.items()?;
        let (user, item) = (self.layers("user")?, self.layers("item")?);
        self.chained("item", &item, width, None)?;
        let dim = item.last().map_or(width, |layer| layer.shape.outputs);
        self.chained("user", &user, width, Some(dim))?;
        let mut weights = Weights::default();
        let network = shape(width, Body::Pool { power: self.options.power }, activated(&user, Activation::None));
        let item_layers = item.iter().map(|layer| layer.shape).collect();
        add_layers(&mut weights, |n| format!("user.layer.{n}"), user);
        add_layers(&mut weights, item_layer, item);
        let family = DeepFamily::TwoTower;
        let architecture = Architecture { family, network, dim, item_layers, pairs: None, negatives: 0 };
        // Without rows of their own histories would be made of what the item tower gives.
        let given = given.unwrap_or_else(|| items.clone());
        Ok((architecture.vectors(&weights, &items, Some(&given)), rows))
    }

    /// A gated recurrent unit (Hidasi et al. 2016).
    fn gru(&mut self) -> Result<(Vectors, usize)> {
        let Tables { items, given, rows, width } = self.items()?;
        let (_, outputs, _) = self.matrix("gru.weight_ih_l0")?;
        let hidden = outputs / 3;
        let mut weights = Weights::default();
        for (own, suffix, inputs) in [("user.gru.input", "ih_l0", width), ("user.gru.state", "hh_l0", hidden)] {
            let weight = self.shaped(&format!("gru.weight_{suffix}"), &[3 * hidden, inputs])?;
            let bias = self.shaped(&format!("gru.bias_{suffix}"), &[3 * hidden])?;
            weights.add(&format!("{own}.weight"), vec![3 * hidden, inputs], weight);
            weights.add(&format!("{own}.bias"), vec![3 * hidden], bias);
        }
        let user = self.layers("user")?;
        self.chained("user", &user, hidden, Some(width))?;
        let network = shape(width, Body::Gru { hidden }, activated(&user, Activation::None));
        add_layers(&mut weights, |n| format!("user.layer.{n}"), user);
        Ok((sequential(DeepFamily::Gru4rec, network, width, &weights, &items, given), rows))
    }

    /// Self-attention (Kang and McAuley 2018).
    fn attention(&mut self) -> Result<(Vectors, usize)> {
        let Tables { items, given, rows, width } = self.items()?;
        let (_, length, _) = self.matrix("places.weight")?;
        let mut weights = Weights::default();
        weights.add("user.place", vec![length, width], self.shaped("places.weight", &[length, width])?);
        let (mut blocks, mut inner) = (0, 0);
        while self.file.has(&format!("blocks.{blocks}.attention.in_proj_weight")) {
            let name = |part: &str| format!("blocks.{blocks}.{part}");
            let own = |part: &str| format!("user.block.{blocks}.{part}");
            self.norm(&mut weights, &own("norm.0"), &name("norm_attention"), width)?;
            for (part, shape) in [("weight", vec![3 * width, width]), ("bias", vec![3 * width])] {
                let values = self.shaped(&name(&format!("attention.in_proj_{part}")), &shape)?;
                weights.add(&own(&format!("attention.{part}")), shape, values);
            }
            let output = self.layer(&name("attention.out_proj"))?;
            self.chained(&name("attention.out_proj"), std::slice::from_ref(&output), width, Some(width))?;
            add_layers(&mut weights, |_| own("output"), vec![output]);
            self.norm(&mut weights, &own("norm.1"), &name("norm_layers"), width)?;
            let layers = self.layers(&name("layers"))?;
            self.chained(&name("layers"), &layers, width, Some(width))?;
            let own_inner = layers.first().map_or(0, |layer| layer.shape.outputs);
            if layers.len() != 2 || (blocks > 0 && own_inner != inner) {
                let found = format!("{} of {own_inner} numbers between them", layers.len());
                return Err(self.file.refused(&name("layers"), "two layers, as wide in every block", found));
            }
            inner = own_inner;
            add_layers(&mut weights, |n| own(&format!("layer.{n}")), layers);
            blocks += 1;
        }
        self.norm(&mut weights, "user.norm", "norm", width)?;
        let body = Body::Attention { blocks, heads: self.options.heads, hidden: inner };
        let network = NetworkShape { length, ..shape(width, body, Vec::new()) };
        Ok((sequential(DeepFamily::Sasrec, network, width, &weights, &items, given), rows))
    }

    /// An autoencoder over the items of a history (Liang et al. 2018).
    fn autoencoder(&mut self) -> Result<(Vectors, usize)> {
        let (encoder, hidden, inputs) = self.matrix("encoder.weight")?;
        let bias = self.shaped("encoder.bias", &[hidden])?;
        let (items, rows, dim) = self.table("output.weight")?;
        let output_bias = self.shaped("output.bias", &[rows])?;
        if inputs != rows {
            let expected = format!("an input for each of {rows} items");
            return Err(self.file.refused("encoder.weight", expected, inputs.to_string()));
        }
        let (mean, decoder) = (self.layer("mean")?, self.layer("decoder")?);
        // What a code's spread is made of is for learning alone.
        for name in ["spread.weight", "spread.bias"] {
            self.pass_over(name);
        }
        let user = vec![mean, decoder];
        self.chained("mean and decoder", &user, hidden, Some(dim))?;
        let kept = |row: &usize| Some(*row) != self.options.padding;
        let given: Vec<f32> = (0..rows)
            .filter(kept)
            .flat_map(|row| encoder[row..].iter().step_by(inputs).copied().collect::<Vec<_>>())
            .collect();
        let mut weights = Weights::default();
        weights.add("user.bias", vec![hidden], bias);
        let body = Body::Pool { power: self.options.power };
        let mut layers = activated(&user, Activation::Tanh);
        layers[0].1 = Activation::None;
        let network = NetworkShape { activation: Activation::Tanh, ..shape(hidden, body, layers) };
        add_layers(&mut weights, |n| format!("user.layer.{n}"), user);
        let vectors = sequential(DeepFamily::MultVae, network, dim, &weights, &items, Some(given));
        let bias = (0..rows).filter(kept).map(|row| output_bias[row]).collect();
        Ok((Vectors { bias: Some(bias), ..vectors }, rows))
    }

    /// A factorisation machine, with layers or without (Rendle 2010; Guo et al. 2017).
    fn machine(&mut self) -> Result<(Vectors, usize)> {
        let (items, rows, k) = self.table("items.weight")?;
        let given = self.like("history.weight", rows, k)?;
        let linear = match self.file.has("item_bias.weight") {
            true => self.like("item_bias.weight", rows, 1)?,
            false => vec![0.0; items.len() / k],
        };
        let mut attributes = Vec::new();
        while self.file.has(&format!("attributes.{}.weight", attributes.len())) {
            attributes.push(self.like(&format!("attributes.{}.weight", attributes.len()), rows, k)?);
        }
        let told = MOMENTS.iter().any(|(name, _)| self.file.has(&format!("{name}.weight")));
        let mut moments = Vec::new();
        for (name, count) in MOMENTS.iter().filter(|_| told) {
            moments.extend(self.shaped(&format!("{name}.weight"), &[count + 1, k])?);
        }
        let mut weights = Weights::default();
        let mut hidden = Vec::new();
        if self.options.family == NetworkFamily::DeepFm {
            hidden = self.machine_layers(&mut weights, k, attributes.len(), told)?;
        }
        let parts = |item: usize| {
            let own = std::iter::once(&items).chain(&attributes);
            (linear[item], own.map(|table| table[item * k..][..k].to_vec()).collect())
        };
        let request = if told { moment_fields() } else { Vec::new() };
        let attributes = attributes.len();
        let layout = FmLayout { width: k, hidden: &hidden, request: &request, attributes, weights: &weights };
        let vectors =
            layout.vectors(FmRows { items: &mut (0..items.len() / k).map(parts), given: &given, requests: &moments });
        Ok((vectors, rows))
    }

    /// The layers beside a factorisation machine, the first cut into a part for each field; the widths of the hidden ones.
    fn machine_layers(&mut self, weights: &mut Weights, k: usize, attributes: usize, told: bool) -> Result<Vec<usize>> {
        let names = field_names(if told { MOMENTS.len() } else { 0 }, attributes);
        let mut layers = self.layers("layers")?;
        self.chained("layers", &layers, names.len() * k, Some(1))?;
        if layers.len() < 2 {
            return Err(self.file.refused("layers", "a hidden layer and the last", format!("{}", layers.len())));
        }
        let first = layers.remove(0);
        let (outputs, inputs) = (first.shape.outputs, first.shape.inputs);
        for (n, name) in names.iter().enumerate() {
            let part = first.weight.chunks_exact(inputs).flat_map(|row| &row[n * k..][..k]);
            weights.add(name, vec![outputs, k], part.copied().collect());
        }
        weights.add("pair.layer.0.bias", vec![outputs], first.bias);
        let hidden = std::iter::once(outputs).chain(layers.iter().map(|layer| layer.shape.outputs));
        let hidden: Vec<usize> = hidden.take(layers.len()).collect();
        add_layers(weights, |n| format!("pair.layer.{}", n + 1), layers);
        Ok(hidden)
    }
}

fn shape(width: usize, body: Body, layers: Vec<(LayerShape, Activation)>) -> NetworkShape {
    NetworkShape { length: LENGTH, width, body, activation: Activation::None, layers }
}

/// Layers with ReLU between them and `last` after the last.
fn activated(layers: &[Layer], last: Activation) -> Vec<(LayerShape, Activation)> {
    let activation = |n: usize| if n + 1 < layers.len() { Activation::Relu } else { last };
    layers.iter().enumerate().map(|(n, layer)| (layer.shape, activation(n))).collect()
}

fn add_layers(weights: &mut Weights, name: impl Fn(usize) -> String, layers: Vec<Layer>) {
    for (n, Layer { shape, weight, bias }) in layers.into_iter().enumerate() {
        weights.add(&format!("{}.weight", name(n)), vec![shape.outputs, shape.inputs], weight);
        weights.add(&format!("{}.bias", name(n)), vec![shape.outputs], bias);
    }
}

fn sequential(
    family: DeepFamily,
    network: NetworkShape,
    dim: usize,
    weights: &Weights,
    items: &[f32],
    given: Option<Vec<f32>>,
) -> Vectors {
    let architecture = Architecture { family, network, dim, item_layers: Vec::new(), pairs: None, negatives: 0 };
    architecture.vectors(weights, items, given.as_deref())
}
