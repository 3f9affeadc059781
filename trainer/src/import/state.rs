//! The tensors of a state by name: each is asked for once, by its shape, and none is left.

use std::collections::BTreeSet;

use proclivity::model::{DIM_MULTIPLE, LayerShape};

use super::arrays::ArrayFile;
use crate::deep::Weights;
use crate::error::Result;

/// A dense layer as PyTorch keeps it: weight (outputs, inputs), bias (outputs).
pub struct Layer {
    pub shape: LayerShape,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Item rows (rows, width), and those of histories where the file has them apart.
pub struct Tables {
    pub items: Vec<f32>,
    pub given: Option<Vec<f32>>,
    pub rows: usize,
    pub width: usize,
}

/// The tensors of a file, and what it does not say of itself.
pub struct State<'f, T> {
    pub file: &'f mut ArrayFile,
    pub options: T,
    /// The row of the tables that is no item.
    padding: Option<usize>,
    /// Names that nothing has asked for.
    left: BTreeSet<String>,
}

impl<'f, T> State<'f, T> {
    /// Of a file with named tensors.
    ///
    /// # Errors
    /// [`crate::error::CliError::Array`] for one array without a name.
    pub fn new(file: &'f mut ArrayFile, padding: Option<usize>, options: T) -> Result<State<'f, T>> {
        let left: BTreeSet<String> = file.names().into_iter().collect();
        match left.is_empty() {
            true => Err(file.refused("the file", "named tensors, as safetensors and .npz have them", "one array")),
            false => Ok(State { file, options, padding, left }),
        }
    }

    /// Passes over a tensor, if it is there.
    pub fn pass_over(&mut self, name: &str) {
        self.left.remove(name);
    }

    /// Two axes.
    pub fn matrix(&mut self, name: &str) -> Result<(Vec<f32>, usize, usize)> {
        self.left.remove(name);
        self.file.read(name)?.table(self.file, name)
    }

    /// A tensor of this shape; axes of one number are passed over.
    pub fn shaped(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.left.remove(name);
        let array = self.file.read(name)?;
        let wide = |shape: &[usize]| shape.iter().copied().filter(|&axis| axis != 1).collect::<Vec<_>>();
        match wide(&array.shape) == wide(shape) {
            true => array.floats(self.file, name),
            false => Err(self.file.refused(name, format!("shape {shape:?}"), format!("{:?}", array.shape))),
        }
    }

    /// A table with a row an item, that of the padding left out: the values, the rows in the file, the width.
    pub fn table(&mut self, name: &str) -> Result<(Vec<f32>, usize, usize)> {
        let (mut values, rows, width) = self.matrix(name)?;
        if let Some(padding) = self.padding {
            if padding >= rows || rows == 1 {
                let expected = format!("a row {padding} of padding, and others");
                return Err(self.file.refused(name, expected, format!("{rows} rows")));
            }
            values.drain(padding * width..(padding + 1) * width);
        }
        Ok((values, rows, width))
    }

    /// A table with as many rows as `rows` and of this width, that of the padding left out.
    pub fn like(&mut self, name: &str, rows: usize, width: usize) -> Result<Vec<f32>> {
        let (values, found, columns) = self.table(name)?;
        match (found, columns) == (rows, width) {
            true => Ok(values),
            false => {
                Err(self.file.refused(name, format!("shape {:?}", [rows, width]), format!("{:?}", [found, columns])))
            }
        }
    }

    /// The layers `PREFIX.0`, `PREFIX.2`, ... in this order, however they are numbered.
    pub fn layers(&mut self, prefix: &str) -> Result<Vec<Layer>> {
        let number = |name: &String| {
            let rest = name.strip_prefix(prefix)?.strip_prefix('.')?.strip_suffix(".weight")?;
            rest.parse::<usize>().ok()
        };
        let mut numbers: Vec<usize> = self.left.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|n| self.layer(&format!("{prefix}.{n}"))).collect()
    }

    pub fn layer(&mut self, name: &str) -> Result<Layer> {
        let (weight, outputs, inputs) = self.matrix(&format!("{name}.weight"))?;
        let bias = self.shaped(&format!("{name}.bias"), &[outputs])?;
        Ok(Layer { shape: LayerShape { inputs, outputs }, weight, bias })
    }

    /// Refuses layers that do not lead from `first` inputs to `last` outputs, each from what the one before gives.
    pub fn chained(&self, name: &str, layers: &[Layer], first: usize, last: Option<usize>) -> Result<()> {
        let mut width = first;
        for layer in layers {
            if layer.shape.inputs != width {
                let found = format!("one of {} inputs", layer.shape.inputs);
                return Err(self.file.refused(name, format!("a layer of {width} inputs"), found));
            }
            width = layer.shape.outputs;
        }
        match last.is_none_or(|last| last == width) {
            true => Ok(()),
            false => {
                let expected = format!("layers that end in {} numbers", last.unwrap_or(0));
                Err(self.file.refused(name, expected, width.to_string()))
            }
        }
    }

    /// A layer normalisation, under the name that a model file has for it.
    pub fn norm(&mut self, weights: &mut Weights, own: &str, name: &str, width: usize) -> Result<()> {
        for part in ["weight", "bias"] {
            let values = self.shaped(&format!("{name}.{part}"), &[width])?;
            weights.add(&format!("{own}.{part}"), vec![width], values);
        }
        Ok(())
    }

    pub fn items(&mut self) -> Result<Tables> {
        let (items, rows, width) = self.table("items.weight")?;
        let given = match self.file.has("history.weight") {
            true => Some(self.like("history.weight", rows, width)?),
            false => None,
        };
        Ok(Tables { items, given, rows, width })
    }

    /// Refuses a state with tensors that nothing asked for, and vectors that a network cannot end in.
    pub fn finish(self, of: &str, dim: Option<usize>) -> Result<()> {
        if let Some(name) = self.left.first() {
            let expected = format!("the tensors of {of} alone, by the names in docs/PYTORCH.md");
            return Err(self.file.refused(name, expected, "one more"));
        }
        match dim.filter(|dim| !dim.is_multiple_of(DIM_MULTIPLE)) {
            None => Ok(()),
            Some(dim) => {
                let expected = format!("vectors whose width is a multiple of {DIM_MULTIPLE}");
                Err(self.file.refused("item vectors", expected, dim.to_string()))
            }
        }
    }
}
