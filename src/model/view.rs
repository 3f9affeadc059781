//! Catalogue columns as they are read: views into the file.

use super::catalogue::{ColumnSlot, StringsSlot};

/// The values of one catalogue column, one an item.
#[derive(Debug, Clone, Copy)]
pub enum ColumnView<'m> {
    /// Free text.
    Text(Strings<'m>),
    /// Codes (n) into a dictionary.
    Category { codes: &'m [u32], values: Strings<'m>, value_count: usize },
    /// Numbers (n), NaN where unknown.
    Number(&'m [f32]),
}

/// Packed strings.
#[derive(Debug, Clone, Copy)]
pub struct Strings<'m> {
    slot: &'m StringsSlot,
    file: &'m [u8],
}

impl<'m> Strings<'m> {
    /// String `i`.
    pub fn get(&self, i: usize) -> &'m str {
        self.slot.get(self.file, i)
    }
}

impl<'m> ColumnView<'m> {
    pub(crate) fn new(slot: &'m ColumnSlot, file: &'m [u8]) -> ColumnView<'m> {
        match slot {
            ColumnSlot::Text(slot) => ColumnView::Text(Strings { slot, file }),
            ColumnSlot::Category { codes, values, value_count } => ColumnView::Category {
                codes: bytemuck::cast_slice(&file[codes.clone()]),
                values: Strings { slot: values, file },
                value_count: *value_count,
            },
            ColumnSlot::Number(range) => ColumnView::Number(bytemuck::cast_slice(&file[range.clone()])),
        }
    }

    /// The value of one item as text, for people.
    pub fn display(&self, item: u32) -> String {
        let item = item as usize;
        match self {
            ColumnView::Text(values) => values.get(item).to_owned(),
            ColumnView::Category { codes, values, .. } => values.get(codes[item] as usize).to_owned(),
            ColumnView::Number(values) => values[item].to_string(),
        }
    }
}
