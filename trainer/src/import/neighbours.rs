//! Neighbour lists: the similarities of the `implicit` package's nearest-neighbour models, and any square matrix that
//! `scipy.sparse.save_npz` writes as CSR. A history scores `x S`: row h holds what item h says of each item.

use proclivity::model::{MAX_ABS, NeighbourSpec};

use super::arrays::{Array, ArrayFile};
use crate::error::Result;
use crate::families::{List, ListOptions, strongest};

/// Whether the file holds lists rather than factors.
pub fn holds_lists(file: &ArrayFile) -> bool {
    ["data", "indices", "indptr", "shape"].iter().all(|name| file.has(name))
}

/// Reads the lists and keeps what speaks loudest for each item, `lists.neighbours` at most. What items say of
/// themselves is left out: it ranks nothing new, and its size would cost the others their precision in eight bits.
/// Weights beyond what a model file holds are divided by the largest.
///
/// # Errors
/// [`crate::error::CliError::Array`] for a matrix that is not square or not CSR, or whose parts contradict each other.
pub fn read_lists(file: &mut ArrayFile, lists: &ListOptions) -> Result<NeighbourSpec> {
    let items = read_square(file)?;
    let indptr = read_places(file, "indptr", items + 1)?;
    let indices = read_places(file, "indices", indptr[items])?;
    let data = file.read("data")?;
    if data.values.len() != indices.len() {
        return Err(file.refused("data", format!("{} values, one for each index", indices.len()), shape(&data)));
    }
    if let Some(pair) = indptr.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(file.refused("indptr", "rising places", format!("{} after {}", pair[1], pair[0])));
    }
    if let Some(far) = indices.iter().find(|&&item| item >= items) {
        return Err(file.refused("indices", format!("items below {items}"), far.to_string()));
    }
    let mut weights = data.floats(file, "data")?;
    let largest = weights.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > MAX_ABS {
        weights.iter_mut().for_each(|x| *x /= largest);
    }
    let mut targets: Vec<List> = vec![Vec::new(); items];
    for (source, ends) in indptr.windows(2).enumerate() {
        for place in (ends[0]..ends[1]).filter(|&place| indices[place] != source) {
            targets[indices[place]].push((source as u32, weights[place]));
        }
    }
    for list in &mut targets {
        *list = strongest(list.iter().map(|&(source, weight)| (source as usize, weight)), lists.neighbours);
    }
    Ok(lists.spec(&targets))
}

/// The length of both axes.
fn read_square(file: &mut ArrayFile) -> Result<usize> {
    if let Some(format) = file.text("format")?.filter(|format| format != "csr") {
        return Err(file.refused("format", "a matrix saved as `csr`", format!("`{format}`: call .tocsr() first")));
    }
    let shape = file.read("shape")?.values;
    match shape[..] {
        [rows, columns] if rows == columns && rows >= 1.0 && rows <= f64::from(u32::MAX) => Ok(rows as usize),
        _ => Err(file.refused("shape", "a square matrix of items", format!("{shape:?}"))),
    }
}

/// Whole numbers from 0 on, `length` of them; for `indices`, the last place says how many.
fn read_places(file: &mut ArrayFile, name: &str, length: usize) -> Result<Vec<usize>> {
    let array = file.read(name)?;
    if array.values.len() != length {
        return Err(file.refused(name, format!("{length} whole numbers"), shape(&array)));
    }
    let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x <= f64::from(u32::MAX)).then_some(x as usize);
    match array.values.iter().map(|&x| whole(x)).collect() {
        Some(places) => Ok(places),
        None => Err(file.refused(name, "whole numbers from 0 to 2^32", "others")),
    }
}

