//! The numbers of a network and how they descend: Adam (Kingma and Ba 2015), with weight decay apart from it (Loshchilov and
//! Hutter 2019). A catalogue is long and a batch sees little of it: of a table a row that is not looked at takes its steps when it is
//! looked at again, all at once, which burn's optimizers have no way to say. Without these steps, as in PyTorch's SparseAdam, rows
//! learn slower the rarer they are: a row in one of twenty-five batches twenty-five times, where the square of the slopes, which falls
//! meanwhile, makes that five.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::families::State;

/// Decay of the mean of slopes, usual decay of the mean of their squares, and what keeps a quotient finite.
const BETA1: f32 = 0.9;
pub const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// A step's size, how many came before it, what it takes away from each weight, and the decay of the mean of squares.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub rate: f32,
    /// Counted from 1.
    pub number: i32,
    pub decay: f32,
    pub beta2: f32,
}

impl Step {
    /// What makes up for means that began at 0: of slopes and of their squares.
    fn unbiased(self) -> (f32, f32) {
        (1.0 / (1.0 - BETA1.powi(self.number)), 1.0 / (1.0 - self.beta2.powi(self.number)))
    }
}

/// Numbers with the moments of their slopes.
#[derive(Debug, Clone, Default)]
pub struct Moving {
    pub values: Vec<f32>,
    pub mean: Vec<f32>,
    pub square: Vec<f32>,
}

impl Moving {
    fn new(values: Vec<f32>) -> Moving {
        let zeros = vec![0.0; values.len()];
        Moving { values, mean: zeros.clone(), square: zeros }
    }

    /// Moves the numbers from `start` on by the slope by them.
    fn descend(&mut self, start: usize, slope: &[f32], step: Step) {
        let Step { rate, decay, beta2, .. } = step;
        let unbiased = step.unbiased();
        let moments = self.mean[start..].iter_mut().zip(&mut self.square[start..]);
        for ((weight, slope), (mean, square)) in self.values[start..].iter_mut().zip(slope).zip(moments) {
            *mean += (1.0 - BETA1) * (slope - *mean);
            *square += (1.0 - beta2) * (slope * slope - *square);
            *weight -= rate * (unbiased.0 * *mean / ((unbiased.1 * *square).sqrt() + EPSILON) + decay * *weight);
        }
    }
}

/// A weight by its name in the model file, as PyTorch shapes it: (outputs, inputs), or one axis.
#[derive(Debug, Clone)]
pub struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    pub numbers: Moving,
}

/// All weights but tables.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    pub list: Vec<Weight>,
}

impl Weights {
    pub fn add(&mut self, name: &str, shape: Vec<usize>, values: Vec<f32>) {
        self.list.push(Weight { name: name.to_owned(), shape, numbers: Moving::new(values) });
    }

    /// Adds a dense layer: weights of Glorot and Bengio 2010, even, and no bias.
    pub fn add_dense(&mut self, name: &str, inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) {
        let bound = (6.0 / (inputs + outputs) as f32).sqrt();
        let weight = (0..inputs * outputs).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect();
        self.add(&format!("{name}.weight"), vec![outputs, inputs], weight);
        self.add(&format!("{name}.bias"), vec![outputs], vec![0.0; outputs]);
    }

    /// Adds a layer normalisation that changes nothing but mean and variance.
    pub fn add_norm(&mut self, name: &str, width: usize) {
        self.add(&format!("{name}.weight"), vec![width], vec![1.0; width]);
        self.add(&format!("{name}.bias"), vec![width], vec![0.0; width]);
    }

    /// The numbers of this weight.
    ///
    /// # Panics
    /// If the architecture has none.
    pub fn values(&self, name: &str) -> &[f32] {
        let found = self.list.iter().find(|weight| weight.name == name);
        &found.unwrap_or_else(|| panic!("a network without {name}")).numbers.values
    }

    /// The weights as tensors whose slopes are asked for.
    pub fn leaves(&self, device: &Device) -> Leaves {
        let leaf = |weight: &Weight| {
            let (rows, columns) = match weight.shape[..] {
                [rows, columns] => (rows, columns),
                _ => (1, weight.numbers.values.len()),
            };
            (weight.name.clone(), leaf(weight.numbers.values.clone(), [rows, columns], device))
        };
        Leaves { list: self.list.iter().map(leaf).collect() }
    }

    /// Moves every weight by the slope of its leaf.
    pub fn descend(&mut self, leaves: &Leaves, slopes: &mut Gradients, step: Step) {
        for (weight, (_, leaf)) in self.list.iter_mut().zip(&leaves.list) {
            if let Some(slope) = leaf.grad_remove(slopes) {
                // Neither a bias nor a norm decays.
                let decay = if weight.shape.len() > 1 { step.decay } else { 0.0 };
                weight.numbers.descend(0, &numbers(slope), Step { decay, ..step });
            }
        }
    }
}

/// Weights as tensors: (outputs, inputs), or (1, outputs).
pub struct Leaves {
    list: Vec<(String, Tensor<2>)>,
}

impl Leaves {
    /// The weight of this name.
    ///
    /// # Panics
    /// If the architecture has none.
    pub fn get(&self, name: &str) -> Tensor<2> {
        self.find(name).unwrap_or_else(|| panic!("a network without {name}"))
    }

    pub fn find(&self, name: &str) -> Option<Tensor<2>> {
        self.list.iter().find(|(own, _)| own == name).map(|(_, tensor)| tensor.clone())
    }

