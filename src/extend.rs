//! A model with more items: those that nobody has taken yet get their vectors from what they say of themselves.

use crate::error::{Error, Result};
use crate::json::{Field, Json};
use crate::model::{Attributes, Cell, Content, FieldKind, Model, Newcomer, attribute, attributes_from_json};
use crate::profile::content_vector;

/// An item to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    pub id: String,
    /// Values of catalogue columns by name, and of the vectors that the content tower knows; others are empty or unknown.
    pub attributes: Attributes,
}

impl NewItem {
    /// The JSON form, a list of `{ id, attributes?: { column: text, number or list of numbers } }`.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the member.
    pub fn list_from_json(value: &Json) -> Result<Vec<NewItem>> {
        let mut items = Vec::new();
        for item in Field::root(value, "items").list()? {
            item.only(&["id", "attributes"])?;
            let attributes = item.optional("attributes").map_or(Ok(Vec::new()), |list| attributes_from_json(&list))?;
            items.push(NewItem { id: item.required("id")?.text()?.to_owned(), attributes });
        }
        Ok(items)
    }
}

/// `model` with `items` after its own, in memory. Vectors come from the content tower; neighbour lists have nothing to say of the new
/// ones, biases are what items have on average, and strangers see them last. Nothing changes for the items that are there.
///
/// # Errors
/// [`Error::Argument`] for a model without a content tower, an id that is there already or twice, a column the catalogue does not
/// have or of another type; [`Error::OutOfMemory`].
pub fn with_items(model: &Model, items: &[NewItem]) -> Result<Model> {
    content(model)?;
    check(model, items)?;
    let mut newcomers = Vec::new();
    for item in items {
        let attributes = model.column_names().map(|column| attribute(&item.attributes, column)).collect();
        newcomers.push(Newcomer { id: &item.id, vector: item_vector(model, item)?, attributes });
    }
    model.grown(&newcomers)
}

/// The vector that the content tower of `model` makes of an item's attributes, (d).
///
/// # Errors
/// [`Error::Argument`] for a model without a content tower.
pub fn item_vector(model: &Model, item: &NewItem) -> Result<Vec<f32>> {
    let content = content(model)?;
    let features = content.shape.features(|column| attribute(&item.attributes, column));
    content_vector(&content.shape, &content.layers, |feature| model.content_row(content, feature), &features)
}

fn content(model: &Model) -> Result<&Content> {
    let refused = || Error::argument("items", "a model with a content tower (train it with --content)", "one without");
    model.content().ok_or_else(refused)
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
            let field = content(model)?.shape.fields.iter().find(|field| field.column == *name);
            if let (Some(FieldKind::Vector { width }), cell) = (field.map(|field| &field.kind), cell) {
                match cell {
                    Cell::Vector(values) if values.len() == *width && values.iter().all(|x| x.is_finite()) => continue,
                    _ => return refused(at, &[&width.to_string(), " numbers"].concat(), name),
                }
            }
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
