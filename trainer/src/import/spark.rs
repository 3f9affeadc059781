//! Item factors of Spark MLlib's ALS: Parquet of columns `id` (int) and `features` (list of floats), a file or a folder
//! of parts, or the folder of the whole model with `itemFactors` in it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::factors::Factors;
use crate::dataset::parts_of;
use crate::error::{CliError, Result};

/// Whether this is a folder, or a Parquet file.
pub fn is_spark(path: &Path) -> bool {
    let mut magic = [0u8; 4];
    path.is_dir() || File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok() && &magic == b"PAR1")
}

/// Reads the factors, in the order of their ids.
///
/// # Errors
/// A file that cannot be read, other columns, rows of different widths, numbers that are not finite, an id twice.
pub fn read_spark(path: &Path) -> Result<Factors> {
    let folder = Some(path.join("itemFactors")).filter(|folder| folder.is_dir()).unwrap_or(path.to_owned());
    let parts = parts_of(&folder)?;
    let mut rows: Vec<(u64, Vec<f32>)> = Vec::new();
    for part in &parts {
        read_part(part, &mut rows)?;
    }
    let Some((_, first)) = rows.first() else {
        return Err(CliError::NoRows { path: folder, found: "no factors" });
    };
    let dim = first.len();
    rows.sort_by_key(|row| row.0);
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(refused(&folder, "id", "each id once", format!("{} twice", pair[0].0)));
    }
    if let Some((id, row)) = rows.iter().find(|(_, row)| row.len() != dim || dim == 0) {
        return Err(refused(
            &folder,
            "features",
            format!("{} numbers in each row", dim.max(1)),
            format!("{} in the row of id {id}", row.len()),
        ));
    }
    let (positions, rows): (Vec<u64>, Vec<Vec<f32>>) = rows.into_iter().unzip();
    Ok(Factors { family: "als", rows: rows.concat(), dim, bias: None, positions, alpha: None, regularization: None })
}

fn read_part(path: &PathBuf, rows: &mut Vec<(u64, Vec<f32>)>) -> Result<()> {
    let file = File::open(path).map_err(|source| CliError::Open { path: path.clone(), source })?;
    let failed =
        |error: parquet::errors::ParquetError| CliError::Parquet { path: path.clone(), detail: error.to_string() };
    let reader = SerializedFileReader::new(file).map_err(failed)?;
    let schema = reader.metadata().file_metadata().schema_descr().root_schema().get_fields().to_vec();
    let names: Vec<&str> = schema.iter().map(|field| field.name()).collect();
    let place = |name: &str| {
        let found = || format!("columns `{}`", names.join("`, `"));
        names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| refused(path, name, "columns `id` and `features`", found()))
    };
    let (id, features) = (place("id")?, place("features")?);
    for row in reader.get_row_iter(None).map_err(failed)? {
        let row = row.map_err(failed)?;
        rows.push((read_id(path, &row, id)?, read_features(path, &row, features)?));
    }
    Ok(())
}

fn read_id(path: &Path, row: &Row, column: usize) -> Result<u64> {
    let field = row.get_column_iter().nth(column).map(|(_, field)| field);
    let id = match field {
        Some(Field::Int(id)) => u64::try_from(*id).ok(),
        Some(Field::Long(id)) => u64::try_from(*id).ok(),
        _ => None,
    };
    id.ok_or_else(|| refused(path, "id", "whole numbers from 0 on", field.map_or("nothing".into(), shown)))
}

fn read_features(path: &Path, row: &Row, column: usize) -> Result<Vec<f32>> {
    let field = row.get_column_iter().nth(column).map(|(_, field)| field);
    let number = |field: &Field| match field {
        Field::Float(x) => Some(*x).filter(|x| x.is_finite()),
        Field::Double(x) => Some(*x as f32).filter(|x| x.is_finite()),
        _ => None,
    };
    let expected = "lists of finite numbers";
    let Some(Field::ListInternal(list)) = field else {
        return Err(refused(path, "features", expected, field.map_or("nothing".into(), shown)));
    };
    let number = |field: &Field| number(field).ok_or_else(|| refused(path, "features", expected, shown(field)));
    list.elements().iter().map(number).collect()
}

fn shown(field: &Field) -> String {
    field.to_string().chars().take(60).collect()
}

fn refused(path: &Path, column: &str, expected: impl Into<String>, found: String) -> CliError {
    CliError::Array {
        path: path.into(),
        tensor: column.into(),
        expected: expected.into(),
        found,
        remedy: "give the folder `itemFactors` that ALSModel.save writes",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::data_type::{FloatType, Int32Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// A part as Spark writes it: ids, and lists of floats in three levels.
    fn write(path: &Path, ids: &[i32], rows: &[&[f32]], id_name: &str) {
        let list = "(LIST) { repeated group list { required float element; } }";
        let schema = format!("message spark_schema {{ required int32 {id_name}; optional group features {list} }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Default::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<f32> = rows.concat();
        let repeated: Vec<i16> = rows.iter().flat_map(|row| (0..row.len()).map(|n| i16::from(n > 0))).collect();
        column.typed::<FloatType>().write_batch(&values, Some(&vec![2; values.len()]), Some(&repeated)).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn a_saved_model_is_read_by_ids() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("itemFactors");
        std::fs::create_dir(&parts).unwrap();
        write(&parts.join("part-00000.parquet"), &[7, 2], &[&[1.0, 2.0], &[3.0, 4.0]], "id");
        write(&parts.join("part-00001.parquet"), &[5], &[&[5.0, 6.0]], "id");
        std::fs::write(parts.join("_SUCCESS"), "").unwrap();
        let expected = Factors {
            family: "als",
            rows: vec![3.0, 4.0, 5.0, 6.0, 1.0, 2.0],
            dim: 2,
            bias: None,
            positions: vec![2, 5, 7],
            alpha: None,
            regularization: None,
        };
        assert!(is_spark(folder.path()) && is_spark(&parts.join("part-00001.parquet")));
        assert_eq!(read_spark(folder.path()).unwrap(), expected, "the model's folder");
        assert_eq!(read_spark(&parts).unwrap(), expected, "the factors' folder");
        assert_eq!(read_spark(&parts.join("part-00001.parquet")).unwrap().positions, [5]);
    }

    #[test]
    fn other_tables_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.parquet");
        let refusal = || {
            let error = read_spark(&path).unwrap_err();
            assert_eq!(error.code(), "array", "{error}");
            error.to_string()
        };
        write(&path, &[1], &[&[1.0]], "item");
        assert!(refusal().contains("`item`, `features`"));
        write(&path, &[1, 1], &[&[1.0], &[2.0]], "id");
        assert!(refusal().contains("1 twice"));
        write(&path, &[1, 2], &[&[1.0], &[2.0, 3.0]], "id");
        assert!(refusal().contains("2 in the row of id 2"));
        write(&path, &[-1], &[&[1.0]], "id");
        assert!(refusal().contains("id: expected whole numbers"));
        write(&path, &[1], &[&[f32::NAN]], "id");
        assert!(refusal().contains("NaN"));
        assert!(!is_spark(&folder.path().join("none")));
    }
}
