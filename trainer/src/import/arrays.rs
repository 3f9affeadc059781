//! Named arrays of numbers: safetensors, NumPy's `.npy` and `.npz`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::{Npy, read_npy};
use crate::error::{CliError, Result};

/// Name of the one array of a `.npy` file, for messages.
const ONLY: &str = "the array";

/// An open file of arrays, its kind told from its first bytes.
pub struct ArrayFile {
    pub path: PathBuf,
    kind: Kind,
}

enum Kind {
    /// The whole file: one array.
    Npy(Vec<u8>),
    Npz(Box<ZipArchive<File>>),
    Safetensors(Vec<u8>),
}

/// Numbers of any type as f64, exact for integers up to 2^53; row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

impl ArrayFile {
    /// Opens a file, and reads it where it is one array or safetensors.
    ///
    /// # Errors
    /// A file that cannot be opened, or is none of the three.
    pub fn open(path: &Path) -> Result<ArrayFile> {
        let opened = |source| CliError::Open { path: path.into(), source };
        let mut file = File::open(path).map_err(opened)?;
        let mut bytes = Vec::new();
        (&mut file).take(8).read_to_end(&mut bytes).map_err(opened)?;
        if bytes.starts_with(b"PK\x03\x04") {
            let archive = ZipArchive::new(file).map_err(|error| damaged(path, "a NumPy archive (.npz)", &error))?;
            return Ok(ArrayFile { path: path.into(), kind: Kind::Npz(Box::new(archive)) });
        }
        file.read_to_end(&mut bytes).map_err(|source| CliError::Read { path: path.into(), source })?;
        if bytes.starts_with(b"\x93NUMPY") {
            return Ok(ArrayFile { path: path.into(), kind: Kind::Npy(bytes) });
        }
        SafeTensors::deserialize(&bytes)
            .map_err(|error| damaged(path, "safetensors, .npy, .npz, or Spark's itemFactors in Parquet", &error))?;
        Ok(ArrayFile { path: path.into(), kind: Kind::Safetensors(bytes) })
    }

    /// What the arrays are called, sorted; empty for the one array of a `.npy` file.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.kind {
            Kind::Npy(_) => Vec::new(),
            Kind::Npz(archive) => archive
                .file_names()
                .flatten()
                .map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_owned())
                .collect(),
            Kind::Safetensors(bytes) => SafeTensors::deserialize(bytes)
                .map(|file| file.names().into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        names.sort_unstable();
        names
    }

    pub fn has(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    /// The array of this name, or the only one of a `.npy` file.
    ///
    /// # Errors
    /// [`CliError::Array`] for a name that is not there, a type that is no number, pickled objects, or data cut short.
    pub fn read(&mut self, name: &str) -> Result<Array> {
        let path = self.path.clone();
        match &mut self.kind {
            Kind::Npy(bytes) => read_npy(&path, ONLY, bytes),
            Kind::Npz(archive) => match npy_of(&path, archive, name)? {
                Some(bytes) => read_npy(&path, name, &bytes),
                None => Err(self.missing(name)),
            },
            Kind::Safetensors(bytes) => {
                let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(&path, "safetensors", &error))?;
                match file.tensor(name) {
                    Ok(tensor) => read_tensor(&path, name, &tensor),
                    Err(_) => Err(self.missing(name)),
                }
            }
        }
    }

    /// A setting, where the file has it: one number.
    ///
    /// # Errors
    /// As [`ArrayFile::read`], and for an array of more.
    pub fn setting(&mut self, name: &str) -> Result<Option<f64>> {
        if !self.has(name) {
            return Ok(None);
        }
        let array = self.read(name)?;
        match array.values[..] {
            [number] if number.is_finite() => Ok(Some(number)),
            _ => Err(self.refused(name, "one number", format!("{} of shape {:?}", array.values.len(), array.shape))),
        }
    }

    /// Text, where the archive has it.
    ///
    /// # Errors
    /// For damaged data, or anything that is no text of bytes.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        let path = self.path.clone();
        let Kind::Npz(archive) = &mut self.kind else { return Ok(None) };
        let Some(bytes) = npy_of(&path, archive, name)? else { return Ok(None) };
        let npy = Npy::parse(&path, name, &bytes)?;
        match npy.descr.starts_with("|S") {
            true => Ok(Some(String::from_utf8_lossy(npy.data).trim_end_matches('\0').to_owned())),
            false => Err(self.refused(name, "a text of bytes", format!("type `{}`", npy.descr))),
        }
    }

    /// The error for an array that is not what it should be.
    pub fn refused(&self, tensor: &str, expected: impl Into<String>, found: impl Into<String>) -> CliError {
        let remedy = "name another tensor, or export the model again";
        CliError::Array {
            path: self.path.clone(),
            tensor: tensor.into(),
            expected: expected.into(),
            found: found.into(),
            remedy,
        }
    }

    fn missing(&self, name: &str) -> CliError {
        self.refused(name, format!("one of the arrays `{}`", self.names().join("`, `")), "no such array")
    }
}

impl Array {
    /// As a table (rows, columns) in f32.
    ///
    /// # Errors
    /// [`CliError::Array`] for another number of axes, an empty table, or a number that is not finite as f32.
    pub fn table(&self, file: &ArrayFile, name: &str) -> Result<(Vec<f32>, usize, usize)> {
        let &[rows, columns] = &self.shape[..] else {
            return Err(file.refused(name, "two axes (items, factors)", format!("shape {:?}", self.shape)));
        };
        if rows == 0 || columns == 0 {
            return Err(file.refused(name, "at least one item and one factor", format!("shape {:?}", self.shape)));
        }
        Ok((self.floats(file, name)?, rows, columns))
    }

