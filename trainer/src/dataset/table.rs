//! A table of text cells with a header, whatever it comes from: CSV, TSV or JSON lines, plain or gzip'd, or Parquet; one file,
//! or a folder of parts.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::read::MultiGzDecoder;

use super::delimited::Delimited;
use super::json_lines::JsonLines;
use super::parquet::ParquetRows;
use super::text::{Encoding, Text, read_up_to};
use super::timestamp::TimeFormat;
use crate::error::{CliError, Result};

/// How tables are read.
#[derive(Debug, Clone, Default, Args)]
pub struct TableOptions {
    /// Cell separator of text files, one character or more [default: tab for .tsv, otherwise what the header row shows]
    #[arg(long, value_name = "TEXT", global = true)]
    pub delimiter: Option<String>,
    /// Encoding of text files
    #[arg(long, value_enum, default_value = "utf-8", global = true)]
    pub encoding: Encoding,
    /// Column names of a text file that has no header row.
    #[arg(skip)]
    pub header: Option<Vec<String>>,
    /// Quotes are text like any other.
    #[arg(skip)]
    pub unquoted: bool,
}

/// An open table. Rows are numbered as lines of the text file, or as rows of the Parquet file plus one for the header.
pub struct Table {
    /// The file that is being read.
    pub path: PathBuf,
    pub header: Vec<String>,
    rows: Rows,
    /// Further files of a folder.
    parts: VecDeque<PathBuf>,
    options: TableOptions,
}

enum Rows {
    Delimited(Box<Delimited>),
    JsonLines(Box<JsonLines>),
    Parquet(Box<ParquetRows>),
}

impl Table {
    /// Opens `path` and reads its header. The kind of file is told from its first bytes, not from its name. A folder is one
    /// table: its files, those of folders in it included, by name; names that begin with `.` or `_` are left out.
    ///
    /// # Errors
    /// A file that cannot be opened, is empty, is of another encoding, is a ZIP archive (a workbook), or is damaged gzip or
    /// Parquet; a folder without files; a column name twice.
    pub fn open(path: &Path, options: &TableOptions) -> Result<Table> {
        let table = Table::open_any(path, options)?;
        let mut names = HashSet::new();
        match table.header.iter().find(|name| !name.is_empty() && !names.insert(name.as_str())) {
            None => Ok(table),
            Some(twice) => {
                let (expected, found) = ("each column name once".to_owned(), format!("`{twice}` twice"));
                Err(CliError::Header { path: table.path.clone(), expected, found })
            }
        }
    }

    /// The cells of the first row, be it a header or not.
    ///
    /// # Errors
    /// As [`Table::open`], but for names.
    pub fn first_row(path: &Path, options: &TableOptions) -> Result<Vec<String>> {
        Table::open_any(path, &TableOptions { header: None, ..options.clone() }).map(|table| table.header)
    }

    fn open_any(path: &Path, options: &TableOptions) -> Result<Table> {
        let mut parts = parts_of(path)?;
        let Some(first) = parts.pop_front() else {
            return Err(CliError::NoRows { path: path.into(), found: "a folder without files" });
        };
        let (header, rows) = open_file(&first, options)?;
        Ok(Table { path: first, header, rows, parts, options: options.clone() })
    }

