//! The item table: viewed in the file where it is int8 or F32 there; int4 becomes int8 and F16 becomes F32 at load.
//!
//! `item.embedding` (n, d) I8, F16 or F32, or (n, d / 2) U8 with two values to a byte; `item.embedding.scale` (n) F32 or BF16
//! where values are integers. `user.rows` likewise.

use std::ops::Range;

use super::header::Dtype;
use super::nibbles::nibble;
use super::scale::ScaleSlot;
use super::tensors::{TensorTable, check_finite, typed};
use super::write::Precision;
use crate::error::{Error, Result, show};

/// The rows of the items.
pub(crate) const ITEMS: &str = "item.embedding";
/// The rows that a history is pooled of, where they are not those of the items.
pub(crate) const HISTORY: &str = "user.rows";

/// The rows of all items, row-major.
#[derive(Debug, Clone, Copy)]
pub enum ItemTable<'m> {
    /// `embedding = scale * values`: values (n, d) in -127..=127, scale (n).
    Int8 { values: &'m [i8], scale: &'m [f32] },
    /// (n, d).
    F32 { values: &'m [f32] },
}

/// Where the table lies.
#[derive(Debug)]
pub(crate) enum TableSlot {
    Int8 {
        values: Range<usize>,
        scale: ScaleSlot,
    },
    /// Unpacked: (n, d).
    Int4 {
        values: Vec<i8>,
        scale: ScaleSlot,
    },
    F32(Range<usize>),
    Widened(Vec<f32>),
}

impl TableSlot {
    /// Finds and checks the table `name` (items, dim).
    pub fn read(table: &TensorTable, file: &[u8], name: &str, items: usize, dim: usize) -> Result<TableSlot> {
        match table.find(name).map(|slot| slot.dtype) {
            None if dim == 0 => Ok(TableSlot::Widened(Vec::new())),
            Some(Dtype::F32) => {
                let range = table.expect(name, Dtype::F32, &[items, dim])?;
                check_finite(typed(file, &range, name)?, name)?;
                Ok(TableSlot::F32(range))
            }
            Some(Dtype::F16) => {
                let range = table.expect(name, Dtype::F16, &[items, dim])?;
                widen(typed(file, &range, name)?, name).map(TableSlot::Widened)
            }
            Some(Dtype::U8) => read_int4(table, file, name, items, dim),
            _ => read_int8(table, file, name, items, dim),
        }
    }

    /// Whether it is scored in integers.
    pub fn is_int8(&self) -> bool {
        matches!(self, TableSlot::Int8 { .. } | TableSlot::Int4 { .. })
    }

    /// How it is stored; `None` for no rows at all.
    pub fn precision(&self) -> Option<Precision> {
        match self {
            TableSlot::Int8 { .. } => Some(Precision::Int8),
            TableSlot::Int4 { .. } => Some(Precision::Int4),
            TableSlot::F32(_) => Some(Precision::F32),
            TableSlot::Widened(values) => (!values.is_empty()).then_some(Precision::F16),
        }
    }

    pub fn view<'m>(&'m self, file: &'m [u8]) -> ItemTable<'m> {
        match self {
            TableSlot::Int8 { values, scale } => {
                ItemTable::Int8 { values: bytemuck::cast_slice(&file[values.clone()]), scale: scale.view(file) }
            }
            TableSlot::Int4 { values, scale } => ItemTable::Int8 { values, scale: scale.view(file) },
            TableSlot::F32(range) => ItemTable::F32 { values: bytemuck::cast_slice(&file[range.clone()]) },
            TableSlot::Widened(values) => ItemTable::F32 { values },
        }
    }
}

fn read_int8(table: &TensorTable, file: &[u8], name: &str, items: usize, dim: usize) -> Result<TableSlot> {
    let values = table.expect(name, Dtype::I8, &[items, dim])?;
    check_int8(bytemuck::cast_slice(&file[values.clone()]), 127, name, dim)?;
    Ok(TableSlot::Int8 { values, scale: read_scale(table, file, name, items)? })
}

fn read_int4(table: &TensorTable, file: &[u8], name: &str, items: usize, dim: usize) -> Result<TableSlot> {
    if !dim.is_multiple_of(2) {
        return Err(Error::tensor(name, format_args!("expected an even width for four bits a value, found {dim}")));
    }
    let bytes = &file[table.expect(name, Dtype::U8, &[items, dim / 2])?];
    let mut values = Vec::new();
    values.try_reserve_exact(items * dim).map_err(|_| Error::out_of_memory(items * dim, "the item table"))?;
    values.extend((0..items * dim).map(|place| nibble(bytes, place)));
    Ok(TableSlot::Int4 { values, scale: read_scale(table, file, name, items)? })
}

fn read_scale(table: &TensorTable, file: &[u8], name: &str, items: usize) -> Result<ScaleSlot> {
    ScaleSlot::read(table, file, &[name, ".scale"].concat(), items)
}

/// Refuses values outside `-largest..=largest`.
pub(crate) fn check_int8(values: &[i8], largest: u8, tensor: &str, dim: usize) -> Result<()> {
    let largest = usize::from(largest);
    match values.iter().position(|x| usize::from(x.unsigned_abs()) > largest) {
        None => Ok(()),
        Some(i) => Err(Error::tensor(
            tensor,
            format_args!("expected values in -{largest}..={largest}, found {} in row {}", show(values[i]), i / dim),
        )),
    }
}

fn widen(halves: &[u16], name: &str) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    let refused = |_| Error::out_of_memory(halves.len() * 4, "the item table");
    values.try_reserve_exact(halves.len()).map_err(refused)?;
    values.extend(halves.iter().map(|&bits| half::f16::from_bits(bits).to_f32()));
    check_finite(&values, name)?;
    Ok(values)
}
