//! Parquet files, read row by row as text cells.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;

use crate::error::{CliError, Result};

/// Rows of a Parquet file of flat columns.
pub struct ParquetRows {
    path: PathBuf,
    rows: RowIter<'static>,
    read: u64,
}

impl ParquetRows {
    pub fn open(path: &Path, file: File) -> Result<(Vec<String>, ParquetRows)> {
        let failed =
            |error: parquet::errors::ParquetError| CliError::Parquet { path: path.into(), detail: error.to_string() };
        let reader = SerializedFileReader::new(file).map_err(failed)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let fields = schema.root_schema().get_fields();
        if let Some(nested) = fields.iter().find(|field| !field.is_primitive()) {
            return Err(CliError::Parquet { path: path.into(), detail: format!("nested column `{}`", nested.name()) });
        }
        let header = fields.iter().map(|field| field.name().to_owned()).collect();
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok((header, ParquetRows { path: path.into(), rows, read: 0 }))
    }

    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        let row = row.map_err(|error| CliError::Parquet { path: self.path.clone(), detail: error.to_string() })?;
        self.read += 1;
        cells.clear();
        cells.extend(row.get_column_iter().map(|(_, field)| text(field)));
        Ok(Some(self.read + 1))
    }
}

/// A cell as text: null as nothing, text and numbers as they are, times as milliseconds since 1970.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::TimestampMillis(millis) => millis.to_string(),
        Field::TimestampMicros(micros) => (micros / 1000).to_string(),
        Field::Date(days) => (i64::from(*days) * 86_400_000).to_string(),
        other => other.to_string(),
    }
}
