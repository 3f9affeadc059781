//! User towers that are networks, and what they give in plain f64 loops.

use proclivity::model::{Activation, Body, Dense, LayerShape, ModelSpec, NetworkShape, NetworkSpec, Norm, UserTower};

use super::fixtures::{Random, in_f32, random};

/// Width of the history rows, of a GRU's state and of the wide layers.
const WIDTH: usize = 24;
const HIDDEN: usize = 20;
pub const LENGTH: usize = 7;

/// A model of 40 items, 16 wide, whose user tower is a network around `body`.
pub fn with_network(body: Body, seed: u64) -> ModelSpec {
    let mut draw = Random(seed);
    let mut dense = |inputs: usize, outputs: usize| Dense {
        weight: draw.floats(inputs * outputs, 1.5 / (inputs as f32).sqrt()),
        bias: draw.floats(outputs, 0.3),
    };
    let body_width = if let Body::Gru { hidden } = body { hidden } else { WIDTH };
    let layers = [(body_width, 30, Activation::Relu), (30, 16, Activation::None)];
    let shapes = layers.iter().map(|&(inputs, outputs, activation)| (LayerShape { inputs, outputs }, activation));
    let shape =
        NetworkShape { length: LENGTH, width: WIDTH, body, activation: Activation::Tanh, layers: shapes.collect() };
    let mut spec = NetworkSpec { shape, tensors: Vec::new() };
    for (n, (inputs, outputs, _)) in layers.iter().enumerate() {
        spec.add_dense(&format!("user.layer.{n}"), &dense(*inputs, *outputs));
    }
    match body {
        Body::Pool { .. } => {}
        Body::Gru { hidden } => {
            spec.add_dense("user.gru.input", &dense(WIDTH, 3 * hidden));
            spec.add_dense("user.gru.state", &dense(hidden, 3 * hidden));
        }
        Body::Attention { blocks, hidden, .. } => {
            for n in 0..blocks {
                let name = |part: &str| format!("user.block.{n}.{part}");
                spec.add_dense(&name("attention"), &dense(WIDTH, 3 * WIDTH));
                spec.add_dense(&name("output"), &dense(WIDTH, WIDTH));
                spec.add_dense(&name("layer.0"), &dense(WIDTH, hidden));
                spec.add_dense(&name("layer.1"), &dense(hidden, WIDTH));
            }
        }
    }
    let mut norm = |name: &str| {
        let weight = draw.floats(WIDTH, 0.5).iter().map(|x| 1.0 + x).collect();
        spec.add_norm(name, &Norm { weight, bias: draw.floats(WIDTH, 0.3) });
    };
    if let Body::Attention { blocks, .. } = body {
        (0..blocks).for_each(|n| [0, 1].iter().for_each(|part| norm(&format!("user.block.{n}.norm.{part}"))));
        norm("user.norm");
        spec.tensors.push(("user.place".into(), vec![LENGTH, WIDTH], draw.floats(LENGTH * WIDTH, 0.5)));
    }
    spec.tensors.push(("user.bias".into(), vec![body_width], draw.floats(body_width, 0.3)));
    let rows = draw.floats(40 * WIDTH, 1.0);
    ModelSpec {
        user_tower: UserTower::Network,
        user_rows: Some(rows),
        network: Some(spec),
        ..in_f32(random(40, 16, seed))
    }
}

/// One of each body.
pub fn bodies() -> [Body; 4] {
    [
        Body::Pool { power: 0.5 },
        Body::Gru { hidden: HIDDEN },
        Body::Attention { blocks: 1, heads: 1, hidden: HIDDEN },
        Body::Attention { blocks: 2, heads: 3, hidden: WIDTH },
    ]
}

type Matrix = Vec<Vec<f64>>;

/// The spec's weights by name, as they are written: (outputs, inputs).
struct Named<'a>(&'a NetworkSpec);

impl Named<'_> {
    fn rows(&self, name: &str) -> Matrix {
        let (_, shape, values) = self.0.tensors.iter().find(|tensor| tensor.0 == name).expect(name);
        let width = *shape.last().expect("an axis");
        values.chunks_exact(width).map(|row| row.iter().map(|&x| x.into()).collect()).collect()
    }

    fn dense(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weight, bias) = (self.rows(&format!("{name}.weight")), self.rows(&format!("{name}.bias")));
        let dot = |row: &Vec<f64>| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        weight.iter().zip(&bias[0]).map(|(row, b)| dot(row) + b).collect()
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weight, bias) = (self.rows(&format!("{name}.weight")), self.rows(&format!("{name}.bias")));
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let parts = weight[0].iter().zip(&bias[0]);
        x.iter().zip(parts).map(|(x, (w, b))| (x - mean) / (variance + 1e-5).sqrt() * w + b).collect()
    }
}

