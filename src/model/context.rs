//! The context of a request: hour, weekday and whatever else the page knows when it asks, such as a referrer, as rows that are added to
//! what a history makes of a user.
//!
//! `context.rows` (features, w), stored as the item table is; w is the width of the items, of a network that of its body. The features
//! are those of [`super::fields`], what is not given being a feature too.

use serde_json::{Value, json};

use super::fields::{self, FieldShape};
use super::manifest::UserTower;
use super::table::TableSlot;
use super::tensors::TensorTable;
use crate::error::{Error, Result};
use crate::json::Field;

/// The rows, one a feature.
pub(crate) const CONTEXT: &str = "context.rows";

/// The context's part of the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextShape {
    pub fields: Vec<FieldShape>,
    /// Whether it was learnt with the histories and counts beside them; else it speaks for strangers only, beside the logarithm of
    /// popularity.
    pub always: bool,
}

/// A context to be written: rows (features, w).
#[derive(Debug, Clone, PartialEq)]
pub struct ContextSpec {
    pub shape: ContextShape,
    pub rows: Vec<f32>,
}

/// The context's rows, ready to be added.
#[derive(Debug)]
pub struct Context {
    pub shape: ContextShape,
    pub(crate) rows: TableSlot,
    pub(crate) width: usize,
}

impl ContextShape {
    pub(crate) fn from_json(field: &Field) -> Result<ContextShape> {
        Ok(ContextShape {
            fields: fields::list_from_json(&field.required("fields")?)?,
            always: field.required("always")?.boolean()?,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "fields": self.fields.iter().map(FieldShape::to_json).collect::<Vec<_>>(), "always": self.always })
    }

    /// How many features there are.
    pub fn features(&self) -> usize {
        self.fields.iter().map(FieldShape::count).sum()
    }
}

impl Context {
    pub(crate) fn read(
        table: &TensorTable,
        file: &[u8],
        shape: &ContextShape,
        width: usize,
        user: UserTower,
    ) -> Result<Context> {
        if width == 0 || (shape.always && matches!(user, UserTower::FoldIn { .. })) {
            return Err(Error::tensor(
                CONTEXT,
                "expected vectors, and of users what is pooled or a network, found others",
            ));
        }
        let features = fields::check(&shape.fields)?;
        Ok(Context { shape: shape.clone(), rows: TableSlot::read(table, file, CONTEXT, features, width)?, width })
    }
}
