//! Item ids and catalogue columns: strings packed as bytes and offsets, categories as codes into a dictionary.

use std::ops::Range;

use super::header::Dtype;
use super::id_index::IdIndex;
use super::limits::{MAX_COLUMNS, MAX_ITEMS};
use super::tensors::{TensorTable, typed};
use crate::error::{Error, Result};

/// One named catalogue column, as handed to the writer.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub data: ColumnData,
}

/// A catalogue column's values, one an item.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnData {
    /// Free text, such as a title.
    Text(Vec<String>),
    /// One of few values, such as a department; usable in filters.
    Category(Vec<String>),
    /// A number, such as a price; NaN where unknown; usable in filters.
    Number(Vec<f32>),
    /// What another network made of a picture or a text, (n, width), NaN where unknown: for a content tower to learn from. Not written.
    Vector { width: usize, values: Vec<f32> },
}

/// Strings in the file: `NAME.bytes` U8 (total), `NAME.offsets` U32 (count + 1).
#[derive(Debug, Clone)]
pub(crate) struct StringsSlot {
    bytes: Range<usize>,
    offsets: Range<usize>,
}

impl StringsSlot {
    /// Finds and checks `name`: offsets ascend from 0 to the length, each string is UTF-8. `count` None: any length.
    pub fn read(table: &TensorTable, file: &[u8], name: &str, count: Option<usize>) -> Result<(StringsSlot, usize)> {
        let (bytes_name, offsets_name) = (format!("{name}.bytes"), format!("{name}.offsets"));
        let (bytes, length) = table.expect_vector(&bytes_name, Dtype::U8)?;
        let (offsets, offset_count) = match count {
            Some(count) => (table.expect(&offsets_name, Dtype::U32, &[count + 1])?, count + 1),
            None => table.expect_vector(&offsets_name, Dtype::U32)?,
        };
        let values: &[u32] = typed(file, &offsets, &offsets_name)?;
        if values.first() != Some(&0) || values.last().map(|&x| x as usize) != Some(length) {
            return Err(Error::tensor(
                &offsets_name,
                format_args!("expected offsets from 0 to {length}, found others"),
            ));
        }
        let text = std::str::from_utf8(&file[bytes.clone()]).map_err(|e| {
            Error::tensor(&bytes_name, format_args!("expected UTF-8, found otherwise at byte {}", e.valid_up_to()))
        })?;
        for (i, pair) in values.windows(2).enumerate() {
            if pair[0] > pair[1] || !text.is_char_boundary(pair[1] as usize) {
                return Err(Error::tensor(
                    &offsets_name,
                    format_args!(
                        "expected ascending offsets at character boundaries, found {} at index {}",
                        pair[1],
                        i + 1
                    ),
                ));
            }
        }
        Ok((StringsSlot { bytes, offsets }, offset_count - 1))
    }

    /// String `i`.
    pub fn get<'b>(&self, file: &'b [u8], i: usize) -> &'b str {
        std::str::from_utf8(self.bytes(file, i)).expect("checked when the file was read")
    }

    fn bytes<'b>(&self, file: &'b [u8], i: usize) -> &'b [u8] {
        let offsets: &[u32] = bytemuck::cast_slice(&file[self.offsets.clone()]);
        &file[self.bytes.clone()][offsets[i] as usize..offsets[i + 1] as usize]
    }
}

#[derive(Debug, Clone)]
pub(crate) enum ColumnSlot {
    Text(StringsSlot),
    Category { codes: Range<usize>, values: StringsSlot, value_count: usize },
    Number(Range<usize>),
}

/// Where ids and columns lie in the file; read through [`super::Model`].
#[derive(Debug, Clone)]
pub struct Catalogue {
    ids: StringsSlot,
    by_id: IdIndex,
    pub(crate) columns: Vec<(String, ColumnSlot)>,
}

impl Catalogue {
    /// Reads ids and columns of `items` items.
    pub(crate) fn read(
        table: &TensorTable,
        file: &[u8],
        items: usize,
        columns: &[(String, String)],
    ) -> Result<Catalogue> {
        if items > MAX_ITEMS {
            return Err(Error::tensor(
                "item.id.offsets",
                format_args!("expected at most {MAX_ITEMS} items, found {items}"),
            ));
        }
        let (ids, _) = StringsSlot::read(table, file, "item.id", Some(items))?;
        let by_id = IdIndex::new(items, "item.id.bytes", &|item| ids.bytes(file, item as usize))?;
        if columns.len() > MAX_COLUMNS {
            let found = columns.len();
            return Err(Error::tensor("column", format_args!("expected at most {MAX_COLUMNS} columns, found {found}")));
        }
        for (n, (name, _)) in columns.iter().enumerate() {
            if columns[..n].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::tensor(&format!("column.{name}"), "expected distinct column names, found it twice"));
            }
        }
        let columns = columns
            .iter()
            .map(|(name, kind)| Ok((name.clone(), read_column(table, file, items, name, kind)?)))
            .collect::<Result<_>>()?;
        Ok(Catalogue { ids, by_id, columns })
    }

    pub(crate) fn id<'b>(&self, file: &'b [u8], item: usize) -> &'b str {
        self.ids.get(file, item)
    }

    pub(crate) fn index(&self, file: &[u8], id: &str) -> Option<u32> {
        self.by_id.find(id.as_bytes(), &|item| self.ids.bytes(file, item as usize))
    }
}

fn read_column(table: &TensorTable, file: &[u8], items: usize, name: &str, kind: &str) -> Result<ColumnSlot> {
    let tensor = format!("column.{name}");
    match kind {
        "text" => Ok(ColumnSlot::Text(StringsSlot::read(table, file, &tensor, Some(items))?.0)),
        "category" => {
            let (values, value_count) = StringsSlot::read(table, file, &tensor, None)?;
            let codes_name = format!("{tensor}.codes");
            let codes = table.expect(&codes_name, Dtype::U32, &[items])?;
            let found: &[u32] = typed(file, &codes, &codes_name)?;
            if let Some(i) = found.iter().position(|&code| code as usize >= value_count) {
                return Err(Error::tensor(
                    &codes_name,
                    format_args!("expected codes below {value_count}, found {} at index {i}", found[i]),
                ));
            }
            Ok(ColumnSlot::Category { codes, values, value_count })
        }
        "number" => {
            let range = table.expect(&tensor, Dtype::F32, &[items])?;
            typed::<f32>(file, &range, &tensor)?;
            Ok(ColumnSlot::Number(range))
        }
        other => Err(Error::tensor(&tensor, format_args!("expected type text, category or number, found `{other}`"))),
    }
}
