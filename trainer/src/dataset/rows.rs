//! The rows of a log in the order of users and times, in memory or, past a bound, in temporary files: an external merge
//! sort (Knuth, The Art of Computer Programming 3, 5.4). The order is the same either way.

use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};

use rayon::slice::ParallelSliceMut;

use crate::error::{CliError, Result};

/// Bytes of a row in a file.
const BYTES: usize = 36;
/// Buffer of each file.
const BUFFER: usize = 128 << 10;
/// Files merged at once at most.
const FAN_IN: usize = 64;
/// Rows that are always held in memory.
const LEAST_ROWS: usize = 64;
/// Mark in `order` of a pair's first row.
const FIRST: u64 = 1 << 63;

/// One interaction: positions among the log's users and items.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Row {
    pub user: u32,
    pub item: u32,
    /// As read: in the unit of the time column, or the row's number.
    pub time: f64,
    pub strength: f32,
    /// NaN where there is none.
    pub value: f32,
    /// Place among the log's situations.
    pub situation: u32,
    /// Given by the sorter.
    pub order: u64,
}

impl Row {
    /// Whether it is the first of its user and item.
    pub fn is_first(&self) -> bool {
        self.order & FIRST != 0
    }

    pub fn mark_first(&mut self) {
        self.order |= FIRST;
    }

    fn key(&self) -> (u32, u64, u64) {
        // Flipped like this, the bits of finite numbers have the order of the numbers.
        let bits = self.time.to_bits();
        let time = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        (self.user, time, self.order & !FIRST)
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&self.user.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.item.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.strength.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.value.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.situation.to_le_bytes());
        bytes[28..].copy_from_slice(&self.order.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Row {
        let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let long =
            |at: usize| u64::from(u32::from_le_bytes(word(at))) | u64::from(u32::from_le_bytes(word(at + 4))) << 32;
        Row {
            user: u32::from_le_bytes(word(0)),
            item: u32::from_le_bytes(word(4)),
            time: f64::from_bits(long(8)),
            strength: f32::from_le_bytes(word(16)),
            value: f32::from_le_bytes(word(20)),
            situation: u32::from_le_bytes(word(24)),
            order: long(28),
        }
    }
}

/// Takes rows in any order.
#[derive(Debug, Default)]
pub struct RowSorter {
    /// Rows held in memory before they go to a file.
    room: Option<usize>,
    held: Vec<Row>,
    runs: Vec<File>,
    count: u64,
}

impl RowSorter {
    /// Holds rows of `bytes` in memory at most; all of them for `None`.
    pub fn new(bytes: Option<usize>) -> RowSorter {
        RowSorter { room: bytes.map(|bytes| (bytes / size_of::<Row>()).max(LEAST_ROWS)), ..RowSorter::default() }
    }

    /// Adds a row; rows of the same user and time stay in the order they are added.
    ///
    /// # Errors
    /// [`CliError::Temporary`].
    pub fn push(&mut self, row: Row) -> Result<()> {
        if self.room.is_some_and(|room| self.held.len() >= room) {
            self.spill()?;
        }
        if let (Some(room), 0) = (self.room, self.held.capacity()) {
            self.held.reserve_exact(room); // growing by doubling would overshoot
        }
        self.held.push(Row { order: self.count, ..row });
        self.count += 1;
        Ok(())
    }

    /// Rows taken.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    fn spill(&mut self) -> Result<()> {
        self.held.par_sort_unstable_by_key(Row::key);
        let mut file = RowWriter::new()?;
        self.held.iter().try_for_each(|row| file.push(row))?;
        self.held.clear();
        self.runs.push(file.finish()?);
        if self.runs.len() >= FAN_IN {
            let merged = merge(std::mem::take(&mut self.runs))?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// All rows, sorted by user, then time, then as they were added.
    ///
    /// # Errors
    /// As [`RowSorter::push`].
    pub fn finish(mut self) -> Result<SortedRows> {
        if self.runs.is_empty() {
            self.held.par_sort_unstable_by_key(Row::key);
            return Ok(SortedRows::Memory(self.held));
        }
        self.spill()?;
        drop(self.held);
        Ok(SortedRows::File(merge(self.runs)?))
    }
}

/// Sorted rows, to be walked more than once.
#[derive(Debug)]
pub enum SortedRows {
    Memory(Vec<Row>),
    File(File),
}

impl SortedRows {
    /// Shows every row to `see`.
    ///
    /// # Errors
    /// [`CliError::Temporary`].
    pub fn for_each(&self, mut see: impl FnMut(&Row)) -> Result<()> {
        match self {
            SortedRows::Memory(rows) => rows.iter().for_each(see),
            SortedRows::File(file) => {
                let mut rows = RowReader::new(file.try_clone().map_err(temporary)?)?;
                while let Some(row) = rows.next()? {
                    see(&row);
                }
            }
        }
        Ok(())
    }