    /// `x W^T + b`: (count, inputs) to (count, outputs).
    pub fn dense(&self, name: &str, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.get(&format!("{name}.weight")).transpose()) + self.get(&format!("{name}.bias"))
    }
}

/// One row of numbers an item.
#[derive(Debug, Clone)]
pub struct Table {
    pub width: usize,
    pub numbers: Moving,
    /// Steps that each row has taken.
    taken: Vec<i32>,
}

impl Table {
    pub fn new(width: usize, values: Vec<f32>) -> Table {
        Table { width, taken: vec![0; values.len() / width], numbers: Moving::new(values) }
    }

    /// Lets the rows of `items` take the steps before `step` that they have not taken, in which nothing was asked of them: the mean of
    /// the slopes falls by its decay each time, the root of their square by that of its own, so that the way gone is the sum of a
    /// geometric series.
    pub fn catch_up(&mut self, items: impl Iterator<Item = u32>, step: Step) {
        let ratio = BETA1 / step.beta2.sqrt();
        let unbiased = step.unbiased();
        for item in items {
            let missed = step.number - 1 - self.taken[item as usize];
            self.taken[item as usize] = step.number - 1;
            if missed <= 0 {
                continue;
            }
            let way = step.rate * ratio * (1.0 - ratio.powi(missed)) / (1.0 - ratio);
            let kept = (1.0 - step.rate * step.decay).powi(missed);
            let fallen = (BETA1.powi(missed), step.beta2.powi(missed));
            let row = item as usize * self.width..(item as usize + 1) * self.width;
            let Moving { values, mean, square } = &mut self.numbers;
            let moments = mean[row.clone()].iter_mut().zip(&mut square[row.clone()]);
            for (weight, (mean, square)) in values[row].iter_mut().zip(moments) {
                *weight = *weight * kept - way * unbiased.0 * *mean / ((unbiased.1 * *square).sqrt() + EPSILON);
                *mean *= fallen.0;
                *square *= fallen.1;
            }
        }
    }

    /// As [`Table::catch_up`], of all rows.
    pub fn catch_up_all(&mut self, step: Step) {
        self.catch_up(0..self.taken.len() as u32, step);
    }

    /// Of a table whose rows have all taken this many steps: what a checkpoint holds.
    pub fn begin_at(&mut self, steps: i32) {
        self.taken.fill(steps);
    }

    /// The rows of `items` as a tensor whose slope is asked for, (items, width).
    pub fn leaf(&self, items: &[u32], device: &Device) -> Tensor<2> {
        let row = |&item: &u32| self.numbers.values[item as usize * self.width..][..self.width].iter().copied();
        leaf(items.iter().flat_map(row).collect(), [items.len(), self.width], device)
    }

    /// Moves the rows of `items` by the slope of their leaf.
    pub fn descend(&mut self, items: &[u32], leaf: &Tensor<2>, slopes: &mut Gradients, step: Step) {
        let Some(slope) = leaf.grad_remove(slopes) else { return };
        for (&item, slope) in items.iter().zip(numbers(slope).chunks_exact(self.width)) {
            self.numbers.descend(item as usize * self.width, slope, step);
            self.taken[item as usize] = step.number;
        }
    }
}

/// Everything that a learner of these changes, for a checkpoint.
pub fn state<'a>(
    steps: &'a mut Vec<f32>,
    weights: &'a mut Weights,
    tables: impl Iterator<Item = (&'static str, &'a mut Table)>,
) -> State<'a> {
    let weights = weights.list.iter_mut().map(|weight| (weight.name.clone(), &mut weight.numbers));
    let tables = tables.map(|(name, table)| (name.to_owned(), &mut table.numbers));
    let mut all: State<'a> = vec![("steps".into(), steps)];
    for (name, Moving { values, mean, square }) in weights.chain(tables) {
        let of = |part: &str| format!("{name}.{part}").into();
        all.extend([(of("mean"), mean), (of("square"), square), (name.into(), values)]);
    }
    all
}

fn leaf(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

/// A tensor's numbers, row-major.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::families::epoch_rng;

    /// A table of which a batch sees a few rows, against one that is moved whole each time.
    #[test]
    fn rows_that_are_caught_up_are_where_they_would_have_been() {
        let (rows, width, mut rng) = (20usize, 3usize, epoch_rng(4, 1));
        let values: Vec<f32> = (0..rows * width).map(|_| rng.random()).collect();
        let (mut lazy, mut whole) = (Table::new(width, values.clone()), Moving::new(values));
        let mut largest = 0.0f32;
        for number in 1..=3000 {
            let step = Step { rate: 0.002, number, decay: 0.01, beta2: BETA2 };
            let item = rng.random_range(0..rows as u32);
            let slope: Vec<f32> = (0..width).map(|_| rng.random::<f32>() - 0.3).collect();
            lazy.catch_up([item].into_iter(), step);
            lazy.numbers.descend(item as usize * width, &slope, step);
            lazy.taken[item as usize] = number;
            let mut all = vec![0.0; rows * width];
            all[item as usize * width..][..width].copy_from_slice(&slope);
            whole.descend(0, &all, step);
            largest = whole.values.iter().fold(largest, |a, b| a.max(b.abs()));
        }
        lazy.catch_up_all(Step { rate: 0.002, number: 3001, decay: 0.01, beta2: BETA2 });
        let apart = lazy.numbers.values.iter().zip(&whole.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 0.02 * largest, "{apart} of {largest}");
    }
}
