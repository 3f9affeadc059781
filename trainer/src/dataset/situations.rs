//! Where and how events came about, as the log's columns of context say it: referrer, placement, device.

use proclivity::model::{Column, ColumnData};

use super::ids::Ids;

/// Between the cells of a situation in its id.
const SEPARATOR: char = '\u{1f}';

/// Each combination of cells once.
#[derive(Debug, Clone, Default)]
pub struct Situations {
    names: Vec<String>,
    known: Ids,
}

impl Situations {
    /// Of columns with these names, maybe none.
    pub fn of(names: Vec<String>) -> Situations {
        Situations { names, known: Ids::default() }
    }

    /// The place of this combination, a new one at its first appearance; `None` where 32 bits do not number them.
    pub fn intern<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Option<u32> {
        let cells: Vec<String> = cells.map(|cell| cell.trim().replace(SEPARATOR, " ")).collect();
        self.known.intern(&cells.join(&SEPARATOR.to_string()))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.known.bytes()
    }

    /// Bytes that [`Situations::columns`] takes.
    pub fn bytes_of_columns(&self) -> usize {
        if self.names.is_empty() { 0 } else { self.bytes() + size_of::<String>() * self.known.len() * self.names.len() }
    }

    /// The columns, each with one value a situation.
    pub fn columns(&self) -> Vec<Column> {
        let cell = |at: usize| move |situation: &str| situation.split(SEPARATOR).nth(at).unwrap_or_default().to_owned();
        let values = |at: usize| self.known.iter().map(cell(at)).collect();
        let named = self.names.iter().enumerate();
        named.map(|(at, name)| Column { name: name.clone(), data: ColumnData::Category(values(at)) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_of_cells_has_one_place() {
        let mut situations = Situations::of(vec!["referrer".into(), "device".into()]);
        let rows = [["mail", "phone"], ["mail", ""], [" mail", "phone "], ["a\u{1f}b", "phone"]];
        let places = rows.map(|cells| situations.intern(cells.into_iter()).unwrap());
        assert_eq!(places, [0, 1, 0, 2]);
        let columns = situations.columns();
        let of = |values: [&str; 3]| ColumnData::Category(values.map(str::to_owned).to_vec());
        assert_eq!(columns[0], Column { name: "referrer".into(), data: of(["mail", "mail", "a b"]) });
        assert_eq!(columns[1], Column { name: "device".into(), data: of(["phone", "", "phone"]) });
    }

    #[test]
    fn a_log_without_such_columns_has_one_situation() {
        let mut situations = Situations::default();
        assert_eq!([situations.intern([].into_iter()), situations.intern([].into_iter())], [Some(0), Some(0)]);
        assert!(situations.columns().is_empty());
    }
}
