//! The user tower in training: the same operations as on the device (`proclivity::profile`), for whole batches and with dropout.

use std::cell::RefCell;

use burn::tensor::activation::{relu, sigmoid, softmax, tanh};
use burn::tensor::{Bool, Device, Tensor, TensorData};
use proclivity::model::{Activation, Body, NetworkShape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::weights::Leaves;

/// What is added to a variance before its root is divided by, as PyTorch has it and the device.
const LEAST: f32 = 1e-5;

/// Leaves out a share of the numbers it is shown, and makes up for it with the others.
pub struct Dropout<'a> {
    pub share: f32,
    pub rng: RefCell<&'a mut ChaCha8Rng>,
}

impl Dropout<'_> {
    pub fn of<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if self.share <= 0.0 {
            return x;
        }
        let (shape, device) = (x.shape(), x.device());
        x * Tensor::from_data(TensorData::new(self.factors(shape.num_elements()), shape), &device)
    }

    /// Numbers of a standard normal distribution.
    pub fn normal(&self, count: usize) -> Vec<f32> {
        let mut rng = self.rng.borrow_mut();
        (0..count).map(|_| StandardNormal.sample(&mut **rng)).collect()
    }

    /// 0 for what is left out, 1 / (1 - share) for what stays.
    pub fn factors(&self, count: usize) -> Vec<f32> {
        let mut rng = self.rng.borrow_mut();
        let kept = 1.0 / (1.0 - self.share);
        (0..count).map(|_| if rng.random::<f32>() < self.share { 0.0 } else { kept }).collect()
    }
}

/// Weights, and what happens to numbers between them.
pub struct Tower<'a> {
    pub shape: &'a NetworkShape,
    pub leaves: &'a Leaves,
    pub dropout: &'a Dropout<'a>,
}

