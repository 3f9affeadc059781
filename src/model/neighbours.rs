//! Neighbour lists: for each item the items that speak for it, as compressed sparse rows.
//!
//! `neighbour.indptr` (n + 1) U32, `neighbour.indices` (nnz) U16 or U32, `neighbour.values` (nnz) I8, or two to a byte as U8,
//! `neighbour.scale` (n) F32 or BF16.

use std::ops::Range;

use super::header::Dtype;
use super::nibbles::{nibble, pack_nibbles};
use super::quantise::{Grid, quantise_table};
use super::scale::{ScaleSlot, add_bf16};
use super::tensor_writer::TensorWriter;
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result};

const INDPTR: &str = "neighbour.indptr";
const INDICES: &str = "neighbour.indices";
const VALUES: &str = "neighbour.values";
const SCALE: &str = "neighbour.scale";

/// Where the lists lie in the file.
#[derive(Debug)]
pub(crate) struct NeighbourSlot {
    indptr: Range<usize>,
    indices: Range<usize>,
    wide: bool,
    values: Range<usize>,
    packed: bool,
    scale: ScaleSlot,
}

/// The lists. Row h holds w(h, i) of each item i that item h speaks for: `w = scale[h] * value`.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours<'m> {
    indptr: &'m [u32],
    indices: Indices<'m>,
    /// An i8 each, or two to a byte.
    values: &'m [u8],
    packed: bool,
    scale: &'m [f32],
}

#[derive(Debug, Clone, Copy)]
enum Indices<'m> {
    Narrow(&'m [u16]),
    Wide(&'m [u32]),
}

impl NeighbourSlot {
    /// Finds and checks the lists of `items` items; `None` where the file has none.
    pub fn read(table: &TensorTable, file: &[u8], items: usize) -> Result<Option<NeighbourSlot>> {
        if table.find(INDPTR).is_none() {
            return Ok(None);
        }
        let indptr = table.expect(INDPTR, Dtype::U32, &[items + 1])?;
        let wide = table.find(INDICES).is_some_and(|slot| slot.dtype == Dtype::U32);
        let (indices, length) = table.expect_vector(INDICES, if wide { Dtype::U32 } else { Dtype::U16 })?;
        let packed = table.find(VALUES).is_some_and(|slot| slot.dtype == Dtype::U8);
        let values = match packed {
            true => table.expect(VALUES, Dtype::U8, &[length.div_ceil(2)])?,
            false => table.expect(VALUES, Dtype::I8, &[length])?,
        };
        let scale = ScaleSlot::read(table, file, SCALE, items)?;
        let starts: &[u32] = typed(file, &indptr, INDPTR)?;
        let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        if starts[0] != 0 || starts[items] as usize != length || !rising {
            return Err(Error::tensor(
                INDPTR,
                format_args!("expected rising places that end at {length}, found others"),
            ));
        }
        match wide {
            true => typed::<u32>(file, &indices, INDICES).map(drop)?,
            false => typed::<u16>(file, &indices, INDICES).map(drop)?,
        }
        let slot = NeighbourSlot { indptr, indices, wide, values, packed, scale };
        check_indices(slot.view(file).indices, length, items)?;
        Ok(Some(slot))
    }

    /// The lists, of the file they were found in.
    pub fn view<'m>(&'m self, file: &'m [u8]) -> Neighbours<'m> {
        let indices = &file[self.indices.clone()];
        Neighbours {
            indptr: bytemuck::cast_slice(&file[self.indptr.clone()]),
            indices: if self.wide {
                Indices::Wide(bytemuck::cast_slice(indices))
            } else {
                Indices::Narrow(bytemuck::cast_slice(indices))
            },
            values: &file[self.values.clone()],
            packed: self.packed,
            scale: self.scale.view(file),
        }
    }
}

impl Neighbours<'_> {
    /// Whether weights lie two to a byte.
    pub fn is_int4(&self) -> bool {
        self.packed
    }

    /// Shows the items that item `from` speaks for, and how much, to `see`.
    pub fn each(&self, from: u32, see: &mut dyn FnMut(u32, f32)) {
        let scale = self.scale[from as usize];
        for place in self.indptr[from as usize] as usize..self.indptr[from as usize + 1] as usize {
            let value = match self.packed {
                false => self.values[place] as i8,
                true => nibble(self.values, place),
            };
            see(self.indices.at(place), scale * f32::from(value));
        }
    }
}

impl Indices<'_> {
    fn at(self, place: usize) -> u32 {
        match self {
            Indices::Narrow(indices) => indices[place].into(),
            Indices::Wide(indices) => indices[place],
        }
    }
}

fn check_indices(indices: Indices, length: usize, items: usize) -> Result<()> {
    match (0..length).find(|&place| indices.at(place) as usize >= items) {
        None => Ok(()),
        Some(place) => Err(Error::tensor(
            INDICES,
            format_args!("expected item indices below {items}, found {} at index {place}", indices.at(place)),
        )),
    }
}

/// Lists to be written: item h speaks for `indices[indptr[h]..indptr[h + 1]]`, with these weights.
#[derive(Debug, Clone, Default)]
pub struct NeighbourSpec {
    /// (n + 1).
    pub indptr: Vec<u32>,
    pub indices: Vec<u32>,
    pub weights: Vec<f32>,
    /// Two weights to a byte instead of one: a scale a list, and fifteen steps.
    pub int4: bool,
}

/// Adds the lists of `items` items.
pub(crate) fn add_neighbours(file: &mut TensorWriter, spec: &NeighbourSpec, items: usize) -> Result<()> {
    if spec.indptr.len() != items + 1 || spec.weights.len() != spec.indices.len() {
        let found =
            format!("{} places, {} items and {} weights", spec.indptr.len(), spec.indices.len(), spec.weights.len());
        return Err(Error::tensor(
            INDPTR,
            format_args!("expected {} places and a weight for each item, found {found}", items + 1),
        ));
    }
    check_finite(&spec.weights, VALUES)?;
    let grid = if spec.int4 { Grid::Int4 } else { Grid::Int8 };
    let (mut values, mut scale) = (Vec::with_capacity(spec.weights.len()), Vec::with_capacity(items));
    for pair in spec.indptr.windows(2) {
        let row = spec.weights.get(pair[0] as usize..pair[1] as usize);
        let row =
            row.ok_or_else(|| Error::tensor(INDPTR, "expected rising places within the weights, found others"))?;
        let table = quantise_table(row, row.len().max(1), grid);
        scale.push(table.scale.first().copied().unwrap_or(0.0));
        values.extend(table.values);
    }
    file.add_u32(INDPTR, &[items + 1], &spec.indptr);
    match u16::try_from(items.saturating_sub(1)) {
        Ok(_) => {
            let narrow: Vec<u16> = spec.indices.iter().map(|&item| u16::try_from(item).unwrap_or(u16::MAX)).collect();
            file.add(INDICES, Dtype::U16, &[narrow.len()], bytemuck::cast_slice(&narrow).to_vec());
        }
        Err(_) => file.add_u32(INDICES, &[spec.indices.len()], &spec.indices),
    }
    if spec.int4 {
        file.add(VALUES, Dtype::U8, &[values.len().div_ceil(2)], pack_nibbles(&values));
        add_bf16(file, SCALE, &scale);
    } else {
        file.add(VALUES, Dtype::I8, &[values.len()], bytemuck::cast_slice(&values).to_vec());
        file.add_f32(SCALE, &[items], &scale);
    }
    Ok(())
}
