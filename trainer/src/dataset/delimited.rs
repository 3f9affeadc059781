//! CSV, TSV and text with longer separators.

use std::io::{BufRead, Read};
use std::path::Path;

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::table::TableOptions;
use super::text::{Encoding, Source, Text};
use crate::error::{CliError, Result};

const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Stands for a separator of several characters: ASCII's own unit separator.
const UNIT: u8 = 0x1f;

/// Rows of a delimited text file.
pub struct Delimited {
    source: Source,
    encoding: Encoding,
    reader: Reader<Box<dyn Read>>,
    record: ByteRecord,
    /// Whether `record` holds the first row, not yet given: there was no header to take from it.
    first: bool,
}

impl Delimited {
    /// Reads the header row, or takes the one in `options`.
    ///
    /// # Errors
    /// A separator that is no ASCII, a header of other length than the first row, or as [`Delimited::next_row`].
    pub fn open(text: Text, options: &TableOptions) -> Result<(Vec<String>, Delimited)> {
        let separator = match options.delimiter.as_deref() {
            Some(delimiter) => ascii(delimiter)?.to_vec(),
            None => vec![guess_separator(&text.path, &text.start)],
        };
        let (bytes, source) = text.into_reader();
        let (byte, bytes): (u8, Box<dyn Read>) = match separator[..] {
            [byte] => (byte, Box::new(bytes)),
            _ => (UNIT, Box::new(Replaced { lines: bytes, separator, line: Vec::new(), given: 0 })),
        };
        let quoting = byte != UNIT && !options.unquoted;
        let reader = ReaderBuilder::new().delimiter(byte).quoting(quoting).has_headers(false).from_reader(bytes);
        let mut rows =
            Delimited { source, encoding: options.encoding, reader, record: ByteRecord::new(), first: false };
        let mut first = Vec::new();
        if rows.next_row(&mut first)?.is_none() {
            return Err(CliError::NoRows { path: rows.source.path, found: "an empty file" });
        }
        let Some(header) = &options.header else {
            return Ok((first.iter().map(|cell| cell.trim().to_owned()).collect(), rows));
        };
        if header.len() != first.len() {
            let expected = format!("{} columns ({})", header.len(), header.join(", "));
            let found = format!("{} in the first row", first.len());
            return Err(CliError::Header { path: rows.source.path, expected, found });
        }
        rows.first = true;
        Ok((header.clone(), rows))
    }

    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        if !std::mem::take(&mut self.first) {
            let more = self.reader.read_byte_record(&mut self.record);
            if !more.map_err(|error| csv_error(&self.source, error))? {
                return Ok(None);
            }
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        cells.resize(self.record.len(), String::new());
        for (cell, bytes) in cells.iter_mut().zip(&self.record) {
            if !self.encoding.decode(bytes, cell) {
                return Err(self.source.other_encoding(line));
            }
        }
        Ok(Some(line))
    }
}

/// Lines with each separator replaced by [`UNIT`].
struct Replaced {
    lines: Box<dyn BufRead>,
    separator: Vec<u8>,
    line: Vec<u8>,
    given: usize,
}

impl Read for Replaced {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.line.len() {
            let mut read = Vec::new();
            self.lines.read_until(b'\n', &mut read)?;
            (self.line, self.given) = (replace(&read, &self.separator), 0);
        }
        let count = buffer.len().min(self.line.len() - self.given);
        buffer[..count].copy_from_slice(&self.line[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}

fn replace(mut line: &[u8], separator: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(line.len());
    while let Some(&byte) = line.first() {
        let found = line.starts_with(separator);
        replaced.push(if found { UNIT } else { byte });
        line = &line[if found { separator.len() } else { 1 }..];
    }
    replaced
}

fn ascii(delimiter: &str) -> Result<&[u8]> {
    match delimiter.is_ascii() && !delimiter.is_empty() {
        true => Ok(delimiter.as_bytes()),
        false => Err(CliError::Flag {
            flag: "--delimiter",
            expected: "ASCII characters such as `;` or `::`".into(),
            found: format!("`{delimiter}`"),
        }),
    }
}

/// Tab for `.tsv`, else the separator the header row has most of.
fn guess_separator(path: &Path, start: &[u8]) -> u8 {
    let name = path.to_string_lossy().to_lowercase();
    if name.trim_end_matches(".gz").ends_with(".tsv") {
        return b'\t';
    }
    let header = start.split(|&byte| byte == b'\n').next().unwrap_or(start);
    let count = |separator: u8| header.iter().filter(|&&byte| byte == separator).count();
    SEPARATORS.into_iter().rev().max_by_key(|&separator| count(separator)).unwrap_or(b',')
}

fn csv_error(source: &Source, error: csv::Error) -> CliError {
    let line = error.position().map_or(0, csv::Position::line);
    let path = source.path.clone();
    match error.into_kind() {
        ErrorKind::Io(error) => source.failed(error),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            CliError::RowLength { path, line, expected: expected_len, found: len }
        }
        other => CliError::Read { path, source: std::io::Error::other(format!("line {line}: {other:?}")) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_separators_are_found_wherever_buffers_end() {
        let text = "1::2::a:b::\u{e9}\n3::4::::x\n";
        let mut replaced = Replaced {
            lines: Box::new(std::io::Cursor::new(text.to_owned())),
            separator: b"::".to_vec(),
            line: Vec::new(),
            given: 0,
        };
        let mut found = Vec::new();
        let mut buffer = [0; 3];
        while let Ok(count @ 1..) = replaced.read(&mut buffer) {
            found.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(String::from_utf8(found).unwrap(), "1|2|a:b|\u{e9}\n3|4||x\n".replace('|', "\u{1f}"));
    }
}
