//! CSV and TSV text.

use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::table::read_up_to;
use crate::error::{CliError, Result};

/// How much of a file is looked at to find the separator.
const PEEK: usize = 64 * 1024;
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Rows of a delimited text file.
pub struct Delimited {
    path: PathBuf,
    gzip: bool,
    reader: Reader<Box<dyn Read>>,
    record: ByteRecord,
}

impl Delimited {
    /// Reads the header row; a byte order mark before it is skipped.
    pub fn open(
        path: &Path,
        mut bytes: Box<dyn Read>,
        gzip: bool,
        delimiter: Option<char>,
    ) -> Result<(Vec<String>, Delimited)> {
        let mut start = vec![0; PEEK];
        let count = read_up_to(&mut bytes, &mut start).map_err(|source| io_error(path, gzip, source))?;
        start.truncate(count);
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(CliError::Encoding {
                path: path.into(),
                line: 1,
                found: "a UTF-16 byte order mark",
                from: "UTF-16",
            });
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            start.drain(..3);
        }
        if start.iter().all(u8::is_ascii_whitespace) {
            return Err(CliError::NoRows { path: path.into(), found: "an empty file" });
        }
        let separator = match delimiter {
            Some(delimiter) => ascii(delimiter)?,
            None => guess_separator(path, &start),
        };
        let whole: Box<dyn Read> = Box::new(std::io::Cursor::new(start).chain(bytes));
        let reader = ReaderBuilder::new().delimiter(separator).has_headers(false).from_reader(whole);
        let mut rows = Delimited { path: path.into(), gzip, reader, record: ByteRecord::new() };
        let mut header = Vec::new();
        match rows.next_row(&mut header)? {
            Some(_) => Ok((header.iter().map(|cell| cell.trim().to_owned()).collect(), rows)),
            None => Err(CliError::NoRows { path: path.into(), found: "an empty file" }),
        }
    }

    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        let more =
            self.reader.read_byte_record(&mut self.record).map_err(|error| csv_error(&self.path, self.gzip, error))?;
        if !more {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        cells.resize(self.record.len(), String::new());
        for (cell, bytes) in cells.iter_mut().zip(&self.record) {
            let text = std::str::from_utf8(bytes).map_err(|_| CliError::Encoding {
                path: self.path.clone(),
                line,
                found: "bytes of another encoding",
                from: "WINDOWS-1252",
            })?;
            cell.clear();
            cell.push_str(text);
        }
        Ok(Some(line))
    }
}

fn ascii(delimiter: char) -> Result<u8> {
    u8::try_from(delimiter).ok().filter(u8::is_ascii).ok_or_else(|| CliError::Flag {
        flag: "--delimiter",
        expected: "one ASCII character".into(),
        found: format!("`{delimiter}`"),
    })
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

fn io_error(path: &Path, gzip: bool, source: std::io::Error) -> CliError {
    match gzip {
        true => CliError::Gzip { path: path.into(), source },
        false => CliError::Read { path: path.into(), source },
    }
}

fn csv_error(path: &Path, gzip: bool, error: csv::Error) -> CliError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(source) => io_error(path, gzip, source),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            CliError::RowLength { path: path.into(), line, expected: expected_len, found: len }
        }
        other => CliError::Read { path: path.into(), source: std::io::Error::other(format!("line {line}: {other:?}")) },
    }
}
