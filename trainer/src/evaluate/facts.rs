//! What is known of the items, whoever asks: popularity, directions, categories. The metrics beyond accuracy look at nothing
//! else.

use std::collections::HashMap;

use proclivity::model::{ColumnView, Model};

/// Facts on n items.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Distinct users in training, (n); all equal where the file does not say.
    pub popularity: Vec<f64>,
    /// Rows of length 1 (n, dim), row-major; a row of zeros stays one.
    pub units: Vec<f32>,
    pub dim: usize,
    /// Values of all category columns an item has; none where the catalogue has no such column.
    pub categories: Option<Vec<Vec<u32>>>,
    /// Values of the column that lists should be calibrated by.
    pub calibrated: Option<Vec<Vec<u32>>>,
}

impl Facts {
    /// Of a model's items; `calibration` names a category column.
    ///
    /// # Errors
    /// The names of the category columns, where `calibration` is none of them.
    pub fn of_model(model: &Model, calibration: Option<&str>) -> Result<Facts, Vec<String>> {
        let is_category = |name: &&str| matches!(model.column(name), Some(ColumnView::Category { .. }));
        let columns: Vec<&str> = model.column_names().filter(is_category).collect();
        let values = |columns: &[&str]| (!columns.is_empty()).then(|| values_of(model, columns));
        let calibrated = match calibration {
            Some(name) if !columns.contains(&name) => return Err(columns.into_iter().map(str::to_owned).collect()),
            name => values(name.as_slice()),
        };
        let items = model.item_count();
        Ok(Facts {
            popularity: model
                .popularity()
                .map_or_else(|| vec![1.0; items], |counts| counts.iter().map(|&count| f64::from(count)).collect()),
            units: (0..items as u32).flat_map(|item| unit(model.embedding(item))).collect(),
            dim: model.dim(),
            categories: values(&columns),
            calibrated,
        })
    }

    /// How much of a surprise each item is, in bits: `-log2` of the chance that a random interaction of training is with it
    /// (self-information as Zhou et al. 2010 have it, but of interactions rather than users: the logarithm of a mean history more,
    /// the same for all models of a log). Of a model trained with `--half-life` interactions count as it counts them. An item
    /// without interactions counts as the rarest of the others.
    pub fn self_information(&self) -> Vec<f64> {
        let rarest = self.popularity.iter().copied().filter(|&count| count > 0.0).fold(f64::INFINITY, f64::min);
        let count = |&count: &f64| {
            if count > 0.0 {
                count
            } else if rarest.is_finite() {
                rarest
            } else {
                1.0
            }
        };
        let all: f64 = self.popularity.iter().map(count).sum();
        self.popularity.iter().map(|popularity| -(count(popularity) / all).log2()).collect()
    }

    /// Row `item`, (dim).
    pub fn unit(&self, item: u32) -> &[f32] {
        &self.units[item as usize * self.dim..][..self.dim]
    }
}

fn unit(row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 { row.iter().map(|x| x / length).collect() } else { row }
}

/// The values of each item in these columns, as numbers. A cell may hold several, separated by `|`.
fn values_of(model: &Model, columns: &[&str]) -> Vec<Vec<u32>> {
    let mut known: HashMap<(&str, String), u32> = HashMap::new();
    let mut values = vec![Vec::new(); model.item_count()];
    for &name in columns {
        let Some(column) = model.column(name) else { continue };
        for (item, values) in (0..).zip(&mut values) {
            for value in column.display(item).split('|').map(str::trim).filter(|value| !value.is_empty()) {
                let new = known.len() as u32;
                values.push(*known.entry((name, value.to_owned())).or_insert(new));
            }
        }
    }
    values.iter_mut().for_each(|values| {
        values.sort_unstable();
        values.dedup();
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_items_surprise() {
        let facts = Facts { popularity: vec![4.0, 2.0, 1.0, 0.0], ..Facts::default() };
        assert_eq!(
            facts.self_information(),
            [1.0, 2.0, 3.0, 3.0],
            "a half, a quarter, an eighth, and the rarest again"
        );
        let facts = Facts { popularity: vec![0.0; 4], ..Facts::default() };
        assert_eq!(facts.self_information(), [2.0; 4]);
    }
}
