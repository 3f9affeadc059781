//! The item table: viewed in the file where it is int8 or F32 there, widened at load where it is F16.

use std::ops::Range;

use super::header::Dtype;
use super::limits::{MAX_ABS, MIN_SCALE};
use super::tensors::{TensorTable, check_finite, typed};
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
    Int8 { values: Range<usize>, scale: Range<usize> },
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
            _ => read_int8(table, file, name, items, dim),
        }
    }

    pub fn is_int8(&self) -> bool {
        matches!(self, TableSlot::Int8 { .. })
    }

    pub fn view<'m>(&'m self, file: &'m [u8]) -> ItemTable<'m> {
        match self {
            TableSlot::Int8 { values, scale } => ItemTable::Int8 {
                values: bytemuck::cast_slice(&file[values.clone()]),
                scale: bytemuck::cast_slice(&file[scale.clone()]),
            },
            TableSlot::F32(range) => ItemTable::F32 { values: bytemuck::cast_slice(&file[range.clone()]) },
            TableSlot::Widened(values) => ItemTable::F32 { values },
        }
    }
}

fn read_int8(table: &TensorTable, file: &[u8], name: &str, items: usize, dim: usize) -> Result<TableSlot> {
    let values = table.expect(name, Dtype::I8, &[items, dim])?;
    check_int8(bytemuck::cast_slice(&file[values.clone()]), 127, name, dim)?;
    let of_scale = [name, ".scale"].concat();
    let scale = table.expect(&of_scale, Dtype::F32, &[items])?;
    check_scale(typed(file, &scale, &of_scale)?, &of_scale)?;
    Ok(TableSlot::Int8 { values, scale })
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

/// Refuses a scale of int8 rows that would make a product too large or too small.
pub(crate) fn check_scale(scale: &[f32], tensor: &str) -> Result<()> {
    check_finite(scale, tensor)?;
    match scale.iter().position(|&x| x != 0.0 && !(MIN_SCALE..=MAX_ABS / 127.0).contains(&x)) {
        None => Ok(()),
        Some(i) => Err(Error::tensor(
            tensor,
            format_args!(
                "expected 0 or {} to {}, found {} at index {i}",
                show(MIN_SCALE),
                show(MAX_ABS / 127.0),
                show(scale[i])
            ),
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
