//! One array as NumPy's `.npy` holds it (NEP 1): a magic text, a version, a header that is a Python dictionary of three
//! entries, then the numbers.

use std::path::Path;

use half::f16;

use super::arrays::{Array, unreadable};
use crate::error::{CliError, Result};

/// Says how to save an array so that it can be read here.
const AS_NUMBERS: &str = "save it as numbers: `numpy.save(file, array.astype(\"float32\"))`";

/// Makes a number of an element's bytes, the lower first, zeros to fill.
type Number = fn([u8; 8]) -> f64;

/// The parts of a `.npy` file.
#[derive(Debug)]
pub struct Npy<'a> {
    /// Type of an element, such as `<f4`: byte order, kind, bytes. Of a record, its Python text.
    pub descr: &'a str,
    /// Whether the first axis is the fastest.
    fortran: bool,
    shape: Vec<usize>,
    pub data: &'a [u8],
}

impl<'a> Npy<'a> {
    /// Splits `bytes`.
    ///
    /// # Errors
    /// [`CliError::Array`] for a header that is none.
    pub fn parse(path: &Path, name: &str, bytes: &'a [u8]) -> Result<Npy<'a>> {
        Npy::split(bytes).ok_or_else(|| unreadable(path, name, &"its header is damaged"))
    }

    fn split(bytes: &'a [u8]) -> Option<Npy<'a>> {
        let rest = bytes.strip_prefix(b"\x93NUMPY")?;
        let (&[major, _minor], rest) = rest.split_first_chunk()?;
        let (length, rest) = match major {
            1 => rest.split_first_chunk().map(|(length, rest)| (u16::from_le_bytes(*length).into(), rest))?,
            _ => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))?,
        };
        let (header, data) = rest.split_at_checked(length)?;
        let header = std::str::from_utf8(header).ok()?;
        let entry = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
        let descr = entry("descr")?;
        let descr = match descr.strip_prefix('\'') {
            Some(text) => text.split_once('\'')?.0,
            None => descr.split_once(']')?.0,
        };
        let (axes, _) = entry("shape")?.strip_prefix('(')?.split_once(')')?;
        let axes = axes.split(',').map(str::trim).filter(|axis| !axis.is_empty());
        let shape = axes.map(|axis| axis.parse().ok()).collect::<Option<_>>()?;
        Some(Npy { descr, fortran: entry("fortran_order")?.starts_with("True"), shape, data })
    }

