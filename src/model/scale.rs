//! Scales of quantised rows in the file: F32, viewed there, or BF16 (the upper half of an f32), widened at load.

use std::ops::Range;

use super::header::Dtype;
use super::limits::{MAX_ABS, MIN_SCALE};
use super::tensor_writer::TensorWriter;
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result, show};

/// Where scales lie.
#[derive(Debug)]
pub(crate) enum ScaleSlot {
    F32(Range<usize>),
    Widened(Vec<f32>),
}

impl ScaleSlot {
    /// Finds and checks the scales `name` of `rows` rows.
    pub fn read(table: &TensorTable, file: &[u8], name: &str, rows: usize) -> Result<ScaleSlot> {
        let narrow = table.find(name).is_some_and(|slot| slot.dtype == Dtype::Bf16);
        let slot = match narrow {
            false => ScaleSlot::F32(table.expect(name, Dtype::F32, &[rows])?),
            true => {
                let range = table.expect(name, Dtype::Bf16, &[rows])?;
                let halves: &[u16] = typed(file, &range, name)?;
                let mut scale = Vec::new();
                scale.try_reserve_exact(rows).map_err(|_| Error::out_of_memory(rows * 4, "the scales"))?;
                scale.extend(halves.iter().map(|&bits| f32::from_bits(u32::from(bits) << 16)));
                ScaleSlot::Widened(scale)
            }
        };
        if let ScaleSlot::F32(range) = &slot {
            typed::<f32>(file, range, name)?;
        }
        check_scale(slot.view(file), name)?;
        Ok(slot)
    }

    pub fn view<'m>(&'m self, file: &'m [u8]) -> &'m [f32] {
        match self {
            ScaleSlot::F32(range) => bytemuck::cast_slice(&file[range.clone()]),
            ScaleSlot::Widened(scale) => scale,
        }
    }
}

/// Adds scales that BF16 holds exactly.
pub(crate) fn add_bf16(file: &mut TensorWriter, name: &str, scale: &[f32]) {
    let halves: Vec<u16> = scale.iter().map(|x| (x.to_bits() >> 16) as u16).collect();
    file.add(name, Dtype::Bf16, &[scale.len()], bytemuck::cast_slice(&halves).to_vec());
}

/// Refuses a scale of quantised rows that would make a product too large or too small.
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
