//! A model in memory with more items than its file: what belongs to the new ones is put in behind what belongs to the others, so that
//! no byte of the file is lost, and no item that was there changes.

use std::borrow::Cow;
use std::ops::Range;

use super::buffer::ModelBuffer;
use super::catalogue::ColumnSlot;
use super::fields::Attribute;
use super::header::{Dtype, TensorSlot};
use super::limits::MIN_SCALE;
use super::nibbles::pack_nibbles;
use super::quantise::{Grid, quantise_table};
use super::read::{Model, REMOVED};
use super::table::{HISTORY, ITEMS};
use super::tensors::TensorTable;
use super::view::ColumnView;
use crate::error::Result;

/// Alignment that tensors keep.
const ALIGNED: usize = 8;

/// An item that a file does not have.
#[derive(Debug, Clone)]
pub(crate) struct Newcomer<'a> {
    pub id: &'a str,
    /// (d).
    pub vector: Vec<f32>,
    /// One a column, in display order.
    pub attributes: Vec<Attribute<'a>>,
}

/// What is put into a file, and where.
struct Growth<'m> {
    slots: Vec<TensorSlot>,
    file: &'m [u8],
    /// (number of the tensor, place in the file, bytes); those of a tensor in their order.
    insertions: Vec<(usize, usize, Vec<u8>)>,
}

impl Model {
    /// This model with more items. A new one has no history rows, no neighbours and no popularity, and of biases what items have on
    /// average; a fold-in takes it for one of those that nobody took.
    ///
    /// # Errors
    /// As [`Model::read`].
    pub(crate) fn grown(&self, new: &[Newcomer<'_>]) -> Result<Model> {
        let (before, count) = (self.item_count(), new.len());
        let mut growth =
            Growth { slots: self.tensor_table().slots().to_vec(), file: self.bytes(), insertions: Vec::new() };
        let vectors: Vec<f32> = new.iter().flat_map(|item| item.vector.iter().copied()).collect();
        growth.add_rows(ITEMS, &vectors, count);
        let width = self.history_row(0).len();
        growth.add_rows(HISTORY, &vec![0.0; count * width], count);
        growth.repeat("item.bias", count, mean(self.bias().unwrap_or(&[])));
        growth.repeat("item.popularity", count, 0.0);
        growth.add(REMOVED, count, &vec![0; count]);
        if let Some(part) = self.repurchase() {
            let own = vec![mean(part.repeat_items); count];
            growth.insert("item.repurchase", before * size_of::<f32>(), bytemuck::cast_slice(&own));
            growth.repeat("item.repurchase", count, mean(part.new_items));
        }
        if self.neighbours().is_some() {
            growth.repeat_last("neighbour.indptr", count);
            growth.add_scales("neighbour.scale", &vec![0.0; count]);
        }
        growth.add_strings("item.id", &new.iter().map(|item| item.id).collect::<Vec<_>>());
        for (n, (name, slot)) in self.columns().iter().enumerate() {
            let attributes: Vec<Attribute> = new.iter().map(|item| item.attributes[n]).collect();
            growth.add_column(&["column.", name].concat(), slot, self.column(name), &attributes);
        }
        let (buffer, slots, inserted) = growth.build(self.inserted())?;
        Model::assemble(buffer, TensorTable::of(slots), self.shared_manifest(), before + count, inserted)
    }

    /// The file that the model was read from.
    pub(crate) fn original(&self) -> Cow<'_, [u8]> {
        let bytes = self.bytes();
        if self.inserted().is_empty() {
            return Cow::Borrowed(bytes);
        }
        let (mut original, mut from) = (Vec::with_capacity(bytes.len()), 0);
        for range in self.inserted() {
            original.extend_from_slice(&bytes[from..range.start]);
            from = range.end;
        }
        original.extend_from_slice(&bytes[from..]);
        Cow::Owned(original)
    }
}