    /// Bytes of an element, and the number they are when they lie the lower byte first; none for what is no number.
    fn element(&self) -> Option<(usize, Number)> {
        Some(match self.descr.trim_start_matches(['<', '>', '|', '=']) {
            "f8" => (8, f64::from_le_bytes),
            "f4" => (4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            "f2" => (2, |b| f16::from_le_bytes([b[0], b[1]]).into()),
            "i8" => (8, |b| i64::from_le_bytes(b) as f64),
            "i4" => (4, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            "i2" => (2, |b| i16::from_le_bytes([b[0], b[1]]).into()),
            "i1" => (1, |b| i8::from_le_bytes([b[0]]).into()),
            "u8" => (8, |b| u64::from_le_bytes(b) as f64),
            "u4" => (4, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            "u2" => (2, |b| u16::from_le_bytes([b[0], b[1]]).into()),
            "u1" => (1, |b| b[0].into()),
            _ => return None,
        })
    }
}

/// Reads numbers of any type, in either order of axes.
///
/// # Errors
/// [`CliError::Array`] for pickled objects, another type, or data that is cut short.
pub fn read_npy(path: &Path, name: &str, bytes: &[u8]) -> Result<Array> {
    let npy = Npy::parse(path, name, bytes)?;
    let refused = |expected: &str, found: String, remedy| {
        let (path, tensor, expected) = (path.into(), name.into(), expected.into());
        CliError::Array { path, tensor, expected, found, remedy }
    };
    if npy.descr.contains('O') {
        return Err(refused("numbers", "pickled Python objects".into(), AS_NUMBERS));
    }
    let Some((width, number)) = npy.element() else {
        return Err(refused("whole numbers or floats", format!("type `{}`", npy.descr), AS_NUMBERS));
    };
    let size = npy.shape.iter().try_fold(width, |size, &axis| size.checked_mul(axis));
    let Some(data) = size.and_then(|size| npy.data.get(..size)) else {
        let (expected, found) = (format!("numbers of shape {:?}", npy.shape), format!("{} bytes", npy.data.len()));
        return Err(refused(&expected, found, "the file is cut short: copy it again"));
    };
    let value = |bytes: &[u8]| {
        let mut element = [0u8; 8];
        element[..width].copy_from_slice(bytes);
        if npy.descr.starts_with('>') {
            element[..width].reverse();
        }
        number(element)
    };
    let values: Vec<f64> = data.chunks_exact(width).map(value).collect();
    let values = if npy.fortran { row_major(&values, &npy.shape) } else { values };
    Ok(Array { values, shape: npy.shape })
}

/// From the first axis fastest to the last axis fastest.
fn row_major(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let place = |mut n: usize| {
        let (mut at, mut stride) = (0, values.len());
        for &length in shape.iter().rev() {
            stride /= length;
            at += n % length * stride;
            n /= length;
        }
        values[at]
    };
    (0..values.len()).map(place).collect()
}

#[cfg(test)]
pub mod fixture {
    /// A `.npy` file of this header and data.
    pub fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16 + 1).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.push(b'\n');
        bytes.extend(data);
        bytes
    }

    pub fn header(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
    }

    pub fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{floats, header, npy};
    use super::*;

    fn read(bytes: &[u8]) -> Result<Array> {
        read_npy(Path::new("factors.npy"), "V", bytes)
    }

    #[test]
    fn both_orders_and_all_numbers_are_read() {
        let data = floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let c = read(&npy(&header("<f4", "False", "(2, 3)"), &data)).unwrap();
        assert_eq!(c, Array { shape: vec![2, 3], values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] });
        let fortran = read(&npy(&header("<f4", "True", "(2, 3)"), &data)).unwrap();
        assert_eq!(fortran, Array { shape: vec![2, 3], values: vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0] });
        let cube = read(&npy(&header("|u1", "True", "(2, 3, 2)"), &(0..12).collect::<Vec<u8>>())).unwrap();
        assert_eq!(cube.values, [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11].map(f64::from));
        assert_eq!(read(&npy(&header("<i8", "False", "(1,)"), &(-7i64).to_le_bytes())).unwrap().values, [-7.0]);
        assert_eq!(read(&npy(&header(">f8", "False", "()"), &2.5f64.to_be_bytes())).unwrap().values, [2.5]);
        assert_eq!(
            read(&npy(&header("<f2", "False", "(1,)"), &f16::from_f32(0.5).to_le_bytes())).unwrap().values,
            [0.5]
        );
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused_by_name() {
        let objects = read(&npy(&header("|O", "False", "(2,)"), b"pickle")).unwrap_err().to_string();
        assert!(
            objects.contains("factors.npy") && objects.contains("pickled") && objects.contains("astype"),
            "{objects}"
        );
        let text = read(&npy(&header("<U4", "False", "(1,)"), &[0; 16])).unwrap_err().to_string();
        assert!(text.contains("`<U4`") && text.contains("floats"), "{text}");
        let cut = read(&npy(&header("<f4", "False", "(1000, 1000)"), &[0; 16])).unwrap_err().to_string();
        assert!(cut.contains("[1000, 1000]") && cut.contains("cut short"), "{cut}");
        let huge = format!("({0}, {0}, {0})", u64::MAX);
        assert_eq!(read(&npy(&header("<f4", "False", &huge), &[0; 16])).unwrap_err().code(), "array");
        let records = header("<f4", "False", "(1,)").replace("'<f4'", "[('x', '<f4'), ('y', '<f4')]");
        assert!(read(&npy(&records, &[0; 8])).unwrap_err().to_string().contains("('x', '<f4')"));
        for damaged in ["{}", "{'descr': '<f4", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "\u{e9}"]
        {
            assert_eq!(read(&npy(damaged, &[0; 8])).unwrap_err().code(), "array", "{damaged}");
        }
        let whole = npy(&header("<f4", "False", "(2,)"), &[0; 8]);
        assert!((0..whole.len()).all(|length| read(&whole[..length]).is_err()) && read(&whole).is_ok());
    }
}