impl Tower<'_> {
    /// Sums of history rows (B, T, w) by their `strengths` (B, T, 1), over a power of the sums of these: (B, w).
    pub fn pool(&self, rows: Tensor<3>, strengths: Tensor<3>) -> Tensor<2> {
        let Body::Pool { power } = self.shape.body else { unreachable!("another body") };
        let [batch, _, width] = rows.dims();
        let total = strengths.clone().sum_dim(1).reshape([batch, 1]).clamp_min(f32::MIN_POSITIVE);
        let sums = (rows * strengths).sum_dim(1).reshape([batch, width]);
        match power {
            0.0 => sums,
            0.5 => sums / total.sqrt(),
            _ => sums / total,
        }
    }

    /// What stands at each place of the histories after all before it: (B, T, w) to (B, T, body width). `valid` (B, T) is 1 where
    /// there is an item; what stands elsewhere has no meaning.
    pub fn places(&self, rows: Tensor<3>, valid: &[f32]) -> Tensor<3> {
        match self.shape.body {
            Body::Gru { hidden } => self.gru(self.dropout.of(rows), valid, hidden),
            Body::Attention { blocks, heads, .. } => self.attention(rows, valid, blocks, heads),
            Body::Pool { .. } => unreachable!("a body without places"),
        }
    }

    /// A gated recurrent unit, as PyTorch has it.
    fn gru(&self, rows: Tensor<3>, valid: &[f32], hidden: usize) -> Tensor<3> {
        let ([batch, steps, width], device) = (rows.dims(), rows.device());
        let of_rows = self.leaves.dense("user.gru.input", rows.reshape([batch * steps, width]));
        let of_rows = of_rows.reshape([batch, steps, 3 * hidden]);
        let mut state = Tensor::<2>::zeros([batch, hidden], &device);
        let mut states = Vec::with_capacity(steps);
        for step in 0..steps {
            let of_row = of_rows.clone().narrow(1, step, 1).reshape([batch, 3 * hidden]);
            let of_state = self.leaves.dense("user.gru.state", state.clone());
            let gate = |n: usize, of: &Tensor<2>| of.clone().narrow(1, n * hidden, hidden);
            let reset = sigmoid(gate(0, &of_row) + gate(0, &of_state));
            let update = sigmoid(gate(1, &of_row) + gate(1, &of_state));
            let new = tanh(gate(2, &of_row) + reset * gate(2, &of_state));
            let next = new.clone() + update * (state - new);
            // Before its first item a history has no state.
            let there: Vec<f32> = (0..batch).map(|row| valid[row * steps + step]).collect();
            state = next * Tensor::from_data(TensorData::new(there, [batch, 1]), &device);
            states.push(state.clone());
        }
        Tensor::stack(states, 1)
    }

    /// Self-attention, normalised before each part; places are counted from the end.
    fn attention(&self, rows: Tensor<3>, valid: &[f32], blocks: usize, heads: usize) -> Tensor<3> {
        let ([batch, steps, width], device) = (rows.dims(), rows.device());
        let places = self.leaves.get("user.place").narrow(0, self.shape.length - steps, steps);
        let mut x = self.dropout.of(rows + places.reshape([1, steps, width]));
        let unseen = unseen(valid, [batch, steps], &device);
        for n in 0..blocks {
            let name = |part: &str| format!("user.block.{n}.{part}");
            let normal = self.normalise(&name("norm.0"), x.clone());
            let mixed = self.attend(&name("attention"), normal, &unseen, heads);
            x = x + self.dense(&name("output"), mixed);
            let normal = self.normalise(&name("norm.1"), x.clone());
            let wide = self.dropout.of(relu(self.dense(&name("layer.0"), normal)));
            x = x + self.dropout.of(self.dense(&name("layer.1"), wide));
        }
        self.normalise("user.norm", x)
    }

    fn attend(&self, name: &str, x: Tensor<3>, unseen: &Tensor<4, Bool>, heads: usize) -> Tensor<3> {
        let [batch, steps, width] = x.dims();
        let size = width / heads;
        let parts = self.dense(name, x);
        // Query, key and value: (B, heads, T, size).
        let part =
            |n: usize| parts.clone().narrow(2, n * width, width).reshape([batch, steps, heads, size]).swap_dims(1, 2);
        let scores = part(0).matmul(part(1).transpose()) / (size as f32).sqrt();
        let shares = softmax(scores.mask_fill(unseen.clone().expand([batch, heads, steps, steps]), -1e9), 3);
        self.dropout.of(shares).matmul(part(2)).swap_dims(1, 2).reshape([batch, steps, width])
    }

    /// Layer normalisation over the last axis.
    fn normalise(&self, name: &str, x: Tensor<3>) -> Tensor<3> {
        let apart = x.clone() - x.mean_dim(2);
        let variance = (apart.clone() * apart.clone()).mean_dim(2);
        let of = |part: &str| self.leaves.get(&format!("{name}.{part}")).unsqueeze::<3>();
        apart / (variance + LEAST).sqrt() * of("weight") + of("bias")
    }

    fn dense(&self, name: &str, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, width] = x.dims();
        let out = self.leaves.dense(name, x.reshape([batch * steps, width]));
        let outputs = out.dims()[1];
        out.reshape([batch, steps, outputs])
    }

    /// Bias and activation of what the body made: (B, body width).
    pub fn body_end(&self, x: Tensor<2>) -> Tensor<2> {
        let x = match self.leaves.find("user.bias") {
            Some(bias) => x + bias,
            None => x,
        };
        activate(self.shape.activation, x)
    }

    /// The dense layers from number `from` on.
    pub fn layers(&self, mut x: Tensor<2>, from: usize) -> Tensor<2> {
        for (n, (_, activation)) in self.shape.layers.iter().enumerate().skip(from) {
            x = activate(*activation, self.leaves.dense(&format!("user.layer.{n}"), x));
        }
        x
    }
}

fn activate(activation: Activation, x: Tensor<2>) -> Tensor<2> {
    match activation {
        Activation::None => x,
        Activation::Relu => relu(x),
        Activation::Tanh => tanh(x),
    }
}

/// Where a place (third axis) does not look (fourth axis): at later ones, and where there is no item. (B, 1, T, T)
fn unseen(valid: &[f32], [batch, steps]: [usize; 2], device: &Device) -> Tensor<4, Bool> {
    let sees = |row: usize, at: usize, other: usize| other <= at && valid[row * steps + other] > 0.0;
    let mut unseen = Vec::with_capacity(batch * steps * steps);
    for row in 0..batch {
        for at in 0..steps {
            unseen.extend((0..steps).map(|other| !sees(row, at, other)));
        }
    }
    Tensor::from_data(TensorData::new(unseen, [batch, 1, steps, steps]), device)
}
