//! The safetensors header: `u64` length, then JSON `{ name: { dtype, shape, data_offsets }, __metadata__ }`.
//!
//! The `safetensors` crate writes the files, and tests hold this reader to it. Reading is done here because the crate's
//! errors do not name the tensor that is cut short, and its deserialiser would be an eighth of what a visitor downloads.

use std::ops::Range;

use super::limits::{MAX_HEADER, MAX_TENSORS};
use crate::error::{Error, Result};
use crate::json::{Field, parse};

/// Element types a model uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    I8,
    U8,
    F16,
    Bf16,
    F32,
    U16,
    U32,
}

impl Dtype {
    pub fn name(self) -> &'static str {
        match self {
            Dtype::I8 => "I8",
            Dtype::U8 => "U8",
            Dtype::F16 => "F16",
            Dtype::Bf16 => "BF16",
            Dtype::F32 => "F32",
            Dtype::U16 => "U16",
            Dtype::U32 => "U32",
        }
    }

    fn size(self) -> usize {
        match self {
            Dtype::I8 | Dtype::U8 => 1,
            Dtype::F16 | Dtype::Bf16 | Dtype::U16 => 2,
            Dtype::F32 | Dtype::U32 => 4,
        }
    }

    fn parse(name: &str) -> Option<Dtype> {
        [Dtype::I8, Dtype::U8, Dtype::F16, Dtype::Bf16, Dtype::F32, Dtype::U16, Dtype::U32]
            .into_iter()
            .find(|dtype| dtype.name() == name)
    }
}

/// Where a tensor lies in the file, and what it says it is.
#[derive(Debug, Clone)]
pub(crate) struct TensorSlot {
    pub name: String,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub range: Range<usize>,
}

/// The `__metadata__` texts of a file: key and value.
pub(crate) type Metadata = Vec<(String, String)>;

/// How long the file is of which these are the first bytes, once its header is there: where the last tensor ends. 0 for a
/// header that cannot be used, which [`parse_header`] will say.
pub(crate) fn announced_length(start: &[u8]) -> Option<usize> {
    let length = usize::try_from(u64::from_le_bytes(*start.first_chunk::<8>()?)).unwrap_or(usize::MAX);
    if length > MAX_HEADER {
        return Some(0);
    }
    let json = start[8..].get(..length)?;
    let end = |entry: &Field| entry.required("data_offsets")?.list()?.last().map_or(Ok(0), Field::whole);
    let last = || {
        let header = parse(json).ok()?;
        let entries = Field::root(&header, "header").members().ok()?;
        let ends = entries.iter().filter(|(name, _)| *name != "__metadata__").map(|(_, entry)| end(entry).unwrap_or(0));
        Some((8 + length).saturating_add(ends.max().unwrap_or(0)))
    };
    Some(last().unwrap_or(0))
}

/// Parses the header of `file`: the tensors in file order, and the `__metadata__` texts. The tensors must lie side by side
/// and fill the file exactly, as the safetensors format demands.
pub(crate) fn parse_header(file: &[u8]) -> Result<(Vec<TensorSlot>, Metadata)> {
    let refused = |detail: &str| Error::format(format_args!("expected a safetensors file, found {detail}"));
    let length = file.first_chunk::<8>().ok_or_else(|| refused("fewer than 8 bytes"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER {
        return Err(refused("a header of more than 1 MiB"));
    }
    let json = file[8..].get(..length).ok_or_else(|| refused("a header that is longer than the file"))?;
    let header = parse(json).map_err(|_| refused("a header that is not JSON"))?;
    let (mut slots, mut metadata) = (Vec::new(), Vec::new());
    for (name, entry) in Field::root(&header, "header").members()? {
        if name == "__metadata__" {
            for (key, text) in entry.members()? {
                metadata.push((key.to_owned(), text.text()?.to_owned()));
            }
        } else {
            let slot = read_slot(name, &entry, 8 + length);
            slots.push(slot.map_err(|e| Error::tensor(name, format_args!("its header cannot be used ({e})")))?);
        }
    }
    if slots.len() > MAX_TENSORS {
        return Err(refused("more than 512 tensors"));
    }
    for (n, slot) in slots.iter().enumerate() {
        if slots[..n].iter().any(|earlier| earlier.name == slot.name) {
            return Err(Error::tensor(&slot.name, "expected distinct tensor names, found it twice"));
        }
    }
    // An insertion sort: they are few, and stand in order where the safetensors crate wrote the file.
    let place = |slot: &TensorSlot| (slot.range.start, slot.range.end);
    for mut n in 1..slots.len() {
        while n > 0 && place(&slots[n]) < place(&slots[n - 1]) {
            slots.swap(n, n - 1);
            n -= 1;
        }
    }
    let mut end = 8 + length;
    for slot in &slots {
        if slot.range.start != end || slot.range.end > file.len() {
            let detail = format!(
                "expected its bytes at {end}..{}, found {}..{} in a file of {}",
                slot.range.end,
                slot.range.start,
                slot.range.end,
                file.len()
            );
            return Err(Error::tensor(&slot.name, detail));
        }
        end = slot.range.end;
    }
    if end != file.len() {
        return Err(refused("bytes after the last tensor"));
    }
    Ok((slots, metadata))
}

fn read_slot(name: &str, entry: &Field, start: usize) -> Result<TensorSlot> {
    let dtype = entry.required("dtype")?;
    let dtype = Dtype::parse(dtype.text()?).ok_or_else(|| dtype.refuse("one of I8, U8, F16, BF16, F32, U16, U32"))?;
    let mut shape = Vec::new();
    let mut bytes = Some(dtype.size());
    for axis in entry.required("shape")?.list()? {
        shape.push(axis.whole()?);
        bytes = bytes.and_then(|bytes| bytes.checked_mul(shape[shape.len() - 1]));
    }
    let offsets = entry.required("data_offsets")?;
    let &[from, to] = offsets.list()?.as_slice() else {
        return Err(offsets.refuse("two offsets"));
    };
    let (from, to) = (from.whole()?, to.whole()?);
    let place = |offset: usize| start.checked_add(offset).ok_or_else(|| offsets.refuse("offsets inside the file"));
    if bytes.is_none() || to.checked_sub(from) != bytes {
        return Err(offsets.refuse("offsets that fit dtype and shape"));
    }
    Ok(TensorSlot { name: name.to_owned(), dtype, shape, range: place(from)?..place(to)? })
}
