//! Declarative filters on catalogue columns, compiled to a mask.

use crate::error::{Error, Result};
use crate::json::Field;
use crate::model::{ColumnView, Model};
use crate::score::ItemMask;

/// What an item must be, told by its catalogue columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these; without any, anything.
    All(Vec<Filter>),
    /// At least one of these.
    Any(Vec<Filter>),
    /// Not this; what a column does not know is not this either.
    Not(Box<Filter>),
    /// A condition on a column.
    Column(String, Condition),
}

impl Default for Filter {
    fn default() -> Filter {
        Filter::All(Vec::new())
    }
}

/// What a column's value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One of these categories.
    In(Vec<String>),
    /// This category.
    Equals(String),
    /// One of these numbers.
    Numbers(Vec<f32>),
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

/// Most filters within one another.
const MAX_DEPTH: usize = 16;

impl Filter {
    /// The JSON form, values being texts or numbers: `{ column: value | [values] | { gte, lte, gt, lt }, $and: [filters], $or: [filters], $not: filter }`, all of
    /// which must hold.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the column or operator.
    pub(crate) fn from_json(field: &Field) -> Result<Filter> {
        Filter::read(field, 0)
    }

    fn read(field: &Field, depth: usize) -> Result<Filter> {
        if depth > MAX_DEPTH {
            return Err(field.refuse("at most 16 filters within one another"));
        }
        let mut all = Vec::new();
        for (name, field) in field.members()? {
            all.push(match name {
                "$and" | "$or" => {
                    let mut filters = Vec::new();
                    for filter in field.list()? {
                        filters.push(Filter::read(&filter, depth + 1)?);
                    }
                    if name == "$and" { Filter::All(filters) } else { Filter::Any(filters) }
                }
                "$not" => Filter::Not(Box::new(Filter::read(&field, depth + 1)?)),
                _ => Filter::Column(name.to_owned(), Condition::from_json(&field)?),
            });
        }
        Ok(Filter::All(all))
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Filter::All(filters) if filters.is_empty())
    }

    /// The items that do not meet it, as a mask.
    ///
    /// # Errors
    /// [`Error::Argument`] for a column the catalogue lacks, or a condition that does not fit the column's type.
    pub fn mask(&self, model: &Model) -> Result<ItemMask> {
        let items = model.item_count();
        match self {
            Filter::All(filters) => {
                let mut mask = ItemMask::none(items);
                for filter in filters {
                    mask.exclude_all(&filter.mask(model)?);
                }
                Ok(mask)
            }
            Filter::Any(filters) => {
                let mut mask = ItemMask::none(items);
                for filter in filters {
                    mask.exclude_all(&filter.mask(model)?.inverted());
                }
                Ok(mask.inverted())
            }
            Filter::Not(filter) => Ok(filter.mask(model)?.inverted()),
            Filter::Column(name, condition) => condition.mask(name, model),
        }
    }
}

impl Condition {
    fn from_json(field: &Field) -> Result<Condition> {
        if field.is_text() {
            return Ok(Condition::Equals(field.text()?.to_owned()));
        }
        if field.is_number() {
            return Ok(Condition::Numbers(vec![field.float()?]));
        }
        if field.is_list() {
            return Ok(match field.list()?.first().is_some_and(Field::is_number) {
                true => Condition::Numbers(field.floats()?),
                false => Condition::In(field.texts()?),
            });
        }
        field.only(&["gte", "lte", "gt", "lt"])?;
        let mut bounds = [None; 4];
        for (bound, key) in bounds.iter_mut().zip(["gte", "lte", "gt", "lt"]) {
            *bound = field.optional(key).map(|bound| bound.float()).transpose()?;
        }
        let [gte, lte, gt, lt] = bounds;
        if bounds.iter().all(Option::is_none) {
            return Err(field.refuse("at least one bound"));
        }
        Ok(Condition::Range(Range { gte, lte, gt, lt }))
    }

    /// The items whose value in the column `name` it does not allow.
    fn mask(&self, name: &str, model: &Model) -> Result<ItemMask> {
        let argument = format!("filter.{name}");
        let column = model.column(name).ok_or_else(|| {
            let names: Vec<&str> = model.column_names().collect();
            Error::argument(
                &argument,
                format_args!("a column of the catalogue ({})", names.join(", ")),
                "no such column",
            )
        })?;
        let mut mask = ItemMask::none(model.item_count());
        match (column, self) {
            (ColumnView::Category { codes, values, value_count }, Condition::In(_) | Condition::Equals(_)) => {
                let wanted: Vec<bool> = (0..value_count)
                    .map(|code| match self {
                        Condition::In(list) => list.iter().any(|value| value == values.get(code)),
                        Condition::Equals(value) => value == values.get(code),
                        Condition::Numbers(_) | Condition::Range(_) => false,
                    })
                    .collect();
                keep(&mut mask, |item| wanted[codes[item] as usize]);
            }
            (ColumnView::Number(numbers), Condition::Range(range)) => {
                keep(&mut mask, |item| range.holds(numbers[item]));
            }
            (ColumnView::Number(numbers), Condition::Numbers(list)) => {
                keep(&mut mask, |item| list.contains(&numbers[item]));
            }
            (ColumnView::Number(_), Condition::In(none)) if none.is_empty() => mask = ItemMask::all(model.item_count()),
            (ColumnView::Category { .. }, _) => {
                return Err(Error::argument(&argument, "a category or a list of them", "numbers or a range"));
            }
            (ColumnView::Number(_), _) => {
                return Err(Error::argument(
                    &argument,
                    "a number, a list of them, or a range such as { lte: 5 }",
                    "categories",
                ));
            }
            (ColumnView::Text(_), _) => {
                return Err(Error::argument(&argument, "a category or number column", "a text column"));
            }
        }
        Ok(mask)
    }
}

fn keep(mask: &mut ItemMask, wanted: impl Fn(usize) -> bool) {
    for item in 0..mask.items() {
        if !wanted(item) {
            mask.exclude(item as u32);
        }
    }
}
