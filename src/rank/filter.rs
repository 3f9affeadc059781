//! Declarative filters on catalogue columns, compiled to a mask.

use crate::error::{Error, Result};
use crate::json::Field;
use crate::model::{ColumnView, Model};
use crate::score::ItemMask;

/// Conditions by column name; an item must meet all of them.
pub type Filter = Vec<(String, Condition)>;

/// What a column's value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One of these categories.
    In(Vec<String>),
    /// This category.
    Equals(String),
    /// A number within bounds; NaN (unknown) is never within.
    Range(Range),
}

/// Bounds on a number; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    pub gte: Option<f32>,
    pub lte: Option<f32>,
    pub gt: Option<f32>,
    pub lt: Option<f32>,
}

impl Range {
    fn holds(&self, x: f32) -> bool {
        let within = |bound: Option<f32>, test: fn(&f32, &f32) -> bool| bound.is_none_or(|bound| test(&x, &bound));
        !x.is_nan()
            && within(self.gte, f32::ge)
            && within(self.lte, f32::le)
            && within(self.gt, f32::gt)
            && within(self.lt, f32::lt)
    }
}

/// The JSON form: `{ column: value | [values] | { gte, lte, gt, lt } }`.
pub(crate) fn filter_from_json(field: &Field) -> Result<Filter> {
    let mut filter = Filter::new();
    for (column, field) in field.members()? {
        let condition = if field.is_text() {
            Condition::Equals(field.text()?.to_owned())
        } else if field.is_list() {
            Condition::In(field.texts()?)
        } else {
            field.only(&["gte", "lte", "gt", "lt"])?;
            let mut bounds = [None; 4];
            for (bound, key) in bounds.iter_mut().zip(["gte", "lte", "gt", "lt"]) {
                *bound = field.optional(key).map(|bound| bound.float()).transpose()?;
            }
            let [gte, lte, gt, lt] = bounds;
            if bounds.iter().all(Option::is_none) {
                return Err(field.refuse("at least one bound"));
            }
            Condition::Range(Range { gte, lte, gt, lt })
        };
        filter.push((column.to_owned(), condition));
    }
    Ok(filter)
}

/// Leaves out of `mask` what does not meet `filter`.
///
/// # Errors
/// [`Error::Argument`] for a column the catalogue lacks, or a condition that does not fit the column's type.
pub(crate) fn apply(filter: &Filter, model: &Model, mask: &mut ItemMask) -> Result<()> {
    for (name, condition) in filter {
        let argument = format!("filter.{name}");
        let column = model.column(name).ok_or_else(|| {
            let names: Vec<&str> = model.column_names().collect();
            Error::argument(
                &argument,
                format_args!("a column of the catalogue ({})", names.join(", ")),
                "no such column",
            )
        })?;
        match (column, condition) {
            (ColumnView::Category { codes, values, value_count }, Condition::In(_) | Condition::Equals(_)) => {
                let wanted: Vec<bool> = (0..value_count)
                    .map(|code| match condition {
                        Condition::In(list) => list.iter().any(|value| value == values.get(code)),
                        Condition::Equals(value) => value == values.get(code),
                        Condition::Range(_) => false,
                    })
                    .collect();
                keep(mask, |item| wanted[codes[item] as usize]);
            }
            (ColumnView::Number(numbers), Condition::Range(range)) => keep(mask, |item| range.holds(numbers[item])),
            (ColumnView::Category { .. }, _) => {
                return Err(Error::argument(&argument, "a category or a list of them", "a range"));
            }
            (ColumnView::Number(_), _) => {
                return Err(Error::argument(&argument, "a range such as { lte: 5 }", "categories"));
            }
            (ColumnView::Text(_), _) => {
                return Err(Error::argument(&argument, "a category or number column", "a text column"));
            }
        }
    }
    Ok(())
}

fn keep(mask: &mut ItemMask, wanted: impl Fn(usize) -> bool) {
    for item in 0..mask.items() {
        if !wanted(item) {
            mask.exclude(item as u32);
        }
    }
}
