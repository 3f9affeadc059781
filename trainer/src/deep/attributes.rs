//! Catalogue columns as fields: what tells items apart, and how.

use std::collections::{HashMap, HashSet};

use proclivity::model::{Attribute, Column, ColumnData, FieldKind, FieldShape};

/// Ranges of a number, and most and fewest buckets of a text.
const RANGES: usize = 10;
/// Values of a category that are told apart, the most frequent ones: they stand in the file's header.
const VALUES: usize = 4096;
const BUCKETS: [usize; 2] = [256, 4096];

/// The fields that these columns give; none of a column in which every item has the same.
pub fn fields(columns: &[Column]) -> Vec<FieldShape> {
    counted_fields(columns, |_| 1)
}

/// The same of rows that count so often each.
pub fn counted_fields(columns: &[Column], times: impl Fn(usize) -> usize) -> Vec<FieldShape> {
    columns.iter().filter_map(|column| field(column, &times)).collect()
}

fn field(column: &Column, times: &impl Fn(usize) -> usize) -> Option<FieldShape> {
    let kind = match &column.data {
        ColumnData::Category(values) => {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            let told = values.iter().enumerate().filter(|(row, value)| !value.is_empty() && times(*row) > 0);
            told.for_each(|(row, value)| *counts.entry(value).or_default() += times(row));
            let mut values: Vec<(&str, usize)> = counts.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            values.truncate(VALUES);
            (values.len() > 1).then(|| FieldKind::Category { values: values.iter().map(|v| v.0.to_owned()).collect() })
        }
        ColumnData::Number(values) => {
            let mut known: Vec<f32> = values.iter().copied().filter(|x| x.is_finite()).collect();
            known.sort_by(f32::total_cmp);
            let mut edges: Vec<f32> =
                (1..RANGES).filter_map(|n| known.get(n * known.len() / RANGES).copied()).collect();
            edges.dedup();
            (known.first() < known.last()).then_some(FieldKind::Number { edges })
        }
        ColumnData::Vector { width, .. } => Some(FieldKind::Vector { width: *width }),
        ColumnData::Text(values) => {
            let words: HashSet<&str> = values.iter().flat_map(|text| text.split_whitespace()).collect();
            let buckets = words.len().next_power_of_two().clamp(BUCKETS[0], BUCKETS[1]);
            (words.len() > 1).then_some(FieldKind::Text { buckets })
        }
    };
    kind.map(|kind| FieldShape { column: column.name.clone(), kind })
}

/// What stands in a column for an item; an empty cell is missing.
pub fn attribute<'a>(columns: &'a [Column], column: &str, item: u32) -> Attribute<'a> {
    match columns.iter().find(|own| own.name == column).map(|own| &own.data) {
        Some(ColumnData::Text(values) | ColumnData::Category(values)) => match values[item as usize].as_str() {
            "" => Attribute::Missing,
            text => Attribute::Text(text),
        },
        Some(ColumnData::Number(values)) => Attribute::Number(values[item as usize]),
        Some(ColumnData::Vector { width, values }) => match &values[item as usize * width..][..*width] {
            [first, ..] if first.is_nan() => Attribute::Missing,
            values => Attribute::Vector(values),
        },
        None => Attribute::Missing,
    }
}
