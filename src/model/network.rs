//! A user tower that is a network: what turns the latest items of a history into a user vector.
//!
//! The rows of the history (`user.rows`, else the items') go through a body (a weighted sum, a GRU or self-attention) and then
//! through dense layers. Weights are stored as PyTorch keeps them, (outputs, inputs), and held as (inputs, outputs), so that
//! a product adds whole rows.

use serde_json::{Value, json};

use super::header::Dtype;
use super::limits::{MAX_LAYERS, MAX_WIDTH};
use super::manifest::LayerShape;
use super::tensor_writer::TensorWriter;
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result};
use crate::json::Field;

/// Most items of a history that a network looks at.
const MAX_LENGTH: usize = 512;
/// Most blocks of self-attention.
const MAX_BLOCKS: usize = 8;

/// The network's part of the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkShape {
    /// How many of the latest items are looked at, L.
    pub length: usize,
    /// Width w of a history row.
    pub width: usize,
    pub body: Body,
    /// Of what the body makes of the history, bias first.
    pub activation: Activation,
    /// Dense layers after it, first to last; none for a body whose width is that of the items.
    pub layers: Vec<(LayerShape, Activation)>,
}

/// What makes one vector of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Body {
    /// `sum_h r_h y_h / (sum_h r_h)^power`, power 0, 1/2 or 1: (w).
    Pool { power: f32 },
    /// A gated recurrent unit (Cho et al. 2014; for sessions Hidasi et al. 2016), one step an item: its state, (hidden).
    Gru { hidden: usize },
    /// Self-attention over the rows and their places (Kang and McAuley 2018), normalised before each part: the last place, (w).
    Attention { blocks: usize, heads: usize, hidden: usize },
}

/// What follows a layer, number by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    None,
    Relu,
    Tanh,
}

/// The network, ready to run.
#[derive(Debug, Clone)]
pub struct Network {
    pub shape: NetworkShape,
    pub body: BodyWeights,
    /// Added to what the body makes, (outputs of the body), if the model has it.
    pub bias: Vec<f32>,
    pub layers: Vec<Dense>,
}

/// `y = W x + b`: `weight` (inputs, outputs), `bias` (outputs).
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Scale and shift of a layer normalisation, (w) each.
#[derive(Debug, Clone)]
pub struct Norm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// What a body knows.
#[derive(Debug, Clone)]
pub enum BodyWeights {
    Pool,
    /// Gates reset, update, new, in this order: (w, 3 hidden) and (hidden, 3 hidden).
    Gru {
        input: Dense,
        state: Dense,
    },
    Attention {
        places: Vec<f32>,
        blocks: Vec<Block>,
        last: Norm,
    },
}

/// One block of self-attention.
#[derive(Debug, Clone)]
pub struct Block {
    pub before_attention: Norm,
    /// Query, key and value, (w, 3 w).
    pub attention: Dense,
    /// (w, w).
    pub output: Dense,
    pub before_layers: Norm,
    /// (w, hidden) and (hidden, w), ReLU between them.
    pub wide: Dense,
    pub narrow: Dense,
}

