//! Fewer items: those that few users had in training go, from every part of the model.

use proclivity::model::ColumnData;

use super::lists::select;
use super::parts::Parts;
use crate::error::{CliError, Result};

impl Parts {
    /// Drops the items whose popularity is below `users`. The rows of the others stay as they are; a fold-in's Gram matrix
    /// is made anew of them, as if the others had never been in the shop.
    ///
    /// # Errors
    /// [`CliError::Flag`] where no item is left.
    pub fn drop_rare(&mut self, users: f32) -> Result<()> {
        let spec = &mut self.spec;
        let keep: Vec<usize> = (0..spec.item_ids.len()).filter(|&item| spec.popularity[item] >= users).collect();
        if keep.is_empty() {
            let most = spec.popularity.iter().copied().fold(0.0, f32::max);
            return Err(CliError::Flag {
                flag: "--drop-rare",
                expected: format!("at most {most}, the popularity of the most popular item"),
                found: users.to_string(),
            });
        }
        let mut place = vec![None; spec.item_ids.len()];
        keep.iter().zip(0u32..).for_each(|(&item, n)| place[item] = Some(n));
        spec.item_ids = picked(&spec.item_ids, &keep);
        spec.popularity = picked(&spec.popularity, &keep);
        spec.item_bias = spec.item_bias.as_ref().map(|bias| picked(bias, &keep));
        spec.removed = if spec.removed.is_empty() { Vec::new() } else { picked(&spec.removed, &keep) };
        for rows in [Some(&mut spec.embedding.rows), spec.user_rows.as_mut()].into_iter().flatten() {
            let dim = rows.len() / place.len();
            *rows = keep.iter().flat_map(|item| &rows[item * dim..][..dim]).copied().collect();
        }
        if let Some(part) = &mut spec.repurchase {
            part.items = part.items.chunks_exact(place.len()).flat_map(|terms| picked(terms, &keep)).collect();
        }
        if let Some(lists) = &mut spec.neighbours {
            *lists = select(lists, keep.iter().copied(), |at| place[lists.indices[at] as usize]);
        }
        for column in &mut spec.columns {
            match &mut column.data {
                ColumnData::Text(values) | ColumnData::Category(values) => *values = picked(values, &keep),
                ColumnData::Number(values) => *values = picked(values, &keep),
                ColumnData::Vector { .. } => {} // not in a model
            }
        }
        let known = |history: &Vec<u32>| history.iter().filter_map(|&item| place[item as usize]).collect();
        self.golden = self.golden.iter().map(known).filter(|history: &Vec<u32>| !history.is_empty()).collect();
        Ok(())
    }
}

fn picked<T: Clone>(values: &[T], keep: &[usize]) -> Vec<T> {
    keep.iter().map(|&item| values[item].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parts::fixture::{DIM, stored};
    use super::*;
    use crate::export::load;

    /// Popularity of the fixture is 40, 39, ... 1.
    #[test]
    fn rare_items_leave_every_part() {
        let before = stored();
        let mut after = before.clone();
        after.drop_rare(11.0).unwrap();
        let model = load(&after.write().unwrap()).unwrap();
        assert_eq!((model.item_count(), model.item_id(29)), (30, "i29"));
        assert_eq!(model.item_index("i30"), None);
        assert_eq!(model.golden()[1].history, [7, 12], "item 30 left the golden history");
        assert_eq!(after.spec.embedding.rows, before.spec.embedding.rows[..30 * DIM]);
        assert_eq!(model.column("title").unwrap().display(29), "Item 29");
        let lists = model.neighbours().unwrap();
        for item in 0..30 {
            let mut found = Vec::new();
            lists.each(item, &mut |other, _| found.push(other));
            let expected: Vec<u32> = (1..6).map(|n| (item + n * n) % 40).filter(|&other| other < 30).collect();
            assert_eq!(found, expected);
        }
        let terms = |parts: &Parts| parts.spec.repurchase.clone().unwrap().items;
        assert_eq!(terms(&after), [&terms(&before)[..30], &terms(&before)[40..70]].concat());
        let refused = before.clone().drop_rare(41.0).unwrap_err().to_string();
        assert!(refused.contains("--drop-rare") && refused.contains("40"), "{refused}");
    }
}
