//! A table of text cells with a header, whatever file it comes from: CSV or TSV, plain or gzip'd, or Parquet.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::read::MultiGzDecoder;

use super::delimited::Delimited;
use super::parquet::ParquetRows;
use crate::error::{CliError, Result};

/// How tables are read.
#[derive(Debug, Clone, Default, Args)]
pub struct TableOptions {
    /// Cell separator of text files [default: tab for .tsv, otherwise what the header row shows]
    #[arg(long, value_name = "CHAR", global = true)]
    pub delimiter: Option<char>,
}

/// An open table. Rows are numbered as lines of the text file, or as rows of the Parquet file plus one for the header.
pub struct Table {
    pub path: PathBuf,
    pub header: Vec<String>,
    rows: Rows,
}

enum Rows {
    Delimited(Box<Delimited>),
    Parquet(Box<ParquetRows>),
}

impl Table {
    /// Opens `path` and reads its header. The kind of file is told from its first bytes, not from its name.
    ///
    /// # Errors
    /// A file that cannot be opened, is empty, is not UTF-8, or is damaged gzip or Parquet.
    pub fn open(path: &Path, options: &TableOptions) -> Result<Table> {
        let opened = |source| CliError::Open { path: path.into(), source };
        let mut file = File::open(path).map_err(opened)?;
        let mut magic = [0u8; 4];
        let count = read_up_to(&mut file, &mut magic).map_err(opened)?;
        if &magic == b"PAR1" {
            let (header, rows) = ParquetRows::open(path, file)?;
            return Ok(Table { path: path.into(), header, rows: Rows::Parquet(Box::new(rows)) });
        }
        let whole = std::io::Cursor::new(magic[..count].to_vec()).chain(file);
        let gzip = magic.starts_with(&[0x1f, 0x8b]);
        let bytes: Box<dyn Read> = match gzip {
            true => Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(whole)))),
            false => Box::new(BufReader::new(whole)),
        };
        let (header, rows) = Delimited::open(path, bytes, gzip, options.delimiter)?;
        Ok(Table { path: path.into(), header, rows: Rows::Delimited(Box::new(rows)) })
    }

    /// Reads the next row into `cells`; returns its line, or `None` at the end.
    ///
    /// # Errors
    /// Bad encoding, a row of another length, damaged data.
    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.next_row(cells),
            Rows::Parquet(rows) => rows.next_row(cells),
        }
    }

    /// The error for a cell that is not what its column holds.
    pub fn bad_value(&self, line: u64, column: usize, expected: &'static str, found: &str) -> CliError {
        let found = found.chars().take(60).collect();
        CliError::Value { path: self.path.clone(), line, column: self.header[column].clone(), expected, found }
    }
}

/// Fills as much of `buffer` as the reader has.
pub fn read_up_to(reader: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