/// The user vector by definition: every place and head in full, all in f64.
pub fn by_hand(spec: &ModelSpec, history: &[(u32, f32)]) -> Vec<f64> {
    let network = spec.network.as_ref().expect("a network");
    let named = Named(network);
    let latest = &history[history.len().saturating_sub(LENGTH)..];
    let rows = spec.user_rows.as_ref().expect("rows of its own");
    let row = |item: u32| rows[item as usize * WIDTH..][..WIDTH].iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let x: Matrix = latest.iter().map(|&(item, _)| row(item)).collect();
    let body = match network.shape.body {
        Body::Pool { .. } => {
            let total: f64 = latest.iter().map(|&(_, r)| f64::from(r)).sum();
            let sum = |i: usize| x.iter().zip(latest).map(|(x, (_, r))| x[i] * f64::from(*r)).sum::<f64>();
            (0..WIDTH).map(|i| sum(i) / total.sqrt()).collect()
        }
        Body::Gru { hidden } => gru(&named, hidden, &x),
        Body::Attention { blocks, heads, .. } => attention(&named, blocks, heads, x),
    };
    let bias = named.rows("user.bias");
    let mut y: Vec<f64> = body.iter().zip(&bias[0]).map(|(x, b)| (x + b).tanh()).collect();
    y = named.dense("user.layer.0", &y).into_iter().map(|x| x.max(0.0)).collect();
    named.dense("user.layer.1", &y)
}

fn gru(named: &Named<'_>, hidden: usize, x: &Matrix) -> Vec<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let mut h = vec![0.0; hidden];
    for x in x {
        let (a, b) = (named.dense("user.gru.input", x), named.dense("user.gru.state", &h));
        h = (0..hidden)
            .map(|i| {
                let (reset, update) = (sigmoid(a[i] + b[i]), sigmoid(a[hidden + i] + b[hidden + i]));
                let new = (a[2 * hidden + i] + reset * b[2 * hidden + i]).tanh();
                (1.0 - update) * new + update * h[i]
            })
            .collect();
    }
    h
}

fn attention(named: &Named<'_>, blocks: usize, heads: usize, mut x: Matrix) -> Vec<f64> {
    let places = named.rows("user.place");
    let first = LENGTH - x.len();
    x.iter_mut().zip(&places[first..]).for_each(|(x, p)| x.iter_mut().zip(p).for_each(|(x, p)| *x += p));
    let size = WIDTH / heads;
    for n in 0..blocks {
        let name = |part: &str| format!("user.block.{n}.{part}");
        let parts: Matrix =
            x.iter().map(|x| named.dense(&name("attention"), &named.norm(&name("norm.0"), x))).collect();
        let of = |at: usize, kind: usize, head: usize| &parts[at][kind * WIDTH + head * size..][..size];
        let mixed: Matrix = (0..x.len())
            .map(|at| {
                (0..heads)
                    .flat_map(|head| {
                        let dot = |other: usize| {
                            let products = of(at, 0, head).iter().zip(of(other, 1, head)).map(|(q, k)| q * k);
                            (products.sum::<f64>() / (size as f64).sqrt()).exp()
                        };
                        let shares: Vec<f64> = (0..=at).map(dot).collect();
                        let sum: f64 = shares.iter().sum();
                        let value = |i: usize| (0..=at).map(|o| shares[o] / sum * of(o, 2, head)[i]).sum::<f64>();
                        (0..size).map(value).collect::<Vec<f64>>()
                    })
                    .collect()
            })
            .collect();
        for (x, mixed) in x.iter_mut().zip(&mixed) {
            let added = named.dense(&name("output"), mixed);
            x.iter_mut().zip(added).for_each(|(x, y)| *x += y);
            let wide = named.dense(&name("layer.0"), &named.norm(&name("norm.1"), x));
            let wide: Vec<f64> = wide.into_iter().map(|x| x.max(0.0)).collect();
            let added = named.dense(&name("layer.1"), &wide);
            x.iter_mut().zip(added).for_each(|(x, y)| *x += y);
        }
    }
    named.norm("user.norm", &x[x.len() - 1])
}
