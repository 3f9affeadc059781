//! How a factorisation machine, with layers or without, lies in a model file.
//!
//! The first layer is a sum over fields, so that each field's part is a number of its own: on the device an item is `[i | a | 0]` with its
//! half a of the first layer, a feature of the user `[u | 0 | b]`, their dot is that of the first parts, and the device's first layer adds
//! a and b.

use proclivity::model::{ContextShape, ContextSpec, DenseLayer, FieldShape, Precision, RankerSpec, UserTower};

use super::request::starts;
use super::weights::Weights;
use crate::families::Vectors;

/// The widths of a machine and its layers by their names.
pub struct FmLayout<'a> {
    /// Width k of a feature's vector.
    pub width: usize,
    /// Widths of the hidden layers; none of a machine without.
    pub hidden: &'a [usize],
    /// Fields of a request.
    pub request: &'a [FieldShape],
    /// Attributes of items, each a field.
    pub attributes: usize,
    pub weights: &'a Weights,
}

/// The rows of a machine.
pub struct FmRows<'a> {
    /// What each item is made of: a linear term, and the vector (k) of the item itself and of each of its attributes.
    pub items: &'a mut dyn Iterator<Item = (f32, Vec<Vec<f32>>)>,
    /// Of a history, (n, k).
    pub given: &'a [f32],
    /// Of the features of a request, (features, k).
    pub requests: &'a [f32],
}

/// The first layer's parts: of the history, of each of so many fields of a request, of the item itself, of each of its attributes.
pub fn field_names(request: usize, attributes: usize) -> Vec<String> {
    let moments = (0..request).map(|n| format!("pair.request.{n}.weight"));
    let attributes = (0..attributes).map(|n| format!("pair.attribute.{n}.weight"));
    ["pair.history.weight".to_owned()]
        .into_iter()
        .chain(moments)
        .chain(["pair.item.weight".to_owned()])
        .chain(attributes)
        .collect()
}

impl FmLayout<'_> {
    /// What a model file holds of the machine.
    pub fn vectors(&self, FmRows { items, given, requests }: FmRows<'_>) -> Vectors {
        let names = field_names(self.request.len(), self.attributes);
        let (of_users, of_items) = names.split_at(1 + self.request.len());
        let (mut rows, mut bias) = (Vec::new(), Vec::new());
        for (linear, parts) in items {
            let (row, own) = self.item(linear, &parts, of_items);
            rows.extend(row);
            bias.push(own);
        }
        let starts = starts(self.request);
        let of_field = |feature: usize| &of_users[starts.partition_point(|&start| start as usize <= feature)];
        let rows_told = requests.chunks_exact(self.width).enumerate();
        let told = rows_told.flat_map(|(feature, row)| self.user(of_field(feature), row)).collect();
        let shape = ContextShape { fields: self.request.to_vec(), always: true };
        let context = (!self.request.is_empty()).then_some(ContextSpec { shape, rows: told });
        Vectors {
            dim: rows.len() / bias.len().max(1),
            rows,
            bias: Some(bias),
            tower: UserTower::Pool { power: 0.5 },
            user_rows: Some(given.chunks_exact(self.width).flat_map(|row| self.user(&of_users[0], row)).collect()),
            network: None,
            ranker: self.ranker(),
            context,
        }
    }

    /// `W x` of a field's part of the first layer, nothing without layers.
    fn half(&self, name: &str, x: &[f32]) -> Vec<f32> {
        let Some(&first) = self.hidden.first() else { return Vec::new() };
        let weight = self.weights.values(name);
        (0..first).map(|n| weight[n * self.width..][..self.width].iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }

    /// An item's vector on the device, and its bias: the linear term and the products among its own features.
    fn item(&self, linear: f32, parts: &[Vec<f32>], names: &[String]) -> (Vec<f32>, f32) {
        let mut sum = vec![0.0f32; self.width];
        let mut half = match self.hidden {
            [] => Vec::new(),
            _ => self.weights.values("pair.layer.0.bias").to_vec(),
        };
        let mut squares = 0.0f32;
        for (part, name) in parts.iter().zip(names) {
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            squares += part.iter().map(|x| x * x).sum::<f32>();
            half.iter_mut().zip(self.half(name, part)).for_each(|(sum, x)| *sum += x);
        }
        let all: f32 = sum.iter().map(|x| x * x).sum();
        let gap = vec![0.0; half.len()];
        ([&sum[..], &half, &gap].concat(), linear + 0.5 * (all - squares))
    }

    /// What a feature of the user adds on the device.
    fn user(&self, name: &str, vector: &[f32]) -> Vec<f32> {
        let half = self.half(name, vector);
        [vector, &vec![0.0; half.len()], &half].concat()
    }

    /// The layers on the device: the first adds the halves.
    fn ranker(&self) -> Option<RankerSpec> {
        let first = *self.hidden.first()?;
        let (k, dim) = (self.width, self.width + 2 * first);
        let mut weight = vec![0.0; first * 2 * dim];
        for (n, row) in weight.chunks_exact_mut(2 * dim).enumerate() {
            row[k + first + n] = 1.0;
            row[dim + k + n] = 1.0;
        }
        let halves = DenseLayer { weight, bias: vec![0.0; first], inputs: 2 * dim, outputs: first };
        let widths: Vec<usize> = self.hidden.iter().copied().chain([1]).collect();
        let rest = widths.windows(2).enumerate().map(|(n, pair)| {
            let of = |part: &str| self.weights.values(&format!("pair.layer.{}.{part}", n + 1)).to_vec();
            DenseLayer { weight: of("weight"), bias: of("bias"), inputs: pair[0], outputs: pair[1] }
        });
        let layers = [halves].into_iter().chain(rest).collect();
        Some(RankerSpec { layers, skip: 1.0, candidates: None, precision: Precision::F32 })
    }
}
