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
    /// (number of the tensor, place in the file, bytes), as they come.
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
        let mut growth = Growth { slots: self.tensor_table().slots().to_vec(), file: self.bytes(), insertions: Vec::new() };
        let vectors: Vec<f32> = new.iter().flat_map(|item| item.vector.iter().copied()).collect();
        growth.add_rows(ITEMS, &vectors, count);
        let width = self.history_row(0).len();
        growth.add_rows(HISTORY, &vec![0.0; count * width], count);
        growth.add("item.bias", count, &vec![mean(self.bias().unwrap_or(&[])); count]);
        growth.add("item.popularity", count, &vec![0.0f32; count]);
        growth.add(REMOVED, count, &vec![0u8; count]);
        if let Some(part) = self.repurchase() {
            growth.insert("item.repurchase", before * size_of::<f32>(), &vec![mean(part.repeat_items); count]);
            growth.add("item.repurchase", count, &vec![mean(part.new_items); count]);
        }
        growth.repeat_last::<u32>("neighbour.indptr", count);
        growth.add_scales("neighbour.scale", &vec![0.0; count]);
        growth.add_strings("item.id", new.iter().map(|item| item.id));
        for (n, (name, slot)) in self.columns().iter().enumerate() {
            growth.add_column(&format!("column.{name}"), slot, self.column(name), new.iter().map(|item| item.attributes[n]));
        }
        let (buffer, slots, inserted) = growth.build(self.inserted())?;
        let mut manifest = self.manifest().clone();
        manifest.items += count;
        Model::assemble(buffer, TensorTable::of(slots), manifest, self.golden_items(), inserted)
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
    fn insert<T: bytemuck::NoUninit>(&mut self, name: &str, at: usize, values: &[T]) {
        if let Some(n) = self.find(name) {
            let place = self.slots[n].range.start + at;
            self.insertions.push((n, place, bytemuck::cast_slice(values).to_vec()));
        }
    }

    /// Puts `values` at the end of a tensor whose last axis, or whose first of rows, becomes longer by `count`.
    fn add<T: bytemuck::NoUninit>(&mut self, name: &str, count: usize, values: &[T]) {
        let Some(n) = self.find(name) else { return };
        let (length, slot) = (self.slots[n].range.len(), &mut self.slots[n]);
        let axis = if name == "item.repurchase" { 1 } else { 0 };
        slot.shape[axis] += count;
        self.insert(name, length, values);
    }

    /// Adds rows in the type that the table has, with their scales.
    fn add_rows(&mut self, name: &str, rows: &[f32], count: usize) {
        let Some(n) = self.find(name) else { return };
        let width = rows.len() / count.max(1);
        let scales = [name, ".scale"].concat();
        match self.slots[n].dtype {
            Dtype::I8 => {
                let table = quantise_table(rows, width.max(1), Grid::Int8);
                self.add(name, count, &table.values);
                self.add_scales(&scales, &table.scale);
            }
            Dtype::U8 => {
                let table = quantise_table(rows, width.max(1), Grid::Int4);
                self.add(name, count, &pack_nibbles(&table.values));
                self.add_scales(&scales, &table.scale);
            }
            Dtype::F16 => {
                let halves: Vec<u16> = rows.iter().map(|&x| half::f16::from_f32(x).to_bits()).collect();
                self.add(name, count, &halves);
            }
            _ => {
                let kept = |&x: &f32| if x.abs() < MIN_SCALE { 0.0 } else { x };
                self.add(name, count, &rows.iter().map(kept).collect::<Vec<f32>>());
            }
        }
    }

    fn add_scales(&mut self, name: &str, scale: &[f32]) {
        let Some(n) = self.find(name) else { return };
        if self.slots[n].dtype == Dtype::Bf16 {
            let halves: Vec<u16> = scale.iter().map(|x| (x.to_bits() >> 16) as u16).collect();
            return self.add(name, scale.len(), &halves);
        }
        self.add(name, scale.len(), scale);
    }

    /// The last number of a tensor `count` times more.
    fn repeat_last<T: bytemuck::Pod>(&mut self, name: &str, count: usize) {
        let Some(n) = self.find(name) else { return };
        let values: &[T] = bytemuck::cast_slice(&self.file[self.slots[n].range.clone()]);
        let last = values[values.len() - 1];
        self.add(name, count, &vec![last; count]);
    }

    fn add_strings<'a>(&mut self, name: &str, strings: impl Iterator<Item = &'a str>) {
        let (bytes_name, offsets_name) = ([name, ".bytes"].concat(), [name, ".offsets"].concat());
        let Some(n) = self.find(&bytes_name) else { return };
        let end = self.slots[n].range.len();
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            offsets.push((end + bytes.len()) as u32);
        }
        self.add(&bytes_name, bytes.len(), &bytes);
        self.add(&offsets_name, offsets.len(), &offsets);
    }

    fn add_column<'a>(
        &mut self,
        name: &str,
        slot: &ColumnSlot,
        view: Option<ColumnView<'_>>,
        attributes: impl Iterator<Item = Attribute<'a>>,
    ) {
        let text = |attribute| if let Attribute::Text(text) = attribute { text } else { "" };
        match (slot, view) {
            (ColumnSlot::Number(_), _) => {
                let number = |attribute| if let Attribute::Number(x) = attribute { x } else { f32::NAN };
                let numbers: Vec<f32> = attributes.map(number).collect();
                self.add(name, numbers.len(), &numbers);
            }
            (_, Some(ColumnView::Category { values, value_count, .. })) => {
                let (mut fresh, mut codes): (Vec<&str>, Vec<u32>) = (Vec::new(), Vec::new());
                for value in attributes.map(text) {
                    let known = (0..value_count).find(|&code| values.get(code) == value);
                    let code = known.or_else(|| Some(value_count + fresh.iter().position(|&other| other == value)?));
                    codes.push(code.unwrap_or(value_count + fresh.len()) as u32);
                    if code.is_none() {
                        fresh.push(value);
                    }
                }
                self.add(&[name, ".codes"].concat(), codes.len(), &codes);
                self.add_strings(name, fresh.into_iter());
            }
            _ => self.add_strings(name, attributes.map(text)),
        }
    }

    /// The bytes with everything put in, where the tensors now lie, and what is not the file's own: what was `inserted` before, and
    /// what is now. Every tensor stays aligned as it was.
    fn build(mut self, inserted: &[Range<usize>]) -> Result<(ModelBuffer, Vec<TensorSlot>, Vec<Range<usize>>)> {
        self.insertions.sort_by_key(|(n, place, _)| (*n, *place));
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
