//! A content tower: what turns the attributes of an item into its vector, so that one that nobody has taken yet has a vector too
//! (van den Oord et al. 2013, "Deep Content-Based Music Recommendation": attributes learn the vectors that a log gave).
//!
//! The features of its attributes ([`super::fields`]) are rows of `content.rows`; their weighted sum goes through dense layers,
//! `content.layer.N`, stored as those of a user tower.

use serde_json::{Value, json};

use super::fields::{self, Attribute, FieldShape};
use super::limits::{MAX_LAYERS, MAX_WIDTH};
use super::manifest::LayerShape;
use super::network::{Activation, Dense, Reader, add_dense, check_layers, layers_from_json};
use super::table::TableSlot;
use super::tensors::TensorTable;
use crate::error::{Error, Result};
use crate::json::Field;

/// The tower's rows, one a feature.
pub(crate) const FEATURES: &str = "content.rows";

/// The content tower's part of the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentShape {
    pub fields: Vec<FieldShape>,
    /// Width of a feature's row.
    pub width: usize,
    /// First to last, the last one as wide as the items.
    pub layers: Vec<(LayerShape, Activation)>,
}

/// A content tower to be written: rows (features, width), and its layers.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentSpec {
    pub shape: ContentShape,
    pub rows: Vec<f32>,
    pub layers: Vec<Dense>,
}

/// The tower, ready to run.
#[derive(Debug)]
pub struct Content {
    pub shape: ContentShape,
    pub(crate) rows: TableSlot,
    pub layers: Vec<Dense>,
}

impl ContentShape {
    pub(crate) fn from_json(field: &Field) -> Result<ContentShape> {
        let fields = fields::list_from_json(&field.required("fields")?)?;
        Ok(ContentShape { fields, width: field.required("width")?.whole()?, layers: layers_from_json(field)? })
    }

    pub(crate) fn to_json(&self) -> Value {
        let layer = |(shape, activation): &(LayerShape, Activation)| json!({ "inputs": shape.inputs, "outputs": shape.outputs, "activation": activation.name() });
        json!({
            "fields": self.fields.iter().map(FieldShape::to_json).collect::<Vec<_>>(),
            "width": self.width,
            "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
        })
    }

    /// The features of an item whose attributes these are, by column.
    pub fn features<'a>(&self, attribute: impl Fn(&str) -> Attribute<'a>) -> Vec<(u32, f32)> {
        fields::features(&self.fields, attribute)
    }

    /// Refuses what cannot be run, or does not end in a vector of width `dim`; how many features there are.
    fn check(&self, dim: usize) -> Result<usize> {
        let features = fields::check(&self.fields)?;
        if !(1..=MAX_WIDTH).contains(&self.width) || !(1..=MAX_LAYERS).contains(&self.layers.len()) {
            return Err(Error::tensor("content", "expected a width of 1 to 1024 and 1 to 4 layers, found others"));
        }
        check_layers("content", &self.layers, self.width, dim)?;
        Ok(features)
    }
}

impl Content {
    pub(crate) fn read(table: &TensorTable, file: &[u8], shape: &ContentShape, dim: usize) -> Result<Content> {
        let features = shape.check(dim)?;
        let rows = TableSlot::read(table, file, FEATURES, features, shape.width)?;
        let layers = Reader { table, file }.layers("content", &shape.layers)?;
        Ok(Content { shape: shape.clone(), rows, layers })
    }
}

impl ContentSpec {
    /// How many rows there are.
    pub(crate) fn features(&self) -> usize {
        self.shape.fields.iter().map(FieldShape::count).sum()
    }

    /// The layers' tensors: names, shapes, values.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let mut tensors = Vec::new();
        self.layers.iter().enumerate().for_each(|(n, layer)| add_dense(&mut tensors, &layer_name(n), layer));
        tensors
    }
}

fn layer_name(n: usize) -> String {
    format!("content.layer.{n}")
}
