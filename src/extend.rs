//! A model with more items: those that nobody has taken yet get their vectors from what they say of themselves.

use crate::error::{Error, Result};
use crate::export::export_calibrated;
use crate::model::{Attribute, Column, ColumnData, Content, Model, ModelSpec};
use crate::profile::content_vector;

/// An item to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    pub id: String,
    /// Values of catalogue columns by name; others are empty or unknown.
    pub attributes: Vec<(String, Cell)>,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f32),
}

impl NewItem {
    fn attribute(&self, column: &str) -> Attribute<'_> {
        match self.attributes.iter().find(|(name, _)| name == column) {
            Some((_, Cell::Text(text))) => Attribute::Text(text),
            Some((_, Cell::Number(x))) => Attribute::Number(*x),
            None => Attribute::Missing,
        }
    }
}

/// The file of `model` with `items` after its own: a whole model, golden queries included. Vectors come from the content tower;
/// neighbour lists have nothing to say of them, no history is made of them where it has rows of its own, biases are what items have
/// on average, and strangers see them last.
///
/// # Errors
/// [`Error::Argument`] for a model without a content tower, an id that is there already or twice, a column the catalogue does not
/// have or of another type; or what [`Model::read`] refuses.
pub fn with_items(model: &Model, items: &[NewItem]) -> Result<Vec<u8>> {
    let Some(content) = model.content() else {
        return Err(Error::argument("items", "a model with a content tower (train it with --content)", "one without"));
    };
    check(model, items)?;
    let mut spec = ModelSpec::of(model);
    let (before, count) = (model.item_count(), items.len());
    spec.item_ids.extend(items.iter().map(|item| item.id.clone()));
    for item in items {
        spec.embedding.rows.extend(vector(model, content, item)?);
    }
    let average = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
    let mean_after = |values: &mut Vec<f32>| values.resize(values.len() + count, average(values));
    spec.item_bias.iter_mut().for_each(mean_after);
    spec.popularity.resize(before + count, 0.0);
    if let Some(rows) = &mut spec.user_rows {
        rows.resize(rows.len() / before * (before + count), 0.0);
    }
    if let Some(lists) = &mut spec.neighbours {
        let end = lists.indptr.last().copied().unwrap_or(0);
        lists.indptr.resize(before + count + 1, end);
    }
    if let Some(part) = &mut spec.repurchase {
        let mut new = part.items.split_off(before);
        mean_after(&mut part.items);
        mean_after(&mut new);
        part.items.extend(new);
    }
    spec.columns.iter_mut().for_each(|column| extend_column(column, items));
    let steps = model.ranker().map_or(&[][..], |ranker| &ranker.steps);
    let histories: Vec<Vec<u32>> = model.golden().iter().map(|query| query.history.clone()).collect();
    export_calibrated(&spec, steps, &histories)
}

fn vector(model: &Model, content: &Content, item: &NewItem) -> Result<Vec<f32>> {
    let features = content.shape.features(|column| item.attribute(column));
    content_vector(&content.shape, &content.layers, |feature| model.content_row(content, feature), &features)
}

fn check(model: &Model, items: &[NewItem]) -> Result<()> {
    let refused =
        |at: usize, expected: &str, found: &str| Err(Error::argument(&format!("items[{at}]"), expected, found));
    for (at, item) in items.iter().enumerate() {
        if item.id.is_empty() {
            return refused(at, "an id", "none");
        }
        if model.item_index(&item.id).is_some() || items[..at].iter().any(|other| other.id == item.id) {
            return refused(at, "an id that is not there yet", &item.id);
        }
        for (name, cell) in &item.attributes {
            let kind = model.manifest().columns.iter().find(|column| column.0 == *name).map(|column| column.1.as_str());
            match (kind, cell) {
                (Some("number"), Cell::Number(_)) | (Some("text" | "category"), Cell::Text(_)) => {}
                (Some("number"), _) => return refused(at, "a number", name),
                (Some(_), _) => return refused(at, "text", name),
                (None, _) => return refused(at, "a column of the catalogue", name),
            }
        }
    }
    Ok(())
}

fn extend_column(column: &mut Column, items: &[NewItem]) {
    let text = |item: &NewItem| match item.attribute(&column.name) {
        Attribute::Text(text) => text.to_owned(),
        _ => String::new(),
    };
    match &mut column.data {
        ColumnData::Text(values) | ColumnData::Category(values) => values.extend(items.iter().map(text)),
        ColumnData::Number(values) => values.extend(items.iter().map(|item| match item.attribute(&column.name) {
            Attribute::Number(x) => x,
            _ => f32::NAN,
        })),
    }
}
