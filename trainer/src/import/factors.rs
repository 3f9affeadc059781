//! Item factors: what a model of the `implicit` package holds, or a tensor named by the caller.

use super::arrays::ArrayFile;
use crate::error::Result;

/// Item vectors trained elsewhere, and what their file says of users.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// Name of the family for the model file.
    pub family: &'static str,
    /// (items, dim), row-major.
    pub rows: Vec<f32>,
    pub dim: usize,
    /// (items).
    pub bias: Option<Vec<f32>>,
    /// What each row is called in its own file; the row's number where it has no name.
    pub positions: Vec<u64>,
    /// Confidence of a pair of full strength is `1 + alpha`, and weight of the squared vectors: where the file says so.
    pub alpha: Option<f64>,
    pub regularization: Option<f64>,
}

/// Which of the `implicit` package's factorisations a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Implicit {
    Als,
    Bpr,
    LogisticMf,
}

impl Implicit {
    /// Told by the settings that only this one saves.
    fn of(file: &ArrayFile) -> Option<Implicit> {
        match file.has("item_factors") {
            true if file.has("use_cg") => Some(Implicit::Als),
            true if file.has("verify_negative_samples") => Some(Implicit::Bpr),
            true if file.has("neg_prop") => Some(Implicit::LogisticMf),
            _ => None,
        }
    }
}

/// Reads the item factors of `file`: the tensor `named`, or `item_factors`, or the only array there is; and biases, if
/// `bias` names some.
///
/// # Errors
/// [`crate::error::CliError::Array`] for a name that is not there, or an array that is no table of finite numbers.
pub fn read_factors(file: &mut ArrayFile, named: Option<&str>, bias: Option<&str>) -> Result<Factors> {
    let known = Implicit::of(file).filter(|_| named.is_none());
    let names = file.names();
    let name = match (named, &names[..]) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => "item_factors".to_owned(),
    };
    let (mut rows, items, mut dim) = file.read(&name)?.table(file, &name)?;
    let mut own_bias = None;
    match known {
        Some(Implicit::Bpr) if dim > 1 => own_bias = Some(take_last(&mut rows, &mut dim)),
        Some(Implicit::LogisticMf) if dim > 2 => {
            take_last(&mut rows, &mut dim); // ones, for the user's bias
            own_bias = Some(take_last(&mut rows, &mut dim));
        }
        _ => {}
    }
    let (mut alpha, mut regularization) = (None, None);
    if known == Some(Implicit::Als) {
        (alpha, regularization) = (file.setting("alpha")?.map(|alpha| alpha - 1.0), file.setting("regularization")?);
    }
    Ok(Factors {
        family: match known {
            Some(Implicit::Als) => "als",
            Some(Implicit::Bpr) => "bpr",
            Some(Implicit::LogisticMf) => "logistic-mf",
            None => "factors",
        },
        rows,
        dim,
        bias: bias.map_or(Ok(own_bias), |name| read_bias(file, name, items).map(Some))?,
        positions: (0..items as u64).collect(),
        alpha,
        regularization,
    })
}

/// Cuts the last column off `rows` (items, dim).
fn take_last(rows: &mut Vec<f32>, dim: &mut usize) -> Vec<f32> {
    let column = rows.chunks_exact(*dim).map(|row| row[*dim - 1]).collect();
    *rows = rows.chunks_exact(*dim).flat_map(|row| &row[..*dim - 1]).copied().collect();
    *dim -= 1;
    column
}

fn read_bias(file: &mut ArrayFile, name: &str, items: usize) -> Result<Vec<f32>> {
    let array = file.read(name)?;
    match array.values.len() == items {
        true => array.floats(file, name),
        false => {
            Err(file.refused(name, format!("a bias for each of {items} items"), format!("shape {:?}", array.shape)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    use super::*;

    fn saved(name: &str) -> ArrayFile {
        ArrayFile::open(&Path::new("tests/data/implicit").join(name)).unwrap()
    }

    #[test]
    fn models_of_implicit_say_what_they_are() {
        let als = read_factors(&mut saved("als.npz"), None, None).unwrap();
        assert_eq!((als.family, als.dim, als.rows.len(), als.bias), ("als", 4, 80, None));
        assert_eq!((als.alpha, als.regularization), (Some(2.0), Some(0.05)));
        for (file, family) in [("bpr.npz", "bpr"), ("lmf.npz", "logistic-mf")] {
            let factors = read_factors(&mut saved(file), None, None).unwrap();
            assert_eq!((factors.family, factors.dim, factors.rows.len()), (family, 4, 80));
            assert_eq!(factors.bias.map(|bias| bias.len()), Some(20), "{file}");
            assert_eq!((factors.alpha, factors.regularization), (None, None), "of another objective");
        }
    }

    /// User and item columns of ones and biases stand where this reads them: the scores are those of whole rows.
    #[test]
    fn a_bias_is_the_column_that_users_meet_with_one() {
        for name in ["bpr.npz", "lmf.npz"] {
            let mut file = saved(name);
            let factors = read_factors(&mut file, None, None).unwrap();
            let (items, users) = (file.read("item_factors").unwrap(), file.read("user_factors").unwrap());
            let width = items.shape[1];
            let user = &users.values[..width];
            let scores: Vec<f64> =
                items.values.chunks(width).map(|row| row.iter().zip(user).map(|(a, b)| a * b).sum()).collect();
            let bias = factors.bias.unwrap();
            let own = |item: usize| {
                let dot: f64 = factors.rows[item * 4..][..4].iter().zip(user).map(|(&a, b)| f64::from(a) * b).sum();
                dot + f64::from(bias[item])
            };
            for item in 1..20 {
                let (found, expected) = (own(item) - own(0), scores[item] - scores[0]); // but for the user's own bias
                assert!((found - expected).abs() < 1e-5, "{name}: item {item}: {found} {expected}");
            }
        }
    }

    #[test]
    fn tensors_are_found_by_name_or_by_being_alone() {
        let floats: Vec<u8> = (0..6).flat_map(|n| (n as f32).to_le_bytes()).collect();
        let view = |shape: &[usize]| {
            TensorView::new(Dtype::F32, shape.to_vec(), &floats[..shape.iter().product::<usize>() * 4])
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let write = |tensors: &[(&str, &[usize])]| {
            let tensors = tensors.iter().map(|(name, shape)| (*name, view(shape).unwrap()));
            std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
            ArrayFile::open(&path).unwrap()
        };
        let alone = read_factors(&mut write(&[("v.weight", &[3, 2])]), None, None).unwrap();
        assert_eq!((alone.family, alone.dim, alone.rows), ("factors", 2, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        let two: &[(&str, &[usize])] = &[("v.weight", &[3, 2]), ("v.bias", &[3])];
        let both = read_factors(&mut write(two), Some("v.weight"), Some("v.bias")).unwrap();
        assert_eq!(both.bias, Some(vec![0.0, 1.0, 2.0]));
        let said = read_factors(&mut write(two), None, None).unwrap_err().to_string();
        assert!(said.contains("item_factors") && said.contains("`v.bias`, `v.weight`"), "{said}");
        let short: &[(&str, &[usize])] = &[("v.weight", &[3, 2]), ("v.bias", &[2])];
        let said = read_factors(&mut write(short), Some("v.weight"), Some("v.bias")).unwrap_err().to_string();
        assert!(said.contains("v.bias") && said.contains("3 items") && said.contains("[2]"), "{said}");
    }
}