    /// Keeps the rows that `keep` says, as it leaves them; it must not change what they are sorted by.
    ///
    /// # Errors
    /// [`CliError::Temporary`].
    pub fn retain(self, mut keep: impl FnMut(&mut Row) -> bool) -> Result<SortedRows> {
        match self {
            SortedRows::Memory(mut rows) => {
                rows.retain_mut(keep);
                Ok(SortedRows::Memory(rows))
            }
            SortedRows::File(file) => {
                let (mut rows, mut kept) = (RowReader::new(file)?, RowWriter::new()?);
                while let Some(mut row) = rows.next()? {
                    if keep(&mut row) {
                        kept.push(&row)?;
                    }
                }
                Ok(SortedRows::File(kept.finish()?))
            }
        }
    }
}

fn merge(runs: Vec<File>) -> Result<File> {
    let mut readers = runs.into_iter().map(RowReader::new).collect::<Result<Vec<_>>>()?;
    let mut heads = BinaryHeap::with_capacity(readers.len());
    for (at, reader) in readers.iter_mut().enumerate() {
        heads.extend(reader.next()?.map(|row| Head { row, at }));
    }
    let mut merged = RowWriter::new()?;
    while let Some(Head { row, at }) = heads.pop() {
        merged.push(&row)?;
        heads.extend(readers[at].next()?.map(|row| Head { row, at }));
    }
    merged.finish()
}

/// The next row of a run; the smallest key is the greatest head, as the heap gives the greatest first.
struct Head {
    row: Row,
    at: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> std::cmp::Ordering {
        other.row.key().cmp(&self.row.key())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.row.key() == other.row.key()
    }
}

impl Eq for Head {}

/// A temporary file that goes with its last handle.
struct RowWriter(BufWriter<File>);

impl RowWriter {
    fn new() -> Result<RowWriter> {
        Ok(RowWriter(BufWriter::with_capacity(BUFFER, tempfile::tempfile().map_err(temporary)?)))
    }

    fn push(&mut self, row: &Row) -> Result<()> {
        self.0.write_all(&row.to_bytes()).map_err(temporary)
    }

    fn finish(self) -> Result<File> {
        self.0.into_inner().map_err(|error| temporary(error.into_error()))
    }
}

struct RowReader(BufReader<File>);

impl RowReader {
    fn new(mut file: File) -> Result<RowReader> {
        file.rewind().map_err(temporary)?;
        Ok(RowReader(BufReader::with_capacity(BUFFER, file)))
    }

    fn next(&mut self) -> Result<Option<Row>> {
        let mut bytes = [0; BYTES];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(Row::from_bytes(&bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(temporary(error)),
        }
    }
}

fn temporary(source: std::io::Error) -> CliError {
    CliError::Temporary { folder: std::env::temp_dir(), source }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn sorted(room: Option<usize>, count: u32) -> SortedRows {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut sorter = RowSorter::new(room);
        for n in 0..count {
            let time = f64::from(rng.random_range(-20..20)) / 4.0;
            let value = if n % 3 == 0 { 0.5 } else { n as f32 };
            let (user, strength, situation) = (rng.random_range(0..40), 0.25, n % 7);
            sorter.push(Row { user, item: n, time, strength, value, situation, order: 0 }).unwrap();
        }
        sorter.finish().unwrap()
    }

    fn rows(sorted: &SortedRows) -> Vec<Row> {
        let mut rows = Vec::new();
        sorted.for_each(|row| rows.push(*row)).unwrap();
        rows
    }

    #[test]
    fn files_give_the_order_that_memory_gives() {
        // 64 rows a run: one run, some, more than are merged at once, and runs that end on the last row.
        for count in [0, 1, 63, 64, 65, 640, 64 * 64, 64 * 70 + 5] {
            let (memory, file) = (sorted(None, count), sorted(Some(0), count));
            assert_eq!(matches!(file, SortedRows::File(_)), count > 64);
            let expected = rows(&memory);
            assert_eq!(rows(&file), expected, "{count} rows");
            assert!(expected.is_sorted_by(|a, b| (a.user, a.time, a.item) < (b.user, b.time, b.item)));
            let odd = |row: &mut Row| {
                row.mark_first();
                row.item % 2 == 1
            };
            let (memory, file) = (memory.retain(odd).unwrap(), file.retain(odd).unwrap());
            assert_eq!(rows(&file), rows(&memory), "{count} rows");
            assert!(rows(&file).iter().all(|row| row.is_first() && row.item % 2 == 1));
        }
    }
}