impl NetworkShape {
    pub(crate) fn from_json(field: &Field) -> Result<NetworkShape> {
        let body = field.required("body")?;
        let body = match body.required("kind")?.text()? {
            "pool" => Body::Pool { power: body.required("power")?.float()? },
            "gru" => Body::Gru { hidden: body.required("hidden")?.whole()? },
            "attention" => Body::Attention {
                blocks: body.required("blocks")?.whole()?,
                heads: body.required("heads")?.whole()?,
                hidden: body.required("hidden")?.whole()?,
            },
            other => return Err(Error::argument("model.user.body.kind", "pool, gru or attention", other)),
        };
        Ok(NetworkShape {
            length: field.required("length")?.whole()?,
            width: field.required("width")?.whole()?,
            body,
            activation: Activation::from_json(field)?,
            layers: layers_from_json(field)?,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let body = match self.body {
            Body::Pool { power } => json!({ "kind": "pool", "power": power }),
            Body::Gru { hidden } => json!({ "kind": "gru", "hidden": hidden }),
            Body::Attention { blocks, heads, hidden } => {
                json!({ "kind": "attention", "blocks": blocks, "heads": heads, "hidden": hidden })
            }
        };
        let layer = |(shape, activation): &(LayerShape, Activation)| json!({ "inputs": shape.inputs, "outputs": shape.outputs, "activation": activation.name() });
        json!({
            "tower": "network", "length": self.length, "width": self.width, "body": body,
            "activation": self.activation.name(), "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
        })
    }

    /// Width of what the body makes.
    pub fn body_width(&self) -> usize {
        match self.body {
            Body::Gru { hidden } => hidden,
            Body::Pool { .. } | Body::Attention { .. } => self.width,
        }
    }

    /// Refuses what cannot be run, or does not end in a vector of width `dim`.
    fn check(&self, dim: usize) -> Result<()> {
        let refused = |expected: &str| Error::tensor("user", format_args!("expected {expected}, found another"));
        let fits = |width: usize| (1..=MAX_WIDTH).contains(&width);
        if !(1..=MAX_LENGTH).contains(&self.length) || !fits(self.width) || self.layers.len() > MAX_LAYERS {
            return Err(refused("1 to 512 items of a history, widths of 1 to 1024 and at most 4 layers"));
        }
        let body_fits = match self.body {
            Body::Pool { power } => [0.0, 0.5, 1.0].contains(&power),
            Body::Gru { hidden } => fits(hidden),
            Body::Attention { blocks, heads, hidden } => {
                (1..=MAX_BLOCKS).contains(&blocks) && heads > 0 && self.width.is_multiple_of(heads) && fits(hidden)
            }
        };
        if !body_fits {
            return Err(refused("a power of 0, 0.5 or 1, 1 to 8 blocks, and heads that divide the width"));
        }
        check_layers("user", &self.layers, self.body_width(), dim)
    }
}

/// The dense layers of a network, in its manifest.
#[inline(never)]
pub(super) fn layers_from_json(field: &Field) -> Result<Vec<(LayerShape, Activation)>> {
    let mut layers = Vec::new();
    for layer in field.required("layers")?.list()? {
        let (inputs, outputs) = (layer.required("inputs")?.whole()?, layer.required("outputs")?.whole()?);
        layers.push((LayerShape { inputs, outputs }, Activation::from_json(&layer)?));
    }
    Ok(layers)
}

/// Refuses layers of `what` that do not lead from `width` to `dim`.
pub(super) fn check_layers(
    what: &str,
    layers: &[(LayerShape, Activation)],
    mut width: usize,
    dim: usize,
) -> Result<()> {
    let refused = |expected: &str| Error::tensor(what, format_args!("expected {expected}, found another"));
    for (layer, _) in layers {
        if layer.inputs != width || !(1..=MAX_WIDTH).contains(&layer.outputs) {
            return Err(refused("layers each of which takes what the one before it gives"));
        }
        width = layer.outputs;
    }
    match width == dim {
        true => Ok(()),
        false => Err(refused("a last layer as wide as the items")),
    }
}

impl Activation {
    pub(super) fn from_json(field: &Field) -> Result<Activation> {
        match field.required("activation")?.text()? {
            "none" => Ok(Activation::None),
            "relu" => Ok(Activation::Relu),
            "tanh" => Ok(Activation::Tanh),
            other => Err(Error::argument("model.user.activation", "none, relu or tanh", other)),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Activation::None => "none",
            Activation::Relu => "relu",
            Activation::Tanh => "tanh",
        }
    }
}

/// Weights by name in a file.
pub(super) struct Reader<'f> {
    pub table: &'f TensorTable,
    pub file: &'f [u8],
}

impl Reader<'_> {
    #[inline(never)]
    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let values: &[f32] = typed(self.file, &self.table.expect(name, Dtype::F32, shape)?, name)?;
        check_finite(values, name)?;
        Ok(values.to_vec())
    }

    #[inline(never)]
    pub fn dense(&self, name: &str, inputs: usize, outputs: usize) -> Result<Dense> {
        let stored = self.floats(&[name, ".weight"].concat(), &[outputs, inputs])?;
        let bias = self.floats(&[name, ".bias"].concat(), &[outputs])?;
        let mut weight = Vec::with_capacity(stored.len());
        for input in 0..inputs {
            weight.extend(stored[input..].iter().step_by(inputs));
        }
        Ok(Dense { weight, bias })
    }

    #[inline(never)]
    fn norm(&self, name: &str, width: usize) -> Result<Norm> {
        let weight = self.floats(&[name, ".weight"].concat(), &[width])?;
        Ok(Norm { weight, bias: self.floats(&[name, ".bias"].concat(), &[width])? })
    }

    /// Block `n` of self-attention.
    #[inline(never)]
    fn block(&self, n: usize, width: usize, hidden: usize) -> Result<Block> {
        let name = ["user.block.", &n.to_string(), "."].concat();
        let name = |part: &str| [&name, part].concat();
        Ok(Block {
            before_attention: self.norm(&name("norm.0"), width)?,
            attention: self.dense(&name("attention"), width, 3 * width)?,
            output: self.dense(&name("output"), width, width)?,
            before_layers: self.norm(&name("norm.1"), width)?,
            wide: self.dense(&name("layer.0"), width, hidden)?,
            narrow: self.dense(&name("layer.1"), hidden, width)?,
        })
    }

    /// The dense layers `WHAT.layer.N`.
    #[inline(never)]
    pub fn layers(&self, what: &str, shapes: &[(LayerShape, Activation)]) -> Result<Vec<Dense>> {
        let mut layers = Vec::new();
        for (n, (shape, _)) in shapes.iter().enumerate() {
            layers.push(self.dense(&[what, ".layer.", &n.to_string()].concat(), shape.inputs, shape.outputs)?);
        }
        Ok(layers)
    }
}