fn shape(array: &Array) -> String {
    format!("shape {:?}", array.shape)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;

    use super::*;

    const ALL: ListOptions = ListOptions { neighbours: 1000, int4_neighbours: false };

    fn archive(arrays: &[(&str, &str, &str, Vec<u8>)]) -> (tempfile::TempDir, ArrayFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("similar.npz");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, descr, shape, data) in arrays {
            archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
            archive.write_all(b"\x93NUMPY\x01\x00").unwrap();
            archive.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
            archive.write_all(header.as_bytes()).unwrap();
            archive.write_all(data).unwrap();
        }
        archive.finish().unwrap();
        let file = ArrayFile::open(&path).unwrap();
        (folder, file)
    }

    fn bytes(values: &[i32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    type Csr<'a> = (&'a [i32], &'a [i32], &'a [i32], &'a [f32], &'a str);

    fn lists(csr: Csr, options: &ListOptions) -> Result<NeighbourSpec> {
        let (shape, indptr, indices, data, format) = csr;
        let row = |length: usize| format!("({length},)");
        let (_folder, mut file) = archive(&[
            ("shape", "<i4", &row(shape.len()), bytes(shape)),
            ("indptr", "<i4", &row(indptr.len()), bytes(indptr)),
            ("indices", "<i4", &row(indices.len()), bytes(indices)),
            ("data", "<f4", &row(data.len()), floats(data)),
            ("format", &format!("|S{}", format.len()), "()", format.as_bytes().to_vec()),
        ]);
        assert!(holds_lists(&file));
        read_lists(&mut file, options)
    }

    #[test]
    fn rows_speak_for_their_columns_and_not_for_themselves() {
        let spec =
            lists((&[3, 3], &[0, 3, 3, 5], &[0, 1, 2, 0, 1], &[9.0, 0.5, 0.25, -1.0, 0.75], "csr"), &ALL).unwrap();
        assert_eq!(
            (spec.indptr, spec.indices, spec.weights),
            (vec![0, 2, 2, 4], vec![1, 2, 0, 1], vec![0.5, 0.25, -1.0, 0.75],)
        );
        let one = ListOptions { neighbours: 1, ..ALL };
        let spec =
            lists((&[3, 3], &[0, 3, 3, 5], &[0, 1, 2, 0, 1], &[9.0, 0.5, 0.25, -1.0, 0.75], "csr"), &one).unwrap();
        assert_eq!((spec.indptr, spec.indices), (vec![0, 1, 1, 3], vec![2, 0, 1]), "the loudest for each target");
        let large = lists((&[2, 2], &[0, 1, 2], &[1, 0], &[4e4, 2e4], "csr"), &ALL).unwrap();
        assert_eq!(large.weights, [1.0, 0.5]);
    }

    #[test]
    fn a_saved_model_of_implicit_is_read() {
        let mut file = ArrayFile::open(Path::new("tests/data/implicit/cosine.npz")).unwrap();
        let spec = read_lists(&mut file, &ALL).unwrap();
        let (data, indptr) = (file.read("data").unwrap().values, file.read("indptr").unwrap().values);
        let indices = file.read("indices").unwrap().values;
        assert_eq!(spec.indptr.len(), indptr.len());
        let dense = |source: usize, target: usize| {
            let places = indptr[source] as usize..indptr[source + 1] as usize;
            let place = places.into_iter().find(|&place| indices[place] as usize == target && target != source);
            place.map_or(0.0, |place| data[place])
        };
        for (source, ends) in spec.indptr.windows(2).enumerate() {
            for place in ends[0] as usize..ends[1] as usize {
                let expected = dense(source, spec.indices[place] as usize);
                assert!(expected > 0.0 && (f64::from(spec.weights[place]) - expected).abs() < 1e-6);
            }
        }
        let others = (0..data.len()).filter(|&n| data[n] > 0.0).count() - (indptr.len() - 1);
        assert_eq!(spec.weights.len(), others, "all but each item's own");
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let good: Csr = (&[2, 2], &[0, 1, 2], &[1, 0], &[0.5, 0.5], "csr");
        let cases: [(&str, Csr); 8] = [
            ("shape", (&[2, 3], good.1, good.2, good.3, good.4)),
            ("indptr", (good.0, &[0, 1], good.2, good.3, good.4)),
            ("indptr", (good.0, &[0, 3, 2], good.2, good.3, good.4)),
            ("indices", (good.0, good.1, &[1, 2], good.3, good.4)),
            ("indices", (good.0, good.1, &[1, -1], good.3, good.4)),
            ("data", (good.0, good.1, good.2, &[0.5], good.4)),
            ("data", (good.0, good.1, good.2, &[0.5, f32::INFINITY], good.4)),
            ("format", (good.0, good.1, good.2, good.3, "csc")),
        ];
        assert!(lists(good, &ALL).is_ok());
        for (name, case) in cases {
            let error = lists(case, &ALL).unwrap_err();
            assert!(
                error.code() == "array" && error.to_string().contains(&format!("npz: {name}: expected")),
                "{error}"
            );
        }
    }
}
