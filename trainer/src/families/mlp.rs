//! The ranker's network: `MLP(concat(u, i)) + skip * dot(u, i)`, a logit.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use proclivity::model::DenseLayer;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Dense layers with ReLU between them, and the weight of the retrieval score.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    /// Logarithm of the skip weight, so that it stays positive, (1).
    log_skip: Param<Tensor<1>>,
}

impl Mlp {
    /// Layers of `widths` (inputs first, 1 last). The last one's weights are zero: training starts at
    /// `skip * dot + bias`, the ranking of the dot alone.
    pub fn new(widths: &[usize], skip: f32, bias: f32, rng: &mut ChaCha8Rng, device: &Device) -> Mlp {
        let last = widths.len() - 2;
        let layer = |(n, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = if n == last { 0.0 } else { (6.0 / inputs as f32).sqrt() }; // He et al. 2015, uniform
            let weight: Vec<f32> = (0..inputs * outputs).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect();
            Linear {
                weight: Param::from_data(TensorData::new(weight, [inputs, outputs]), device),
                bias: Some(Param::from_data(
                    TensorData::new(vec![if n == last { bias } else { 0.0 }; outputs], [outputs]),
                    device,
                )),
            }
        };
        let layers = widths.windows(2).enumerate().map(layer).collect();
        Mlp { layers, log_skip: Param::from_data(TensorData::new(vec![skip.ln()], [1]), device) }
    }

    /// Logits (batch, 1) of `input` (batch, 2 d) and `dot` (batch, 1).
    pub fn forward(&self, input: Tensor<2>, dot: Tensor<2>) -> Tensor<2> {
        let mut hidden = input;
        for (n, layer) in self.layers.iter().enumerate() {
            hidden = layer.forward(if n == 0 { hidden } else { relu(hidden) });
        }
        hidden + dot * self.log_skip.val().exp().unsqueeze()
    }

    /// The skip weight.
    pub fn skip(&self) -> f32 {
        values(self.log_skip.val().exp())[0]
    }

    /// The layers as the model file wants them, (outputs, inputs). The first layer's inputs are multiplied by
    /// `input_scale` (2 d): what training did to its inputs, the file does to the weights.
    pub fn dense_layers(&self, input_scale: &[f32]) -> Vec<DenseLayer> {
        let dense = |(n, layer): (usize, &Linear)| {
            let [inputs, outputs] = layer.weight.val().dims();
            let mut weight = values(layer.weight.val().transpose());
            if n == 0 {
                weight
                    .chunks_exact_mut(inputs)
                    .for_each(|row| row.iter_mut().zip(input_scale).for_each(|(w, s)| *w *= s));
            }
            let bias = layer.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| values(bias.val()));
            DenseLayer { weight, bias, inputs, outputs }
        };
        self.layers.iter().enumerate().map(dense).collect()
    }
}

/// A tensor's numbers, row-major.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