    /// Reads the next row into `cells`; returns its line, or `None` at the end.
    ///
    /// # Errors
    /// Bad encoding, a row of another length, damaged data, a part with another header.
    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        loop {
            let line = match &mut self.rows {
                Rows::Delimited(rows) => rows.next_row(cells)?,
                Rows::JsonLines(rows) => rows.next_row(cells)?,
                Rows::Parquet(rows) => rows.next_row(cells)?,
            };
            match (line, self.parts.pop_front()) {
                (Some(line), next) => {
                    next.into_iter().for_each(|part| self.parts.push_front(part));
                    return Ok(Some(line));
                }
                (None, Some(part)) => self.go_on(part)?,
                (None, None) => return Ok(None),
            }
        }
    }

    fn go_on(&mut self, part: PathBuf) -> Result<()> {
        let (header, rows) = open_file(&part, &self.options)?;
        if header != self.header {
            let expected = format!("the columns of the folder's first file ({})", self.header.join(", "));
            return Err(CliError::Header { path: part, expected, found: header.join(", ") });
        }
        (self.path, self.rows) = (part, rows);
        Ok(())
    }

    /// How a column's times are written, where the file says so.
    pub fn time_format(&self, column: usize) -> Option<TimeFormat> {
        match &self.rows {
            Rows::Parquet(rows) => rows.is_time(column).then_some(TimeFormat::Milliseconds),
            Rows::Delimited(_) | Rows::JsonLines(_) => None,
        }
    }

    /// The error for a cell that is not what its column holds.
    pub fn bad_value(&self, line: u64, column: usize, expected: impl Into<String>, found: &str) -> CliError {
        let (path, column, expected) = (self.path.clone(), self.header[column].clone(), expected.into());
        CliError::Value { path, line, column, expected, found: found.chars().take(60).collect() }
    }
}

/// The files of a table: the file itself, or all of a folder.
///
/// # Errors
/// A folder that cannot be listed.
pub fn parts_of(path: &Path) -> Result<VecDeque<PathBuf>> {
    let failed = |source| CliError::Open { path: path.into(), source };
    if !path.is_dir() {
        return Ok(VecDeque::from([path.to_owned()]));
    }
    let entries = std::fs::read_dir(path).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    let hidden = |path: &PathBuf| path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '_']));
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(|path| !hidden(path)).collect();
    paths.sort();
    let parts = paths.iter().map(|path| parts_of(path)).collect::<Result<Vec<_>>>()?;
    Ok(parts.into_iter().flatten().collect())
}

fn open_file(path: &Path, options: &TableOptions) -> Result<(Vec<String>, Rows)> {
    let (start, file) = open_start(path)?;
    match &start[..] {
        b"PAR1" => {
            let (header, rows) = ParquetRows::open(path, file)?;
            return Ok((header, Rows::Parquet(Box::new(rows))));
        }
        b"PK\x03\x04" => return Err(CliError::Archive { path: path.into() }),
        _ => {}
    }
    let text = open_text(path, start, file)?;
    if text.is_json_array() {
        return Err(CliError::JsonArray { path: path.into() });
    }
    if text.is_json() {
        let header = JsonLines::keys(text, options.encoding)?;
        let rows = JsonLines::new(open_again(path)?, options.encoding, header.clone());
        return Ok((header, Rows::JsonLines(Box::new(rows))));
    }
    let (header, rows) = Delimited::open(text, options)?;
    Ok((header, Rows::Delimited(Box::new(rows))))
}

/// The first four bytes, and the file from there on.
fn open_start(path: &Path) -> Result<(Vec<u8>, File)> {
    let opened = |source| CliError::Open { path: path.into(), source };
    let mut file = File::open(path).map_err(opened)?;
    let mut start = vec![0; 4];
    let count = read_up_to(&mut file, &mut start).map_err(opened)?;
    start.truncate(count);
    Ok((start, file))
}

fn open_text(path: &Path, start: Vec<u8>, file: File) -> Result<Text> {
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    let whole = std::io::Cursor::new(start).chain(file);
    let bytes: Box<dyn Read> = match gzip {
        true => Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(whole)))),
        false => Box::new(BufReader::new(whole)),
    };
    Text::open(path, bytes, gzip)
}

/// The text once more from its start.
fn open_again(path: &Path) -> Result<Text> {
    if !path.is_file() {
        let source = std::io::Error::other("JSON lines are read twice, and a pipe cannot be; write them to a file");
        return Err(CliError::Open { path: path.into(), source });
    }
    let (start, file) = open_start(path)?;
    open_text(path, start, file)
}