    /// The values in f32.
    ///
    /// # Errors
    /// [`CliError::Array`] for a number that is not finite as f32.
    pub fn floats(&self, file: &ArrayFile, name: &str) -> Result<Vec<f32>> {
        let values: Vec<f32> = self.values.iter().map(|&x| x as f32).collect();
        match values.iter().position(|x| !x.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let width = self.shape.iter().skip(1).product::<usize>().max(1);
                let found = format!("{} in row {}, column {}", self.values[at], at / width, at % width);
                Err(file.refused(name, "finite 32-bit numbers", found))
            }
        }
    }
}

/// Bytes of the archive's member.
fn npy_of(path: &Path, archive: &mut ZipArchive<File>, name: &str) -> Result<Option<Vec<u8>>> {
    let mut member = match archive.by_name(&format!("{name}.npy")) {
        Ok(member) => member,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(damaged(path, "a NumPy archive (.npz)", &error)),
    };
    let mut bytes = Vec::new();
    member.read_to_end(&mut bytes).map_err(|error| unreadable(path, name, &error))?;
    Ok(Some(bytes))
}

fn read_tensor(path: &Path, name: &str, tensor: &TensorView) -> Result<Array> {
    let data = tensor.data();
    let values = match tensor.dtype() {
        Dtype::F64 => each(data, f64::from_le_bytes),
        Dtype::F32 => each(data, |bytes| f32::from_le_bytes(bytes).into()),
        Dtype::F16 => each(data, |bytes| f16::from_le_bytes(bytes).into()),
        Dtype::BF16 => each(data, |bytes| bf16::from_le_bytes(bytes).into()),
        Dtype::I64 => each(data, |bytes| i64::from_le_bytes(bytes) as f64),
        Dtype::I32 => each(data, |bytes| i32::from_le_bytes(bytes).into()),
        other => {
            let remedy = "save it as numbers: `save_file({name: tensor.float()}, path)`";
            let (expected, found) = ("F32, F64, F16, BF16, I32 or I64".into(), format!("{other:?}"));
            return Err(CliError::Array { path: path.into(), tensor: name.into(), expected, found, remedy });
        }
    };
    Ok(Array { shape: tensor.shape().to_vec(), values })
}

fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    data.as_chunks().0.iter().map(|&bytes| number(bytes)).collect()
}

fn damaged(path: &Path, what: &str, error: &dyn std::fmt::Display) -> CliError {
    unknown(path, "the file", what, error)
}

/// The error for an array that NumPy would not read either.
pub(super) fn unreadable(path: &Path, name: &str, error: &dyn std::fmt::Display) -> CliError {
    unknown(path, name, "an array as NumPy saves it", error)
}

fn unknown(path: &Path, name: &str, expected: &str, error: &dyn std::fmt::Display) -> CliError {
    CliError::Array {
        path: path.into(),
        tensor: name.into(),
        expected: expected.into(),
        found: format!("something else ({error})"),
        remedy: "check that this is the right file, and copy or export it again",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::npy::fixture::{floats, header, npy};
    use super::*;

    fn open(bytes: &[u8]) -> (tempfile::TempDir, Result<ArrayFile>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("factors.npy");
        std::fs::write(&path, bytes).unwrap();
        let file = ArrayFile::open(&path);
        (folder, file)
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_with_their_place() {
        let (_folder, file) = open(&npy(&header("<f4", "False", "(2, 2)"), &floats(&[1.0, 2.0, f32::NAN, 3.0])));
        let mut file = file.unwrap();
        let said = file.read("").unwrap().table(&file, "x").unwrap_err().to_string();
        assert!(said.contains("NaN in row 1, column 0"), "{said}");
        let flat = Array { shape: vec![4], values: vec![0.0; 4] }.table(&file, "x").unwrap_err().to_string();
        assert!(flat.contains("two axes") && flat.contains("[4]"), "{flat}");
    }

    #[test]
    fn archives_name_what_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.npz");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in [
            ("b.npy", npy(&header("<f4", "False", "()"), &0.5f32.to_le_bytes())),
            ("a.npy", npy(&header("|S3", "False", "()"), b"csr")),
        ] {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&bytes).unwrap();
        }
        archive.finish().unwrap();
        let mut file = ArrayFile::open(&path).unwrap();
        assert_eq!(file.names(), ["a", "b"]);
        assert_eq!((file.setting("b").unwrap(), file.setting("c").unwrap()), (Some(0.5), None));
        assert_eq!(file.text("a").unwrap().as_deref(), Some("csr"));
        let said = file.read("factors").unwrap_err().to_string();
        assert!(said.contains("factors") && said.contains("`a`, `b`"), "{said}");
    }

    #[test]
    fn tensors_of_every_float_are_read() {
        let (a, b) = (floats(&[1.5, -2.0]), bf16::from_f32(3.0).to_le_bytes());
        let view = |dtype, shape: Vec<usize>, data| TensorView::new(dtype, shape, data).unwrap();
        let bytes = safetensors::serialize(
            [
                ("a", view(Dtype::F32, vec![1, 2], &a[..])),
                ("b", view(Dtype::BF16, vec![1], &b[..])),
                ("c", view(Dtype::BOOL, vec![2], &b[..])),
            ],
            None,
        );
        let (_folder, file) = open(&bytes.unwrap());
        let mut file = file.unwrap();
        assert_eq!(file.read("a").unwrap(), Array { shape: vec![1, 2], values: vec![1.5, -2.0] });
        assert_eq!(file.setting("b").unwrap(), Some(3.0));
        let said = file.read("c").unwrap_err().to_string();
        assert!(said.contains("c: expected F32") && said.contains("BOOL"), "{said}");
    }
}