impl Network {
    pub(crate) fn read(table: &TensorTable, file: &[u8], shape: &NetworkShape, dim: usize) -> Result<Network> {
        shape.check(dim)?;
        let (reader, width) = (Reader { table, file }, shape.width);
        let body = match shape.body {
            Body::Pool { .. } => BodyWeights::Pool,
            Body::Gru { hidden } => BodyWeights::Gru {
                input: reader.dense("user.gru.input", width, 3 * hidden)?,
                state: reader.dense("user.gru.state", hidden, 3 * hidden)?,
            },
            Body::Attention { blocks, hidden, .. } => {
                let places = reader.floats("user.place", &[shape.length, width])?;
                let mut list = Vec::new();
                for n in 0..blocks {
                    list.push(reader.block(n, width, hidden)?);
                }
                BodyWeights::Attention { places, blocks: list, last: reader.norm("user.norm", width)? }
            }
        };
        let bias = match table.find("user.bias") {
            Some(_) => reader.floats("user.bias", &[shape.body_width()])?,
            None => Vec::new(),
        };
        let layers = reader.layers("user", &shape.layers)?;
        Ok(Network { shape: shape.clone(), body, bias, layers })
    }
}

/// A network to be written: the weights by their names in the file, (outputs, inputs) as PyTorch keeps them, and their
/// shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSpec {
    pub shape: NetworkShape,
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl NetworkSpec {
    /// The network as it was written.
    pub fn of(network: &Network) -> NetworkSpec {
        let mut spec = NetworkSpec { shape: network.shape.clone(), tensors: Vec::new() };
        match &network.body {
            BodyWeights::Pool => {}
            BodyWeights::Gru { input, state } => {
                spec.add_dense("user.gru.input", input);
                spec.add_dense("user.gru.state", state);
            }
            BodyWeights::Attention { places, blocks, last } => {
                spec.tensors.push(("user.place".into(), vec![spec.shape.length, spec.shape.width], places.clone()));
                for (n, block) in blocks.iter().enumerate() {
                    let name = |part: &str| format!("user.block.{n}.{part}");
                    spec.add_norm(&name("norm.0"), &block.before_attention);
                    spec.add_dense(&name("attention"), &block.attention);
                    spec.add_dense(&name("output"), &block.output);
                    spec.add_norm(&name("norm.1"), &block.before_layers);
                    spec.add_dense(&name("layer.0"), &block.wide);
                    spec.add_dense(&name("layer.1"), &block.narrow);
                }
                spec.add_norm("user.norm", last);
            }
        }
        if !network.bias.is_empty() {
            spec.tensors.push(("user.bias".into(), vec![network.bias.len()], network.bias.clone()));
        }
        for (n, layer) in network.layers.iter().enumerate() {
            spec.add_dense(&format!("user.layer.{n}"), layer);
        }
        spec
    }

    /// Adds a dense layer by its name.
    pub fn add_dense(&mut self, name: &str, layer: &Dense) {
        add_dense(&mut self.tensors, name, layer);
    }

    /// Adds a layer normalisation by its name.
    pub fn add_norm(&mut self, name: &str, norm: &Norm) {
        for (part, values) in [("weight", &norm.weight), ("bias", &norm.bias)] {
            self.tensors.push((format!("{name}.{part}"), vec![values.len()], values.clone()));
        }
    }

    pub(crate) fn add(&self, file: &mut TensorWriter) -> Result<()> {
        add_tensors(file, &self.tensors)
    }
}

/// Adds a dense layer by its name, (outputs, inputs) as PyTorch keeps it.
pub(super) fn add_dense(tensors: &mut Vec<(String, Vec<usize>, Vec<f32>)>, name: &str, layer: &Dense) {
    let outputs = layer.bias.len();
    let column = |output: usize| layer.weight[output..].iter().step_by(outputs).copied();
    let shape = vec![outputs, layer.weight.len() / outputs];
    tensors.push((format!("{name}.weight"), shape, (0..outputs).flat_map(column).collect()));
    tensors.push((format!("{name}.bias"), vec![outputs], layer.bias.clone()));
}

/// Adds tensors by name, shape and values to a file.
pub(super) fn add_tensors(file: &mut TensorWriter, tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Result<()> {
    for (name, shape, values) in tensors {
        if shape.iter().product::<usize>() != values.len() {
            return Err(Error::tensor(
                name,
                format_args!("expected as many values as its shape, found {}", values.len()),
            ));
        }
        file.add_f32(name, shape, values);
    }
    Ok(())
}
