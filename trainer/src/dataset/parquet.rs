//! Parquet files, read row by row as text cells.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, TimestampType, Type as PhysicalType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use crate::error::{CliError, Result};

/// Rows of a Parquet file of flat columns.
pub struct ParquetRows {
    path: PathBuf,
    header: Vec<String>,
    /// Columns of nanoseconds since 1970.
    nanos: Vec<bool>,
    /// Columns of times of any unit, given in milliseconds.
    times: Vec<bool>,
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
        if let Some(strange) = fields.iter().find(|field| !readable(field)) {
            let detail = format!("column `{}` of the unsupported type {}", strange.name(), type_name(strange));
            return Err(CliError::Parquet { path: path.into(), detail });
        }
        let header: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
        let nanos: Vec<bool> = fields.iter().map(|field| is_nanos(field)).collect();
        let times = fields.iter().zip(&nanos).map(|(field, &nanos)| nanos || is_time(field)).collect();
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok((header.clone(), ParquetRows { path: path.into(), header, nanos, times, rows, read: 0 }))
    }

    pub fn is_time(&self, column: usize) -> bool {
        self.times[column]
    }

    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        let row = row.map_err(|error| CliError::Parquet { path: self.path.clone(), detail: error.to_string() })?;
        self.read += 1;
        cells.clear();
        let line = self.read + 1;
        for ((_, field), (column, &nanos)) in row.get_column_iter().zip(self.header.iter().zip(&self.nanos)) {
            cells.push(text(field, nanos).map_err(|found| CliError::Value {
                path: self.path.clone(),
                line,
                column: column.clone(),
                expected: "UTF-8 text".into(),
                found,
            })?);
        }
        Ok(Some(line))
    }
}

/// Whether the record reader knows what to do with the column; it panics at other types. Nested and repeated columns are
/// not flat.
fn readable(field: &Type) -> bool {
    use ConvertedType as C;
    let info = field.get_basic_info();
    let converted = info.converted_type();
    let known = match field.get_physical_type() {
        PhysicalType::BOOLEAN | PhysicalType::INT96 | PhysicalType::FLOAT | PhysicalType::DOUBLE => true,
        PhysicalType::INT32 => matches!(
            converted,
            C::NONE
                | C::INT_8
                | C::INT_16
                | C::INT_32
                | C::UINT_8
                | C::UINT_16
                | C::UINT_32
                | C::DATE
                | C::TIME_MILLIS
                | C::DECIMAL
        ),
        PhysicalType::INT64 => matches!(
            converted,
            C::NONE | C::INT_64 | C::UINT_64 | C::TIME_MICROS | C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS | C::DECIMAL
        ),
        PhysicalType::BYTE_ARRAY => {
            matches!(converted, C::NONE | C::UTF8 | C::ENUM | C::JSON | C::BSON | C::DECIMAL)
        }
        PhysicalType::FIXED_LEN_BYTE_ARRAY => matches!(converted, C::NONE | C::DECIMAL),
    };
    known && info.repetition() != Repetition::REPEATED
}

fn type_name(field: &Type) -> String {
    let info = field.get_basic_info();
    match (info.repetition(), info.converted_type()) {
        (Repetition::REPEATED, _) => format!("repeated {}", field.get_physical_type()),
        (_, ConvertedType::NONE) => field.get_physical_type().to_string(),
        (_, converted) => format!("{converted} ({})", field.get_physical_type()),
    }
}

/// Nanoseconds have a logical type alone, so the record reader gives them as plain integers; pandas writes them.
fn is_nanos(field: &Type) -> bool {
    matches!(
        field.get_basic_info().logical_type_ref(),
        Some(LogicalType::Timestamp(TimestampType { unit: TimeUnit::NANOS, .. }))
    )
}

fn is_time(field: &Type) -> bool {
    use ConvertedType as C;
    let converted = field.get_basic_info().converted_type();
    field.get_physical_type() == PhysicalType::INT96
        || matches!(converted, C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS | C::DATE)
}

/// A cell as text: null as nothing, text and numbers as they are, times as milliseconds since 1970. Bytes that are no
/// UTF-8 are an error, the bytes in hexadecimal: replacement characters would make one id of several.
fn text(field: &Field, nanos: bool) -> std::result::Result<String, String> {
    Ok(match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err(bytes.data().iter().take(30).map(|byte| format!("{byte:02x}")).collect()),
        },
        Field::Long(time) if nanos => time.div_euclid(1_000_000).to_string(),
        Field::TimestampMillis(millis) => millis.to_string(),
        Field::TimestampMicros(micros) => micros.div_euclid(1000).to_string(),
        Field::Date(days) => (i64::from(*days) * 86_400_000).to_string(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::column::writer::ColumnWriter;
    use parquet::data_type::{ByteArray, FixedLenByteArray};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// Cells of a file with one column `x` of this type and these bytes or numbers.
    fn read(kind: &str, numbers: &[i64], bytes: &[&[u8]]) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.parquet");
        let schema = Arc::new(parse_message_type(&format!("message log {{ {kind}; }}")).unwrap());
        let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Default::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let arrays: Vec<ByteArray> = bytes.iter().map(|bytes| ByteArray::from(bytes.to_vec())).collect();
        let fixed: Vec<FixedLenByteArray> = arrays.iter().cloned().map(FixedLenByteArray::from).collect();
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(column) => column.write_batch(numbers, None, None).unwrap(),
            ColumnWriter::ByteArrayColumnWriter(column) => column.write_batch(&arrays, None, None).unwrap(),
            ColumnWriter::FixedLenByteArrayColumnWriter(column) => column.write_batch(&fixed, None, None).unwrap(),
            _ => unreachable!("no test writes other types"),
        };
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();

        let (header, mut rows) = ParquetRows::open(&path, File::open(&path).unwrap())?;
        assert_eq!(header, ["x"]);
        let (mut cells, mut found) = (Vec::new(), Vec::new());
        while rows.next_row(&mut cells)?.is_some() {
            found.append(&mut cells);
        }
        Ok(found)
    }

    #[test]
    fn times_of_every_unit_are_milliseconds() {
        for (unit, scale) in [("MILLIS", 1), ("MICROS", 1000), ("NANOS", 1_000_000)] {
            for utc in ["true", "false"] {
                let kind = format!("required int64 x (TIMESTAMP({unit},{utc}))");
                let cells = read(&kind, &[1_483_815_300_123 * scale, -1_500 * scale], &[]).unwrap();
                assert_eq!(cells, ["1483815300123", "-1500"], "{kind}");
            }
        }
        assert_eq!(read("required int64 x", &[1_483_815_300], &[]).unwrap(), ["1483815300"]);
    }

    #[test]
    fn a_type_without_a_meaning_here_is_refused() {
        let said = read("required fixed_len_byte_array(12) x (INTERVAL)", &[], &[&[0; 12]]).unwrap_err().to_string();
        assert!(said.contains("log.parquet") && said.contains("`x`") && said.contains("INTERVAL"), "{said}");
    }

    #[test]
    fn bytes_are_text_or_refused_with_their_row() {
        assert_eq!(read("required binary x", &[], &[b"u1", "\u{e9}".as_bytes()]).unwrap(), ["u1", "\u{e9}"]);
        let said = read("required binary x", &[], &[b"u1", b"\xff\x01"]).unwrap_err().to_string();
        assert!(said.contains("log.parquet:3") && said.contains("`x`") && said.contains("`ff01`"), "{said}");
    }
}