impl Growth<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.name == name)
    }

    /// Puts bytes at this place of a tensor, if the file has it.
    #[inline(never)]
    fn insert(&mut self, name: &str, at: usize, bytes: &[u8]) {
        if let Some(n) = self.find(name) {
            self.insertions.push((n, self.slots[n].range.start + at, bytes.to_vec()));
        }
    }

    /// Puts bytes at the end of a tensor that becomes longer by `count`: along its first axis, the repurchase part's along its second.
    #[inline(never)]
    fn add(&mut self, name: &str, count: usize, bytes: &[u8]) {
        let Some(n) = self.find(name) else { return };
        let slot = &mut self.slots[n];
        slot.shape[usize::from(name == "item.repurchase")] += count;
        let length = slot.range.len();
        self.insert(name, length, bytes);
    }

    /// Puts `count` times `value` at the end of a tensor.
    fn repeat(&mut self, name: &str, count: usize, value: f32) {
        self.add(name, count, bytemuck::cast_slice(&vec![value; count]));
    }

    /// Adds rows in the type that the table has, with their scales.
    fn add_rows(&mut self, name: &str, rows: &[f32], count: usize) {
        let Some(n) = self.find(name) else { return };
        let width = rows.len() / count.max(1);
        let scales = [name, ".scale"].concat();
        match self.slots[n].dtype {
            Dtype::I8 => {
                let table = quantise_table(rows, width.max(1), Grid::Int8);
                self.add(name, count, bytemuck::cast_slice(&table.values));
                self.add_scales(&scales, &table.scale);
            }
            Dtype::U8 => {
                let table = quantise_table(rows, width.max(1), Grid::Int4);
                self.add(name, count, &pack_nibbles(&table.values));
                self.add_scales(&scales, &table.scale);
            }
            Dtype::F16 => {
                let halves: Vec<u16> = rows.iter().map(|&x| half::f16::from_f32(x).to_bits()).collect();
                self.add(name, count, bytemuck::cast_slice(&halves));
            }
            _ => {
                let kept: Vec<f32> = rows.iter().map(|&x| if x.abs() < MIN_SCALE { 0.0 } else { x }).collect();
                self.add(name, count, bytemuck::cast_slice(&kept));
            }
        }
    }

    fn add_scales(&mut self, name: &str, scale: &[f32]) {
        let Some(n) = self.find(name) else { return };
        if self.slots[n].dtype == Dtype::Bf16 {
            let halves: Vec<u16> = scale.iter().map(|x| (x.to_bits() >> 16) as u16).collect();
            return self.add(name, scale.len(), bytemuck::cast_slice(&halves));
        }
        self.add(name, scale.len(), bytemuck::cast_slice(scale));
    }

    /// The last number of a tensor `count` times more.
    fn repeat_last(&mut self, name: &str, count: usize) {
        let Some(n) = self.find(name) else { return };
        let values: &[u32] = bytemuck::cast_slice(&self.file[self.slots[n].range.clone()]);
        let last = values[values.len() - 1];
        self.add(name, count, bytemuck::cast_slice(&vec![last; count]));
    }

    #[inline(never)]
    fn add_strings(&mut self, name: &str, strings: &[&str]) {
        let (bytes_name, offsets_name) = ([name, ".bytes"].concat(), [name, ".offsets"].concat());
        let Some(n) = self.find(&bytes_name) else { return };
        let end = self.slots[n].range.len();
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            offsets.push((end + bytes.len()) as u32);
        }
        self.add(&bytes_name, bytes.len(), &bytes);
        self.add(&offsets_name, offsets.len(), bytemuck::cast_slice(&offsets));
    }

    fn add_column(
        &mut self,
        name: &str,
        slot: &ColumnSlot,
        view: Option<ColumnView<'_>>,
        attributes: &[Attribute<'_>],
    ) {
        if let ColumnSlot::Number(_) = slot {
            let number = |attribute: &Attribute| if let Attribute::Number(x) = attribute { *x } else { f32::NAN };
            let numbers: Vec<f32> = attributes.iter().map(number).collect();
            return self.add(name, numbers.len(), bytemuck::cast_slice(&numbers));
        }
        let texts: Vec<&str> =
            attributes.iter().map(|attribute| if let Attribute::Text(text) = attribute { text } else { "" }).collect();
        match view {
            Some(ColumnView::Category { values, value_count, .. }) => {
                let (mut fresh, mut codes): (Vec<&str>, Vec<u32>) = (Vec::new(), Vec::new());
                for &value in &texts {
                    let known = (0..value_count).find(|&code| values.get(code) == value);
                    let code = known.or_else(|| Some(value_count + fresh.iter().position(|&other| other == value)?));
                    codes.push(code.unwrap_or(value_count + fresh.len()) as u32);
                    if code.is_none() {
                        fresh.push(value);
                    }
                }
                self.add(&[name, ".codes"].concat(), codes.len(), bytemuck::cast_slice(&codes));
                self.add_strings(name, &fresh);
            }
            _ => self.add_strings(name, &texts),
        }
    }

    /// The bytes with everything put in, where the tensors now lie, and what is not the file's own: what was `inserted` before, and
    /// what is now. Every tensor stays aligned as it was.
    fn build(mut self, inserted: &[Range<usize>]) -> Result<(ModelBuffer, Vec<TensorSlot>, Vec<Range<usize>>)> {
        let total: usize = self.insertions.iter().map(|(.., bytes)| bytes.len() + ALIGNED).sum();
        let mut grown = Grown { buffer: ModelBuffer::with_capacity(self.file.len() + total)?, inserted: Vec::new() };
        let mut from = 0;
        for (n, slot) in self.slots.iter_mut().enumerate() {
            let shift = grown.buffer.len() - from;
            let start = slot.range.start + shift;
            for (_, place, bytes) in self.insertions.iter().filter(|(own, ..)| *own == n) {
                grown.copy(self.file, from..*place, inserted)?;
                grown.put(bytes)?;
                from = *place;
            }
            grown.copy(self.file, from..slot.range.end, inserted)?;
            from = slot.range.end;
            let more = grown.buffer.len() - from - shift;
            slot.range = start..grown.buffer.len();
            grown.put(&[0; ALIGNED][..more.next_multiple_of(ALIGNED) - more])?;
        }
        Ok((grown.buffer, self.slots, grown.inserted))
    }
}

/// Bytes under construction.
struct Grown {
    buffer: ModelBuffer,
    inserted: Vec<Range<usize>>,
}

impl Grown {
    /// Copies a range of the bytes that were there; what was put into these stays known as such.
    fn copy(&mut self, file: &[u8], range: Range<usize>, inserted: &[Range<usize>]) -> Result<()> {
        let start = self.buffer.len();
        for own in inserted {
            let (from, to) = (own.start.max(range.start), own.end.min(range.end));
            if from < to {
                self.note(start + from - range.start..start + to - range.start);
            }
        }
        self.buffer.push(&file[range])
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let start = self.buffer.len();
        self.buffer.push(bytes)?;
        self.note(start..self.buffer.len());
        Ok(())
    }

    fn note(&mut self, range: Range<usize>) {
        match self.inserted.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.inserted.push(range),
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
