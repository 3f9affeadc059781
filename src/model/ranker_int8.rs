//! The ranker in int8 arithmetic, one item at a time: what every kernel must give to the last bit.

use super::ranker::{Ranker, RankerLayer, Weights};
use super::read::Model;
use super::table::ItemTable;

impl Ranker {
    /// The MLP in int8 arithmetic: integers between the hidden layers, each f32 operation rounded once, so that it has one right
    /// value to the last bit. The halves of the first layer are rounded to 1/32 of a step, added and shifted; later sums are
    /// scaled, given their bias and rounded; the last hidden layer and the last layer are f32, summed in order.
    pub(crate) fn int8_score(&self, model: &Model, first: &[f32], item: u32) -> f32 {
        let ItemTable::Int8 { values, scale } = model.table() else { unreachable!("checked when the model was read") };
        let dim = model.dim();
        let user = self.round_first(first);
        let row: Vec<i32> = values[item as usize * dim..][..dim].iter().map(|&x| x.into()).collect();
        let factors = self.factors(0);
        let activation = |(o, sum): (usize, i32)| {
            let half =
                ((sum as f32 * scale[item as usize]) * factors[o]).max(-32_767.0).min(32_767.0).round_ties_even();
            ((half as i32 + i32::from(user[o])) >> 5).clamp(0, Ranker::LARGEST.into())
        };
        let mut x: Vec<i32> = int_sums(&self.layers[0], &row).into_iter().enumerate().map(activation).collect();
        let hidden = self.layers.len() - 1;
        let mut y = Vec::new();
        for n in 1..hidden {
            let (factors, biases) = (self.factors(n), self.biases(n));
            let sums = int_sums(&self.layers[n], &x).into_iter().enumerate();
            y = sums.map(|(o, sum)| (sum as f32 * factors[o] + biases[o]).max(0.0)).collect();
            x = y.iter().map(|y: &f32| y.round_ties_even().min(Ranker::LARGEST.into()) as i32).collect();
        }
        let last = &self.layers[hidden];
        y.iter().zip(last.weight.to_f32()).fold(last.bias[0], |sum, (y, w)| sum + y * w)
    }
}

/// `sum_i x[i] W[i][o]` for each output o.
fn int_sums(layer: &RankerLayer, x: &[i32]) -> Vec<i32> {
    let Weights::Int8 { values, .. } = &layer.weight else { unreachable!("hidden layers of int8 arithmetic are int8") };
    let outputs = layer.shape.outputs;
    (0..outputs).map(|o| x.iter().enumerate().map(|(i, x)| x * i32::from(values[i * outputs + o])).sum()).collect()
}
