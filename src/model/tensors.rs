//! Named tensors inside the file's bytes: parsing the safetensors header, checking hashes, typed views.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::header::{Dtype, Metadata, TensorSlot, parse_header};
use super::limits::MAX_ABS;
use crate::error::{Error, Result, show};

/// One line of `proclivity inspect`.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSummary {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<usize>,
    pub bytes: usize,
    pub sha256: String,
}

/// All tensors of a file by name.
#[derive(Debug, Clone)]
pub(crate) struct TensorTable {
    slots: Vec<TensorSlot>,
}

impl TensorTable {
    /// Parses the header: the tensors and the `__metadata__` texts.
    pub fn parse(file: &[u8]) -> Result<(TensorTable, Metadata)> {
        let (slots, metadata) = parse_header(file)?;
        Ok((TensorTable { slots }, metadata))
    }

    /// The tensors that lie here.
    pub fn of(slots: Vec<TensorSlot>) -> TensorTable {
        TensorTable { slots }
    }

    /// All tensors, in file order.
    pub fn slots(&self) -> &[TensorSlot] {
        &self.slots
    }

    /// Compares each tensor's sha256 with the manifest's; a tensor without a hash, or a hash without a tensor, is refused.
    pub fn verify(&self, bytes: &[u8], expected: &[(String, String)]) -> Result<()> {
        if let Some(name) = expected.iter().map(|(name, _)| name).find(|name| self.find(name).is_none()) {
            return Err(Error::tensor(name, "expected from the manifest, found no such tensor"));
        }
        for slot in &self.slots {
            let name = &slot.name;
            let (_, expected) = expected
                .iter()
                .find(|(hashed, _)| hashed == name)
                .ok_or_else(|| Error::tensor(name, "expected a sha256 in the manifest, found none"))?;
            let found = sha256_hex(&bytes[slot.range.clone()]);
            if *expected != found {
                return Err(Error::Integrity { tensor: name.clone(), expected: expected.clone(), found }.into());
            }
        }
        Ok(())
    }

    /// The tensor, if the file has it.
    pub fn find(&self, name: &str) -> Option<&TensorSlot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    /// The byte range of a tensor that must have this type and shape.
    pub fn expect(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<Range<usize>> {
        let slot = self.find(name).ok_or_else(|| {
            Error::tensor(
                name,
                format_args!("expected {} of shape {}, found no such tensor", dtype.name(), shown(shape)),
            )
        })?;
        if slot.dtype != dtype || slot.shape != shape {
            return Err(Error::tensor(
                name,
                format_args!(
                    "expected {} of shape {}, found {} of shape {}",
                    dtype.name(),
                    shown(shape),
                    slot.dtype.name(),
                    shown(&slot.shape)
                ),
            ));
        }
        Ok(slot.range.clone())
    }

    /// As [`TensorTable::expect`], for a one-dimensional tensor of any length.
    pub fn expect_vector(&self, name: &str, dtype: Dtype) -> Result<(Range<usize>, usize)> {
        let length = match self.find(name) {
            Some(slot) if slot.shape.len() == 1 => slot.shape[0],
            _ => 0,
        };
        Ok((self.expect(name, dtype, &[length])?, length))
    }

    /// Name, type, shape, size and hash of every tensor.
    pub fn summaries(&self, bytes: &[u8]) -> Vec<TensorSummary> {
        self.slots
            .iter()
            .map(|slot| TensorSummary {
                name: slot.name.clone(),
                dtype: slot.dtype.name().to_owned(),
                shape: slot.shape.clone(),
                bytes: slot.range.len(),
                sha256: sha256_hex(&bytes[slot.range.clone()]),
            })
            .collect()
    }
}

/// A shape for a message, `[2, 3]`: what `{:?}` gives, without the formatter of lists in the download.
pub(crate) fn shown(shape: &[usize]) -> String {
    let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("[{}]", axes.join(", "))
}

/// A checked, aligned view of plain numbers.
pub(crate) fn typed<'b, T: bytemuck::Pod>(bytes: &'b [u8], range: &Range<usize>, tensor: &str) -> Result<&'b [T]> {
    bytemuck::try_cast_slice(&bytes[range.clone()]).map_err(|e| {
        Error::tensor(tensor, format_args!("expected values aligned to their size, found otherwise ({e})"))
    })
}

/// Refuses a value that is not finite or larger than [`MAX_ABS`].
pub(crate) fn check_finite(values: &[f32], tensor: &str) -> Result<()> {
    check_magnitude(values, tensor, MAX_ABS)
}

/// Refuses a value that is not finite or larger than `largest`.
pub(crate) fn check_magnitude(values: &[f32], tensor: &str, largest: f32) -> Result<()> {
    match values.iter().position(|x| !x.is_finite() || x.abs() > largest) {
        None => Ok(()),
        Some(i) => Err(Error::tensor(
            tensor,
            format_args!("expected finite values up to {}, found {} at index {i}", show(largest), show(values[i])),
        )),
    }
}

/// Bytes hashed in one call: a browser replaces a function by its optimised code between calls, never within one.
const HASHED: usize = 4096;

/// Lower-case hexadecimal sha256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    bytes.chunks(HASHED).for_each(|bytes| hash.update(bytes));
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
